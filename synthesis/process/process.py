"""Anything that runs for long is a process; running it yields events."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from vvalues import VValue

from .records import Record
from .state import State

__all__ = ["Event", "Outcome", "Process", "StoredProcess", "carried_out", "events"]

S = TypeVar("S", bound=State)


class Event(NamedTuple):
    """Where a run stands after a unit of work.

    Attributes
    ----------
    state : State
        The run can be resumed from it.
    records : list of Record
        What happened in the unit.
    is_cut : bool
        Whether time was up, and the state is an end for now: the run can be resumed from the one
        before it.

    Examples
    --------
    >>> from synthesis import get_task, search_events
    >>> from synthesis.loop import prepare
    >>> first = next(iter(search_events(*prepare(get_task("modulo-3@layered-2x1"), seed=0))))
    >>> first.records[0].event, first.is_cut
    ('fit', False)
    """

    state: Any
    records: list[Record]
    is_cut: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run has found.

    Attributes
    ----------
    parameters : VValue
    loss : float
        Training loss.
    figures : dict
        On data that nothing was decided on.
    records : list of Record

    Examples
    --------
    >>> from vvalues import VValue
    >>> found = Outcome(VValue({"a": 1.0}), 0.25, {"held_out_loss": 0.5}, [])
    >>> found.loss, found.figures
    (0.25, {'held_out_loss': 0.5})
    """

    parameters: VValue
    loss: float
    figures: dict[str, float]
    records: list[Record]


class Process(Protocol[S]):
    """Anything that runs for long: the unattended loop, the training of a network, evolution.

    A process holds what does not change during a run: data, model, settings. Equal states lead to
    equal states, to the bit, so a run can be interrupted after any unit of work and resumed.

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> process, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> later, records = process.advance(state)
    >>> later.step, later.phase, records[-1].event
    (30, 'shrink', 'prune')
    """

    def start(self, rng: np.random.Generator) -> S:
        """The state before the first unit of work; ``rng`` is the source of all chance."""
        ...

    def advance(self, state: S) -> tuple[S, list[Record]]:
        """One unit of work: the state after it, and what happened."""
        ...


class StoredProcess(Process[S], Protocol[S]):
    """A process whose runs are kept in folders (`synthesis.runs.Run`).

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> process, _ = prepare(get_task("modulo-3@layered-2x1"), seed=7)
    >>> [process.identity[key] for key in ("process", "task", "seed")]
    ['loop', 'modulo-3@layered-2x1', 7]
    """

    @property
    def types(self) -> tuple[type, ...]:
        """Dataclasses and named tuples that states are made of; a checkpoint restores no others."""
        ...

    @property
    def rng(self) -> np.random.Generator:
        """The generator that a run starts with, always in the same state."""
        ...

    @property
    def seconds(self) -> float:
        """Wall-clock limit of a run, counted anew when it is resumed."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What tells this process from others (task, seed, settings); JSON-compatible.

        A run is resumed by a process of the same identity only. If ``identity["process"]`` is a
        name in `synthesis.runs.catalogue`, the process can be made again from its identity.
        """
        ...

    def outcome(self, state: S, records: list[Record]) -> Outcome:
        """What a run that ended in a state has found."""
        ...


def events(process: Process[S], state: S, seconds: float = math.inf) -> Iterator[Event]:
    """Run a process from a state, one event per unit of work.

    Parameters
    ----------
    process : Process
    state : State
        The same state gives the same events to the bit, except where the clock cuts in.
    seconds : float
        Wall-clock limit, looked at between units of work. A process with a method ``cut_short``
        (state -> state, records) then ends in its own way, others stop where they are.

    Yields
    ------
    Event

    Examples
    --------
    >>> from itertools import islice
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> process, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> [(event.state.phase, event.state.step) for event in islice(events(process, state), 3)]
    [('shrink', 30), ('shrink', 36), ('shrink', 42)]
    """
    deadline = time.monotonic() + seconds
    cut_short = getattr(process, "cut_short", None)
    is_cut = False
    while not state.is_done:
        is_cut = is_cut or time.monotonic() > deadline
        if not is_cut:
            state, records = process.advance(state)
        elif cut_short is not None:
            state, records = cut_short(state)
        else:
            return
        yield Event(state, records, is_cut)


def carried_out(
    process: Process[S], rng: np.random.Generator, seconds: float = math.inf
) -> tuple[S, list[Record]]:
    """Run a process from its start to its end: the last state, and everything that happened.

    Examples
    --------
    >>> from synthesis import Settings, get_task
    >>> from synthesis.loop import prepare
    >>> process, _ = prepare(get_task("modulo-3@layered-2x1"), 0, Settings.of(common={"steps": 30}))
    >>> state, records = carried_out(process, process.rng, seconds=0.02)
    >>> state.phase
    'done'
    """
    state = process.start(rng)
    records: list[Record] = []
    for event in events(process, state, seconds):
        state = event.state
        records += event.records
    return state, records
