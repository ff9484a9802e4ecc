"""Training of residual networks whose units and blocks come and go."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ....edits.neurons import add_neuron, delete_neuron
from ....optimize.optimizers import Optimizer, adagrad
from ....process.checks import check_whole
from ....process.codec import to_plain
from ....process.records import Record
from ....process.state import DONE
from ....tasks.descriptions import described, task_of
from ....tasks.digits import Digits
from ...training import Seed, Training, TrainingState, driven_by, kept, seed_of
from ..turnover import members_to_delete, wants_another
from .model import ResidualNetwork, ResidualSettings

__all__ = ["Lesson", "ResidualRecord", "ResidualState", "ResidualTraining", "train_residual"]

Ages = dict[str, np.ndarray]


@dataclass(frozen=True)
class Lesson:
    """A task for so many steps.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> lessons = [Lesson(bars_task(np.random.default_rng(seed)), steps=50) for seed in (0, 1)]
    >>> sum(lesson.steps for lesson in lessons)
    100
    """

    task: Digits
    steps: int

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, 1)


@dataclass(frozen=True)
class ResidualState(TrainingState):
    """A residual network in training; the loss is the mean over the last unit of work.

    Attributes
    ----------
    ages : mapping of block -> tuple (units,)
        Steps that every unit has lived.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> task, rng = bars_task(np.random.default_rng(0)), np.random.default_rng(1)
    >>> training = ResidualTraining(ResidualNetwork(64, 3, 8), (Lesson(task, 4),), every=2)
    >>> training.advance(training.start(rng))[0].ages
    {'block-1': (2.0, 2.0)}
    """

    ages: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ResidualTraining(Training):
    """Lesson after lesson by Adagrad; a `synthesis.process.StoredProcess`.

    Units and blocks come and go after every step. At the end of a lesson a record ``lesson`` has
    the figures of its task.

    Attributes
    ----------
    model : ResidualNetwork
    lessons : tuple of Lesson
    seed : Seed
        Determines the first weights, the batches and all later chances.
    carries : bool
        Whether Adagrad's memory and the ages of units are carried on from lesson to lesson;
        otherwise they begin anew.
    every : int
        Steps per unit of work.

    Raises
    ------
    ValueError
        If there are no lessons, or ``every`` is below 1.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> task, rng = bars_task(np.random.default_rng(0)), np.random.default_rng(1)
    >>> training = ResidualTraining(ResidualNetwork(64, 3, 8), (Lesson(task, 4),), every=2)
    >>> state, records = training.advance(training.start(rng))
    >>> state.step, training.model.widths(state.parameters)
    (2, {'block-1': 2})
    """

    model: ResidualNetwork
    lessons: tuple[Lesson, ...]
    seed: Seed = 0
    carries: bool = False
    every: int = 100

    name = "residual"
    types = (ResidualState,)

    def __post_init__(self) -> None:
        if not self.lessons:
            raise ValueError("lessons: there are none")
        check_whole("every", self.every, 1)

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> ResidualTraining:
        """The process of an identity; a ValueError unless its tasks can be made again."""
        return cls(
            ResidualNetwork.described(identity["model"]),
            tuple(Lesson(task_of(words["task"]), words["steps"]) for words in identity["lessons"]),
            seed_of(identity["seed"]),
            identity["carries"],
            identity["every"],
        )

    @property
    def task(self) -> Digits:  # type: ignore[override]
        """The last lesson's: an outcome has its figures."""
        return self.lessons[-1].task

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Model, lessons, seed and unit of work in words; JSON-compatible."""
        return {
            "process": self.name,
            "model": self.model.description,
            "lessons": [
                {"task": described(lesson.task), "steps": lesson.steps} for lesson in self.lessons
            ],
            "seed": to_plain(self.seed),
            "carries": self.carries,
            "every": self.every,
        }

    @property
    def optimizer(self) -> Optimizer:
        """Adagrad."""
        return adagrad(self.model.settings.rate)

    def start(self, rng: np.random.Generator) -> ResidualState:
        """Random parameters; ``rng`` is the source of all chance."""
        return self.begun_from(self.model.initial(rng), rng)

    def begun_from(self, parameters: VValue, rng: np.random.Generator) -> ResidualState:
        """Parameters that no step has been taken from."""
        moments = kept(self.optimizer.init(parameters))
        return ResidualState(parameters, phase="train", moments=moments).after(rng)

    def advance(self, state: ResidualState) -> tuple[ResidualState, list[Record]]:
        """Some steps of a lesson."""
        number, begun = self._lesson(state.step)
        lesson = self.lessons[number]
        if state.step == begun and number and not self.carries:
            moments = kept(self.optimizer.init(state.parameters))
            state = replace(state, moments=moments, ages={})
        last = min(state.step + self.every, begun + lesson.steps)
        state, loss = self._trained(state, lesson.task, last - state.step)
        is_end = last == begun + lesson.steps
        is_last = is_end and number + 1 == len(self.lessons)
        state = replace(state, step=last, loss=loss, phase=DONE if is_last else state.phase)
        widths = self.model.widths(state.parameters)
        records = [state.record("train", widths=widths)]
        if is_end:
            figures = lesson.task.evaluate(self.model, state.parameters)
            records.append(state.record("lesson", number=number, widths=widths, **figures))
        return state, records

    def _lesson(self, step: int) -> tuple[int, int]:
        """Which lesson a step belongs to, and the step it began at."""
        ends = list(accumulate(lesson.steps for lesson in self.lessons))
        number = bisect_right(ends, step)
        return number, ends[number] - self.lessons[number].steps

    def _trained(
        self, state: ResidualState, task: Digits, steps: int
    ) -> tuple[ResidualState, float]:
        """The state after some steps, and their mean loss."""
        model, optimizer, rng = self.model, self.optimizer, state.generator()
        parameters, memory, losses = state.parameters, state.memory(optimizer), []
        ages = {name: np.array(lived) for name, lived in state.ages.items()}
        for _ in range(steps):
            loss, gradient = model.loss_and_gradient(parameters, *task.batch(rng))
            change, memory = optimizer.update(gradient, memory, parameters)
            parameters = _shrunk(model.settings, parameters + change)
            for name in model.blocks(parameters):
                parameters, memory, ages = _with_units(model, name, parameters, memory, ages, rng)
            parameters, memory, ages = _with_blocks(model, parameters, memory, ages, rng)
            losses.append(loss)
        state = state.after(
            rng,
            parameters=parameters,
            moments=kept(memory),
            ages={name: tuple(lived.tolist()) for name, lived in ages.items()},
        )
        return state, float(np.mean(losses))


# -------------------- a helper that is handed a generator --------------------


class ResidualRecord(NamedTuple):
    """A step of training.

    Attributes
    ----------
    step : int
    loss : float
        Of the batch, nats.
    widths : dict of block -> units

    Examples
    --------
    >>> ResidualRecord(10, loss=0.9, widths={"block-1": 3}).widths
    {'block-1': 3}
    """

    step: int
    loss: float
    widths: dict[str, int]


def train_residual(
    model: ResidualNetwork,
    task: Digits,
    rng: np.random.Generator,
    steps: int,
    parameters: VValue | None = None,
) -> Iterator[tuple[VValue, ResidualRecord]]:
    """Train on one task, step by step.

    Parameters
    ----------
    model : ResidualNetwork
    task : Digits
    rng : Generator
    steps : int
    parameters : VValue, optional
        To begin from, with an empty memory; random ones when omitted.

    Yields
    ------
    parameters, record : after every step

    Raises
    ------
    ValueError
        If there are no steps.

    Examples
    --------
    >>> from synthesis.tasks import bars_task
    >>> task, rng = bars_task(np.random.default_rng(0)), np.random.default_rng(1)
    >>> run = train_residual(ResidualNetwork(64, 3, 8), task, rng, steps=20)
    >>> [round(record.loss, 2) for _, record in run][::5]
    [1.21, 1.11, 0.9, 0.89]
    """
    training = ResidualTraining(model, (Lesson(task, steps),), every=1)
    state = training.start(rng) if parameters is None else training.begun_from(parameters, rng)
    for event in driven_by(training, state, rng):
        record = event.records[0]
        yield (
            event.state.parameters,
            ResidualRecord(record.step, record.loss, record.details["widths"]),
        )


# -------------------- after a step --------------------


def _shrunk(settings: ResidualSettings, parameters: VValue) -> VValue:
    """Decoupled penalties, and the floor of the multipliers."""
    support, values = parameters.support, np.array(parameters.buffer)
    for i, path in enumerate(support.paths):
        span = support.span(i, i + 1)
        if path[-1].startswith("multiplier"):
            values[span] = np.maximum(values[span] - settings.penalty, settings.smallest)
        elif path[-1] != "bias":
            values[span] *= 1.0 - settings.weight_decay
    return from_buffer(support, values)


def _with_units(
    model: ResidualNetwork,
    name: str,
    parameters: VValue,
    memory: Any,
    ages: Ages,
    rng: np.random.Generator,
) -> tuple[VValue, Any, Ages]:
    """Units of a block come and go."""
    settings, neurons = model.settings, model.units(name)
    multipliers = parameters[name, "multipliers"]
    lived = ages.get(name, np.zeros(len(multipliers))) + 1
    marked = np.flatnonzero(multipliers <= settings.threshold)
    gone = members_to_delete(marked, settings, rng, lived[marked])
    if gone:
        names = [str(i) for i in gone]
        parameters, memory = delete_neuron(parameters, memory, neurons, names=names)
        lived = np.delete(lived, gone)
    if wants_another(len(lived), len(marked) - len(gone), settings, rng):
        parameters, memory = add_neuron(parameters, memory, neurons, rng)
        lived = np.append(lived, 0.0)
    return parameters, memory, {**ages, name: lived}


def _with_blocks(
    model: ResidualNetwork, parameters: VValue, memory: Any, ages: Ages, rng: np.random.Generator
) -> tuple[VValue, Any, Ages]:
    """Blocks come and go."""
    rules, neurons, names = model.settings.for_blocks, model.depth, model.blocks(parameters)
    strength = np.array([parameters[name, "multiplier"] for name in names])
    marked = np.flatnonzero(strength <= rules.threshold)
    gone = [names[i] for i in members_to_delete(marked, rules, rng)]
    if gone:
        parameters, memory = delete_neuron(parameters, memory, neurons, names=gone)
        ages = {name: lived for name, lived in ages.items() if name not in gone}
    if wants_another(len(names) - len(gone), len(marked) - len(gone), rules, rng):
        parameters, memory = add_neuron(parameters, memory, neurons, rng)
    return parameters, memory, ages
