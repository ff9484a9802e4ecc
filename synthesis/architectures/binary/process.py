"""Finding a family: evolution of the scores, generation by generation, without backpropagation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.gradients import GradientSource
from ...optimize.optimizers import adam, schedule
from ...process.bounds import Bounded, positive, whole
from ...process.checks import check_positive
from .model import BinaryFamily
from .objective import FamilyObjective, MemberLoss, NeuronStrategy, cross_entropy

__all__ = ["FamilySettings", "Generation", "evolve", "evolved"]

Batches = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class FamilySettings(Bounded):
    """How a family is sought.

    Attributes
    ----------
    generations : int
    rate, last_rate : float
        Adam's, falling geometrically.
    concentrations : tuple of float
        Largest root mean square of a neuron's scores, per layer; the noise of a draw is 1. This
        keeps the family wide: with larger scores all members become the same network. The last
        number serves all further layers.
    gain : float
        Factor of the outputs in the loss.
    """

    generations: int = whole(1000, least=1)
    rate: float = positive(0.1)
    last_rate: float = positive(0.02)
    concentrations: tuple[float, ...] = (2.7, 1.9)
    gain: float = positive(2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.concentrations:
            raise ValueError("concentrations are empty; expected a number per layer")
        for concentration in self.concentrations:
            check_positive("concentrations: one", concentration)


class Generation(NamedTuple):
    """Scores after a generation.

    Attributes
    ----------
    number : int
    loss : float
        Of one member drawn before the step, on the generation's batch.
    scores : VValue
    """

    number: int
    loss: float
    scores: VValue


def evolve(
    family: BinaryFamily,
    batches: Batches,
    rng: np.random.Generator,
    settings: FamilySettings | None = None,
    *,
    scores: VValue | None = None,
    source: GradientSource | None = None,
    member_loss: MemberLoss = cross_entropy,
) -> Iterator[Generation]:
    """Evolve the scores of a family.

    Parameters
    ----------
    family : BinaryFamily
    batches : callable, Generator -> (inputs, targets)
        A generation's data, the same for all its draws.
    rng : numpy.random.Generator
    settings : FamilySettings, optional
    scores : VValue, optional
        Where to start; all zero (every network equally likely) when omitted.
    source : GradientSource, optional
        `NeuronStrategy` when omitted; `gradients.EvolutionStrategy` fits as well.
    member_loss : callable

    Returns
    -------
    iterator of Generation

    Raises
    ------
    ValueError
        If the scores are another family's or not finite; in a generation, if its batch does not
        fit the family.
    """
    settings = FamilySettings() if settings is None else settings
    if scores is not None:
        family.check_scores(scores)
    return _generations(family, batches, rng, settings, scores, source, member_loss)


def _generations(
    family: BinaryFamily,
    batches: Batches,
    rng: np.random.Generator,
    settings: FamilySettings,
    scores: VValue | None,
    source: GradientSource | None,
    member_loss: MemberLoss,
) -> Iterator[Generation]:
    estimate: Callable[..., tuple[float, VValue]] = NeuronStrategy() if source is None else source
    scores = family.initial(rng) if scores is None else scores
    optimizer = adam(schedule(settings.rate, settings.last_rate, settings.generations))
    state = optimizer.init(scores)
    for number in range(1, settings.generations + 1):
        inputs, targets = batches(rng)
        objective = FamilyObjective(family, inputs, targets, member_loss, settings.gain)
        loss, gradient = estimate(objective, scores, rng)
        step, state = optimizer.update(gradient, state, scores)
        scores = _bounded(family, scores + step, settings.concentrations)
        yield Generation(number, loss, scores)


def evolved(generations: Iterator[Generation]) -> VValue:
    """The scores at the end of a run."""
    last = None
    for last in generations:  # noqa: B007
        pass
    if last is None:
        raise ValueError("the run has no generations")
    return last.scores


def _bounded(family: BinaryFamily, scores: VValue, limits: tuple[float, ...]) -> VValue:
    """Scores of every neuron scaled down to the largest root mean square allowed."""
    buffer = np.array(scores.buffer)
    for k, block in enumerate(family.blocks(buffer)):
        limit = limits[min(k, len(limits) - 1)]
        size = np.sqrt(np.mean(block**2, axis=1, keepdims=True))
        block *= np.minimum(1.0, limit / np.maximum(size, 1e-300))
    return from_buffer(scores.support, buffer)
