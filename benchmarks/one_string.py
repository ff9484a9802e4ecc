"""Where the time of one gradient goes when there is one string: the numpy engine, part by part.

    python -m benchmarks.one_string

Each part is timed from outside, without what it calls of the other parts; the quickest of all
repetitions counts, as other work on the machine only adds. A part that is called often pays for its
dispatch: about 1 us per call of numpy, whatever it works on.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from dmm import compile_machine, layered_space, zoo
from dmm.compiled import evaluation, movement, parallel
from dmm.compiled.bound import BoundProgram
from dmm.neurons import Compare, DotProduct, MaxNorm, Sum

from .gradient_rivals import flops, ours, strings
from .measure import machine_line, markdown_table, write_result

TICKS, REPEATED = 140, 300
PARTS = [
    ("gradient, bookkeeping", BoundProgram, ("forward", "pullback")),
    ("weights of links, and back", BoundProgram, ("links", "unlink")),
    ("matrices of links", movement, ("_matrices", "_at")),
    ("matrix products", movement, ("product",)),
    ("self-links: sums over time", parallel, ("linear_filter",)),
    ("self-links: their weights", parallel.ParallelBlock, ("_feedback",)),
    ("copies between rows and slots", parallel, ("store", "load")),
    ("copies between rows and slots", parallel.ParallelBlock, ("_write_rows", "_empty_rows")),
    ("sums of cotangents", evaluation, ("pull",)),
    *(
        (f"neurons: {kernel.__name__}", kernel, ("forward", "linearise", "adjoint"))
        for kernel in (MaxNorm, DotProduct, Compare, Sum)
    ),
]


class Clock:
    """Time of parts, each without the parts that it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = defaultdict(int)
        self.calls: dict[str, int] = defaultdict(int)
        self.within = [0]  # time of the parts called so far, per part that is being run

    def watch(self, part, owner, name):
        """Have a function of a module or class tell its time."""
        function = getattr(owner, name)

        def timed(*arguments, **options):
            self.within.append(0)
            begun = time.perf_counter_ns()
            result = function(*arguments, **options)
            spent = time.perf_counter_ns() - begun
            self.spent[part] += spent - self.within.pop()
            self.calls[part] += 1
            self.within[-1] += spent
            return result

        is_static = isinstance(vars(owner).get(name), staticmethod)
        setattr(owner, name, staticmethod(timed) if is_static else timed)


def quickest(function):
    """Nanoseconds of the quickest of many calls."""
    times = []
    for _ in range(REPEATED):
        begun = time.perf_counter_ns()
        function()
        times.append(time.perf_counter_ns() - begun)
    return min(times)


def main():
    """Measure, print and keep the table."""
    machine, streams = layered_space(np.random.default_rng(0), copies=4), strings(1, TICKS)
    detector = zoo.duplicate_detector()
    targets = compile_machine(detector, engine="numpy")(detector.trainable, streams)
    gradient = ours(machine, streams, targets, "numpy")
    alone = quickest(gradient)
    clock = Clock()
    for part, owner, names in PARTS:
        for name in names:
            clock.watch(part, owner, name)
    best: dict[str, int] = {}
    for _ in range(REPEATED):
        clock.spent.clear()
        clock.calls.clear()
        gradient()
        best = {part: min(spent, best.get(part, spent)) for part, spent in clock.spent.items()}
    rows = [
        [part, clock.calls[part], f"{spent / 1e3:.0f}", f"{100 * spent / sum(best.values()):.0f} %"]
        for part, spent in sorted(best.items(), key=lambda item: -item[1])
    ]
    operations = flops(compile_machine(machine, engine="numpy").plan, streams)
    clock_line = ", process time, medians"  # not so here
    watched = sum(best.values())
    text = [
        "# One gradient of one string, part by part",
        f"`python -m benchmarks.one_string`; {machine_line().removesuffix(clock_line)}, "
        f"load {os.getloadavg()[0]:.1f}. {machine.trainable.size:,} links, {TICKS} ticks, "
        f"{operations / 1e6:.1f} million operations, the quickest of {REPEATED}: "
        f"{alone / 1e6:.2f} ms, {watched / 1e6:.2f} ms while watched.",
        markdown_table(["part", "calls", "us", "share"], rows),
    ]
    write_result("one_string", "\n\n".join(text))


if __name__ == "__main__":
    main()
