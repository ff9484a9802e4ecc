"""Magnitude pruning with labels: the baselines of every other way to sparse networks."""

from __future__ import annotations

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.optimizers import Optimizer, momentum, schedule
from ...process.abilities import prunable_elements
from ...process.checks import check_whole
from ...process.models import Model, Task
from ..metric import masked
from ..path import walked
from ..pulls import largest_kept
from ..task_pulls import TaskLoss
from .sparse import ramp

__all__ = ["gradual_magnitude", "lottery_ticket"]


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
    """Gradual magnitude pruning of a trained network.

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

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> rng = np.random.default_rng(0)
    >>> task, model = bars_task(rng), Perceptron([64, 3])
    >>> sparse = gradual_magnitude(model, task, model.initial(rng), 0.8, steps=20, rng=rng)
    >>> int(np.sum(sparse.buffer == 0.0)), sparse.size
    (156, 195)
    """
    optimizer = optimizer or momentum(schedule(0.02, 0.002, steps), 0.9)
    rising, pull = ramp(sparsity, steps // 2), TaskLoss(model, task)
    parameters, state = start, optimizer.init(start)
    mask, weights = np.ones(start.size), prunable_elements(model, start.support)
    for step in range(steps):
        if step % prune_every == 0:
            parameters = largest_kept(parameters, rising(step), weights)
            mask = (parameters.buffer != 0).astype(np.float64)
        _, gradient = pull(parameters, step, rng)
        change, state = optimizer.update(gradient, state, parameters)
        parameters = from_buffer(parameters.support, (parameters.buffer + change.buffer) * mask)
    return largest_kept(parameters, sparsity, weights)


def lottery_ticket(
    model: Model,
    task: Task,
    start: VValue,
    sparsity: float,
    *,
    steps: int,
    rng: np.random.Generator,
    rounds: int = 6,
    rewind: int = 100,
    optimizer: Optimizer | None = None,
) -> VValue:
    """Iterative magnitude pruning: train, cut the smallest weights, begin again with the rest.

    Parameters
    ----------
    start : VValue
        Weights before any training.
    sparsity : float
        Share of the weights that are zero in the end. Every round leaves the same share of those
        that the round before has left.
    steps : int
        Of every training; there is one more than there are rounds.
    rounds : int
    rewind : int
        What is left goes back to where it was after so many steps of the first training; 0 for the
        first weights themselves, as first published.
    optimizer : Optimizer, optional
        Of every training; momentum .9 at rates falling from .05 to .002 when omitted.

    Returns
    -------
    VValue with exact zeros

    Raises
    ------
    ValueError
        If there are no rounds, or no steps after the one that is gone back to.

    References
    ----------
    J. Frankle, M. Carbin, arXiv:1803.03635 (lottery tickets); J. Frankle et al., arXiv:1903.01611
    (rewinding).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> task, rng = bars_task(np.random.default_rng(0)), np.random.default_rng(1)
    >>> model = Perceptron([task.n_pixels, 8, task.n_classes])
    >>> ticket = lottery_ticket(
    ...     model, task, model.initial(rng), 0.75, steps=20, rng=rng, rounds=2, rewind=5
    ... )
    >>> int(np.count_nonzero(ticket.buffer)) == ticket.size - round(0.75 * ticket.size)
    True
    """
    check_whole("rounds", rounds, 1)
    check_whole("rewind", rewind, 0)
    if rewind >= steps:
        raise ValueError(f"rewind is {rewind}; a training has {steps} steps: go back to fewer")
    optimizer = optimizer or momentum(schedule(0.05, 0.002, steps), 0.9)
    weights, pull = prunable_elements(model, start.support), TaskLoss(model, task)
    early = walked(start, pull, optimizer, steps=rewind, rng=rng)
    network = walked(early, pull, optimizer, steps=steps - rewind, rng=rng)
    for number in range(1, rounds + 1):
        goal = 1.0 - (1.0 - sparsity) ** (number / rounds)
        cut = largest_kept(network, goal, weights)
        left = from_buffer(cut.support, ((cut.buffer != 0.0) | ~weights).astype(np.float64))
        again = masked(early, left)
        network = walked(again, pull, optimizer, steps=steps - rewind, rng=rng, free=left)
    return network
