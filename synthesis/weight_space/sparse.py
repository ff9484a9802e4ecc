"""Sparsification along an invariant path: from a dense network to one with many exact zeros.

No labels are used: the sparse network has to do what the frozen dense one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ..optimizers import Optimizer, momentum, schedule
from ..protocols import Model, Task
from .path import Waypoint, invariant_path, last, normalized, walk
from .reference import Reference, copied
from .slopes import Invariance, PullToPruned, TaskLoss, largest_kept

__all__ = [
    "Sparsified",
    "gradual_magnitude",
    "n_zeros",
    "ramp",
    "settled",
    "sparse_path",
    "sparsified",
    "support_mask",
]

STEPS = 1500
LARGEST_STEP, SMALLEST_STEP = 0.05, 0.001
WEAKEST_PULL, STRONGEST_PULL = 10.0, 1000.0


def n_zeros(parameters: VValue) -> int:
    """Number of elements that are exactly zero."""
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
        Share of zeros of the point that pulls. It moves as the network moves.
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
    """
    pull = PullToPruned(sparsity)
    goal = pull.at(steps)

    def figures(parameters: VValue) -> dict[str, Any]:
        away = parameters.buffer - largest_kept(parameters, goal).buffer
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

    Returns
    -------
    VValue
        With at least the zeros of ``sparse``.
    """
    optimizer = normalized(sizes or schedule(LARGEST_STEP, SMALLEST_STEP, steps, "linear"))
    path = walk(
        sparse,
        Invariance(reference, per_step),
        optimizer,
        steps=steps,
        rng=rng,
        free=support_mask(sparse),
        every=max(steps, 1),
    )
    return last(path).parameters


class Sparsified(NamedTuple):
    """A sparse network and how it was reached.

    Attributes
    ----------
    projected : VValue
        What is delivered: the end of the path with its smallest weights set to zero.
    path : list of Waypoint
    distance : float
        From the end of the path to ``projected``; large means the path has not arrived.
    zeros : int
        Exact zeros in ``projected``.
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
    settle: int = 0,
    **options: Any,
) -> Sparsified:
    """Sparsify a frozen dense network without labels.

    Parameters
    ----------
    reference : Reference
    sparsity : float
        Share of all weights to be exactly zero. The pull rises to it over the first half.
    rng : numpy.random.Generator
    steps : int
        Of the path.
    settle : int
        Steps after projection, with the zeros held (see `settled`).
    **options
        Of `sparse_path`.

    Returns
    -------
    Sparsified
    """
    pull = ramp(sparsity, steps // 2)
    path = list(sparse_path(reference, pull, steps=steps, rng=rng, **options))
    end = path[-1].parameters
    projected = largest_kept(end, sparsity)
    distance = float(np.linalg.norm(end.buffer - projected.buffer))
    if settle:
        per_step = options.get("per_step", 200)
        projected = settled(reference, projected, steps=settle, rng=rng, per_step=per_step)
    return Sparsified(projected, path, distance, n_zeros(projected))


def gradual_magnitude(
    model: Model,
    task: Task,
    start: VValue,
    sparsity: float,
    *,
    steps: int,
    rng: np.random.Generator,
    optimizer: Optimizer | None = None,
    prune_every: int = 10,
) -> VValue:
    """Gradual magnitude pruning with labels: the baseline every method has to be held against.

    Parameters
    ----------
    start : VValue
        The trained dense network.
    sparsity : float
    steps : int
        Sparsity rises over the first half, then the rest trains on.
    prune_every : int
        Steps between prunings.

    Returns
    -------
    VValue with exact zeros

    References
    ----------
    M. Zhu, S. Gupta, arXiv:1710.01878, section 3.
    """
    optimizer = optimizer or momentum(schedule(0.02, 0.002, steps), 0.9)
    rising, slope = ramp(sparsity, steps // 2), TaskLoss(model, task)
    parameters, state = start, optimizer.init(start)
    mask = np.ones(start.size)
    for step in range(steps):
        if step % prune_every == 0:
            parameters = largest_kept(parameters, rising(step))
            mask = (parameters.buffer != 0).astype(np.float64)
        _, gradient = slope(parameters, step, rng)
        change, state = optimizer.update(gradient, state, parameters)
        parameters = from_buffer(parameters.support, (parameters.buffer + change.buffer) * mask)
    return largest_kept(parameters, sparsity)
