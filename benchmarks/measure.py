"""Process time, tape nodes and memory, measured the same way for every rival."""

from __future__ import annotations

import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = [
    "count_tape_nodes",
    "machine_line",
    "markdown_table",
    "median_seconds",
    "resident_mb",
    "seeds_of",
]

RESULTS = Path(__file__).parent / "results"


def median_seconds(function: Callable[[], object], repeats: int = 15) -> float:
    """Median process time of a call, after one call that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return statistics.median(times)


def count_tape_nodes(function: Callable[[], object]) -> int:
    """Nodes of HIPS autograd's tape that one call makes."""
    from autograd.core import VJPNode

    original, count = VJPNode.__init__, 0

    def counted(self, *arguments):
        nonlocal count
        count += 1
        original(self, *arguments)

    VJPNode.__init__ = counted
    try:
        function()
    finally:
        VJPNode.__init__ = original
    return count


def resident_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine_line() -> str:
    """What the figures were measured on."""
    import numpy

    return (
        f"Python {platform.python_version()}, numpy {numpy.__version__}, {platform.machine()}, "
        "one BLAS thread, process time, medians"
    )


def seeds_of(text: str) -> range:
    """Seeds from ``3`` or ``0:3``."""
    first, _, end = text.partition(":")
    return range(int(first), int(end) if end else int(first) + 1)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(map(str, header)) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def write_result(name: str, text: str) -> None:
    """Print a result and keep it beside the benchmark."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text + "\n", encoding="utf-8")
    print(f"written to benchmarks/results/{name}.md", file=sys.stderr)
