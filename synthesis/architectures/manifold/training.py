"""Training a manifold: a process whose units of work are segments of steps."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ...optimize.optimizers import Optimizer, adam, schedule, state_leaves, with_state_leaves
from ...process.bounds import Bounded, positive, whole
from ...process.process import carried_out
from ...process.records import Record
from ...process.state import DONE, State
from .objective import ManifoldObjective, Weights

__all__ = ["ManifoldSearch", "ManifoldSettings", "ManifoldState", "train"]

PRESSURE_STEP = 1.05  # factor on the pressure per segment while the number of links is off course


@dataclass(frozen=True)
class ManifoldSettings(Bounded, called="setting {}"):
    """Constants of a training run.

    Attributes
    ----------
    steps : int
    segment : int
        Steps per event (record, checkpoint).
    rate, last_rate : float
        Learning rate of Adam; constant until ``decay_from``, then falling geometrically.
    decay_from : float
        Share of the steps after which the rate falls.
    weights : Weights
        Of the terms of the loss.
    ramp : (float, float)
        Shares of the steps between which the weights of soft count, seconds and bytes rise from 0
        to their full value.
    budget : float, optional
        Share of cells to come down to by the end of the ramp: the soft count's weight is then
        raised or lowered after every segment, whichever brings the count to its course.
    guard : bool
        Take back a step of the closeness numbers that would cut an output off from all inputs.
    """

    steps: int = whole(5000, least=1)
    segment: int = whole(100, least=1)
    rate: float = positive(0.001)
    last_rate: float = positive(0.001)
    decay_from: float = 0.0
    weights: Weights = field(default_factory=Weights)
    ramp: tuple[float, float] = (0.0, 0.0)
    budget: float | None = None
    guard: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decay_from < 1:
            raise ValueError(f"setting decay_from is {self.decay_from!r}; expected in [0, 1)")
        if np.shape(self.ramp) != (2,) or not 0 <= self.ramp[0] <= self.ramp[1] <= 1:
            raise ValueError(f"setting ramp is {self.ramp!r}; expected 0 <= start <= end <= 1")
        if self.budget is not None and not 0 < self.budget <= 1:
            raise ValueError(f"setting budget is {self.budget!r}; expected a share in (0, 1]")
        if self.budget is not None and not self.weights.soft_count:
            raise ValueError(
                f"setting budget is {self.budget!r}, but weight soft_count, which it steers, is 0: "
                "give weights=Weights(soft_count=...)"
            )

    def optimizer(self) -> Optimizer:
        """Adam with the rate of these settings."""
        held = int(self.decay_from * self.steps)
        falling = schedule(self.rate, self.last_rate, self.steps - held)
        return adam(lambda count: falling(max(count - held, 0)))

    def ramped(self, step: int) -> float:
        """Height of the ramp at a step, between 0 and 1."""
        start, end = (share * self.steps for share in self.ramp)
        return float(np.clip((step - start) / max(end - start, 1.0), 0.0, 1.0))

    @classmethod
    def source_toy(cls) -> ManifoldSettings:
        """The toy notebook."""
        return cls(weights=Weights.source_toy())

    @classmethod
    def source_mnist(cls, steps: int = 50_000) -> ManifoldSettings:
        """The MNIST notebook."""
        return cls(steps=steps, segment=max(steps // 100, 1), rate=0.002, last_rate=0.002,
                   weights=Weights.source_mnist())  # fmt: skip

    @classmethod
    def default_toy(cls, steps: int = 20_000) -> ManifoldSettings:
        """Ours for the toy set: soft count from a tenth of the steps on, in full at half."""
        return cls(steps=steps, segment=max(steps // 40, 1), rate=0.01, last_rate=0.01 / 30,
                   decay_from=0.6, weights=Weights(soft_count=0.3, inflow=1.0), ramp=(0.1, 0.5),
                   guard=True)  # fmt: skip

    @classmethod
    def default_mnist(cls, steps: int = 50_000, budget: float = 0.029) -> ManifoldSettings:
        """Ours for MNIST: the number of links comes down to the budget in half of the steps."""
        return cls(steps=steps, segment=max(steps // 100, 1), rate=0.01, last_rate=0.01 / 30,
                   decay_from=0.4, weights=Weights(soft_count=5.0, inflow=1.0), ramp=(0.05, 0.5),
                   budget=budget, guard=True)  # fmt: skip


@dataclass(frozen=True)
class ManifoldState(State):
    """A manifold in training.

    Attributes
    ----------
    moments : tuple
        Leaves of the optimizer's state.
    pressure : float
        Factor on the weight of the soft count that steers the number of links.
    taken_back : int
        Steps that would have cut an output off.
    first_links : int
        Number of links at the end of the first segment.
    """

    moments: tuple[Any, ...] = ()
    pressure: float = 1.0
    taken_back: int = 0
    first_links: int = 0


@dataclass(frozen=True)
class ManifoldSearch:
    """The training of a manifold: a `synthesis.process.Process`, one segment of steps per unit.

    Raises
    ------
    ValueError
        If the objective was given other weights than the settings, or lacks the cost model that
        the settings' weights need.
    """

    objective: ManifoldObjective
    settings: ManifoldSettings
    optimizer: Optimizer

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
    def of(cls, objective: ManifoldObjective, settings: ManifoldSettings) -> ManifoldSearch:
        """A search with the optimizer of its settings."""
        return cls(objective, settings, settings.optimizer())

    def start(self, rng: np.random.Generator) -> ManifoldState:
        """Random parameters; ``rng`` draws them and all batches.

        Raises
        ------
        ValueError
            If an output is cut off already that the guard should keep connected.
        """
        model = self.objective.model
        parameters = model.initial(rng)
        if self.settings.guard:
            cut_off = np.flatnonzero(~model.links(parameters).schedule.connected)
            if len(cut_off):
                raise ValueError(
                    f"output-{cut_off[0]} is cut off from all inputs at the start, so setting "
                    "guard cannot keep it connected: start with larger sigma or a lower cutoff"
                )
        moments = tuple(state_leaves(self.optimizer.init(parameters)))
        return ManifoldState(parameters, phase="train", moments=moments).after(rng)

    def advance(self, state: ManifoldState) -> tuple[ManifoldState, list[Record]]:
        """A segment of steps.

        Raises
        ------
        ValueError
            If the loss or a parameter is not finite any more; the message names the step.
        """
        state, record = _segment(self, state)
        return state, [record]


def train(
    objective: ManifoldObjective, seed: int = 0, settings: ManifoldSettings | None = None
) -> tuple[ManifoldState, list[Record]]:
    """Run a whole training; the last state holds the network.

    Parameters
    ----------
    seed : int
        Determines initial parameters and batches.
    """
    search = ManifoldSearch.of(objective, settings or ManifoldSettings())
    return carried_out(search, np.random.default_rng(seed))


# -------------------- one segment --------------------


def _segment(search: ManifoldSearch, state: ManifoldState) -> tuple[ManifoldState, Record]:
    settings, objective = search.settings, search.objective
    rng = state.generator()
    parameters, first, taken_back = state.parameters, state.step, state.taken_back
    moments = with_state_leaves(search.optimizer.init(parameters), list(state.moments))
    last = min(first + settings.segment, settings.steps)
    totals = {"objective": 0.0, "flow": 0.0, "loss": 0.0}
    safe = parameters
    for step in range(first, last):
        weights = _weights(settings, step, state.pressure)
        inputs, targets = objective.task.batch(rng)
        loss, gradient = objective.gradient(parameters, inputs, targets, weights)
        if settings.guard:
            if not objective.schedule.connected.all():
                parameters = _with_closeness_of(objective, parameters, safe)
                loss, gradient = objective.gradient(parameters, inputs, targets, weights)
                taken_back += 1
            safe = parameters
        if not np.isfinite(loss):
            raise _diverged(step, f"the loss is {loss}")
        for name in totals:
            totals[name] += loss if name == "loss" else objective.last.get(name, 0.0)
        change, moments = search.optimizer.update(gradient, moments, parameters)
        parameters = parameters + change
        _check_finite(objective, parameters, step)
    if not np.isfinite(parameters.buffer).all():
        raise _diverged(last - 1, "a parameter is not finite")
    links = objective.model.links(parameters)
    if settings.guard and not links.schedule.connected.all():
        parameters = _with_closeness_of(objective, parameters, safe)
        links = objective.model.links(parameters)
        taken_back += 1
    state = replace(state, first_links=state.first_links or int(objective.last["links"]))
    pressure = _pressure(search, links.n_links, last, state)
    means = {name: total / (last - first) for name, total in totals.items()}
    details = {
        "objective": means["objective"],
        "flow": means["flow"],
        "density": links.n_links / objective.model.layout.n_cells,
        "pressure": pressure,
        "taken_back": taken_back,
    }
    state = state.after(
        rng,
        phase=DONE if last >= settings.steps else "train",
        parameters=parameters,
        loss=means["loss"],
        step=last,
        moments=tuple(state_leaves(moments)),
        pressure=pressure,
        taken_back=taken_back,
    )
    return state, replace(state.record("train", **details), links=links.n_links)


def _diverged(step: int, why: str) -> ValueError:
    return ValueError(f"training diverged at step {step}: {why}; choose a lower rate")


def _check_finite(objective: ManifoldObjective, parameters: VValue, step: int) -> None:
    """Rows of closeness that are not finite have no links, so the loss would not tell."""
    model = objective.model
    try:
        model.layout.check_finite(parameters.buffer[model.closeness_at])
    except ValueError as error:
        raise _diverged(step, str(error)) from None


def _weights(settings: ManifoldSettings, step: int, pressure: float) -> Weights:
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


def _pressure(search: ManifoldSearch, links: int, step: int, state: ManifoldState) -> float:
    """The factor on the soft count's weight that steers the number of links to its course."""
    settings, pressure = search.settings, state.pressure
    height = settings.ramped(step)
    if settings.budget is None or height == 0.0:
        return pressure
    end = settings.budget * search.objective.model.layout.n_cells
    start = max(float(state.first_links), end)
    course = start * (end / start) ** height  # geometric: the last links are the dearest
    return pressure * (PRESSURE_STEP if links > course else 1 / PRESSURE_STEP)


def _with_closeness_of(objective: ManifoldObjective, after: VValue, before: VValue) -> VValue:
    """The parameters after a step with the closeness numbers before it."""
    buffer = np.array(after.buffer)
    at = objective.model.closeness_at
    buffer[at] = before.buffer[at]
    return from_buffer(after.support, buffer)
