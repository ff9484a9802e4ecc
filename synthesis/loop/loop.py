"""The unattended loop as a process: from random links to a small machine."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from dmm import Machine
from dmm.machine import machine_from_plain, machine_to_plain
from dmm.neurons import repertoire
from vvalues import Support, VValue, format_path

from ..optimize.objective import MachineObjective
from ..process.codec import from_plain, to_plain, types_in
from ..process.models import MachineModel
from ..process.process import Event, carried_out, events
from ..process.records import Front, FrontMember, Record
from ..process.snapshots import with_snapshot
from ..process.state import DONE
from ..process.workers import WarmProcesses, usable_cores
from ..tasks import StreamTask, get_task
from .ahead import ATTEMPTS, Ahead, begun
from .phases.confirm import further_strings
from .phases.dense import DenseMemory
from .phases.judge import finished, with_best
from .route import ROUTE, Settings, phases
from .search import Counts, Result, Search, SearchState
from .trainer import PopulationMemory

__all__ = ["Loop", "Result", "prepare", "search_events", "synthesize"]

DEPTH = 8  # attempts ahead where nobody says how many processes there are


@dataclass(frozen=True)
class Loop:
    """The unattended loop on one task; a `synthesis.process.Process`.

    Make one with `Loop.of`.

    Attributes
    ----------
    task : StreamTask
    seed : int
    settings : Settings
    search : Search
    begun_from : Machine, optional
        Machine to start from in place of the task's random search space.
    ahead : Ahead, optional
        Carries out attempts in other processes, with the same result.

    Examples
    --------
    >>> from synthesis import get_task
    >>> loop = Loop.of(get_task("modulo-3@layered-2x1"), seed=0)
    >>> loop.start(loop.rng).links, loop.settings.common.small
    (78, 120)
    """

    task: StreamTask
    seed: int
    settings: Settings
    search: Search
    begun_from: Machine | None = None
    ahead: Ahead | None = None

    @classmethod
    def of(
        cls,
        task: StreamTask,
        seed: int,
        settings: Settings | None = None,
        start: Machine | None = None,
    ) -> Loop:
        """Everything a run needs, from a seed.

        Parameters
        ----------
        task : StreamTask
        seed : int
            Determines training strings, initial weights and all later choices.
        settings : Settings, optional
        start : Machine, optional
            Machine to start from in place of the task's random search space.

        Raises
        ------
        ValueError
            If the seed is negative.
        """
        if seed < 0:
            raise ValueError(f"seed is {seed}; expected a number >= 0")
        settings = settings or Settings()
        data_rng, space_rng = (np.random.default_rng([seed, stream]) for stream in range(2))
        model = MachineModel(start or task.space(space_rng), observed=task.observed)
        if start is None and model.is_recurrent:
            search = _recurrent_search(task, model, settings, data_rng)
        else:
            objective = MachineObjective(model, *task.batch(data_rng))
            further = further_strings(task, model, settings.confirm.batches, data_rng)
            search = Search(objective, model, settings.common, further=further)
        return cls(task, seed, settings, search, start)

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> Loop:
        """The process of an identity, if its task is one of this library's.

        Raises
        ------
        ValueError
            If the task is unknown, or the identity is malformed.
        """
        for name, kind in (("settings", dict), ("task", str), ("seed", int), ("start", object)):
            if name not in identity or not isinstance(identity[name], kind):
                shown = repr(identity[name])[:60] if name in identity else "missing"
                raise ValueError(f"identity of the run: {name}: {shown}; expected {kind.__name__}")
        settings = from_plain(identity["settings"], types_in(Settings()))
        if not isinstance(settings, Settings):
            raise ValueError(f"the settings of the run are a {type(settings).__name__}")
        start = identity["start"]
        machine = None if start is None else machine_from_plain(start, "start")
        return cls.of(get_task(identity["task"]), identity["seed"], settings, machine)

    # -------------------- side by side --------------------

    def job(self, start: SearchState) -> tuple[Any, ...]:
        """A function and its arguments, for another process: the attempt from a start.

        Raises
        ------
        Exception
            What pickle raises for a task that cannot be sent.
        """
        task = self.task.name if _is_known(self.task) else self.task
        recipe = pickle.dumps((task, self.seed, self.settings, self.begun_from))
        return carried_to_judgement, recipe, start

    @contextmanager
    def side_by_side(self, workers: int | Executor | None = None) -> Iterator[Loop]:
        """The same loop, with attempts in other processes; the result does not depend on it.

        Parameters
        ----------
        workers : int or Executor, optional
            Processes at a time, or where else to run them (Dask's, for one); one per usable core
            when omitted. With 1 all work is done here.
        """
        if isinstance(workers, Executor):
            yield replace(self, ahead=Ahead(workers, DEPTH))
            return
        count = usable_cores() if workers is None else workers
        if count == 1:
            yield self
            return
        processes = WarmProcesses(count)
        try:
            yield replace(self, ahead=Ahead(processes, count + 1))
        finally:
            processes.stop()

    # -------------------- a process --------------------

    @property
    def rng(self) -> np.random.Generator:
        """The generator that a run of this seed starts with."""
        return np.random.default_rng([self.seed, 2])

    @property
    def seconds(self) -> float:
        """Wall-clock limit of a run."""
        return self.settings.seconds

    @property
    def types(self) -> tuple[type, ...]:
        """Classes that states are made of."""
        memories = {phase.memory for phase in phases(self.settings).values()} - {None}
        return (SearchState, Counts, Front, FrontMember, *memories)  # type: ignore[arg-type]

    @property
    def identity(self) -> dict[str, Any]:
        """Task, seed, settings and start; JSON-compatible."""
        return {
            "process": "loop",
            "task": self.task.name,
            "seed": self.seed,
            "settings": to_plain(self.settings),
            "start": None if self.begun_from is None else machine_to_plain(self.begun_from),
        }

    def check_state(self, state: SearchState) -> None:
        """Refuse, with a ValueError, a state from a file that this loop cannot go on from.

        Its phase is unknown, its memory not that phase's, or a link not one of the search space.
        """
        if not state.is_done and state.phase not in ROUTE:
            raise ValueError(f"phase is {state.phase!r:.60}; expected one of {', '.join(ROUTE)}")
        state.generator()
        space = self.search.model.space.trainable.support
        for name, tree in _machines(state):
            _check_links(name, tree, space)
        if state.is_done or state.memory is None:
            return
        expected = phases(self.settings)[state.phase].memory
        if expected is not None and not isinstance(state.memory, expected):
            raise ValueError(
                f"memory is a {type(state.memory).__name__}; the phase {state.phase} remembers a "
                f"{expected.__name__}"
            )
        if isinstance(state.memory, DenseMemory):
            state.memory.check(self.search.common.descent, state.parameters)
        if isinstance(state.memory, PopulationMemory):
            state.memory.check(space, self.settings.population.starts)

    def start(self, rng: np.random.Generator) -> SearchState:
        """The whole search space with its initial weights."""
        parameters = self.search.model.initial(rng)
        loss = self.search.objective.loss(parameters)
        state, _ = self.advance(SearchState(parameters, loss, phase="begin").after(rng))
        return state

    def advance(self, state: SearchState) -> tuple[SearchState, list[Record]]:
        """One unit of work of the present phase; `synthesis.loop.route` says which comes next."""
        elsewhere = None if self.ahead is None else self.ahead.advance(self, state)
        if elsewhere is not None:
            return elsewhere
        phase = phases(self.settings)[state.phase]
        word, after, records, hands_on = phase(self.search, state)
        if word != "more":
            after = replace(after, phase=ROUTE[state.phase][word], memory=hands_on)
        if state.phase == "judge" and after.phase in ATTEMPTS:
            after = begun(self, after)
        space = self.search.model.space.trainable.support
        return after, with_snapshot(records, after.parameters, space)

    def cut_short(self, state: SearchState) -> tuple[SearchState, list[Record]]:
        """When time is up the best machine is the result, its weights simplified if it is small."""
        if state.phase == "simplify":
            return self.advance(state)
        state = finished(with_best(self.search, state))
        records = [state.record("out of time")]
        is_small = len(state.parameters) <= self.settings.common.small
        return replace(state, phase="simplify" if is_small else DONE, memory=None), records

    def outcome(self, state: SearchState, records: list[Record]) -> Result:
        """The machine that a run has ended in, with its figures on held-out strings."""
        model = self.search.model
        return Result(
            state.parameters,
            state.loss,
            self.task.evaluate(model, state.parameters),
            records,
            model.machine(state.parameters, name=self.task.name),
            state.front,
        )


def _recurrent_search(
    task: StreamTask, model: MachineModel, settings: Settings, rng: np.random.Generator
) -> Search:
    """Recurrent machines are fitted on part of a pool, and trained on small batches of it."""
    pool = task.pool(rng)
    fitted = pool.inputs.select(range(min(settings.population.strings, len(pool.inputs))))
    objective = MachineObjective(model, fitted, pool.targets[..., : len(fitted)])
    batches = pool.batches(rng)
    proof = MachineObjective(model, *task.batch(rng))
    # Mixtures of activations begin as what their space says, not around 0.
    has_mixtures = any(map(repertoire, model.space.neurons.values()))
    fresh = (lambda rng: task.space(rng).trainable) if has_mixtures else None
    return Search(objective, model, settings.common, batches, proof, fresh=fresh)


# -------------------- states from files --------------------


def _machines(state: SearchState) -> Iterator[tuple[str, VValue]]:
    yield "parameters", state.parameters
    if state.best is not None:
        yield "best", state.best
    for i, tree in enumerate(state.reserve):
        yield f"reserve/{i}", tree
    for i, member in enumerate(state.front):
        yield f"front/members/{i}/parameters", member.parameters


def _check_links(name: str, tree: VValue, space: Support) -> None:
    if tree.support is space:
        return
    strange = next((path for path in tree.support.paths if path not in space), None)
    if strange is not None or tree.support.shapes is not None:
        shown = "an array" if strange is None else format_path(strange)
        raise ValueError(f"{name} has {shown}, which is no link of the search space")


# -------------------- attempts elsewhere --------------------


def carried_to_judgement(recipe: bytes, start: SearchState) -> tuple[SearchState, list[Record]]:
    """An attempt from its start to the judgement that ends it."""
    loop, state = _made(recipe), start
    records: list[Record] = []
    while state.phase != "judge":
        state, new = loop.advance(state)
        records += new
    return state, records


@lru_cache(maxsize=1)
def _made(recipe: bytes) -> Loop:
    """The loop of a recipe; a process carries out many attempts of one loop."""
    task, seed, settings, start = pickle.loads(recipe)
    return Loop.of(get_task(task) if isinstance(task, str) else task, seed, settings, start)


def _is_known(task: StreamTask) -> bool:
    """Whether a task is the one that the library has under its name."""
    try:
        known = get_task(task.name)
    except ValueError:
        return False
    return known.draw is task.draw and known.observed == task.observed


# -------------------- whole runs --------------------


def prepare(
    task: StreamTask, seed: int, settings: Settings | None = None, start: Machine | None = None
) -> tuple[Loop, SearchState]:
    """The loop and the state it begins in; parameters as for `Loop.of`.

    Examples
    --------
    >>> from synthesis import get_task
    >>> loop, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> state.phase, state.links, round(state.loss)
    ('shrink', 78, 75)
    """
    loop = Loop.of(task, seed, settings, start)
    return loop, loop.start(loop.rng)


def search_events(loop: Loop, state: SearchState) -> Iterator[Event]:
    """Run the loop from a state, one event per unit of work, within its settings' time.

    The same state gives the same events to the bit, except where the wall-clock limit cuts in.

    Examples
    --------
    >>> from synthesis import get_task
    >>> loop, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> next(search_events(loop, state)).state.step > 0
    True
    """
    return events(loop, state, loop.seconds)


def synthesize(
    task: StreamTask,
    seed: int = 0,
    settings: Settings | None = None,
    start: Machine | None = None,
    workers: int | Executor | None = None,
) -> Result:
    """Run the whole loop and return its outcome.

    Parameters
    ----------
    task, seed, settings, start : as for `Loop.of`
    workers : as for `Loop.side_by_side`
        The result does not depend on it.

    Examples
    --------
    >>> from synthesis import get_task
    >>> at_once = Settings.of(seconds=0.5)  # the best that there is by then
    >>> found = synthesize(get_task("delayed-echo@layered-3x2"), settings=at_once, workers=1)
    >>> found.machine.name
    'delayed-echo@layered-3x2'
    """
    with Loop.of(task, seed, settings, start).side_by_side(workers) as loop:
        return loop.outcome(*carried_out(loop, loop.rng, loop.seconds))
