"""The compiled engine for machines that hold their own matrix, against the reference engine."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import autograd.numpy as anp
import numpy as np
from autograd import grad

import vvalues as vv
from dmm import Machine, ReferenceProgram, Streams, compile_machine, zoo
from synthesis.tasks.streams.learning import learning_task, linear_maps

from ..measure import count_tape_nodes, machine_line, markdown_table, write_result
from .kinds import KINDS

__all__ = ["measure"]

PERIODS = 28
TICKS = 5 * PERIODS

REPEATS = 5


def measure() -> None:
    """Write the table of both engines: seconds for one gradient, ratios in the same round."""
    rows = [_row(name, strings) for name in MACHINES for strings in (1, 8, 64)]
    rows += [_row(name, strings) for name in KINDS for strings in (1, 64)]
    header = (
        "machine", "strings", "compiled, ms", "reference, ms a string", "times as fast",
        "least, most", "relative difference", "tape nodes",
    )  # fmt: skip
    text = "\n".join(
        (
            f"# Gradient of a self-modifying machine, {TICKS} ticks",
            "",
            f"{machine_line()} of {REPEATS} rounds; the ratio is that of each round. Every round",
            "has weights of its own, as every step of a training has: a compiled program remembers",
            "its last forward pass, which is part of a gradient's time. The reference engine runs",
            "one string after the other: its time for a batch is that for one string times their",
            "number. Where all links move, the link by which the matrix is kept keeps itself too:",
            "its weight is squared at every tick, and the gradient is of size 2^140.",
            "",
            "The last five machines keep their matrix by a fixed link; one copies a part of itself",
            "two or three times, the others are sent an edit at tick 20 (`kinds`).",
            "",
            markdown_table(header, rows),
            "",
            "`python -m benchmarks.self_modification engines`",
        )
    )
    write_result("self_modification_engines", text)


def _learner() -> Machine:
    return zoo.delta_rule(rate=0.1)


def _all_moving() -> Machine:
    """The same with the matrix kept by a trainable link: every link can change."""
    machine = _learner()
    keeper = ("self", "accum", "self", "single")
    fixed = vv.restrict(
        machine.fixed,
        machine.fixed.support.where(np.array([p != keeper for p in machine.fixed.support.paths])),
    )
    return replace(machine, fixed=fixed, trainable=machine.trainable.at(keeper).set(1.0))


def _space() -> Machine:
    """All 59 links of the search space, at small random weights."""
    task = learning_task("maps", "", linear_maps, scale=0.05)
    return task.space(np.random.default_rng(0))


MACHINES = {
    "delta rule": _learner,
    "delta rule, all links moving": _all_moving,
    "search space": _space,
}


def _row(name: str, strings: int) -> tuple[object, ...]:
    if name in KINDS:
        machine, streams = KINDS[name](TICKS, strings)
        observed = ("output", "dict-1")
    else:
        machine, streams, observed = MACHINES[name](), _streams(strings), ("p", "number-1")
    compiled = compile_machine(machine, [observed])
    reference = ReferenceProgram(machine, compiled.observed)

    def gradient(program: object, batch: Streams, by: float = 0.0) -> vv.VValue:
        """At the machine's weights; rates and scales are changed by this share of themselves."""
        own = np.array(machine.trainable.buffer)
        own[np.abs(own) != 1.0] *= 1.0 + by  # a matrix that is not kept by 1 explodes
        weights = vv.from_buffer(machine.trainable.support, own)
        return grad(lambda tree: anp.sum(program(tree, batch) ** 2))(weights)

    one = streams.select([0])
    exact, found = gradient(reference, one), gradient(compiled, one)
    difference = vv.max_norm(found - exact) / (1.0 + vv.max_norm(exact))
    gradient(compiled, streams)
    rounds = []
    for i in range(1, REPEATS + 1):
        by = 1e-9 * i
        fast, slow = (
            _seconds(gradient, program, batch, by)
            for program, batch in ((compiled, streams), (reference, one))
        )
        rounds.append((fast, slow, strings * slow / fast))
    fast, slow, ratio = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [row[2] for row in rounds]
    nodes = count_tape_nodes(lambda: gradient(compiled, streams))
    return (
        name,
        strings,
        f"{1e3 * fast:.1f}",
        f"{1e3 * slow:.0f}",
        f"{ratio:.0f}",
        f"{min(ratios):.0f}, {max(ratios):.0f}",
        f"{difference:.0e}",
        nodes,
    )


def _seconds(function: object, *arguments: object) -> float:
    start = time.process_time()
    function(*arguments)  # type: ignore[operator]
    return time.process_time() - start


def _streams(strings: int) -> Streams:
    def lesson(rng: np.random.Generator, strings: int) -> object:
        return linear_maps(rng, strings=strings, periods=PERIODS)

    task = learning_task("maps", "", lesson, strings=strings)
    return task.batch(np.random.default_rng(0))[0]
