"""Training a manifold: a process whose units of work are segments of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.optimizers import Optimizer
from ...process.codec import from_plain, to_plain, types_in
from ...process.models import Task
from ...process.process import carried_out
from ...process.records import Record
from ...process.state import DONE
from ...tasks.descriptions import task_of
from ..training import Seed, Training, TrainingState, kept, seed_of
from .cost import CostModel
from .model import Manifold
from .objective import ManifoldObjective, TermWeights
from .over_time import MemoryManifold, RecurrentManifold
from .settings import ManifoldSettings

__all__ = ["ManifoldState", "ManifoldTraining", "model_of", "train", "with_elements_of"]

PRESSURE_STEP = 1.05  # factor on the pressure per segment while the number of links is off course


@dataclass(frozen=True)
class ManifoldState(TrainingState):
    """A manifold in training.

    Attributes
    ----------
    links : int
        Living links.
    pressure : float
        Factor on the weight of the soft count that steers the number of links.
    taken_back : int
        Steps that would have cut an output off.
    first_links : int
        Number of links at the end of the first segment.

    Examples
    --------
    >>> from vvalues import VValue
    >>> ManifoldState(VValue({"a": 1.0}), links=12, first_links=30).links
    12
    """

    links: int = 0
    pressure: float = 1.0
    taken_back: int = 0
    first_links: int = 0


@dataclass(frozen=True)
class ManifoldTraining(Training):
    """The training of a manifold, also of one over time; a `synthesis.process.StoredProcess`.

    Make one with `ManifoldTraining.of`. A unit of work is a segment of steps.

    Attributes
    ----------
    objective : ManifoldObjective
    settings : ManifoldSettings
    optimizer : Optimizer
    seed : Seed
        Determines initial parameters and batches.
    tested_every : int
        Segments between figures on the task's test data in the records, which also stand in the
        last one; 0: there are none.

    Raises
    ------
    ValueError
        If the objective was given other weights than the settings, or lacks the cost model that
        the settings' weights need.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> from synthesis.tasks import SumsAndDifferences
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), SumsAndDifferences(n_test=100))
    >>> training = ManifoldTraining.of(objective, settings=ManifoldSettings(steps=4, segment=2))
    >>> state, records = training.advance(training.start(training.rng))
    >>> state.step, state.links
    (2, 23)
    """

    objective: ManifoldObjective
    settings: ManifoldSettings
    optimizer: Optimizer
    seed: Seed = 0
    tested_every: int = 0

    name = "manifold"
    types = (ManifoldState,)

    def __post_init__(self) -> None:
        given, followed = self.objective.weights, self.settings.weights
        if given is not None and given != followed:
            names = [f.name for f in fields(given)
                     if getattr(given, f.name) != getattr(followed, f.name)]  # fmt: skip
            raise ValueError(
                f"weight {names[0]} is {getattr(given, names[0])!r} in the objective, "
                f"{getattr(followed, names[0])!r} in the settings; a training goes by its "
                "settings: give weights=... to them alone"
            )
        self.objective.check_cost(followed)

    @classmethod
    def of(
        cls,
        objective: ManifoldObjective,
        settings: ManifoldSettings | None = None,
        seed: Seed = 0,
        tested_every: int = 0,
    ) -> ManifoldTraining:
        """A training with the optimizer of its settings."""
        settings = settings or ManifoldSettings()
        return cls(objective, settings, settings.optimizer(), seed, tested_every)

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> ManifoldTraining:
        """The process of an identity; a ValueError if its task cannot be made again."""
        return cls.of(
            ManifoldObjective(
                model_of(identity["model"]),
                task_of(identity["task"]),
                cost=from_plain(identity["cost"], [CostModel]),
            ),
            from_plain(identity["settings"], types_in(ManifoldSettings())),
            seed_of(identity["seed"]),
            identity["tested_every"],
        )

    @property
    def model(self) -> Any:  # type: ignore[override]
        """The manifold, or one over time."""
        return self.objective.model

    @property
    def task(self) -> Task:  # type: ignore[override]
        """What it is trained on."""
        return self.objective.task

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Model, task, cost model, settings and seed in words; JSON-compatible."""
        more = {"cost": to_plain(self.objective.cost), "tested_every": self.tested_every}
        return {**super().identity, **more}

    def start(self, rng: np.random.Generator) -> ManifoldState:
        """Random parameters; a ValueError if an output that the guard keeps is cut off already."""
        parameters = self.model.initial(rng)
        links = self.model.links(parameters)
        cut_off = np.flatnonzero(~links.schedule.connected)
        if self.settings.guard and len(cut_off):
            raise ValueError(
                f"output-{cut_off[0]} is cut off from all inputs at the start, so setting guard "
                "cannot keep it connected: start with larger sigma or a lower cutoff"
            )
        moments = kept(self.optimizer.init(parameters))
        return ManifoldState(parameters, phase="train", moments=moments, links=links.n_links).after(
            rng
        )

    def advance(self, state: ManifoldState) -> tuple[ManifoldState, list[Record]]:
        """A segment; a ValueError names the step from which loss or weights are not finite."""
        state, details = _segment(self, state)
        segment = -(-state.step // self.settings.segment)
        is_due = self.tested_every and (state.is_done or segment % self.tested_every == 0)
        figures = self.task.evaluate(self.model, state.parameters) if is_due else {}
        return state, [state.record("train", **details, **figures)]


def train(
    objective: ManifoldObjective, seed: Seed = 0, settings: ManifoldSettings | None = None
) -> tuple[ManifoldState, list[Record]]:
    """Run a whole training; the last state holds the network.

    Parameters
    ----------
    objective : ManifoldObjective
    seed : Seed
        Determines initial parameters and batches.
    settings : ManifoldSettings, optional

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> from synthesis.tasks import SumsAndDifferences
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), SumsAndDifferences(n_test=100))
    >>> state, records = train(objective, settings=ManifoldSettings(steps=4, segment=2))
    >>> state.phase, [record.step for record in records]
    ('done', [2, 4])
    """
    training = ManifoldTraining.of(objective, settings, seed)
    return carried_out(training, training.rng)


def model_of(description: Mapping[str, Any]) -> Any:
    """The model of a description: a manifold, or one over time.

    Examples
    --------
    >>> model_of(Manifold(5, 16, 4, squared=True).description).layout.n_cells
    284
    """
    words = dict(description)
    kind = words.pop("kind")
    if kind == "Manifold":
        return Manifold.described(words)
    manifold = Manifold.described(words.pop("manifold"))
    over_time = {"MemoryManifold": MemoryManifold, "RecurrentManifold": RecurrentManifold}
    return over_time[kind](manifold, **words)


# -------------------- one segment --------------------


def _segment(
    training: ManifoldTraining, state: ManifoldState
) -> tuple[ManifoldState, dict[str, Any]]:
    """The state after a segment, and what is to be told of it."""
    settings, objective = training.settings, training.objective
    rng = state.generator()
    parameters, first, taken_back = state.parameters, state.step, state.taken_back
    memory = state.memory(training.optimizer)
    last = min(first + settings.segment, settings.steps)
    losses, objectives, flows = 0.0, 0.0, 0.0
    safe, closeness_at = parameters, objective.model.closeness_at
    for step in range(first, last):
        weights = _weights(settings, step, state.pressure)
        inputs, targets = objective.task.batch(rng)
        loss, gradient, figures = objective.gradient(parameters, inputs, targets, weights)
        if settings.guard:
            if not figures.schedule.connected.all():
                parameters = with_elements_of(parameters, safe, closeness_at)
                loss, gradient, figures = objective.gradient(parameters, inputs, targets, weights)
                taken_back += 1
            safe = parameters
        if not np.isfinite(loss):
            raise _diverged(step, f"the loss is {loss}")
        losses += loss
        objectives += figures.objective
        flows += figures.flow
        change, memory = training.optimizer.update(gradient, memory, parameters)
        parameters = parameters + change
        _check_finite(objective, parameters, step)
    if not np.isfinite(parameters.buffer).all():
        raise _diverged(last - 1, "a parameter is not finite")
    links = objective.model.links(parameters)
    if settings.guard and not links.schedule.connected.all():
        parameters = with_elements_of(parameters, safe, closeness_at)
        links = objective.model.links(parameters)
        taken_back += 1
    first_links = state.first_links or len(figures.schedule.rows)
    pressure = _pressure(training, links.n_links, last, state.pressure, first_links)
    count = last - first
    details = {
        "objective": objectives / count,
        "flow": flows / count,
        "density": links.n_links / objective.model.layout.n_cells,
        "pressure": pressure,
        "taken_back": taken_back,
    }
    state = state.after(
        rng,
        phase=DONE if last >= settings.steps else "train",
        parameters=parameters,
        loss=losses / count,
        step=last,
        moments=kept(memory),
        links=links.n_links,
        pressure=pressure,
        taken_back=taken_back,
        first_links=first_links,
    )
    return state, details


def _diverged(step: int, why: str) -> ValueError:
    return ValueError(f"training diverged at step {step}: {why}; choose a lower rate")


def _check_finite(objective: ManifoldObjective, parameters: VValue, step: int) -> None:
    """Rows of closeness that are not finite have no links, so the loss would not tell."""
    model = objective.model
    try:
        model.layout.check_finite(parameters.buffer[model.closeness_at])
    except ValueError as error:
        raise _diverged(step, str(error)) from None


def _weights(settings: ManifoldSettings, step: int, pressure: float) -> TermWeights:
    weights = settings.weights
    if not (weights.soft_count or weights.seconds or weights.bytes):
        return weights
    height = settings.ramped(step)
    return replace(
        weights,
        soft_count=weights.soft_count * height * pressure,
        seconds=weights.seconds * height,
        bytes=weights.bytes * height,
    )


def _pressure(
    training: ManifoldTraining, links: int, step: int, pressure: float, first_links: int
) -> float:
    """The factor on the soft count's weight that steers the number of links to its course."""
    settings = training.settings
    height = settings.ramped(step)
    if settings.budget is None or height == 0.0:
        return pressure
    end = settings.budget * training.model.layout.n_cells
    start = max(float(first_links), end)
    course = start * (end / start) ** height  # geometric: the last links are the dearest
    return pressure * (PRESSURE_STEP if links > course else 1 / PRESSURE_STEP)


def with_elements_of(parameters: VValue, other: VValue, at: np.ndarray) -> VValue:
    """Parameters with some elements of others on the same support."""
    buffer = np.array(parameters.buffer)
    buffer[at] = other.buffer[at]
    return from_buffer(parameters.support, buffer)
