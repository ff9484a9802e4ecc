"""The seed's loop, train - prune - evolve, as a process; ensembles over seeds.

One unit of work is one epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from vvalues import VValue

from ...optimize.optimizers import Optimizer, adam, schedule
from ...process.bounds import Bounded, at_least
from ...process.codec import from_plain
from ...process.process import carried_out
from ...process.records import Front, FrontMember, Record
from ...process.state import DONE, generator_from, generator_state
from ...tasks.descriptions import task_of
from ...tasks.regression import RegressionTask
from ..training import Seed, Training, TrainingState, kept, seed_of
from .edits import evolve_screened_operation, prune_operation, prune_operation_by_loss
from .model import EvolvingModel
from .objective import EvolvingObjective

__all__ = [
    "Ensemble",
    "EvolvingSettings",
    "EvolvingState",
    "EvolvingTraining",
    "over_seeds",
    "train",
]

T = TypeVar("T")
PRUNING = ("contribution", "loss", "none")


@dataclass(frozen=True)
class EvolvingSettings(Bounded, called="setting {}"):
    """Constants of the loop.

    Attributes
    ----------
    epochs, steps : int
        Epochs, and optimizer steps per epoch (full batch).
    rate, last_rate : float
        Learning rate of Adam, falling geometrically from the first to the last step.
    added : int
        Operations added per epoch, except after the last training.
    proposals : int
        Random operations that each added one is the best of; 1 is the seed's random mutation.
    largest : int
        Pruning keeps so many operations.
    pruning : {"contribution", "loss", "none"}
        The seed's rule; the rise of the loss on held-out samples; never.
    held_out : float
        Share of the training samples set aside when pruning is by loss.
    decay : float
        Share of a running mean square kept per epoch.
    index_zero_defect : bool
        Repeat the seed's defect that no operation can read the first input.

    Examples
    --------
    >>> EvolvingSettings(pruning="by chance")
    Traceback (most recent call last):
        ...
    ValueError: setting pruning is 'by chance'; expected one of contribution, loss, none
    """

    epochs: int = at_least(60, 1)
    steps: int = at_least(200, 1)
    rate: float = at_least(0.01, 0)
    last_rate: float = at_least(0.001, 0)
    added: int = at_least(1, 0)
    proposals: int = at_least(64, 1)
    largest: int = at_least(8, 0)
    pruning: str = "contribution"
    held_out: float = at_least(0.25, 0)
    decay: float = at_least(0.9, 0)
    index_zero_defect: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pruning not in PRUNING:
            raise ValueError(
                f"setting pruning is {self.pruning!r}; expected one of {', '.join(PRUNING)}"
            )
        if not (self.rate > 0 and self.last_rate > 0):
            raise ValueError("settings rate and last_rate must be above 0")
        if not (self.decay < 1 and 0 < self.held_out < 1):
            raise ValueError("setting decay must be below 1 and held_out between 0 and 1")


@dataclass(frozen=True)
class EvolvingState(TrainingState):
    """A network of operations in training.

    Attributes
    ----------
    epoch : int
    best : VValue or None
        The network that the judge's samples liked best.
    best_loss : float
    front : Front

    Examples
    --------
    >>> state = EvolvingState(VValue({"layer-1": {"output": {"y0": {"x0": 1.0}}}}), epoch=3)
    >>> state.epoch, state.links
    (3, 1)
    """

    epoch: int = 0
    best: VValue | None = None
    best_loss: float = float("inf")
    front: Front = field(default_factory=Front)


@dataclass(frozen=True)
class EvolvingTraining(Training):
    """Training, pruning and evolving; a `synthesis.process.StoredProcess`, one epoch per unit.

    Make one with `EvolvingTraining.of`.

    Attributes
    ----------
    model : EvolvingModel
    task : RegressionTask
    objective : EvolvingObjective
        What is trained on.
    judge : EvolvingObjective
        What is pruned by: samples set aside, or the training samples again.
    settings : EvolvingSettings
    optimizer : Optimizer
    seed : Seed
        Determines the samples that are set aside, the initial weights and all edits.
    begun : mapping
        State of the generator of that seed when the samples have been set aside.

    Examples
    --------
    >>> from synthesis.tasks import small_experiment
    >>> task = small_experiment(np.random.default_rng(0), samples=60)
    >>> few = EvolvingSettings(epochs=2, steps=10)
    >>> training = EvolvingTraining.of(EvolvingModel(4, 2), task, seed=0, settings=few)
    >>> state, records = training.advance(training.start(training.rng))
    >>> state.epoch, [record.event for record in records]
    (1, ['train', 'evolve'])
    """

    model: EvolvingModel
    task: RegressionTask
    objective: EvolvingObjective
    judge: EvolvingObjective
    settings: EvolvingSettings
    optimizer: Optimizer
    seed: Seed
    begun: Mapping[str, Any]

    name = "evolving"
    types = (EvolvingState, Front, FrontMember)

    @classmethod
    def of(
        cls,
        model: EvolvingModel,
        task: RegressionTask,
        seed: Seed = 0,
        settings: EvolvingSettings | None = None,
    ) -> EvolvingTraining:
        """A training on a regression task."""
        settings, rng = settings or EvolvingSettings(), np.random.default_rng(seed)
        if settings.pruning == "loss":
            fit, aside = task.split(rng, settings.held_out)
            objective, judge = EvolvingObjective(model, *fit), EvolvingObjective(model, *aside)
        else:
            objective = judge = EvolvingObjective(model, *task.batch(rng))
        optimizer = adam(
            schedule(settings.rate, settings.last_rate, settings.epochs * settings.steps)
        )
        begun = generator_state(rng)
        return cls(model, task, objective, judge, settings, optimizer, seed, begun)

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> EvolvingTraining:
        """The process of an identity; a ValueError unless its task can be made again."""
        model, task = EvolvingModel.described(identity["model"]), task_of(identity["task"])
        settings = from_plain(identity["settings"], [EvolvingSettings])
        return cls.of(model, task, seed_of(identity["seed"]), settings)

    @property
    def rng(self) -> np.random.Generator:
        """The generator that a run begins with."""
        return generator_from(self.begun)

    def start(self, rng: np.random.Generator) -> EvolvingState:
        """Linear layers."""
        parameters = self.model.initial(rng)
        loss, moments = self.objective.loss(parameters), kept(self.optimizer.init(parameters))
        return EvolvingState(parameters, loss, phase="evolve", moments=moments).after(rng)

    def advance(self, state: EvolvingState) -> tuple[EvolvingState, list[Record]]:
        """An epoch; a ValueError that names it, if training diverges."""
        settings, epoch = self.settings, state.epoch + 1
        state = _with_best(self, _trained(self, state, epoch))
        records = [self._record(state, "train", epoch)]
        if epoch >= settings.epochs:
            assert state.best is not None
            loss = self.objective.loss(state.best)
            return replace(state, phase=DONE, parameters=state.best, loss=loss), records
        rng = state.generator()
        parameters, memory = _pruned(self, state)
        for _ in range(settings.added):
            parameters, memory = evolve_screened_operation(
                parameters,
                memory,
                self.objective,
                rng,
                proposals=settings.proposals,
                index_zero_defect=settings.index_zero_defect,
            )
        state = state.after(
            rng,
            parameters=parameters,
            loss=self.objective.loss(parameters),
            moments=kept(memory),
            epoch=epoch,
        )
        return state, [*records, self._record(state, "evolve", epoch)]

    def _record(self, state: EvolvingState, event: str, epoch: int) -> Record:
        operations = self.model.count_operations(state.parameters)
        return state.record(event, epoch=epoch, operations=operations)


def train(
    model: EvolvingModel,
    task: RegressionTask,
    seed: Seed = 0,
    settings: EvolvingSettings | None = None,
) -> tuple[EvolvingState, list[Record]]:
    """Run the whole loop; the last state holds the network, the best one and the front.

    Parameters
    ----------
    model : EvolvingModel
    task : RegressionTask
    seed : Seed
        Determines the initial weights and all edits.
    settings : EvolvingSettings, optional

    Examples
    --------
    >>> from synthesis.tasks import small_experiment
    >>> task = small_experiment(np.random.default_rng(0), samples=60)
    >>> few = EvolvingSettings(epochs=2, steps=10)
    >>> state, records = train(EvolvingModel(4, 2), task, settings=few)
    >>> state.phase, [record.event for record in records]
    ('done', ['train', 'evolve', 'train'])
    """
    training = EvolvingTraining.of(model, task, seed, settings)
    state, records = carried_out(training, training.rng)
    training.objective.warn_if_underdetermined(state.parameters)
    return state, records


# -------------------- one epoch --------------------


def _trained(training: EvolvingTraining, state: EvolvingState, epoch: int) -> EvolvingState:
    settings, objective = training.settings, training.objective
    parameters = state.parameters
    memory = state.memory(training.optimizer)
    for _ in range(settings.steps):
        loss, gradient = objective.gradient(parameters)
        if not np.isfinite(loss):
            raise ValueError(f"training diverged in epoch {epoch}: choose a lower rate")
        step, memory = training.optimizer.update(gradient, memory, parameters)
        parameters = parameters + step
    parameters = training.model.with_scales(parameters, objective.inputs, settings.decay)
    return replace(
        state,
        parameters=parameters,
        loss=objective.loss(parameters),
        step=state.step + settings.steps,
        moments=kept(memory),
    )


def _with_best(training: EvolvingTraining, state: EvolvingState) -> EvolvingState:
    """Remember the network that the judge's samples like best, and the front."""
    loss = training.judge.loss(state.parameters)
    front = state.front.add(state.parameters, loss)
    if state.best is not None and loss >= state.best_loss:
        return replace(state, front=front)
    return replace(state, best=state.parameters, best_loss=loss, front=front)


def _pruned(training: EvolvingTraining, state: EvolvingState) -> tuple[VValue, Any]:
    settings, memory = training.settings, state.memory(training.optimizer)
    if settings.pruning == "none":
        return state.parameters, memory
    edit = prune_operation if settings.pruning == "contribution" else prune_operation_by_loss
    return edit(
        state.parameters, memory, training.judge, count=settings.added, keep=settings.largest
    )


# -------------------- many seeds --------------------


def over_seeds(
    job: Callable[[int], T], seeds: Iterable[int], executor: Executor | None = None
) -> list[T]:
    """Run one job per seed, in order of the seeds.

    Parameters
    ----------
    job : callable, seed -> outcome
        A function that can be pickled, when the executor's workers are processes.
    executor : concurrent.futures.Executor, optional
        Processes, threads, or a cluster's; without one the jobs run here, one after the other.

    Examples
    --------
    >>> over_seeds(lambda seed: seed**2, range(4))
    [0, 1, 4, 9]
    """
    mapped = map(job, seeds) if executor is None else executor.map(job, seeds)
    return list(mapped)


class Ensemble(NamedTuple):
    """Networks that predict together.

    Attributes
    ----------
    model : EvolvingModel
    members : tuple of VValue

    Examples
    --------
    >>> model = EvolvingModel(1, 1)
    >>> members = tuple(VValue({"layer-1": {"output": {"y0": {"x0": w}}}}) for w in (1.0, 3.0))
    >>> ensemble, x = Ensemble(model, members), np.array([[2.0]])
    >>> ensemble(x), ensemble.spread(x)
    (array([[4.]]), array([[2.]]))
    """

    model: EvolvingModel
    members: tuple[VValue, ...]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Mean prediction, (samples, outputs)."""
        return self.each(inputs).mean(axis=0)

    def each(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions of every member, (members, samples, outputs)."""
        return np.stack([self.model(member, inputs) for member in self.members])

    def spread(self, inputs: np.ndarray) -> np.ndarray:
        """Standard deviation among the members: where they disagree, none is to be trusted."""
        return self.each(inputs).std(axis=0)
