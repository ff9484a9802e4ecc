"""Pairs of links, one additive and one multiplicative, with a trained ratio between them.

    z_t = (1 + (r * V) h_{t-1}) * (W_x x_t + ((1 - r) * W) h_{t-1}) + b,   h_t = tanh(z_t)

Between any two neurons there are an additive link (W), a multiplicative one (V, which modulates all
that the receiving neuron adds up) and their ratio r, the logistic function of a trained number. At
r = 0 it is the elastic network. The source only proposes such pairs (T. Miconi, arXiv:1606.06216,
section 5); the form is ours.

    neuron-3/recurrent/neuron-1     W
    neuron-3/modulation/neuron-1    V
    neuron-3/ratio/neuron-1         r before the logistic function

All else is as in `model`: `process` trains one such network, `networks` many side by side, with the
same cycle and the same rules of growth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from dmm.neurons import logistic
from vvalues import Path, Support, VValue, ravel, restrict
from vvalues.core import support_of

from ...edits.neurons import KeyedNeurons
from ...process.codec import from_plain, to_plain
from .arrays import PAIRED, PREFIX, READOUT, Layout, capacity_for, layout_of, living_part
from .birth import NewNeuron, draw_paired_neuron, first_layout, initial_array, leaves_of_new
from .fused_cycle import run_packed
from .model import ElasticNetwork, check_hidden, check_reading, check_symbols
from .paired_cycle import PairedCycle
from .planned import PlannedNetwork, with_absent
from .settings import ElasticSettings

__all__ = ["ModulatedNetwork", "linked_network"]


class ModulatedNetwork(PlannedNetwork):
    """A recurrent network of paired links; every tree of neurons is a member.

    Parameters
    ----------
    alphabet : str
    settings : ElasticSettings, optional
        Mode "corrected".
    ratio : float
        Share of the multiplicative link to begin with, between 0 and 1.

    Raises
    ------
    ValueError
        If the ratio is not between 0 and 1 (both excluded), or the mode is another one.

    Examples
    --------
    >>> model = ModulatedNetwork("()ab")
    >>> tree = model.initial(np.random.default_rng(0), 2)
    >>> float(model.ratios(tree)[0, 1].round(6))
    0.1
    """

    prefix = PREFIX
    kinds = PAIRED
    cycle = PairedCycle

    def __init__(
        self,
        alphabet: str = "()ab",
        settings: ElasticSettings | None = None,
        ratio: float = 0.1,
    ) -> None:
        if not 0.0 < ratio < 1.0:
            raise ValueError(f"ratio is {ratio!r}; expected a number between 0 and 1")
        self.settings = ElasticSettings() if settings is None else settings
        if self.settings.mode != "corrected":
            raise ValueError(
                f"mode is {self.settings.mode!r}; links come in pairs in mode 'corrected' only"
            )
        self.alphabet, self.ratio = alphabet, ratio
        self.first_ratio = float(np.log(ratio / (1.0 - ratio)))

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        settings = to_plain(self.settings)
        words = {"kind": "ModulatedNetwork", "alphabet": self.alphabet, "settings": settings}
        return {**words, "ratio": self.ratio}

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> ModulatedNetwork:
        """The model of a description."""
        settings = from_plain(description["settings"], [ElasticSettings])
        return cls(description["alphabet"], settings, description["ratio"])

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
        n_symbols = len(self.alphabet)
        return draw_paired_neuron(n, n_symbols, self.settings, rng, self.first_ratio)

    def ratios(self, parameters: VValue) -> np.ndarray:
        """Share of the multiplicative link, (receiving, sending)."""
        return logistic(with_absent(parameters.buffer)[self.plan(parameters.support).ratio])

    def _sent(self, flat: Any, plan: _Plan) -> Any:
        """What scales the output links of every neuron."""
        if not self.settings.has_multipliers:
            return np.ones(len(plan.names))
        return flat[plan.multipliers]

    def layout(self, support: Support) -> Layout:
        """Where the leaves of such a tree lie in an array."""
        return layout_of(support, self.alphabet, self.settings.has_multipliers, self.kinds)

    def _planned(self, support: Support, names: tuple[str, ...]) -> _Plan:
        return _planned(support, self.layout(support))

    def living(self, support: Support) -> Support:
        """The leaves that can influence a prediction.

        A pair of neurons is linked by its additive and its multiplicative link; a ratio without
        either is nothing.
        """
        pairs = {(path[0], path[2]) for path in support.paths if path[1] in PAIRED[:2]}
        keep = [path[1] != "ratio" or (path[0], path[2]) in pairs for path in support.paths]
        linked = support.where(np.array(keep, dtype=bool))
        return living_part(linked, self.alphabet, PAIRED[:2], self.settings.has_multipliers)

    def prunable(self, support: Support) -> np.ndarray:
        """All but the ratios, whose zero is one half; array of bool (size,)."""
        return np.array([path[1] != "ratio" for path in support.paths], dtype=bool)

    def places(self) -> KeyedNeurons:
        """How its neurons lie in the tree, for `add_neuron` and `delete_neuron`."""
        return KeyedNeurons(_places, self._first_leaves)

    def _first_leaves(self, parameters: VValue, name: str, rng: np.random.Generator) -> VValue:
        joined = self.layout(parameters.support)
        return leaves_of_new(self.drawn(joined.size, rng), name, joined, self.settings)

    # -------------------- plain --------------------

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        """Logits, and the last hidden state; plain autograd, to any order."""
        plan = self.plan(support_of(parameters, "parameters"))
        flat = with_absent(ravel(parameters))
        codes, state = check_reading(inputs, self.alphabet, hidden, len(plan.names))
        ratio = logistic(flat[plan.ratio])
        additive = (1.0 - ratio) * flat[plan.recurrent]
        gating = ratio * flat[plan.modulation]
        read, bias, readout = flat[plan.input], flat[plan.bias], flat[plan.readout]
        output = anp.transpose(flat[plan.output]) * self._sent(flat, plan)
        if codes.ndim == 2:
            bias, readout = bias[:, None], readout[:, None]
        logits = []
        for code in codes:
            added = read[:, code] + anp.dot(additive, state)
            state = anp.tanh((1.0 + anp.dot(gating, state)) * added + bias)
            logits.append(anp.dot(output, state) + readout)
        stacked = anp.stack(logits)
        return anp.transpose(stacked, (2, 0, 1)) if codes.ndim == 2 else stacked, state

    # -------------------- by hand --------------------

    def loss_and_gradient(
        self, parameters: VValue, symbols: Any, hidden: np.ndarray | None = None
    ) -> tuple[float, VValue, np.ndarray]:
        """Loss, gradient on the parameters' support, and the hidden state at the end; no tape.

        Raises
        ------
        ValueError
            If a symbol is no code of the alphabet, or the hidden state is of the wrong length.
        """
        codes, layout = check_symbols(symbols, self.alphabet), self.layout(parameters.support)
        n, n_symbols = layout.size, len(self.alphabet)
        start = np.zeros(n) if hidden is None else hidden
        check_hidden(start, n)
        packed = layout.pack(parameters, capacity_for(n, n_symbols))
        losses, cycle = run_packed(packed, start, codes, n_symbols, self.cycle)
        by_leaf = restrict(layout.unpack(cycle.gradient[0]), parameters.support)
        return float(losses[0]), by_leaf, cycle.hidden[0, :n].copy()


def linked_network(
    alphabet: str, settings: ElasticSettings, ratio: float | None
) -> ElasticNetwork | ModulatedNetwork:
    """The model of networks of single links or, with a ratio to begin with, of pairs."""
    if ratio is None:
        return ElasticNetwork(alphabet, settings)
    return ModulatedNetwork(alphabet, settings, ratio)


class _Plan(NamedTuple):
    """Elements of the buffer side by side; an absent leaf's is the one after the last.

    Attributes
    ----------
    names : tuple of str
    recurrent, modulation, ratio : array of int (receiving, sending)
    input, output : array of int (neurons, symbols)
    bias, multipliers : array of int (neurons,)
    readout : array of int (symbols,)
    """

    names: tuple[str, ...]
    recurrent: np.ndarray
    modulation: np.ndarray
    ratio: np.ndarray
    input: np.ndarray
    output: np.ndarray
    bias: np.ndarray
    multipliers: np.ndarray
    readout: np.ndarray


def _planned(support: Support, layout: Layout) -> _Plan:
    n, n_symbols = layout.size, len(layout.alphabet)
    capacity = max(n, n_symbols)
    rows = layout.rows(capacity)
    # Elements of the buffer in the places of an array.
    place = np.full((rows.n_rows, capacity), support.size)
    element = [support.index.get(path, support.size) for path in layout.support.paths]
    place.flat[layout.positions(capacity)] = element
    recurrent, modulation, ratio = rows.squares(place)[:, :n, :n]
    return _Plan(
        names=layout.names,
        recurrent=recurrent,
        modulation=modulation,
        ratio=ratio,
        input=place[rows.input, :n].T,
        output=place[rows.output, :n].T,
        bias=place[rows.bias, :n],
        multipliers=place[rows.multiplier, :n],
        readout=place[rows.readout, :n_symbols],
    )


def _places(path: Path) -> tuple[int, ...]:
    if path[0] == READOUT:
        return ()
    return (0, 2) if path[1] in PAIRED else (0,)
