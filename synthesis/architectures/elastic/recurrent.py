"""What recurrent networks over an alphabet share: how they read a text, and what it costs them.

`NeuronNetwork` is what is common where the tree has a subtree per neuron: single links (`model`)
and pairs of them (`modulated`). In `areas` a subtree is a group of neurons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import autograd.numpy as anp
import numpy as np

from vvalues import Path, Support, VValue, dense, restrict
from vvalues.core import support_of

from ...edits.neurons import KeyedNeurons
from ...optimize.losses import cross_entropies
from ...process.codec import from_plain
from .arrays import PREFIX, READOUT, SINGLE, Layout, capacity_for, layout_of, living_part
from .birth import NewNeuron, first_layout, initial_array, leaves_of_new
from .cycle import Cycle
from .fused_cycle import run_packed
from .settings import ElasticSettings

__all__ = [
    "NeuronNetwork",
    "RecurrentNetwork",
    "check_reading",
    "check_symbols",
    "first_hidden",
]

N = TypeVar("N", bound="RecurrentNetwork")


class RecurrentNetwork:
    """A recurrent network over an alphabet whose members are the children of its tree."""

    alphabet: str
    settings: ElasticSettings
    prefix: str  # of the members' names
    width: int = 1  # numbers of a member in the hidden state
    kinds: tuple[str, ...]  # of leaves that two members have between them

    @classmethod
    def described(cls: type[N], description: Mapping[str, Any]) -> N:
        """The model of a description."""
        words = {name: word for name, word in description.items() if name != "kind"}
        return cls(**{**words, "settings": from_plain(words["settings"], [ElasticSettings])})

    def neurons(self, parameters: VValue) -> tuple[str, ...]:
        """Names of the members, oldest first.

        Raises
        ------
        ValueError
            If a leaf is not one of such a network; the message names it.
        """
        raise NotImplementedError

    def multipliers(self, parameters: VValue) -> np.ndarray:
        """The multipliers of all members, ones if they have none."""
        names = self.neurons(parameters)
        if not self.settings.has_multipliers:
            return np.ones(len(names))
        return dense(parameters, names, ("multiplier",))[:, 0]

    def living(self, support: Support) -> Support:
        """The leaves that can influence a prediction: those of members that are read."""
        return living_part(support, self.kinds, self.settings.has_multipliers)

    def places(self) -> KeyedNeurons:
        """How its members lie in the tree, for `add_neuron` and `delete_neuron`.

        A new one is linked with all others, both ways, by small random weights, and has the
        threshold as its multiplier.
        """
        return KeyedNeurons(self._named_at, self._first_leaves)

    def _named_at(self, path: Path) -> tuple[int, ...]:
        """At which levels of a path a member is named."""
        if path[0] == READOUT:
            return ()
        return (0, 2) if len(path) > 2 and path[1] in self.kinds else (0,)

    def _first_leaves(self, parameters: VValue, name: str, rng: np.random.Generator) -> VValue:
        """The leaves that a new member adds."""
        raise NotImplementedError

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        """Predictions (length, symbols) from a hidden state, and the last hidden state.

        Plain autograd, to any order. Pieces (pieces, length) begin from zeros; the hidden state is
        then (neurons, pieces).

        Raises
        ------
        ValueError
            If an input is no code of the alphabet, or the hidden state is of the wrong length.
        """
        raise NotImplementedError

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Predictions (logits) after every symbol, from a hidden state of zeros.

        Parameters
        ----------
        parameters : VValue
        inputs : array of int (length,) or (pieces, length)
            Codes of the symbols read: one text, or pieces of one length.

        Returns
        -------
        array (length, symbols) or (pieces, length, symbols)
            Plain autograd: differentiable to any order.
        """
        return self.rollout(parameters, inputs)[0]

    def loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """Cross-entropy of a cycle in nats, summed over its length; plain autograd."""
        codes = check_symbols(symbols, self.alphabet)
        logits, _ = self.rollout(parameters, codes[:-1], hidden)
        return anp.sum(cross_entropies(logits, codes[1:]))


class NeuronNetwork(RecurrentNetwork):
    """A recurrent network with a subtree per neuron, a leaf per number."""

    prefix = PREFIX
    kinds: tuple[str, ...] = SINGLE
    cycle: type[Cycle] = Cycle  # forward and backward by hand
    first_ratio = 0.0  # of links in pairs, before the logistic function

    def initial(self, rng: np.random.Generator, size: int = 1) -> VValue:
        """So many neurons with small normal weights, biases 0, multipliers 1."""
        layout = first_layout(size, self.alphabet, self.settings, self.kinds)
        capacity = capacity_for(size, len(self.alphabet))
        return layout.unpack(self.first_array(layout, capacity, rng))

    def first_array(self, layout: Layout, capacity: int, rng: np.random.Generator) -> np.ndarray:
        """First parameters of neurons that have read nothing yet, (rows, capacity)."""
        return initial_array(layout, capacity, self.settings, rng, self.first_ratio)

    def drawn(self, n: int, rng: np.random.Generator) -> NewNeuron:
        """Random weights of a neuron that joins n others."""
        raise NotImplementedError

    def neurons(self, parameters: VValue) -> tuple[str, ...]:
        return self.layout(support_of(parameters, "parameters")).names

    def layout(self, support: Support) -> Layout:
        """Where the leaves of such a tree lie in an array."""
        return layout_of(support, self.alphabet, self.settings.has_multipliers, self.kinds)

    def _first_leaves(self, parameters: VValue, name: str, rng: np.random.Generator) -> VValue:
        joined = self.layout(parameters.support)
        return leaves_of_new(self.drawn(joined.size, rng), name, joined, self.settings)

    def loss_and_gradient(
        self, parameters: VValue, symbols: Any, hidden: np.ndarray | None = None
    ) -> tuple[float, VValue, np.ndarray]:
        """Loss, gradient in the settings' mode, and the hidden state at the end; no tape.

        In mode "paper" the gradient by the multipliers is the source's erroneous one; elsewhere it
        is that of `loss`. The penalty is not part of either. The gradient is on the parameters'
        support.

        Raises
        ------
        ValueError
            If a symbol is no code of the alphabet, or the hidden state is of the wrong length.
        """
        layout, codes = self.layout(parameters.support), check_symbols(symbols, self.alphabet)
        n, n_symbols = layout.size, len(self.alphabet)
        packed = layout.pack(parameters, capacity_for(n, n_symbols))
        losses, cycle = run_packed(packed, first_hidden(hidden, n), codes, n_symbols, self.cycle)
        gradient, rows = cycle.gradient[0], cycle.rows
        if self.settings.mode == "paper":
            pulled = packed[rows.output] * cycle.symbol_gradients[0][:, None]
            gradient[rows.multiplier] = pulled.sum(axis=0) * packed[rows.multiplier]
        by_leaf = restrict(layout.unpack(gradient), parameters.support)
        return float(losses[0]), by_leaf, cycle.hidden[0, :n].copy()


# -------------------- checks --------------------


def check_symbols(symbols: Any, alphabet: str, least: int = 2, n_axes: int = 1) -> np.ndarray:
    """Codes as indices; the last axis is the text.

    Raises
    ------
    ValueError
        If they are no integers of so many axes, not all of the alphabet, or texts of fewer than
        ``least``.
    """
    codes = np.asarray(symbols)
    if codes.ndim != n_axes or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(
            f"symbols are of type {codes.dtype} and shape {codes.shape}; expected the integer "
            "codes of a text (synthesis.tasks.characters.encode gives them)"
        )
    if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < len(alphabet):
        wrong = int(codes[(codes < 0) | (codes >= len(alphabet))][0])
        raise ValueError(
            f"symbols have the code {wrong}; the alphabet {alphabet!r} has 0 to {len(alphabet) - 1}"
        )
    if codes.shape[-1] < least:
        raise ValueError(f"symbols: a cycle needs at least {least}, there are {codes.shape[-1]}")
    return codes.astype(np.intp)


def check_reading(
    inputs: Any, alphabet: str, hidden: Any, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """What is read, the symbols of a time first, and the hidden state that reading begins from.

    Parameters
    ----------
    inputs : array of int (length,) or (pieces, length)
    hidden : array (neurons,), or None for zeros
    size : int
        Number of neurons.

    Returns
    -------
    codes : array of int (length,) or (length, pieces)
    hidden : array (neurons,) or (neurons, pieces)

    Raises
    ------
    ValueError
        As `check_symbols` and `first_hidden`, or if pieces are given a hidden state.
    """
    if np.ndim(inputs) != 2:
        return check_symbols(inputs, alphabet, least=1), first_hidden(hidden, size)
    if hidden is not None:
        raise ValueError("hidden: pieces of text begin from zeros; read them one by one")
    codes = check_symbols(inputs, alphabet, least=1, n_axes=2)
    return codes.T, np.zeros((size, len(codes)))


def first_hidden(hidden: Any, size: int) -> Any:
    """The hidden state (size,) that reading begins from: zeros, if none is given.

    Raises
    ------
    ValueError
        If it is of another shape.
    """
    start = np.zeros(size) if hidden is None else hidden
    if np.shape(start) != (size,):
        raise ValueError(
            f"hidden state is of shape {np.shape(start)}; a network of {size} neurons needs "
            f"({size},)"
        )
    return start
