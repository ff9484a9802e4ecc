"""Work ahead: attempts that will probably be asked for, carried out in other processes.

From one judgement to the next a run makes an *attempt*: a regrowth, a rescue, the next start of a
population, a fresh start. Most attempts fail, and a failed one leaves the best machine as it is: so
the attempts after it are known in advance. What an attempt does depends on its start alone - each
has a random generator of its own -, so it makes no difference where and when it is carried out: a
guess that was wrong costs time, and never changes the result.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from ..process.records import Front, Record
from ..process.state import generator_state
from .route import ROUTE, Settings
from .search import Counts, Search, SearchState

__all__ = ["ATTEMPTS", "Ahead", "Attempting", "begun"]

ATTEMPTS = tuple(dict.fromkeys(name for name in ROUTE["judge"].values() if name != "simplify"))
"""The phases that attempts begin with."""

PATIENCE = 0.2  # seconds of waiting before a run shows that it is alive


class Attempting(Protocol):
    """What makes attempts: the loop."""

    @property
    def seed(self) -> int: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def search(self) -> Search: ...

    def job(self, start: SearchState) -> tuple[Any, ...]:
        """A function and its arguments, for another process: the attempt from a start."""
        ...


# -------------------- attempts --------------------


def begun(loop: Attempting, state: SearchState) -> SearchState:
    """The state at the beginning of an attempt: the best machine, and chance of its own."""
    counts = state.counts
    numbers = {
        "regrow": (counts.regrowths,),
        "rescue": (counts.rescues,),
        "fresh_start": (counts.restarts,),
        "next_start": (counts.restarts, counts.rescues, counts.starts),
    }[state.phase]
    rng = np.random.default_rng([loop.seed, 3, ATTEMPTS.index(state.phase), *numbers])
    assert state.best is not None
    return replace(
        state, parameters=state.best, loss=state.best_loss, rng=generator_state(rng), memory=None
    )


def start_of(loop: Attempting, state: SearchState) -> SearchState:
    """What an attempt depends on, out of the state that it begins in."""
    start = replace(state, step=0, front=Front(), counts=replace(state.counts, failures=0))
    if state.phase == "fresh_start" and not loop.search.batches:
        whole = loop.search.model.space.trainable
        start = replace(
            start, parameters=whole, loss=np.inf, best=None, best_loss=np.inf, counts=Counts()
        )
    return start


def merged(
    state: SearchState, end: SearchState, records: list[Record]
) -> tuple[SearchState, list[Record]]:
    """The state after an attempt that was carried out elsewhere, and what happened in it."""
    front = state.front
    for member in end.front:
        front = front.add(member.parameters, member.loss)
    counts = state.counts if end.best is None else end.counts
    after = replace(
        end,
        step=state.step + end.step,
        front=front,
        counts=replace(counts, failures=state.counts.failures),
        best=state.best,
        best_loss=state.best_loss,
        reserve=end.reserve if end.best is not None else state.reserve,
    )
    return after, [replace(record, step=state.step + record.step) for record in records]


# -------------------- working ahead --------------------


class Ahead:
    """Carries out attempts before they are asked for.

    Parameters
    ----------
    executor : Executor
        Of processes: `synthesis.process.workers.WarmProcesses`, or one of Dask.
    depth : int
        How many attempts to be ahead.
    delay : float
        Seconds before the first: a run that is over by then needs no other process.
    """

    def __init__(self, executor: Executor, depth: int, delay: float = 1.0) -> None:
        self.executor = executor
        self.depth = depth
        self._futures: dict[Any, Future] = {}
        self._begins = time.monotonic() + delay
        self._is_able = True

    def advance(
        self, loop: Attempting, state: SearchState
    ) -> tuple[SearchState, list[Record]] | None:
        """An attempt, when it has been carried out; the same state while it has not.

        None where the loop has to work itself: between attempts, and if the loop cannot be sent.
        """
        if time.monotonic() < self._begins:
            return None
        for start in self._expected(loop, state):
            self._submit(loop, start)
        if state.phase not in ATTEMPTS or not self._is_able:
            return None
        future = self._futures[_key(start_of(loop, state))]
        if not wait([future], PATIENCE).done:
            return state, []
        try:
            return merged(state, *future.result())
        except Exception:  # whatever it is, work here meets it again, or does not
            self._is_able = False
            return None

    def _expected(self, loop: Attempting, state: SearchState) -> Iterator[SearchState]:
        """Starts of the present attempt and of those after it, if all of them fail."""
        judge = loop.settings.judge
        if state.best is None:
            if judge.regrowths and judge.restarts and not loop.search.batches:
                # That one comes in any case that ends well, and does not depend on the first.
                first = replace(state, counts=Counts(restarts=1), phase="fresh_start", reserve=())
                yield start_of(loop, begun(loop, replace(first, best=state.parameters)))
            return
        if state.phase not in ATTEMPTS:
            return
        for _ in range(self.depth):
            yield start_of(loop, state)
            if loop.search.batches and state.phase in ("fresh_start", "rescue"):
                return  # a population: nobody knows how many starts it will leave
            if state.phase == "next_start":
                state = replace(state.counted("starts"), reserve=state.reserve[1:])
            state = state.counted("failures")
            word, state = judge.following(loop.search, state)
            if word == "enough":
                return
            state = begun(loop, replace(state, phase=ROUTE["judge"][word]))

    def _submit(self, loop: Attempting, start: SearchState) -> None:
        key = _key(start)
        if key in self._futures or not self._is_able:
            return
        try:
            self._futures[key] = self.executor.submit(*loop.job(start))
        except Exception:  # a task that cannot be sent: all work is done here
            self._is_able = False


def _key(start: SearchState) -> Any:
    """Equal for equal starts."""
    trees = (start.best, *start.reserve)
    return (
        start.phase,
        start.counts,
        json.dumps(start.rng, sort_keys=True),
        tuple(None if tree is None else (tree.support, tree.buffer.tobytes()) for tree in trees),
    )
