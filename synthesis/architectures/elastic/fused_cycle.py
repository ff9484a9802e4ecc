"""The cycle of an elastic network as one function of its leaves: plain, and fused for autograd."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import get_ident
from typing import Any

import autograd.numpy as anp
import numpy as np

from ...optimize.losses import cross_entropies
from .arrays import Layout, capacity_for
from .cycle import Cycle

__all__ = ["FusedCycle", "matrices", "plain_rollout", "run_packed", "unrolled"]


def unrolled(
    heard: Callable[[Any, Any], Any],
    bias: Any,
    output: Any,
    readout: Any,
    hidden: Any,
    codes: np.ndarray,
) -> tuple[Any, Any]:
    """Predictions and the last hidden state, step by step on autograd's tape.

    Parameters
    ----------
    heard : callable, (codes, hidden state) -> what neurons add to their bias before tanh
    bias : array (neurons,)
    output : array (symbols, neurons)
    readout : array (symbols,)
    hidden, codes
        As `synthesis.architectures.elastic.recurrent.check_reading` gives them.
    """
    if codes.ndim == 2:
        bias, readout = bias[:, None], readout[:, None]
    logits = []
    for code in codes:
        hidden = anp.tanh(heard(code, hidden) + bias)
        logits.append(anp.dot(output, hidden) + readout)
    stacked = anp.stack(logits)
    return anp.transpose(stacked, (2, 0, 1)) if codes.ndim == 2 else stacked, hidden


def matrices(flat: Any, layout: Layout) -> tuple[list[Any], Any, Any, Any, Any]:
    """Leaves in the order of the layout's support as matrices; differentiable.

    Returns
    -------
    links : list of arrays (receiving, sending), of every kind
    input : array (symbols, neurons)
    bias : array (neurons,)
    output : array (symbols, neurons), times the multipliers
    readout : array (symbols,)
    """
    n, n_symbols = layout.size, len(layout.alphabet)
    capacity = max(n, n_symbols)
    rows = layout.rows(capacity)
    # Leaf numbers in the places of an array: taking them makes matrices of the flat vector.
    place = np.full((rows.n_rows, capacity), -1)
    place.flat[layout.positions(capacity)] = np.arange(layout.support.size)
    links = [flat[square[:n, :n]] for square in rows.squares(place)]
    read, bias = flat[place[rows.input, :n]], flat[place[rows.bias, :n]]
    output = flat[place[rows.output, :n]]
    if layout.has_multipliers:
        output = output * flat[place[rows.multiplier, :n]]
    return links, read, bias, output, flat[place[rows.readout, :n_symbols]]


def plain_rollout(flat: Any, hidden: Any, codes: np.ndarray, layout: Layout) -> tuple[Any, Any]:
    """`unrolled` for single links, from leaves in the order of the layout's support."""
    (recurrent,), read, bias, output, readout = matrices(flat, layout)

    def heard(code: Any, state: Any) -> Any:
        return read[code].T + anp.dot(recurrent, state)

    return unrolled(heard, bias, output, readout, hidden, codes)


class FusedCycle:
    """The loss of a cycle; the run of `vvalues.core.fused.evaluate`.

    Its variables are one vector: the leaves in the order of the layout's support, then the hidden
    state that the cycle begins with, if none is given.

    Parameters
    ----------
    layout : Layout
    codes : array of int (length + 1,)
    hidden : array (neurons,), optional
    """

    def __init__(self, layout: Layout, codes: np.ndarray, hidden: np.ndarray | None = None) -> None:
        self.layout, self.codes = layout, codes
        self._hidden = hidden
        self._last: tuple[np.ndarray, Any, np.ndarray] | None = None

    def _split(self, vector: Any) -> tuple[Any, Any]:
        if self._hidden is not None:
            return vector, self._hidden
        size = self.layout.support.size
        return vector[:size], vector[size:]

    def _loss_and_gradient(self, vector: np.ndarray) -> tuple[Any, np.ndarray]:
        if self._last is None or self._last[0] is not vector:
            leaves, hidden = self._split(vector)
            n_symbols = len(self.layout.alphabet)
            packed = self.layout.placed(leaves, capacity_for(self.layout.size, n_symbols))
            losses, cycle = run_packed(packed, hidden, self.codes, n_symbols)
            gradient = self.layout.leaves(cycle.gradient[0])
            if self._hidden is None:
                by_hidden = cycle.hidden_gradient[0, : self.layout.size]
                gradient = np.concatenate([gradient, by_hidden])
            self._last = vector, losses[0].item(), gradient
        return self._last[1:]

    def forward(self, vector: np.ndarray) -> Any:
        """The loss, a number."""
        return self._loss_and_gradient(vector)[0]

    def pullback(self, vector: np.ndarray, g: Any) -> np.ndarray:
        """Cotangent of the variables from that of the loss."""
        return g * self._loss_and_gradient(vector)[1]

    def pushforward(self, vector: np.ndarray, direction: np.ndarray) -> Any:
        """Tangent of the loss along a direction of the variables."""
        return np.dot(direction, self._loss_and_gradient(vector)[1])

    def plain(self, vector: Any) -> Any:
        """The loss in operations of autograd."""
        flat, hidden = self._split(vector)
        logits, _ = plain_rollout(flat, hidden, self.codes[:-1], self.layout)
        return anp.sum(cross_entropies(logits, self.codes[1:]))


def run_packed(
    packed: np.ndarray,
    hidden: np.ndarray,
    codes: np.ndarray,
    n_symbols: int,
    of: type[Cycle] = Cycle,
) -> tuple[np.ndarray, Cycle]:
    """Losses (1,), and the cycle that holds the gradient, of an array (rows, capacity)."""
    capacity = packed.shape[1]
    start = np.zeros((1, capacity), packed.dtype)
    start[0, : len(hidden)] = hidden
    length = len(codes) - 1
    cycle = _cycle(get_ident(), of, capacity, n_symbols, length, packed.dtype)  # type: ignore[arg-type]
    return cycle(packed[None], start, codes[:, None]), cycle


@lru_cache(maxsize=8)
def _cycle(
    thread: int, of: type[Cycle], capacity: int, n_symbols: int, length: int, kind: np.dtype
) -> Cycle:
    """Buffers for one network; every thread has its own."""
    return of(1, capacity, n_symbols, length, kind)
