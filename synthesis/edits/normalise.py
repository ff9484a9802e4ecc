"""Reading weights: divide out free scales, then round to simple values where nothing is lost.

Neurons that commute with scaling leave a machine's scales free: an accumulator that reads
``c * x`` and is read with weight ``1 / c`` does the same for every ``c``. A synthesized machine
therefore ends at an arbitrary point of such a family. `normalise` moves to the point where incoming
weights are of size 1, `snap` rounds what can be rounded without a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dmm import Machine
from vvalues import VValue, from_buffer
from vvalues.core.tree import from_leaves

from ..optimize.objective import Objective

__all__ = ["SIMPLE_VALUES", "normalise", "rescaled_products", "simplify_weights", "snap"]

ODD = "odd"  # f(c x) = c f(x) for all c
POSITIVE = "positive"  # for c > 0 only
EVEN = "even"  # f(c x) = |c| f(x)

SCALING: Mapping[str, str] = {
    "accum": ODD,
    "identity": ODD,
    "norm": EVEN,
    "compare": POSITIVE,
    "relu": POSITIVE,
}
"""How outputs scale with a common factor on all inputs, by neuron type."""

SIMPLE_VALUES = (1.0, 2.0, 0.5, 3.0, 4.0, 0.25, 1 / 3, 5.0, 10.0, 0.1, 0.0)

FACTORS: Mapping[str, tuple[str, ...]] = {
    "gate": ("gate", "dict"),
    "plasticity": ("gate", "post", "pre", "mask"),
}
"""Fields whose product a neuron emits: each has a scale of its own."""


class _Weights:
    """Weights by path, with the links into and out of every port."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.values = {path: float(weight) for path, weight in machine.trainable.items()}
        self.fixed = {path: float(weight) for path, weight in machine.fixed.items()}

    def into(self, neuron: str, field: str | None = None) -> list[tuple[str, ...]]:
        return [p for p in self.values if p[0] == neuron and field in (None, p[1])]

    def out_of(self, neuron: str) -> list[tuple[str, ...]]:
        return [p for p in self.values if p[2] == neuron]

    def has_fixed_readers(self, neuron: str) -> bool:
        """Whether a fixed link reads this neuron, whose scale is then not free.

        Where all inputs scale alike, a neuron's link to itself is a ratio and may be fixed.
        """
        kind = self.machine.neurons[neuron]
        is_ratio = kind in SCALING and kind != "compare"  # whose ports may change places
        return any(p[2] == neuron and not (is_ratio and p[0] == neuron) for p in self.fixed)

    def reads_itself(self, neuron: str) -> bool:
        return any(p[0] == p[2] == neuron for p in (*self.values, *self.fixed))

    def has_fixed_inputs(self, neuron: str, field: str | None = None) -> bool:
        return any(p[0] == neuron and p[2] != neuron and field in (None, p[1]) for p in self.fixed)

    def largest(self, paths: Iterable[tuple[str, ...]]) -> float:
        """The weight of the largest size; 0 of no weights."""
        return max((self.values[path] for path in paths), key=abs, default=0.0)

    def scale(self, paths: list[tuple[str, ...]], factor: float) -> None:
        for path in paths:
            self.values[path] *= factor

    def rename(self, neuron: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        """Give the neuron's ports other names in all links."""
        self.values = {
            (
                p[0],
                inputs.get(p[1], p[1]) if p[0] == neuron else p[1],
                p[2],
                outputs.get(p[3], p[3]) if p[2] == neuron else p[3],
            ): weight
            for p, weight in self.values.items()
        }

    def matrix(self) -> VValue:
        return from_leaves(self.values)


def normalise(machine: Machine) -> VValue:
    """The machine's trainable weights with free scales and signs divided out.

    Signals are followed from the sources on: each scaling neuron's largest incoming weight gets
    size 1 (and, where signs are free, becomes positive); its outgoing weights take the factor
    over. The two inputs of a dot product share their scale evenly and its sign goes to one side.

    A comparison that is read at ``false`` only, or compares negated streams, is turned round:
    its two inputs change places. So the support may differ; the number of links does not.

    Returns
    -------
    VValue
        Trainable weights with which the machine computes the same, up to rounding (neurons of
        unknown scaling are left alone).

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> normalise(detector) == detector.trainable  # nothing is left to divide out
    True
    """
    weights = _Weights(machine)
    for neuron in _in_order(machine):
        kind = machine.neurons[neuron]
        if weights.has_fixed_readers(neuron):
            continue
        if kind in FACTORS:
            _normalise_factors(weights, neuron, FACTORS[kind])
        if weights.has_fixed_inputs(neuron):
            continue
        if kind in SCALING:
            if kind == "compare":
                _turn_comparison(weights, neuron)
            _normalise_scaling(weights, neuron, SCALING[kind])
        elif kind == "dot":
            _normalise_product(weights, neuron)
    return weights.matrix()


def rescaled_products(machine: Machine) -> Iterator[VValue]:
    """Variants of a machine in which one product has another scale, made up for behind it.

    On streams that stay within its clamp they compute the same; beyond it, only one may be right.
    The factors tried are the weights of the machine and their inverses, as it is among these that a
    factor has been moved to another link.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> doubled = replace(detector, trainable=detector.trainable * 2.0)
    >>> [tree["dot", "dict-1", "accum", "dict"] for tree in rescaled_products(doubled)]
    [1.0, 4.0]
    """
    sizes = {abs(weight) for weight in machine.trainable.buffer.tolist() if weight}
    factors = sorted({factor for size in sizes for factor in (size, 1.0 / size)} - {1.0})
    for neuron, kind in machine.neurons.items():
        if kind != "dot":
            continue
        for factor in factors:
            weights = _Weights(machine)
            if weights.has_fixed_readers(neuron) or weights.has_fixed_inputs(neuron):
                break
            weights.scale(weights.into(neuron, "dict-1"), factor)
            weights.scale(weights.out_of(neuron), 1.0 / factor)
            yield weights.matrix()


def _normalise_scaling(weights: _Weights, neuron: str, scaling: str) -> None:
    # A self-link's weight is a ratio of the neuron to itself: it does not change with the scale.
    incoming = [p for p in weights.into(neuron) if p[2] != neuron]
    outgoing = [p for p in weights.out_of(neuron) if p[0] != neuron]
    largest = weights.largest(incoming)
    if largest == 0.0:
        return
    # What an even neuron reads of itself keeps its sign when all other inputs change theirs.
    is_sign_free = scaling == ODD or (scaling == EVEN and not weights.reads_itself(neuron))
    factor = 1.0 / (largest if is_sign_free else abs(largest))
    weights.scale(incoming, factor)
    weights.scale(outgoing, 1.0 / (abs(factor) if scaling == EVEN else factor))


def _normalise_factors(weights: _Weights, neuron: str, fields: Sequence[str]) -> None:
    """Give the largest weight into each factor size 1; the readers take the scale over.

    A link of the neuron to itself is among those into it and among its readers: it stays.
    """
    for field in fields:
        incoming = weights.into(neuron, field)
        largest = weights.largest(p for p in incoming if p[2] != neuron)
        if largest == 0.0 or weights.has_fixed_inputs(neuron, field):
            continue
        weights.scale(incoming, 1.0 / largest)
        weights.scale(weights.out_of(neuron), largest)


SWAPPED_INPUTS = {"dict-1": "dict-2", "dict-2": "dict-1"}


def _turn_comparison(weights: _Weights, neuron: str) -> None:
    """``relu(b - a)`` read at ``false`` is ``relu(b - a)`` at ``true`` with the inputs swapped."""
    if {p[3] for p in weights.out_of(neuron)} == {"false"}:
        weights.rename(neuron, SWAPPED_INPUTS, {"false": "true"})
    incoming = weights.into(neuron)
    if weights.largest(incoming) < 0.0:
        weights.scale(incoming, -1.0)
        weights.rename(neuron, SWAPPED_INPUTS, {})


def _normalise_product(weights: _Weights, neuron: str) -> None:
    """Move scale between the two arguments; their product is bounded, so it must not change."""
    one, two = weights.into(neuron, "dict-1"), weights.into(neuron, "dict-2")
    if not one or not two:
        return
    largest = weights.largest(one)
    if largest != 0.0:
        weights.scale(one, 1.0 / largest)
        weights.scale(two, largest)
    # The clamp is odd: a sign may move to the readers.
    if weights.largest(two) < 0.0:
        weights.scale(two, -1.0)
        weights.scale(weights.out_of(neuron), -1.0)


def _in_order(machine: Machine) -> list[str]:
    """Neurons so that senders come first; in a cycle, in order of their names."""
    senders: dict[str, set[str]] = {name: set() for name in machine.neurons}
    for path in (*machine.trainable.support.paths, *machine.fixed.support.paths):
        if path[0] != path[2]:
            senders[path[0]].add(path[2])
    ordered: list[str] = []
    waiting = sorted(machine.neurons)
    while waiting:
        ready = [name for name in waiting if senders[name] <= set(ordered)]
        chosen = ready or waiting[:1]
        ordered += chosen
        waiting = [name for name in waiting if name not in chosen]
    return ordered


def snap(
    objective: Objective,
    parameters: VValue,
    tolerance: float,
    values: tuple[float, ...] = SIMPLE_VALUES,
) -> VValue:
    """Round weights to simple values as long as the loss stays within a tolerance.

    Parameters
    ----------
    objective : Objective
    parameters : VValue
    tolerance : float
        Largest loss allowed afterwards.
    values : tuple of float
        Sizes to round to, besides integers.

    Notes
    -----
    All weights at once first; if that loses something, one after the other, nearest first.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> exact = snap(objective, weights, tolerance=1e9)  # so much that any value will do
    >>> len(np.unique(weights.buffer)), np.unique(np.abs(exact.buffer))
    (78, array([0.]))
    """
    grid = np.array(sorted({abs(v) for v in values}))
    weights = np.array(parameters.buffer)
    nearest = np.sign(weights) * grid[np.abs(np.abs(weights)[:, None] - grid).argmin(axis=1)]
    rounded = np.round(weights)
    is_closer = np.abs(rounded - weights) < np.abs(nearest - weights)
    nearest = np.where(is_closer & (rounded != 0), rounded, nearest)
    support = parameters.support
    if objective.losses(support, nearest[None])[0] <= tolerance:
        return from_buffer(support, nearest)
    for q in np.argsort(np.abs(nearest - weights), kind="stable"):
        trial = weights.copy()
        trial[q] = nearest[q]
        if objective.losses(support, trial[None])[0] <= tolerance:
            weights = trial
    return from_buffer(support, weights)


def simplify_weights(machine: Machine, objective: Objective, tolerance: float) -> VValue:
    """`normalise`, then `snap`; without the former if that would raise the loss.

    Parameters
    ----------
    tolerance : float
        Largest loss allowed afterwards.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> machine = model.machine(weights)
    >>> simplify_weights(machine, objective, tolerance=0.0).support == weights.support
    True
    """
    scaled = normalise(machine)
    if not objective.loss(scaled) <= tolerance:
        scaled = machine.trainable
    return snap(objective, scaled, tolerance)
