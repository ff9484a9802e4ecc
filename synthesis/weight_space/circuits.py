"""Weight-space geometry of circuits: vulnerability, damage and recovery, joining two of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dmm import Machine
from vvalues import VValue, drop, from_buffer, restrict
from vvalues.core import from_leaves

from ..process.models import MachineModel
from .damage import link_vulnerability
from .reference import Numbers, Reference, check_same_support, freeze
from .sparsity import deviation, settle

__all__ = [
    "Leg",
    "Vulnerability",
    "along_legs",
    "circuit_reference",
    "joined",
    "neurons_cut",
    "on_common_support",
    "recovered_circuit",
    "renamed_apart",
    "vulnerability_map",
]

OUTPUT = "output"


def circuit_reference(model: MachineModel, parameters: VValue, inputs: object) -> Reference:
    """A machine frozen on streams; its outputs are plain numbers.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process import MachineModel
    >>> detector = duplicate_detector()
    >>> model, streams = MachineModel(detector), text_streams(["abba.", "abc."], 60)
    >>> reference = circuit_reference(model, detector.trainable, streams)
    >>> reference.values.shape, reference.divergence(detector.trainable)
    ((2, 60, 2), 0.0)
    """
    return freeze(model, parameters, inputs, Numbers())


class Vulnerability(NamedTuple):
    """How much each link matters.

    Attributes
    ----------
    predicted : VValue
        Squared change of the outputs, summed, mean over strings, to first order.
    measured : VValue
        The same with the link really cut.
    """

    predicted: VValue
    measured: VValue


def vulnerability_map(reference: Reference) -> Vulnerability:
    """Predicted and measured change of a circuit's outputs on cutting each link.

    Parameters
    ----------
    reference : Reference
        See `circuit_reference`.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process import MachineModel
    >>> detector = duplicate_detector()
    >>> model, streams = MachineModel(detector), text_streams(["abba.", "abc."], 60)
    >>> found = vulnerability_map(circuit_reference(model, detector.trainable, streams))
    >>> [path[0] for path, change in found.measured.items() if change > 50.0]
    ['accum', 'compare', 'dot', 'dot', 'output']
    """
    parameters = reference.parameters
    predicted = link_vulnerability(reference.model, parameters, reference.inputs)
    measured = np.empty(parameters.size)
    for q in range(parameters.size):
        weights = np.array(parameters.buffer)
        weights[q] = 0.0
        measured[q] = deviation(reference, from_buffer(parameters.support, weights))
    return Vulnerability(predicted, from_buffer(parameters.support, measured))


# -------------------- damage and recovery --------------------


def neurons_cut(parameters: VValue, neurons: set[str]) -> VValue:
    """The links that are left when some neurons are lost, with every link to or from them.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> links = duplicate_detector().trainable
    >>> len(links), len(neurons_cut(links, {"norm"}))
    (8, 6)
    """
    return drop(parameters, lambda path: path[0] in neurons or path[2] in neurons)


def recovered_circuit(reference: Reference, damaged: VValue, *, steps: int = 60) -> VValue:
    """Walk a damaged circuit back to what the whole one did; lost links stay lost.

    Parameters
    ----------
    reference : Reference
        The circuit before the damage.
    damaged : VValue
        The links that are left, on their own support.
    steps : int
        Metric steps at most (see `pruning_path.settle`).

    Returns
    -------
    VValue on the support of ``damaged``

    Raises
    ------
    ValueError
        If the damaged circuit has links that the reference has not.

    Examples
    --------
    >>> from vvalues import drop
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process import MachineModel
    >>> detector = duplicate_detector()
    >>> model, streams = MachineModel(detector), text_streams(["abba.", "abc."], 60)
    >>> reference = circuit_reference(model, detector.trainable, streams)
    >>> hurt = drop(detector.trainable, "compare/dict-2/**")
    >>> whole = recovered_circuit(reference, hurt)
    >>> round(reference.divergence(hurt), 2), round(reference.divergence(whole), 2)
    (7.0, 0.94)
    """
    foreign = set(damaged.support.paths) - set(reference.parameters.support.paths)
    if foreign:
        raise ValueError(
            f"the damaged circuit has the link {'/'.join(min(foreign))}, which the circuit before "
            "the damage does not have"
        )
    return settle(reference.on(damaged.support), damaged, steps=steps)


# -------------------- joining two circuits --------------------


def renamed_apart(one: Machine, other: Machine, suffix: str = "'") -> Machine:
    """The other circuit with its hidden neurons renamed where the first has the same names.

    Sources and outputs, which both circuits share, keep their names.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> sorted(set(renamed_apart(detector, detector).neurons) - set(detector.neurons))
    ["accum'", "compare'", "dot'", "norm'"]
    """
    # What receives a trainable link is hidden; clockwork, sources and constants do not.
    hidden = {path[0] for path in other.trainable.support.paths if other.type_of(path[0]).writes}
    shared = hidden & set(one.neurons)

    def new(name: str) -> str:
        return name + suffix if name in shared else name

    def moved(matrix: VValue) -> VValue:
        return from_leaves({
            (new(neuron), field, new(sender), sent): weight
            for (neuron, field, sender, sent), weight in matrix.items()
        })  # fmt: skip

    neurons = {new(name): kind for name, kind in other.neurons.items()}
    return Machine(neurons, moved(other.fixed), moved(other.trainable), other.name)


def on_common_support(one: Machine, other: Machine) -> tuple[MachineModel, VValue, VValue]:
    """Two circuits as two points of one weight space.

    Parameters
    ----------
    one, other : Machine
        With the same sources and outputs; see `renamed_apart` for hidden neurons of equal name.

    Returns
    -------
    model : MachineModel
        All neurons and links of both.
    first, second : VValue
        The circuits on the common support, zeros where the other one's links are.

    Raises
    ------
    ValueError
        If a neuron has different types in the two.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> doubled = detector.with_trainable(2 * detector.trainable)
    >>> model, one, other = on_common_support(detector, doubled)
    >>> one.size, other.size
    (8, 8)
    """
    for name in set(one.neurons) & set(other.neurons):
        if one.neurons[name] != other.neurons[name]:
            raise ValueError(
                f"neuron {name!r} is {one.neurons[name]} in one circuit and "
                f"{other.neurons[name]} in the other; see renamed_apart"
            )
    fixed = from_leaves({**dict(other.fixed.items()), **dict(one.fixed.items())})
    support = one.trainable.support.union(other.trainable.support).support
    space = Machine(
        {**one.neurons, **other.neurons}, fixed, from_buffer(support, np.ones(support.size))
    )
    model = MachineModel(space)
    return model, restrict(one.trainable, support), restrict(other.trainable, support)


class Leg(NamedTuple):
    """A part of a path between two circuits.

    Attributes
    ----------
    name : {"grow", "swap", "shrink"}
    start, end : VValue
    """

    name: str
    start: VValue
    end: VValue

    def at(self, t: float) -> VValue:
        """The circuit at ``t`` in [0, 1] on the leg."""
        return self.start * (1.0 - t) + self.end * t


def joined(first: VValue, second: VValue) -> tuple[Leg, ...]:
    """A path between two circuits with separate hidden neurons, on which the outputs never move.

    Grow the second circuit's inner links (nothing reads them yet), swap the links into ``output``
    in proportion, shrink the first one's inner links (nothing reads them any more).

    Parameters
    ----------
    first, second : VValue
        On one support (see `on_common_support`).

    Returns
    -------
    three legs

    Raises
    ------
    ValueError
        If the supports differ, or an inner link is shared with different weights.

    Notes
    -----
    ``output`` is linear in its inputs, so in the swap it reads ``(1 - t) f + t f`` where both
    circuits compute f. Sources may be shared, hidden neurons may not.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> other = renamed_apart(detector, detector)
    >>> _, one, two = on_common_support(detector, other)
    >>> [leg.name for leg in joined(one, two)]
    ['grow', 'swap', 'shrink']
    """
    check_same_support(first, second, "the two circuits")
    is_outer = np.array([path[0] == OUTPUT for path in first.support.paths], dtype=bool)
    a, b = first.buffer, second.buffer
    clash = ~is_outer & (a != 0) & (b != 0) & (a != b)
    if clash.any():
        path = first.support.paths[int(np.flatnonzero(clash)[0])]
        raise ValueError(
            f"both circuits have the inner link {'/'.join(path)}, with different weights; give "
            "them separate neurons first: renamed_apart(one, other)"
        )
    both = np.where(is_outer, a, np.where(a != 0, a, b))
    swapped = np.where(is_outer, b, both)
    grown, moved = from_buffer(first.support, both), from_buffer(first.support, swapped)
    return Leg("grow", first, grown), Leg("swap", grown, moved), Leg("shrink", moved, second)


def along_legs(legs: tuple[Leg, ...], points: int) -> Iterator[tuple[str, float, VValue]]:
    """Points on a path of legs: (name of the leg, position in [0, 1] of the path, circuit).

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> other = renamed_apart(detector, detector)
    >>> _, one, two = on_common_support(detector, other)
    >>> points = along_legs(joined(one, two), points=2)
    >>> [f"{name} {t:.2f}" for name, t, _ in points]
    ['grow 0.00', 'grow 0.33', 'swap 0.33', 'swap 0.67', 'shrink 0.67', 'shrink 1.00']
    """
    for i, leg in enumerate(legs):
        for t in np.linspace(0.0, 1.0, points):
            yield leg.name, (i + float(t)) / len(legs), leg.at(float(t))
