"""The unattended loop: a generator of events from random links to a small machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dmm import Machine
from vvalues import VValue

from ..optimize.objective import MachineObjective
from ..process.events import Event
from ..process.machines import MachineModel
from ..process.records import Front, Record
from ..process.state import SearchState, generator_state
from ..tasks import StreamTask
from . import contest, population  # noqa: F401  (they register their phases)
from . import regrow as growth
from .phases import PHASES, Search
from .regrow import finished
from .settings import Settings

__all__ = ["Event", "Result", "initial_state", "prepare", "search_events", "synthesize"]


@dataclass(frozen=True)
class Result:
    """Outcome of a run.

    Attributes
    ----------
    machine : Machine
    parameters : VValue
    loss : float
        Training loss.
    figures : dict
        The task's figures on held-out strings.
    front : Front
    records : list of Record
    """

    machine: Machine
    parameters: VValue
    loss: float
    figures: dict[str, float]
    front: Front
    records: list[Record]


def prepare(
    task: StreamTask, seed: int, settings: Settings | None = None, start: Machine | None = None
) -> tuple[Search, SearchState]:
    """Everything a run needs, from a seed.

    Parameters
    ----------
    task : StreamTask
    seed : int
        Determines training strings, initial weights and all later choices.
    settings : Settings, optional
    start : Machine, optional
        Machine to start from in place of the task's random search space.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; expected a number >= 0")
    data_rng, space_rng, loop_rng = (np.random.default_rng([seed, stream]) for stream in range(3))
    settings = settings or Settings()
    model = MachineModel(start or task.space(space_rng), observed=task.observed)
    if start is None and model.is_recurrent:
        pool = task.pool(data_rng)
        fitted = pool.inputs.select(range(min(settings.lane_strings, len(pool.inputs))))
        objective = MachineObjective(model, fitted, pool.targets[..., : len(fitted)])
        batches = pool.batches(data_rng)
        proof = MachineObjective(model, *task.batch(data_rng))
        search = Search(objective, model, settings, batches, proof)
    else:
        objective = MachineObjective(model, *task.batch(data_rng))
        search = Search(objective, model, settings)
    return search, initial_state(search, loop_rng)


def initial_state(search: Search, rng: np.random.Generator) -> SearchState:
    """The state before the first unit: the whole search space with its initial weights."""
    parameters = search.model.initial(rng)
    if search.batches:
        phase = "population"
    else:  # a start that is small already needs no dense phase
        phase = "dense" if len(parameters) > search.settings.small else "shrink"
    loss = search.objective.loss(parameters)
    return SearchState(phase, parameters, loss, rng=generator_state(rng))


def search_events(search: Search, state: SearchState) -> Iterator[Event]:
    """Run the loop from a state, one event per unit of work.

    The same state gives the same events to the bit, except where the wall-clock limit of the
    settings cuts in.
    """
    deadline = time.monotonic() + search.settings.seconds
    while state.phase != "done":
        if time.monotonic() > deadline and state.phase != "simplify":
            state, records = _out_of_time(search, state)
        else:
            state, records = PHASES[state.phase](search, state)
        yield Event(state, records)


def _out_of_time(search: Search, state: SearchState) -> tuple[SearchState, list[Record]]:
    """The best machine so far is the result; if it is small, its weights are still simplified."""
    state = finished(_with_current(search, state))
    records = [state.record("out of time")]
    is_small = len(state.parameters) <= search.settings.small
    return (state.to("simplify") if is_small else state), records


def _with_current(search: Search, state: SearchState) -> SearchState:
    """When time is up the machine at hand counts, if it is better than the best so far."""
    best = state.best
    exact = search.settings.exact
    if best is None or growth.is_better(
        len(state.parameters), state.loss, len(best), state.best_loss, exact
    ):
        return replace(state, best=state.parameters, best_loss=state.loss)
    return state


def synthesize(
    task: StreamTask,
    seed: int = 0,
    settings: Settings | None = None,
    start: Machine | None = None,
) -> Result:
    """Run the whole loop and return its outcome.

    Examples
    --------
    ``synthesize(get_task("duplicate-detector"), seed=0).machine``
    """
    search, state = prepare(task, seed, settings, start)
    records: list[Record] = []
    for event in search_events(search, state):
        state = event.state
        records += event.records
    return result(task, search, state, records)


def result(task: StreamTask, search: Search, state: SearchState, records: list[Record]) -> Result:
    """The outcome of a run that has ended in ``state``."""
    figures = task.evaluate(search.model, state.parameters)
    machine = search.model.machine(state.parameters, name=task.name)
    return Result(machine, state.parameters, state.loss, figures, state.front, records)
