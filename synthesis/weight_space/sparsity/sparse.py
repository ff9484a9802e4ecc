"""Sparsification along an invariant path: from a dense network to one with many exact zeros.

No labels are used: the sparse network has to do what the frozen dense one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.optimizers import schedule
from ...process.abilities import prunable_elements
from ...process.models import Model
from ..path import Waypoint, invariant_path, last, normalized, walk, walked
from ..pulls import Invariance, PullToPruned, largest_kept, weighted
from ..reference import Reference, copied
from .singly import removed_singly

__all__ = [
    "Sparsified",
    "n_zeros",
    "ramp",
    "settled",
    "sparse_path",
    "sparsified",
    "support_mask",
]

STEPS = 1500
STAGES = 20
LARGEST_STEP, SMALLEST_STEP = 0.05, 0.001
WEAKEST_PULL, STRONGEST_PULL = 10.0, 1000.0
FEW = 60


def n_zeros(parameters: VValue) -> int:
    """Number of elements that are exactly zero.

    Examples
    --------
    >>> n_zeros(VValue({"a": 0.0, "b": 2.0, "w": np.zeros(3)}))
    4
    """
    return int(parameters.size - np.count_nonzero(parameters.buffer))


def support_mask(parameters: VValue) -> VValue:
    """1 where a network has a weight, 0 where it has an exact zero."""
    return from_buffer(parameters.support, (parameters.buffer != 0).astype(np.float64))


def ramp(sparsity: float, steps: int) -> Callable[[int], float]:
    """Sparsity that rises from 0 to its final value with a cubic slow-down.

    Parameters
    ----------
    sparsity : float
        Final share of zeros.
    steps : int
        Reached after so many steps, kept afterwards.

    References
    ----------
    M. Zhu, S. Gupta, arXiv:1710.01878, equation 1.
    """
    return lambda step: sparsity * (1.0 - max(0.0, 1.0 - step / max(steps, 1)) ** 3)


def sparse_path(
    reference: Reference,
    sparsity: float | Callable[[int], float],
    *,
    steps: int = STEPS,
    rng: np.random.Generator,
    strength: float | Callable[[int], float] | None = None,
    sizes: float | Callable[[int], float] | None = None,
    per_step: int | None = 200,
    every: int = 100,
    observe: Callable[[VValue], dict[str, Any]] | None = None,
) -> Iterator[Waypoint]:
    """Walk from a frozen dense network towards the nearest sparse one.

    Parameters
    ----------
    reference : Reference
        The dense network, frozen on unlabelled inputs.
    sparsity : float, or a function from the step to one
        Share of the weights that are zero in the point that pulls. It moves as the network moves.
    steps : int
    rng : numpy.random.Generator
    strength : float or schedule, optional
        Of the pull, against the summed distance of the outputs; 10 to 1000 when omitted, so that
        the path arrives.
    sizes : float or schedule, optional
        Euclidean length of each step; .05 to .001 when omitted.
    per_step : int, optional
        Inputs per step.
    every, observe
        See `walk`.

    Yields
    ------
    Waypoint
        ``figures["to_sparse"]`` is the distance to the nearest sparse network (at the final
        sparsity).

    References
    ----------
    G. Raghavan, M. Thomson, arXiv:2012.09605; github Guruprasad93/FlexibleMachineLearning
    @9043036, ``moveSparseHyper_GPU.py``. The released constants (strength .1, steps of .01) do
    not arrive from weights of usual scale.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> path = sparse_path(reference, 0.5, steps=60, rng=rng, per_step=None, every=20)
    >>> [round(point.figures["to_sparse"], 3) for point in path]
    [0.167, 0.022, 0.013, 0.002]
    """
    weights = prunable_elements(reference.model, reference.parameters.support)
    pull = PullToPruned(sparsity, weights)
    goal = pull.at(steps)

    def figures(parameters: VValue) -> dict[str, Any]:
        away = parameters.buffer - largest_kept(parameters, goal, weights).buffer
        seen = {} if observe is None else observe(parameters)
        return {"to_sparse": float(np.linalg.norm(away)), **seen}

    return invariant_path(
        reference,
        copied(reference.parameters),
        pull,
        normalized(sizes or schedule(LARGEST_STEP, SMALLEST_STEP, steps, "linear")),
        steps=steps,
        rng=rng,
        strength=strength or schedule(WEAKEST_PULL, STRONGEST_PULL, steps),
        per_step=per_step,
        every=every,
        observe=figures,
    )


def settled(
    reference: Reference,
    sparse: VValue,
    *,
    steps: int,
    rng: np.random.Generator,
    sizes: float | Callable[[int], float] | None = None,
    per_step: int | None = 200,
) -> VValue:
    """Walk on among the networks with these zeros, towards the reference's outputs.

    What is no weight (geometry, running figures) does not move.

    Returns
    -------
    VValue
        With at least the zeros of ``sparse``.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> large = np.where(np.abs(weights.buffer) > 0.2, weights.buffer, 0.0)
    >>> sparse = from_buffer(weights.support, large)
    >>> found = settled(reference, sparse, steps=40, rng=rng, per_step=None)
    >>> round(reference.divergence(sparse), 5), round(reference.divergence(found), 5)
    (3e-05, 0.0)
    """
    optimizer = normalized(sizes or schedule(LARGEST_STEP, SMALLEST_STEP, steps, "linear"))
    held, free = Invariance(reference, per_step), _free(reference.model, sparse)
    return walked(sparse, held, optimizer, steps=steps, rng=rng, free=free)


class Sparsified(NamedTuple):
    """A sparse network and how it was reached.

    Attributes
    ----------
    projected : VValue
        What is delivered: the end of the path with its smallest weights set to zero.
    path : list of Waypoint
        The end of every stage, before its projection; none if there were few weights to begin with.
    distance : float
        The largest distance from the end of a stage to its projection; large means that the path
        has not arrived and jumped.
    zeros : int
        Exact zeros in ``projected``.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> found = sparsified(reference, 0.5, rng=rng, steps=40, per_step=None, few=0)
    >>> found.zeros, len(found.path), found.distance < 0.1
    (8, 20, True)
    """

    projected: VValue
    path: list[Waypoint]
    distance: float
    zeros: int


def sparsified(
    reference: Reference,
    sparsity: float,
    *,
    rng: np.random.Generator,
    steps: int = STEPS,
    stages: int = STAGES,
    settle: int = 0,
    strength: float = 10.0,
    size: float = 2 * LARGEST_STEP,
    per_step: int | None = 200,
    few: int = FEW,
) -> Sparsified:
    """Sparsify a frozen dense network without labels, in stages of rising sparsity.

    Parameters
    ----------
    reference : Reference
        The dense network, frozen on unlabelled inputs.
    sparsity : float
        Share of all weights to be exactly zero. What the model says is no weight
        (`synthesis.process.abilities`) neither counts nor moves.
    rng : numpy.random.Generator
    steps : int
        Of all stages together.
    stages : int
        In each the network walks to the nearest network of the stage's sparsity and is projected
        on it; zeros stay zero. One stage is the published form, which does not arrive when most
        weights have to go.
    settle : int
        Steps after the last projection (see `settled`).
    strength : float
        Of the pull, against the summed distance of the outputs.
    size : float
        Euclidean length of the first step of a stage; the last is a twentieth of it.
    per_step : int, optional
        Inputs per step; all when omitted.
    few : int
        Number of weights from which on they go one by one (see `removed_singly`), 0 for never:
        among few weights the smallest may be a link that all the function goes through.

    Returns
    -------
    Sparsified

    Raises
    ------
    ValueError
        If there are no stages or more than steps.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> found = sparsified(reference, 0.5, rng=rng, steps=40, per_step=None, few=0)
    >>> found.zeros, round(reference.divergence(found.projected), 4)
    (8, 0.0)
    """
    if not 1 <= stages <= steps:
        raise ValueError(f"stages is {stages}; expected 1 to {steps}, the number of steps")
    weights = prunable_elements(reference.model, reference.parameters.support)
    n_weights = int(np.count_nonzero(weights))
    kept = n_weights - round(sparsity * n_weights)
    in_stages = min(sparsity, max(0.0, 1.0 - few / max(n_weights, 1)))
    rising, each = ramp(in_stages, stages), steps // stages
    network, path, jumps = copied(reference.parameters), [], []
    for stage in range(1, stages + 1 if in_stages else 1):
        goal = rising(stage)
        pull = weighted(
            (strength, PullToPruned(goal, weights)), (1.0, Invariance(reference, per_step))
        )
        optimizer = normalized(schedule(size, size / 20.0, each, "linear"))
        free = _free(reference.model, network)
        path.append(last(walk(network, pull, optimizer, steps=each, rng=rng, free=free)))
        network = largest_kept(path[-1].parameters, goal, weights)
        jumps.append(float(np.linalg.norm((path[-1].parameters - network).buffer)))
    network = removed_singly(reference, network, weights, kept, rng=rng, per_step=per_step)
    if settle:
        network = settled(reference, network, steps=settle, rng=rng, per_step=per_step)
    return Sparsified(network, path, max(jumps, default=0.0), n_zeros(network))


def _free(model: Model, network: VValue) -> VValue:
    """1 at every weight that is not zero, 0 elsewhere: what may move."""
    weights = prunable_elements(model, network.support)
    return from_buffer(network.support, support_mask(network).buffer * weights)
