"""The elastic recurrent network as a model: parameters are a tree with a subtree per neuron.

    neuron-3/recurrent/neuron-1    the link from neuron-1 to neuron-3
    neuron-3/input/(               its link from a symbol read
    neuron-3/bias
    neuron-3/multiplier            of its output, on the way to the predictions only
    neuron-3/output/(              its link to the prediction of a symbol
    readout/bias/(                 the bias of that prediction

A neuron that comes or goes is a change of support. The loss of a cycle is one fused primitive of
autograd, equal to `plain_loss` to rounding; `plain_loss` is the few lines that define the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Path, Support, VValue, dense, ravel, restrict
from vvalues.core import evaluate, is_traced, support_of

from ...edits.neurons import KeyedNeurons
from ...optimize.losses import cross_entropies
from ...process.codec import from_plain, to_plain
from .arrays import PREFIX, READOUT, SINGLE, Layout, capacity_for, layout_of, living_part
from .birth import NewNeuron, draw_neuron, first_layout, initial_array, leaves_of_new
from .cycle import Cycle
from .fused_cycle import FusedCycle, plain_rollout, run_cycle
from .settings import ElasticSettings

__all__ = [
    "ElasticNetwork",
    "check_hidden",
    "check_reading",
    "check_symbols",
]


class ElasticNetwork:
    """A recurrent network of tanh neurons over an alphabet; every tree of neurons is a member.

    Parameters
    ----------
    alphabet : str
        The symbols read and predicted, in the order of their codes.
    settings : ElasticSettings, optional
        Tell how `initial` begins.

    Examples
    --------
    >>> model = ElasticNetwork("()ab")
    >>> tree = model.initial(np.random.default_rng(0))
    >>> model.neurons(tree), tree["neuron-1", "multiplier"]
    (('neuron-1',), 1.0)
    >>> model(tree, np.array([0, 2, 3])).shape
    (3, 4)
    """

    prefix = PREFIX
    width = 1  # numbers of a neuron in the hidden state
    kinds = SINGLE
    cycle = Cycle

    def __init__(self, alphabet: str = "()ab", settings: ElasticSettings | None = None) -> None:
        if not alphabet or len(set(alphabet)) < len(alphabet):
            raise ValueError(f"alphabet is {alphabet!r}; expected different characters")
        self.alphabet = alphabet
        self.settings = ElasticSettings() if settings is None else settings

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        settings = to_plain(self.settings)
        return {"kind": "ElasticNetwork", "alphabet": self.alphabet, "settings": settings}

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> ElasticNetwork:
        """The model of a description."""
        settings = from_plain(description["settings"], [ElasticSettings])
        return cls(description["alphabet"], settings)

    def initial(self, rng: np.random.Generator, size: int = 1) -> VValue:
        """So many neurons with small normal weights, biases 0, multipliers 1."""
        layout = first_layout(size, self.alphabet, self.settings, self.kinds)
        capacity = capacity_for(size, len(self.alphabet))
        return layout.unpack(self.first_array(layout, capacity, rng))

    def first_array(self, layout: Layout, capacity: int, rng: np.random.Generator) -> np.ndarray:
        """First parameters of neurons that have read nothing yet, (rows, capacity)."""
        return initial_array(layout, capacity, self.settings, rng)

    def drawn(self, n: int, rng: np.random.Generator) -> NewNeuron:
        """Random weights of a neuron that joins n others."""
        return draw_neuron(n, len(self.alphabet), self.settings, rng)

    def neurons(self, parameters: VValue) -> tuple[str, ...]:
        """Names of the neurons, oldest first."""
        return self.layout(parameters.support).names

    def layout(self, support: Support) -> Layout:
        """Where the leaves of such a tree lie in an array."""
        return layout_of(support, self.alphabet, self.settings.has_multipliers)

    def multipliers(self, parameters: VValue) -> np.ndarray:
        """The multipliers of all neurons, ones if they have none."""
        names = self.neurons(parameters)
        if not self.layout(parameters.support).has_multipliers:
            return np.ones(len(names))
        return dense(parameters, names, ("multiplier",))[:, 0]

    def outgoing_norms(self, parameters: VValue) -> np.ndarray:
        """What mode "outgoing-norm" compares with the threshold: a number per neuron.

        Half the sum of a neuron's output links and of its recurrent ones in absolute value, the
        latter times the number of symbols over that of neurons, so that both weigh alike.
        """
        names = self.neurons(parameters)
        n, n_symbols = len(names), len(self.alphabet)
        recurrent = dense(parameters, tuple((name, "recurrent") for name in names), names)
        output = dense(parameters, tuple((name, "output") for name in names), tuple(self.alphabet))
        lateral = np.abs(recurrent).sum(axis=0)
        return 0.5 * (np.abs(output).sum(axis=1) + n_symbols * lateral / n)

    def living(self, support: Support) -> Support:
        """The leaves that can influence a prediction: those of neurons that are read."""
        return living_part(support, self.alphabet, ("recurrent",), self.settings.has_multipliers)

    def places(self) -> KeyedNeurons:
        """How its neurons lie in the tree, for `add_neuron` and `delete_neuron`.

        A new neuron is linked with all others, both ways, by small random weights, and has the
        threshold as its multiplier.
        """
        return KeyedNeurons(_places, self._first_leaves)

    def _first_leaves(self, parameters: VValue, name: str, rng: np.random.Generator) -> VValue:
        joined = self.layout(parameters.support)
        return leaves_of_new(self.drawn(joined.size, rng), name, joined, self.settings)

    # -------------------- predictions, as plain as can be --------------------

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
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
        logits, _ = self.rollout(parameters, inputs)
        return logits

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        """Predictions (length, symbols) from a hidden state (neurons,), and the last hidden state.

        Pieces (pieces, length) begin from zeros; the hidden state is then (neurons, pieces).

        Raises
        ------
        ValueError
            If an input is no code of the alphabet, or the hidden state is of the wrong length.
        """
        layout = self.layout(support_of(parameters, "parameters"))
        codes, start = check_reading(inputs, self.alphabet, hidden, layout.size)
        return plain_rollout(ravel(restrict(parameters, layout.support)), start, codes, layout)

    def plain_loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """The same as `loss`, step by step on autograd's tape."""
        codes = check_symbols(symbols, self.alphabet)
        logits, _ = self.rollout(parameters, codes[:-1], hidden)
        return anp.sum(cross_entropies(logits, codes[1:]))

    # -------------------- the fused cycle --------------------

    def loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """Cross-entropy of a cycle: each symbol but the first is predicted from those before.

        Parameters
        ----------
        parameters : VValue
        symbols : array of int (length + 1,)
        hidden : array (neurons,), optional
            Hidden state to begin with; zeros when omitted.

        Returns
        -------
        float
            Nats, summed over the length. Differentiable in parameters and hidden state, in both
            modes and to any order (beyond the second by way of `plain_loss`).
        """
        layout = self.layout(support_of(parameters, "parameters"))
        codes = check_symbols(symbols, self.alphabet)
        start = np.zeros(layout.size) if hidden is None else hidden
        check_hidden(start, layout.size)
        leaves = ravel(restrict(parameters, layout.support))
        if not is_traced(start):
            return evaluate(leaves, FusedCycle(layout, codes, start))
        return evaluate(anp.concatenate([leaves, start]), FusedCycle(layout, codes))

    def loss_and_gradient(
        self, parameters: VValue, symbols: Any, hidden: np.ndarray | None = None
    ) -> tuple[float, VValue, np.ndarray]:
        """Loss, gradient in the settings' mode, and the hidden state at the end; no tape.

        In mode "paper" the gradient by the multipliers is the source's erroneous one; elsewhere it
        is that of `loss`. The penalty is not part of either.
        """
        layout = self.layout(parameters.support)
        codes = check_symbols(symbols, self.alphabet)
        start = np.zeros(layout.size) if hidden is None else np.asarray(hidden, dtype=np.float64)
        check_hidden(start, layout.size)
        full = restrict(parameters, layout.support)
        losses, cycle, packed = run_cycle(full.buffer, start, codes, layout)
        gradient = cycle.gradient[0]
        if self.settings.mode == "paper":
            rows = cycle.rows
            pulled = packed[0, rows.output] * cycle.symbol_gradients[0][:, None]
            gradient[rows.multiplier] = pulled.sum(axis=0) * packed[0, rows.multiplier]
        by_leaf = restrict(layout.unpack(gradient), parameters.support)
        return float(losses[0]), by_leaf, cycle.hidden[0, : layout.size].copy()


def _places(path: Path) -> tuple[int, ...]:
    """At which levels of a path a neuron is named."""
    if path[0] == READOUT:
        return ()
    return (0, 2) if len(path) > 2 and path[1] == "recurrent" else (0,)


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
        As `check_symbols` and `check_hidden`, or if pieces are given a hidden state.
    """
    if np.ndim(inputs) != 2:
        codes = check_symbols(inputs, alphabet, least=1)
        start = np.zeros(size) if hidden is None else hidden
        check_hidden(start, size)
        return codes, start
    if hidden is not None:
        raise ValueError("hidden: pieces of text begin from zeros; read them one by one")
    codes = check_symbols(inputs, alphabet, least=1, n_axes=2)
    return codes.T, np.zeros((size, len(codes)))


def check_hidden(hidden: Any, size: int) -> None:
    """Refuse a hidden state of another shape than (size,)."""
    if np.shape(hidden) != (size,):
        raise ValueError(
            f"hidden state is of shape {np.shape(hidden)}; a network of {size} neurons needs "
            f"({size},)"
        )
