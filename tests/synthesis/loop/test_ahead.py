"""Attempts in other processes: the same run, whatever the number of workers and their order."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import cache

import pytest

from synthesis.loop import Loop, Settings
from synthesis.loop.ahead import ATTEMPTS, Ahead
from synthesis.process.process import carried_out
from synthesis.process.records import to_jsonl
from synthesis.process.workers import ProcessLost, WarmProcesses
from synthesis.tasks import get_task

TASK = "delayed-echo@layered-3x2"
BRIEF = Settings.of(
    dense={"steps": 30},
    bite={"steps": 5, "fraction": 0.3},
    shrink={"rounds": 2, "iterations": 5},
    remove={"iterations": 8, "long_iterations": 10},
    judge={"regrowths": 2},
)
RECURRENT = Settings.of(
    population={"steps": 60, "starts": 3, "success": 1e9, "unit": 30},
    common={"contest": {"steps": 20, "budget": 1e9}, "exact": 1e9},
    judge={"regrowths": 1, "second_opinions": 2},
    remove={"candidates": 1, "all_below": 0, "long_iterations": 2},
)


class Mixed(Executor):
    """Carries out calls when there are three of them, the last one first."""

    def __init__(self, breaks_down: bool = False) -> None:
        self.waiting: list[tuple[Future, tuple]] = []
        self.count = 0
        self.breaks_down = breaks_down

    def submit(self, function, /, *args):
        self.count += 1
        future: Future = Future()
        self.waiting.append((future, (function, args)))
        if len(self.waiting) >= 3:
            self.carry_out()
        return future

    def carry_out(self) -> None:
        while self.waiting:
            future, (function, args) = self.waiting.pop()
            if self.breaks_down:
                future.set_exception(ProcessLost("gone"))
            else:
                future.set_result(function(*args))


class Patient(Ahead):
    """Carries out what is left before it waits for it."""

    def advance(self, loop, state):
        found = super().advance(loop, state)
        if found is not None and found[0] is state:
            self.executor.carry_out()
            found = super().advance(loop, state)
        return found


def trace(loop):
    state, records = carried_out(loop, loop.rng)
    front = [(m.links, m.loss, m.parameters.buffer.tobytes()) for m in state.front]
    return to_jsonl(records), state.parameters.support, state.parameters.buffer.tobytes(), front


SETTINGS = {TASK: BRIEF, "delayed-echo@recurrent-1": RECURRENT}


def loop_of(task):
    return Loop.of(get_task(task), 3, SETTINGS[task])


@cache
def trace_alone(task):
    return trace(loop_of(task))


@pytest.mark.parametrize("task", [
    TASK,
    pytest.param("delayed-echo@recurrent-1", marks=pytest.mark.heavy),
])  # fmt: skip
def test_the_result_depends_neither_on_where_nor_on_when(task):
    loop, alone = loop_of(task), trace_alone(task)
    for breaks_down in (False, True):
        executor = Mixed(breaks_down)
        ahead = Patient(executor, depth=4, delay=0.0)
        assert trace(replace(loop, ahead=ahead)) == alone
        assert executor.count > 1
    assert any(f'"{name}"' in alone[0] for name in ATTEMPTS)


@pytest.mark.thorough
def test_two_processes_give_the_result_of_one():
    with WarmProcesses(2) as processes:
        together = replace(loop_of(TASK), ahead=Ahead(processes, 3, delay=0.0))
        assert trace(together) == trace_alone(TASK)


def test_a_task_that_cannot_be_sent_is_worked_on_here():
    task = get_task(TASK)
    own = replace(task, name="mine", draw=lambda rng: task.draw(rng))
    loop = Loop.of(own, 3, BRIEF)
    with loop.side_by_side(2) as together:
        together.ahead._begins = 0.0
        assert trace(together) == trace_alone(TASK)


def test_another_attempt_has_other_random_numbers():
    records = map(json.loads, trace_alone(TASK)[0].splitlines())
    losses = [record["loss"] for record in records if record["event"] == "regrow"]
    assert len(losses) > 1 and len(set(losses)) == len(losses)
