"""Fused pieces of manifolds over time: a product with the links, and a scan of memory cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from autograd.extend import def_linear, defvjp
from scipy.sparse import csr_matrix

from vvalues.core import primitive

from ..structure.evaluation import signal_products

__all__ = ["GATES", "CellScan", "link_product"]

GATES = ("input", "forget", "output", "candidate")

Pattern = tuple[np.ndarray, np.ndarray, int, int]  # rows, columns, number of both


@primitive
def link_product(values: np.ndarray, signal: np.ndarray, pattern: Pattern, /) -> np.ndarray:
    """What rows receive: ``sum over their links of value * signal[column]``.

    Parameters
    ----------
    values : array (links,)
    signal : array (columns, samples)
    pattern : (rows, columns, n_rows, n_columns)
        Where each link is; at most one per cell.

    Returns
    -------
    array (n_rows, samples)

    Examples
    --------
    >>> pattern = np.array([0, 1, 1]), np.array([0, 0, 1]), 2, 2
    >>> link_product(np.array([1.0, 2.0, 3.0]), np.array([[10.0], [100.0]]), pattern)
    array([[ 10.],
           [320.]])
    """
    rows, columns, n_rows, n_columns = pattern
    return csr_matrix((values, (rows, columns)), shape=(n_rows, n_columns)) @ signal


@primitive
def _products(received: np.ndarray, signal: np.ndarray, pattern: Pattern, /) -> np.ndarray:
    return signal_products(received, signal, pattern[0], pattern[1], True)


def _turned(pattern: Pattern) -> Pattern:
    rows, columns, n_rows, n_columns = pattern
    return columns, rows, n_columns, n_rows


# Both are bilinear, so every derivative is one of the two again.
defvjp(
    link_product,
    lambda ans, values, signal, p: lambda g: _products(g, signal, p),
    lambda ans, values, signal, p: lambda g: link_product(values, g, _turned(p)),
    argnums=(0, 1),
)
def_linear(link_product)
defvjp(
    _products,
    lambda ans, received, signal, p: lambda g: link_product(g, signal, p),
    lambda ans, received, signal, p: lambda g: link_product(g, received, _turned(p)),
    argnums=(0, 1),
)
def_linear(_products)


class CellScan:
    """Memory cells over time; the run of `vvalues.core.fused.evaluate`.

    Its variables are one vector: what every cell receives, (cells, steps, samples), then its
    weights (cells, 4, 3): for every gate of what is received, of the last output, and bias.

    Parameters
    ----------
    n_cells, n_steps, n_samples : int

    Examples
    --------
    >>> scan = CellScan(1, 3, 1)
    >>> scan.forward(np.concatenate([[1.0, 0.0, 0.0], np.ones(12)])).round(3).ravel()
    array([0.608, 0.751, 0.825])
    """

    def __init__(self, n_cells: int, n_steps: int, n_samples: int) -> None:
        self.shape = n_cells, n_steps, n_samples
        self._last: tuple[Any, ...] | None = None

    def _split(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = int(np.prod(self.shape))
        return vector[:size].reshape(self.shape), vector[size:].reshape(self.shape[0], 4, 3)

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """Outputs, (cells, steps * samples)."""
        return self._trace(vector)[0].reshape(self.shape[0], -1)

    def _trace(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Outputs, gates (steps, cells, 4, samples), states before each step and squashed after."""
        if self._last is not None and self._last[0] is vector:
            return self._last[1]
        received, weights = self._split(vector)
        cells, steps, samples = self.shape
        outputs = np.zeros(self.shape, dtype=vector.dtype)
        gates = np.zeros((steps, cells, 4, samples), dtype=vector.dtype)
        states = np.zeros((steps + 1, cells, samples), dtype=vector.dtype)
        squashed = np.zeros((steps, cells, samples), dtype=vector.dtype)
        half = np.array([0.5, 0.5, 0.5, 1.0])[:, None]  # a sigmoid is a tanh at half its argument
        last = np.zeros((cells, samples), dtype=vector.dtype)
        of_input, of_last, bias = (weights[:, :, i, None] for i in range(3))
        for t in range(steps):
            z = of_input * received[:, None, t] + of_last * last[:, None] + bias
            gate = np.tanh(half * z)
            gate[:, :3] = 0.5 * (1 + gate[:, :3])
            gates[t] = gate
            states[t + 1] = gate[:, 0] * gate[:, 3] + gate[:, 1] * states[t]
            squashed[t] = np.tanh(states[t + 1])
            last = outputs[:, t] = gate[:, 2] * squashed[t]
        self._last = vector, (outputs, gates, states, squashed)
        return self._last[1]

    @staticmethod
    def _gate_slopes(gate: np.ndarray) -> np.ndarray:
        slopes = gate * (1 - gate)
        slopes[:, 3] = 1 - gate[:, 3] ** 2
        return slopes

    def pullback(self, vector: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangent of the variables from that of the outputs."""
        received, weights = self._split(vector)
        outputs, gates, states, squashed = self._trace(vector)
        cells, steps, samples = self.shape
        g = g.reshape(self.shape)
        kind = np.result_type(vector, g)
        by_received = np.empty(self.shape, dtype=kind)
        by_weights = np.zeros((cells, 4, 3), dtype=kind)
        by_state = np.zeros((cells, samples), dtype=kind)
        by_last = np.zeros((cells, samples), dtype=kind)
        by_gate = np.empty((cells, 4, samples), dtype=kind)
        for t in reversed(range(steps)):
            gate = gates[t]
            by_output = g[:, t] + by_last
            by_state = by_state + by_output * gate[:, 2] * (1 - squashed[t] ** 2)
            by_gate[:, 0] = by_state * gate[:, 3]
            by_gate[:, 1] = by_state * states[t]
            by_gate[:, 2] = by_output * squashed[t]
            by_gate[:, 3] = by_state * gate[:, 0]
            by_z = by_gate * self._gate_slopes(gate)
            by_received[:, t] = np.einsum("cgs,cg->cs", by_z, weights[:, :, 0])
            by_last = np.einsum("cgs,cg->cs", by_z, weights[:, :, 1])
            by_weights[:, :, 0] += np.einsum("cgs,cs->cg", by_z, received[:, t])
            if t:
                by_weights[:, :, 1] += np.einsum("cgs,cs->cg", by_z, outputs[:, t - 1])
            by_weights[:, :, 2] += by_z.sum(axis=2)
            by_state = by_state * gate[:, 1]
        return np.concatenate([by_received.ravel(), by_weights.ravel()])

    def pushforward(self, vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Tangent of the outputs along a direction of the variables."""
        received, weights = self._split(vector)
        moved, turned = self._split(direction)
        outputs, gates, states, squashed = self._trace(vector)
        cells, steps, samples = self.shape
        kind = np.result_type(vector, direction)
        changes = np.zeros(self.shape, dtype=kind)
        state = np.zeros((cells, samples), dtype=kind)
        for t in range(steps):
            gate = gates[t]
            z = weights[:, :, 0, None] * moved[:, None, t] + turned[:, :, 2, None]
            z = z + turned[:, :, 0, None] * received[:, None, t]
            if t:
                z = z + weights[:, :, 1, None] * changes[:, None, t - 1]
                z = z + turned[:, :, 1, None] * outputs[:, None, t - 1]
            change = z * self._gate_slopes(gate)
            state = change[:, 0] * gate[:, 3] + gate[:, 0] * change[:, 3] + gate[:, 1] * state
            state = state + change[:, 1] * states[t]
            slope = gate[:, 2] * (1 - squashed[t] ** 2)
            changes[:, t] = change[:, 2] * squashed[t] + slope * state
        return changes.reshape(cells, -1)
