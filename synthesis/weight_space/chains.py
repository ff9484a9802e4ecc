"""Paths between two given networks that keep working all along.

The geodesic is discretised: beads between two fixed ends, moved until neighbours do nearly the
same and every bead does the task. Or one end is pulled towards the other, step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from vvalues import VValue

from ..optimize.optimizers import Optimizer
from ..process.linearization import linearize, number_of_inputs
from ..process.models import Model
from .path import Waypoint, drawn, normalized, walk
from .pulls import Invariance, Pull, PullTowards, weighted
from .reference import Categorical, Outputs, Reference, check_inputs, check_same_support, copied

__all__ = ["Chain", "along", "geodesic", "pulled_over", "straight_line"]


@dataclass(frozen=True, eq=False)
class Chain:
    """Beads on a path between two networks; the first and the last are the ends.

    Attributes
    ----------
    step : int
        Optimizer steps so far.
    beads : tuple of V-values
    energy : float
        Sum over neighbours of their distance on the last batch, per input; nan at the start.
    anchor : float
        Sum over inner beads of the term that holds them, on the last batch; nan at the start.

    Examples
    --------
    >>> chain = Chain(0, straight_line(VValue({"a": 0.0}), VValue({"a": 1.0}), 3))
    >>> [bead["a"] for bead in chain.beads]
    [0.0, 0.5, 1.0]
    """

    step: int
    beads: tuple[VValue, ...]
    energy: float = float("nan")
    anchor: float = float("nan")


def straight_line(one: VValue, other: VValue, n_beads: int) -> tuple[VValue, ...]:
    """Equally spaced points of the straight line, ends included.

    Raises
    ------
    ValueError
        If the ends have different supports or there are fewer than two beads.

    Examples
    --------
    >>> [bead["a"] for bead in straight_line(VValue({"a": 0.0}), VValue({"a": 1.0}), 3)]
    [0.0, 0.5, 1.0]
    """
    check_same_support(one, other, "the two ends")
    if n_beads < 2:
        raise ValueError(f"n_beads is {n_beads}; a path has at least its two ends")
    inner = [one * float(1.0 - t) + other * float(t) for t in np.linspace(0, 1, n_beads)[1:-1]]
    return (one, *inner, other)


def along(beads: Sequence[VValue], points: int) -> Iterator[tuple[float, VValue]]:
    """Points on the polygon through beads, so that no jump between beads passes for a path.

    Parameters
    ----------
    beads : sequence of V-values
    points : int
        Per segment; the last bead comes once more at the end.

    Yields
    ------
    position : float in [0, 1]
    parameters : VValue

    Examples
    --------
    >>> ends = straight_line(VValue({"a": 0.0}), VValue({"a": 1.0}), 2)
    >>> [round(bead["a"], 2) for _, bead in along(ends, 5)]
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    n_segments = len(beads) - 1
    for i, (one, other) in enumerate(pairwise(beads)):
        for j in range(points):
            t = j / points
            yield (i + t) / n_segments, one * (1.0 - t) + other * t
    yield 1.0, beads[-1]


def geodesic(
    model: Model,
    beads: Sequence[VValue],
    inputs: Any,
    optimizer: Optimizer,
    *,
    steps: int,
    rng: np.random.Generator,
    anchor: Pull | None = None,
    strength: float = 1.0,
    batch: int = 100,
    outputs: Outputs | None = None,
    every: int = 1,
) -> Iterator[Chain]:
    """Relax a chain of beads towards a geodesic that does the task; ends stay fixed.

    Minimises ``sum_k D(w_k, w_k+1) + strength * sum_k anchor(w_k)`` with the Bhattacharyya
    distance D of outputs (per input).

    Parameters
    ----------
    model : Model
    beads : sequence of V-values
        At least three; usually `straight_line`.
    inputs : inputs on which outputs are compared
    optimizer : Optimizer
        Each inner bead has its own state.
    steps : int
    rng : numpy.random.Generator
    anchor : Pull, optional
        What the inner beads have to do: a task's loss, or the distance to the ends' outputs.
    batch : int
        Inputs per step.
    outputs : Outputs, optional
        `Categorical` by default.
    every : int
        Yield every so many steps (start and end always).

    Yields
    ------
    Chain

    Raises
    ------
    ValueError
        If there are fewer than three beads, supports differ, or there are fewer inputs than
        ``batch``.

    References
    ----------
    G. Raghavan, M. Thomson, arXiv:2106.02793 (paths between optima); the discrete energy is ours.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.optimize import sgd
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> beads, rng = straight_line(weights, -weights, 5), np.random.default_rng(0)
    >>> path = geodesic(model, beads, inputs, sgd(0.5), steps=20, rng=rng, batch=20)
    >>> [round(chain.energy, 5) for chain in path][1::6]
    [0.00217, 0.00212, 0.00208, 0.00205]
    """
    if len(beads) < 3:
        raise ValueError(f"{len(beads)} beads; a chain that can move has at least three")
    for bead in beads[1:]:
        check_same_support(beads[0], bead, "two beads")
    check_inputs(inputs, batch, "a step of the chain")
    outputs = outputs or Categorical()
    chain, states = list(beads), [optimizer.init(bead) for bead in beads]

    def relaxed() -> Iterator[Chain]:
        yield Chain(0, tuple(chain))
        for step in range(1, steps + 1):
            energy, gradients = _energy(model, chain, drawn(inputs, batch, rng), outputs)
            held = 0.0
            for k in range(1, len(chain) - 1):
                gradient = gradients[k]
                if anchor is not None:
                    value, hold = anchor(chain[k], step - 1, rng)
                    held += value
                    gradient = gradient + strength * hold
                change, states[k] = optimizer.update(gradient, states[k], chain[k])
                chain[k] = chain[k] + change
            if step % every == 0 or step == steps:
                yield Chain(step, tuple(chain), energy, held)

    return relaxed()


def _energy(
    model: Model, beads: Sequence[VValue], inputs: Any, outputs: Outputs
) -> tuple[float, list[VValue]]:
    """Sum of neighbours' distances per input, and its gradient by every inner bead."""
    points = [linearize(model, bead, inputs) for bead in beads]
    n, total = number_of_inputs(inputs), 0.0
    cotangents = [np.zeros_like(point.values) for point in points]
    for k in range(len(points) - 1):
        one, other = points[k].values, points[k + 1].values
        total += outputs.divergence(one, other) / n
        cotangents[k] += outputs.gradient(one, other) / n
        cotangents[k + 1] += outputs.gradient(other, one) / n
    inner = [points[k].pull(cotangents[k]) for k in range(1, len(points) - 1)]
    return total, [VValue(), *inner, VValue()]


def pulled_over(
    reference: Reference,
    other: VValue,
    *,
    steps: int,
    size: float | Callable[[int], float],
    rng: np.random.Generator,
    strength: float = 2.0,
    per_step: int | None = None,
    close: float = 0.01,
    every: int = 1,
) -> Iterator[Waypoint]:
    """Walk from a frozen network to another one, pulled by it and held by the first's outputs.

    Parameters
    ----------
    reference : Reference
        The network to start from, frozen on stored inputs.
    other : VValue
        Where to go.
    size : float or schedule
        Euclidean length of a step.
    strength : float
        Of the pull, against the summed distance of the outputs.
    close : float
        Stop within this Euclidean distance of the other network.

    Yields
    ------
    Waypoint

    References
    ----------
    github Guruprasad93/FlexibleMachineLearning @9043036 (the optimiser takes any target weights).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, other = freeze(model, weights, inputs), model.initial(np.random.default_rng(1))
    >>> path = pulled_over(reference, other, steps=40, size=0.1, rng=np.random.default_rng(0))
    >>> ends = [point.parameters for point in path][::10]
    >>> [round(float(np.linalg.norm((end - other).buffer)), 2) for end in ends]
    [3.21, 2.21, 1.21, 0.25, 0.19]
    """
    check_same_support(reference.parameters, other, "the two ends")
    start = copied(reference.parameters)
    pull = weighted((strength, PullTowards(other)), (1.0, Invariance(reference, per_step)))
    for waypoint in walk(start, pull, normalized(size), steps=steps, rng=rng, every=every):
        yield waypoint
        if np.linalg.norm(waypoint.parameters.buffer - other.buffer) < close:
            return
