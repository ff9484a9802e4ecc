"""Pairs of links, one additive and one multiplicative, with a trained ratio between them.

    z_t = (1 + (r * V) h_{t-1}) * (W_x x_t + ((1 - r) * W) h_{t-1}) + b,   h_t = tanh(z_t)

Between any two neurons there are an additive link (W), a multiplicative one (V, which modulates all
that the receiving neuron adds up) and their ratio r, the logistic function of a trained number. At
r = 0 it is the elastic network. The source only proposes such pairs (T. Miconi, arXiv:1606.06216,
section 5); the form is ours.

    neuron-3/recurrent/neuron-1     W
    neuron-3/modulation/neuron-1    V
    neuron-3/ratio/neuron-1         r before the logistic function

All else is as in `model`; `process` trains it, and it grows and shrinks by the same edits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from dmm.neurons import logistic
from vvalues import (
    Path,
    Support,
    VValue,
    assemble,
    format_path,
    from_buffer,
    from_dense,
    ravel,
)
from vvalues.core import support_of

from ...edits.neurons import KeyedNeurons
from ...optimize.losses import cross_entropy_and_errors
from ...process.codec import from_plain, to_plain
from .arrays import PREFIX, READOUT, living_part
from .birth import draw_neuron
from .model import check_hidden, check_reading, check_symbols
from .planned import PlannedNetwork, with_absent
from .settings import ElasticSettings

__all__ = ["ModulatedNetwork"]

PAIRED = ("recurrent", "modulation", "ratio")


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
        if size < 1:
            raise ValueError(f"size is {size!r}; expected at least 1 neuron")
        names, scale = [f"{PREFIX}{i}" for i in range(1, size + 1)], self.settings.scale
        shapes = {"recurrent": size, "modulation": size, "input": len(self.alphabet)}
        shapes["output"] = len(self.alphabet)
        tree = VValue({READOUT: {"bias": dict.fromkeys(self.alphabet, 0.0)}})
        for kind, n in shapes.items():
            columns = names if kind in PAIRED else list(self.alphabet)
            weights = scale * rng.standard_normal((size, n))
            tree = tree + from_dense(weights, [(name, kind) for name in names], columns)
        for name in names:
            leaves: dict[str, Any] = {"bias": 0.0, "ratio": dict.fromkeys(names, self.first_ratio)}
            if self.settings.has_multipliers:
                leaves["multiplier"] = 1.0
            tree = tree + VValue({name: leaves})
        return tree

    def ratios(self, parameters: VValue) -> np.ndarray:
        """Share of the multiplicative link, (receiving, sending)."""
        return logistic(with_absent(parameters.buffer)[self.plan(parameters.support).ratio])

    def _sent(self, flat: Any, plan: _Plan) -> Any:
        """What scales the output links of every neuron."""
        if not self.settings.has_multipliers:
            return np.ones(len(plan.names))
        return flat[plan.multipliers]

    def _planned(self, support: Support, names: tuple[str, ...]) -> _Plan:
        _check_paths(support, names, self.alphabet)
        return _planned(support, names, self.alphabet)

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
        others = self.neurons(parameters)
        leaves: dict[Path, float] = {(name, "bias"): 0.0}
        if self.settings.has_multipliers:
            leaves[name, "multiplier"] = self.settings.threshold
        for kind in ("recurrent", "modulation"):
            new = draw_neuron(len(others), len(self.alphabet), self.settings, rng)
            for other, weight in zip((*others, name), new.incoming, strict=True):
                leaves[name, kind, other] = weight
                leaves[name, "ratio", other] = self.first_ratio
            for other, weight in zip(others, new.outgoing, strict=True):
                leaves[other, kind, name] = weight
                leaves[other, "ratio", name] = self.first_ratio
        for symbol, read, output in zip(self.alphabet, new.input, new.output, strict=True):
            leaves[name, "input", symbol], leaves[name, "output", symbol] = read, output
        return assemble(leaves)

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
        codes, plan = check_symbols(symbols, self.alphabet), self.plan(parameters.support)
        n = len(plan.names)
        start = np.zeros(n) if hidden is None else hidden
        check_hidden(start, n)
        flat = with_absent(parameters.buffer)
        ratio, sent = logistic(flat[plan.ratio]), self._sent(flat, plan)
        weights, modulation = flat[plan.recurrent], flat[plan.modulation]
        output = flat[plan.output] * sent[:, None]
        stacked = np.concatenate([(1.0 - ratio) * weights, ratio * modulation])
        run = _run(stacked, flat[plan.input].T[codes[:-1]], flat[plan.bias], start)
        predicted = run.states[1:] @ output + flat[plan.readout]
        loss, errors = cross_entropy_and_errors(predicted, codes[1:])

        both, deltas = _pull(run, stacked, errors @ output.T)
        by_additive, by_gating = np.split(both.T @ run.states[:-1], 2)
        through = run.states[1:].T @ errors
        gradient = np.zeros_like(flat)
        gradient[plan.recurrent] = (1.0 - ratio) * by_additive
        gradient[plan.modulation] = ratio * by_gating
        gradient[plan.ratio] = (
            ratio * (1.0 - ratio) * (modulation * by_gating - weights * by_additive)
        )
        gradient[plan.input] = both[:, :n].T @ np.eye(len(self.alphabet))[codes[:-1]]
        gradient[plan.output] = through * sent[:, None]
        gradient[plan.bias] = deltas.sum(axis=0)
        gradient[plan.readout] = errors.sum(axis=0)
        if self.settings.has_multipliers:
            gradient[plan.multipliers] = (through * flat[plan.output]).sum(axis=1)
        return loss, from_buffer(parameters.support, gradient[:-1]), run.states[-1].copy()


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


def _planned(support: Support, names: tuple[str, ...], alphabet: str) -> _Plan:
    symbols = tuple(alphabet)

    def at(paths: list[Path]) -> np.ndarray:
        return np.array([support.index.get(path, support.size) for path in paths], dtype=np.intp)

    def singles(kind: str) -> np.ndarray:
        return at([(name, kind) for name in names])

    def matrix(kind: str, ends: Sequence[str]) -> np.ndarray:
        found = at([(name, kind, end) for name in names for end in ends])
        return found.reshape(len(names), len(ends))

    return _Plan(
        names=names,
        recurrent=matrix("recurrent", names),
        modulation=matrix("modulation", names),
        ratio=matrix("ratio", names),
        input=matrix("input", symbols),
        output=matrix("output", symbols),
        bias=singles("bias"),
        multipliers=singles("multiplier"),
        readout=at([(READOUT, "bias", symbol) for symbol in symbols]),
    )


class _Run(NamedTuple):
    """A cycle read: states (length + 1, neurons), and what was added and gated in every step."""

    states: np.ndarray
    added: np.ndarray
    gates: np.ndarray


def _run(stacked: np.ndarray, drive: np.ndarray, bias: np.ndarray, start: np.ndarray) -> _Run:
    """Forward; ``stacked`` is the additive matrix above the gating one, ``drive`` (length, n)."""
    length, n = drive.shape
    states, added = np.empty((length + 1, n)), np.empty((length, n))
    gates = np.empty((length, n))
    states[0] = start
    for t in range(length):
        product = stacked @ states[t]
        np.add(product[:n], drive[t], out=added[t])
        np.add(product[n:], 1.0, out=gates[t])
        np.tanh(gates[t] * added[t] + bias, out=states[t + 1])
    return _Run(states, added, gates)


def _pull(run: _Run, stacked: np.ndarray, incoming: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients by what is added and by the gates, side by side (length, 2n), and by z (length, n).

    ``incoming``: gradient by the states from the predictions, (length, n).
    """
    length, n = incoming.shape
    slopes = 1.0 - run.states[1:] ** 2
    both, deltas = np.empty((length, 2 * n)), np.empty((length, n))
    carried = np.zeros(n)
    for t in reversed(range(length)):
        np.multiply(incoming[t] + carried, slopes[t], out=deltas[t])
        np.multiply(deltas[t], run.gates[t], out=both[t, :n])
        np.multiply(deltas[t], run.added[t], out=both[t, n:])
        carried = both[t] @ stacked
    return both, deltas


def _check_paths(support: Support, names: tuple[str, ...], alphabet: str) -> None:
    ends = {kind: set(names) for kind in PAIRED} | {k: set(alphabet) for k in ("input", "output")}
    for i, path in enumerate(support.paths):
        if path[0] == READOUT:
            fits = len(path) == 3 and path[1] == "bias" and path[2] in alphabet
        elif len(path) == 3:
            fits = path[2] in ends.get(path[1], ())
        else:
            fits = len(path) == 2 and path[1] in ("bias", "multiplier")
        if not fits or support.shape(i):
            raise ValueError(
                f"parameters have a leaf at {format_path(path)}, which is none of a network of "
                f"paired links over the alphabet {alphabet!r}: expected numbers at "
                f"NEURON/{'|'.join(PAIRED)}/NEURON, NEURON/input|output/SYMBOL, NEURON/bias, "
                "NEURON/multiplier and readout/bias/SYMBOL"
            )


def _places(path: Path) -> tuple[int, ...]:
    if path[0] == READOUT:
        return ()
    return (0, 2) if path[1] in PAIRED else (0,)
