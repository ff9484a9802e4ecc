"""Networks whose wiring is the support of their parameters: one leaf per synapse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Path, Support, VValue, dense, format_path, from_buffer, select, subtree

from ..process.places import KeyedNeurons
from .layered import with_derivative

__all__ = ["SYNAPSE", "WiredNetwork", "numbered", "synapse_tree", "wiring_tree"]

INPUTS, BIAS = "inputs", "bias"
SYNAPSE = 0.1  # weight from which on a self-organised synapse counts as present


def numbered(stem: str, n: int) -> tuple[str, ...]:
    """Names ``stem-0`` ... padded with zeros, so that their order in a tree is their number.

    Examples
    --------
    >>> numbered("unit", 11)[-2:]
    ('unit-09', 'unit-10')
    """
    width = len(str(max(n - 1, 0)))
    return tuple(f"{stem}-{i:0{width}d}" for i in range(n))


def wiring_tree(
    layer: str, units: Sequence[str], sources: Sequence[str], weights: np.ndarray
) -> VValue:
    """A matrix of weights (sources, units) as a tree; zeros become absent synapses.

    Returns
    -------
    VValue, layer / unit / inputs / source -> weight

    Examples
    --------
    >>> wiring_tree("layer-1", ["u"], ["a", "b", "c"], np.array([[0.5], [0.0], [2.0]]))
    VValue({'layer-1': {'u': {'inputs': {'a': 0.5, 'c': 2.0}}}})
    """
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.shape != (len(sources), len(units)):
        raise ValueError(
            f"weights have shape {matrix.shape}; {len(sources)} sources and {len(units)} units "
            f"need {(len(sources), len(units))}"
        )
    unit_of, source_of = np.nonzero(matrix.T)
    paths = [
        (layer, units[u], INPUTS, sources[s])
        for u, s in zip(unit_of.tolist(), source_of.tolist(), strict=True)
    ]
    support = Support.of(paths)
    order = np.fromiter((support.index[path] for path in paths), np.intp, len(paths))
    buffer = np.empty(len(paths))
    buffer[order] = matrix[source_of, unit_of]
    return from_buffer(support, buffer)


def synapse_tree(
    layer: str, units: Sequence[str], sources: Sequence[str], weights: np.ndarray
) -> VValue:
    """Self-organised weights (sources, units) as `wiring_tree`: synapses of 0.1 or more.

    Examples
    --------
    >>> synapse_tree("layer-1", ["u"], ["a", "b", "c"], np.array([[0.5], [0.09], [2.0]]))
    VValue({'layer-1': {'u': {'inputs': {'a': 0.5, 'c': 2.0}}}})
    """
    return wiring_tree(layer, units, sources, np.where(weights >= SYNAPSE, weights, 0.0))


class WiredNetwork:
    """A layered network whose parameters hold the synapses that exist, and no others.

    Parameters
    ----------
    names : sequence of sequences of str
        Names of the inputs, then of the units of every layer; layer k is ``layer-k``.
    activation : str or callable
        Of the hidden layers (see `ACTIVATIONS`); outputs are linear.
    gains : sequence of float, optional
        A constant factor per layer (1 when omitted): so weights can be -1 and +1 exactly.
    wiring : Support, optional
        Synapses that `initial` fills; all of them when omitted.

    Raises
    ------
    ValueError
        For fewer than two groups of names, an empty one, a name that occurs twice, or gains of
        another number.

    Notes
    -----
    Parameters are a V-value ``layer-k/unit/inputs/source`` and ``layer-k/unit/bias`` (optional). An
    absent synapse is zero, its gradient too: training keeps the wiring; `vvalues.restrict` to a
    larger support lets it grow. Other leaves of a unit are not read.

    Examples
    --------
    >>> model = WiredNetwork([["a", "b"], ["h"], ["y"]])
    >>> tree = VValue({"layer-1": {"h": {"inputs": {"b": 1.0}}},
    ...                "layer-2": {"y": {"inputs": {"h": 2.0}, "bias": 0.5}}})
    >>> model(tree, np.array([[9.0, 0.0]]))
    array([[0.5]])
    """

    def __init__(
        self,
        names: Sequence[Sequence[str]],
        activation: str | Callable = "tanh",
        gains: Sequence[float] | None = None,
        wiring: Support | None = None,
    ) -> None:
        self.names = tuple(tuple(group) for group in names)
        if len(self.names) < 2 or not all(self.names):
            raise ValueError("names need the inputs and at least one layer, none of them empty")
        for group in self.names:
            if len(set(group)) < len(group):
                twice = next(name for name in group if group.count(name) > 1)
                raise ValueError(f"name {twice!r} occurs twice among {len(group)} units")
        self.activation = activation
        self.function, _ = with_derivative(activation)
        self.gains = (1.0,) * len(self.layers) if gains is None else tuple(map(float, gains))
        if len(self.gains) != len(self.layers):
            raise ValueError(f"{len(self.gains)} gains for {len(self.layers)} layers")
        self.wiring = wiring
        self._columns = [(*((INPUTS, s) for s in group), (BIAS,)) for group in self.names[:-1]]
        self._checked: Support | None = None

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {
            "kind": "WiredNetwork",
            "names": [list(group) for group in self.names],
            "activation": self.activation,
            "gains": list(self.gains),
        }

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> WiredNetwork:
        """The model of a description."""
        return cls(description["names"], description["activation"], description["gains"])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of weights, first to last."""
        return tuple(f"layer-{k}" for k in range(1, len(self.names)))

    def full_support(self) -> Support:
        """Every synapse and every bias."""
        return Support.of(
            (layer, unit, *column)
            for layer, units, columns in zip(
                self.layers, self.names[1:], self._columns, strict=True
            )
            for unit in units
            for column in columns
        )

    def initial(self, rng: np.random.Generator) -> VValue:
        """Normal weights of variance 1 / (synapses of the unit) on the wiring, biases zero."""
        support = self.full_support() if self.wiring is None else self.wiring
        self._check(support)
        weights = rng.standard_normal(support.size)
        counts = Counter(path[:2] for path in support.paths if path[2] == INPUTS)
        weights /= np.sqrt([max(counts[path[:2]], 1) for path in support.paths])
        weights[[path[2] == BIAS for path in support.paths]] = 0.0
        return from_buffer(support, weights)

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, outputs) for inputs (n, inputs); differentiable in the parameters.

        Raises
        ------
        ValueError
            If the inputs have another shape, or a synapse a unit or source that does not exist.
        """
        self._check(parameters.support)
        if len(anp.shape(inputs)) != 2 or anp.shape(inputs)[1] != len(self.names[0]):
            raise ValueError(
                f"inputs have shape {anp.shape(inputs)}; expected (n, {len(self.names[0])}), a row "
                "per example and a column per input"
            )
        ones = np.ones((len(inputs), 1))
        signal: Any = inputs
        for k, (layer, gain) in enumerate(zip(self.layers, self.gains, strict=True)):
            weights = dense(subtree(parameters, (layer,)), self.names[k + 1], self._columns[k])
            signal = gain * anp.dot(anp.concatenate([signal, ones], axis=1), weights.T)
            if k + 1 < len(self.layers):
                signal = self.function(signal)
        return signal

    def hidden(self, parameters: VValue, inputs: np.ndarray, layer: int = 1) -> np.ndarray:
        """Activations (n, units) of a hidden layer, 1 being the first.

        Raises
        ------
        ValueError
            If there is no such hidden layer.
        """
        hidden = len(self.layers) - 1
        if layer not in range(1, hidden + 1):
            raise ValueError(f"layer is {layer!r}; hidden layers are 1 to {hidden}")
        part = WiredNetwork(self.names[: layer + 1], self.activation, self.gains[:layer])
        return self.function(part(select(parameters, *part.layers), inputs))

    # -------------------- what methods may ask --------------------

    def living(self, support: Support) -> Support:
        """The leaves that can influence an output.

        A unit lives if it is an output, or a living unit of the next layer reads it. A unit
        without synapses and bias sends nothing if its activation of 0 is 0.
        """
        self._check(support)
        read = set(self.names[-1])
        keep = dict.fromkeys(support.paths, True)
        for layer in self.layers[::-1]:
            below = set()
            for path in (path for path in support.paths if path[0] == layer):
                keep[path] = path[1] in read
                if keep[path] and path[2] == INPUTS:
                    below.add(path[3])
            read = below
        silent: set[str] = set()
        is_odd = float(self.function(np.zeros(1))[0]) == 0.0
        for layer, units in zip(self.layers, self.names[1:], strict=True):
            active = set()
            for path in (path for path in support.paths if path[0] == layer):
                keep[path] &= path[2] != INPUTS or path[3] not in silent
                if keep[path]:
                    active.add(path[1])
            silent = set(units) - active if is_odd else set()
        return support.where(np.array([keep[path] for path in support.paths], dtype=bool))

    def places(self, layer: int = 1) -> KeyedNeurons:
        """How the units of a hidden layer lie in the tree; 1 is the first.

        A new unit is wired like the last one.

        Raises
        ------
        ValueError
            If there is no such hidden layer.
        """
        if layer not in range(1, len(self.layers)):
            raise ValueError(f"layer is {layer!r}; hidden layers are 1 to {len(self.layers) - 1}")
        own, above = self.layers[layer - 1 : layer + 1]

        def named_at(path: Path) -> tuple[int, ...]:
            return (1,) if path[0] == own else (3,) if path[0] == above else ()

        return KeyedNeurons(named_at)

    def fitting(self, parameters: VValue) -> WiredNetwork:
        """The network with the units that these parameters name beside its own."""
        groups = [list(group) for group in self.names]
        for path in parameters.support.paths:
            number = self.layers.index(path[0]) + 1 if path[0] in self.layers else 0
            if 0 < number < len(groups) - 1 and path[1] not in groups[number]:
                groups[number].append(path[1])
        if [len(group) for group in groups] == [len(group) for group in self.names]:
            return self
        return WiredNetwork(groups, self.activation, self.gains)

    def matrices(self, parameters: VValue) -> list[np.ndarray]:
        """Weights of every layer without biases: (sources, units) each."""
        self._check(parameters.support)
        return [
            np.asarray(dense(subtree(parameters, (layer,)), units, columns)).T[:-1]
            for layer, units, columns in zip(
                self.layers, self.names[1:], self._columns, strict=True
            )
        ]

    def _check(self, support: Support) -> None:
        """Refuse synapses of units that do not exist (they would be read as nothing)."""
        if support is self._checked:
            return
        units = dict(zip(self.layers, map(set, self.names[1:]), strict=True))
        sources = dict(zip(self.layers, map(set, self.names), strict=False))
        for path in support.paths:
            where = format_path(path)
            if path[0] not in units:
                raise ValueError(f"{where}: there is no {path[0]!r}; layers: {', '.join(units)}")
            if len(path) < 2 or path[1] not in units[path[0]]:
                raise ValueError(f"{where}: {path[0]} has no such unit")
            if len(path) == 4 and path[2] == INPUTS and path[3] not in sources[path[0]]:
                raise ValueError(f"{where}: {path[3]!r} is no source of {path[0]}")
        self._checked = support
