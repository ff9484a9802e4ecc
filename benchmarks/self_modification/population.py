"""A population of machines inside a machine, on a task of the suite."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dmm import Machine, ReferenceProgram, Trace, run
from dmm.machine import fixed_links, links
from dmm.zoo import breeding_streams, population_machine
from synthesis import get_task
from synthesis.tasks.streams.generators import constant, letters, random_streams
from vvalues import VValue
from vvalues.core.tree import from_leaves

from ..measure import markdown_table, write_result

__all__ = ["Search", "measure", "searched"]

TASK = "count-difference"
TICKS = 1_200
GENERATION = 20
SEEDS = range(10)

PREPARED = """
    accum.dict-2 <- stream-text.stream
    norm-1.dict <- accum.dict
    norm-2.dict <- stream-text.stream
    norm-3.dict <- norm-1.norm
    dot-1.dict-1 <- accum.dict
    dot-1.dict-2 <- stream-a.stream
    dot-2.dict-1 <- stream-text.stream
    dot-2.dict-2 <- stream-a.stream
    dot-3.dict-1 <- accum.dict
    dot-3.dict-2 <- stream-text.stream
"""
SENDERS = (
    *(("norm-1", "norm"), ("norm-2", "norm"), ("norm-3", "norm")),
    *(("dot-1", "dot"), ("dot-2", "dot"), ("dot-3", "dot"), ("const_1", "const_1")),
)
CANDIDATES = [("output", "dict-1", *sender) for sender in SENDERS]


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
            f"{len(CANDIDATES)} links may be made, eight offspring in each of",
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
    sources = {
        "stream-text": letters("abc", [0.2, 0.4, 0.4]),
        "stream-a": constant({"a": 1.0}),
    }
    task, prepared = get_task(TASK), _prepared()
    streams = random_streams(rng, sources, strings=1, ticks=TICKS, periods=[3])
    answer = task.specification(streams)[0, :, 0]
    shown = {name: streams.trees(name, 0) for name in sources} | {"answer": answer}
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
    names = {path[0] for path in links(PREPARED).support.paths}
    neurons = {name: name.partition("-")[0] for name in sorted(names)}
    neurons |= {"stream-text": "stream", "stream-a": "stream"}
    neurons |= {"const_1": "const_1", "output": "output"}
    return Machine(neurons, fixed=from_leaves(fixed_links(neurons)), trainable=links(PREPARED))


def _held_out_error(machine: Machine) -> float:
    program = ReferenceProgram(machine, (("output", "dict-1"),))
    squares = [
        np.ravel(program(machine.trainable, example.inputs)[0] - example.targets[0]) ** 2
        for example in get_task(TASK).held_out
    ]
    return float(np.mean(np.concatenate(squares)))
