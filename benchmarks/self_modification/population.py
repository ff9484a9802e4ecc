"""A population of machines inside a machine, on a task of the suite."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dmm import Machine, ReferenceProgram, Trace, run
from dmm.zoo import breeding_streams, population_machine
from dmm.zoo.population import GENERATION
from synthesis import get_task
from synthesis.tasks.streams.generators import numbers, random_streams
from vvalues import VValue
from vvalues.core.tree import from_leaves

from ..measure import markdown_table, write_result

__all__ = ["Search", "measure", "searched"]

TASK = "delayed-echo"
TICKS = 40 * GENERATION
SEEDS = range(10)

LATE = ("stream-x", *(f"late-{i}" for i in range(1, 6)))
"""What the stream was so many ticks ago."""


def _port(name: str) -> tuple[str, str]:
    return name, "dict" if name.startswith("late") else "stream"


CANDIDATES = [("output", "dict-1", *port) for port in (*map(_port, LATE), ("const_1", "const_1"))]


class Search(NamedTuple):
    """One life, and what came of it.

    Attributes
    ----------
    machine : Machine
        That searched.
    trace : Trace
    found : VValue
        The links of the last tick.
    generation : int
        The first one from which on the links did not change any more.
    error : float
        Mean squared error of the links by themselves, on the held-out strings of the task.
    """

    machine: Machine
    trace: Trace
    found: VValue
    generation: int
    error: float


def measure() -> None:
    """Write the table: one row per seed."""
    rows = []
    for seed in SEEDS:
        found = searched(seed)
        text = " ".join(
            f"{weight:+.0f} {path[2]}" for path, weight in found.found.items() if weight
        )
        rows.append((seed, found.generation, text, f"{found.error:.1e}"))
        print(*rows[-1], flush=True)
    text = "\n".join(
        (
            f"# A population of machines inside a machine, on the task {TASK}",
            "",
            f"{len(CANDIDATES)} links may be made, by eight offspring in each of",
            f"{TICKS // GENERATION} generations of {GENERATION} ticks. The links that stay: from",
            "which generation on, and their mean squared error on the held-out strings of the",
            "task, without the population.",
            "",
            markdown_table(("seed", "generation", "links into the output", "held-out error"), rows),
            "",
            "`python -m benchmarks.self_modification population`",
        )
    )
    write_result("self_modification_population", text)


def searched(seed: int) -> Search:
    """Let the machine live on one long string of the task, with the answers shown to it."""
    rng = np.random.default_rng(seed)
    sources = {"stream-x": numbers([0.0, 0.5, 1.0, 2.0])}
    task, prepared = get_task(TASK), _prepared()
    streams = random_streams(rng, sources, strings=1, ticks=TICKS, periods=[1])
    answer = task.specification(streams)[0, :, 0]
    shown = {"stream-x": streams.trees("stream-x", 0), "answer": answer}
    machine = population_machine(prepared, CANDIDATES)
    trace = run(machine, breeding_streams(rng, CANDIDATES, shown))
    rows = [
        np.array([tree[("self", "single", *path)] for path in CANDIDATES]) for tree in trace.outputs
    ]
    same = np.all(np.array(rows) == rows[-1], axis=1)
    since = len(rows) - int(np.argmin(same[::-1])) if not same.all() else 0
    found = from_leaves(dict(zip(CANDIDATES, rows[-1].tolist(), strict=True)))
    alone = replace(prepared, trainable=prepared.trainable + found)
    return Search(machine, trace, found, -(-since // GENERATION), _held_out_error(alone))


def _prepared() -> Machine:
    """The stream and a chain of neurons that each pass it on a tick later."""
    neurons = dict.fromkeys(LATE[1:], "identity")
    neurons |= {"stream-x": "stream", "const_1": "const_1", "output": "output"}
    chain = {(later, "dict", *_port(name)): 1.0 for name, later in pairwise(LATE)}
    return Machine(neurons, trainable=from_leaves(chain))


def _held_out_error(machine: Machine) -> float:
    program = ReferenceProgram(machine, (("output", "dict-1"),))
    squares = [
        np.ravel(program(machine.trainable, example.inputs)[0] - example.targets[0]) ** 2
        for example in get_task(TASK).held_out
    ]
    return float(np.mean(np.concatenate(squares)))
