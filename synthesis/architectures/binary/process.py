"""Finding a family: evolution of the scores, generation by generation, without backpropagation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.gradients import EvolutionStrategy, GradientSource
from ...optimize.optimizers import Optimizer, adam, schedule
from ...process.bounds import Bounded, positive, whole
from ...process.checks import check_positive, check_whole
from ...process.codec import from_plain, to_plain
from ...process.records import Record
from ...process.state import DONE
from ...tasks.descriptions import task_of
from ..training import Seed, Training, TrainingState, driven_by, kept, seed_of
from .model import BinaryFamily
from .objective import FamilyObjective, MemberLoss, NeuronStrategy, cross_entropy, squared_error

__all__ = [
    "FamilyEvolution",
    "FamilySettings",
    "FamilyState",
    "Generation",
    "evolve",
    "evolved",
]

Batches = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]
MEMBER_LOSSES = {loss.__name__: loss for loss in (cross_entropy, squared_error)}
SOURCES = (NeuronStrategy, EvolutionStrategy)
Source = GradientSource | NeuronStrategy


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

    Examples
    --------
    >>> FamilySettings(generations=0)
    Traceback (most recent call last):
        ...
    ValueError: generations is 0; expected a whole number >= 1
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


@dataclass(frozen=True)
class FamilyState(TrainingState):
    """A family in evolution: the parameters are the scores, a step is a generation.

    The loss is that of one member drawn before the last step, on that generation's batch.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> process = FamilyEvolution(family, task, FamilySettings(generations=2), every=1)
    >>> state, records = process.advance(process.start(np.random.default_rng(0)))
    >>> state.step, state.phase, state.parameters.size
    (1, 'evolve', 536)
    """


@dataclass(frozen=True)
class FamilyEvolution(Training):
    """The evolution of a family's scores; a `synthesis.process.StoredProcess`.

    Attributes
    ----------
    model : BinaryFamily
    task : Task
        A batch of it is a generation's data, the same for all its draws.
    settings : FamilySettings
    seed : Seed
    source : NeuronStrategy or GradientSource
        `NeuronStrategy`; `gradients.EvolutionStrategy` fits as well.
    member_loss : callable
    every : int
        Generations per unit of work.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> process = FamilyEvolution(family, task, FamilySettings(generations=2), every=1)
    >>> state, records = process.advance(process.start(np.random.default_rng(0)))
    >>> [record.event for record in records]
    ['evolve']
    """

    model: BinaryFamily
    task: Any
    settings: FamilySettings = field(default_factory=FamilySettings)
    seed: Seed = 0
    source: Source = field(default_factory=NeuronStrategy)
    member_loss: MemberLoss = cross_entropy
    every: int = 10

    name = "binary-family"
    types = (FamilyState,)

    def __post_init__(self) -> None:
        check_whole("every", self.every, 1)

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> FamilyEvolution:
        """The process of an identity; a ValueError if task, source or loss are the caller's own."""
        source, loss = identity["source"], identity["member_loss"]
        if loss not in MEMBER_LOSSES or not isinstance(source, dict):
            raise ValueError(
                f"member_loss {loss} with the source {source} cannot be made again from a file "
                "alone; resume it from Python: Run.resumed(folder, process)"
            )
        return cls(
            BinaryFamily(**identity["model"]),
            task_of(identity["task"]),
            from_plain(identity["settings"], [FamilySettings]),
            seed_of(identity["seed"]),
            from_plain(source, SOURCES),
            MEMBER_LOSSES[loss],
            identity["every"],
        )

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Family, task, settings, seed, source and loss in words; JSON-compatible."""
        source: Any = self.source
        is_ours = isinstance(source, SOURCES)
        named = getattr(source, "__qualname__", type(source).__name__)
        return {
            **super().identity,
            "source": to_plain(source) if is_ours else named,
            "member_loss": self.member_loss.__name__,
            "every": self.every,
        }

    @cached_property
    def optimizer(self) -> Optimizer:
        """Adam with the rate of the settings."""
        settings = self.settings
        return adam(schedule(settings.rate, settings.last_rate, settings.generations))

    def start(self, rng: np.random.Generator) -> FamilyState:
        """Scores of zero: every network is equally likely."""
        return self.begun_from(self.model.initial(rng), rng)

    def begun_from(self, scores: VValue, rng: np.random.Generator) -> FamilyState:
        """Scores that no step has been taken from.

        Raises
        ------
        ValueError
            If they are another family's or not finite.
        """
        self.model.check_scores(scores)
        moments = kept(self.optimizer.init(scores))
        return FamilyState(scores, phase="evolve", moments=moments).after(rng)

    def advance(self, state: FamilyState) -> tuple[FamilyState, list[Record]]:
        """Some generations; a ValueError if a batch does not fit the family."""
        settings, rng = self.settings, state.generator()
        scores, memory = state.parameters, state.memory(self.optimizer)
        estimate: Callable[..., tuple[float, VValue]] = self.source
        last = min(state.step + self.every, settings.generations)
        for _ in range(state.step, last):
            inputs, targets = self.task.batch(rng)
            objective = FamilyObjective(
                self.model, inputs, targets, self.member_loss, settings.gain
            )
            loss, gradient = estimate(objective, scores, rng)
            step, memory = self.optimizer.update(gradient, memory, scores)
            scores = _bounded(self.model, scores + step, settings.concentrations)
        state = state.after(
            rng,
            parameters=scores,
            loss=loss,
            step=last,
            phase=DONE if last == settings.generations else state.phase,
            moments=kept(memory),
        )
        return state, [state.record("evolve")]


def _bounded(family: BinaryFamily, scores: VValue, limits: tuple[float, ...]) -> VValue:
    """Scores of every neuron scaled down to the largest root mean square allowed."""
    buffer = np.array(scores.buffer)
    for k, block in enumerate(family.blocks(buffer)):
        limit = limits[min(k, len(limits) - 1)]
        size = np.sqrt(np.mean(block**2, axis=1, keepdims=True))
        block *= np.minimum(1.0, limit / np.maximum(size, 1e-300))
    return from_buffer(scores.support, buffer)


# -------------------- a helper that is handed a generator --------------------


class Generation(NamedTuple):
    """Scores after a generation.

    Attributes
    ----------
    number : int
    loss : float
        Of one member drawn before the step, on the generation's batch.
    scores : VValue

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> run = evolve(family, task.batch, np.random.default_rng(0), FamilySettings(generations=3))
    >>> last = list(run)[-1]
    >>> last.number, last.scores.size
    (3, 536)
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
    source: Source | None = None,
    member_loss: MemberLoss = cross_entropy,
) -> Iterator[Generation]:
    """Evolve the scores of a family, generation by generation.

    Parameters
    ----------
    family : BinaryFamily
    batches : callable, Generator -> (inputs, targets)
        A generation's data, the same for all its draws.
    rng : numpy.random.Generator
    settings : FamilySettings, optional
    scores : VValue, optional
        Where to start; all zero (every network equally likely) when omitted.
    source : NeuronStrategy or GradientSource, optional
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

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> run = evolve(family, task.batch, np.random.default_rng(0), FamilySettings(generations=3))
    >>> [generation.number for generation in run]
    [1, 2, 3]
    """
    evolution = FamilyEvolution(
        family,
        SimpleNamespace(batch=batches),  # a task of which only the batches are used
        FamilySettings() if settings is None else settings,
        source=NeuronStrategy() if source is None else source,
        member_loss=member_loss,
        every=1,
    )
    state = evolution.start(rng) if scores is None else evolution.begun_from(scores, rng)
    events = driven_by(evolution, state, rng)
    return (Generation(e.state.step, e.state.loss, e.state.parameters) for e in events)


def evolved(generations: Iterator[Generation]) -> VValue:
    """The scores at the end of a run.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> family, task = BinaryFamily([64, 8, 3], kept=[6, 4]), bars_task(np.random.default_rng(0))
    >>> run = evolve(family, task.batch, np.random.default_rng(0), FamilySettings(generations=3))
    >>> scores = evolved(run)
    >>> family.members(scores, 1, np.random.default_rng(1))[0].size  # connections of one network
    60
    """
    last = None
    for last in generations:  # noqa: B007
        pass
    if last is None:
        raise ValueError("the run has no generations")
    return last.scores
