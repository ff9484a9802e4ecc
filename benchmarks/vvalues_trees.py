"""V-values beside other trees of numbers: one run, one table.

    python benchmarks/vvalues_trees.py [--sizes 100 10000 1000000] [--budget SECONDS]

Trees of two levels, a hundred leaves a node. "Different" adds a tree that lacks every second leaf
and has as many others. A rival that is not installed, cannot do the operation, or would exceed the
time budget (judged from its time at the size before) is left out with the reason. Writes
``benchmarks/results/vvalues_trees.md``.
"""

from __future__ import annotations

import argparse
import gc
import operator
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.extend import vspace

import vvalues as vv
from vvalues import VValue

OPERATIONS = ("build", "add same", "add different", "scale", "inner", "gradient")
RESULTS = Path(__file__).parent / "results" / "vvalues_trees.md"
PER_NODE = 100

Nested = dict[str, Any]


def nested(n: int, shift: bool = False) -> Nested:
    """The tree of a size as nested dicts; shifted, every second leaf is another one."""
    tree: Nested = {}
    for i in range(n):
        key = f"y{i % PER_NODE}" if shift and i % 2 else f"x{i % PER_NODE}"
        tree.setdefault(f"node{i // PER_NODE}", {})[key] = float(i % 7) - 3.0
    return tree


# -------------------- contenders --------------------


class Contender:
    """Trees of one kind: how to make one, and what it can do. None says "cannot"."""

    name = ""
    has_own_trees = True  # False: the trees of another contender, under other operations

    def make(self, tree: Nested) -> Any:
        raise NotImplementedError

    def add_same(self, a: Any, b: Any) -> Any:
        raise NotImplementedError

    add_different: Callable | None = None
    scale: Callable | None = None
    inner: Callable | None = None
    gradient: Callable | None = None


class VValues(Contender):
    """One buffer and an interned support: the type of this project."""

    name = "V-values"
    make = staticmethod(VValue)
    add_same = add_different = staticmethod(operator.add)
    scale = staticmethod(lambda a: a * 2.0)
    inner = staticmethod(vv.inner)
    gradient = staticmethod(autograd.grad(vv.squared_norm))


class BareNumpy(Contender):
    """The same numbers without a tree: what the machine can do at best."""

    name = "bare numpy vector"
    make = staticmethod(lambda tree: np.array([x for node in tree.values() for x in node.values()]))
    add_same = staticmethod(operator.add)
    scale = staticmethod(lambda a: a * 2.0)
    inner = staticmethod(lambda a, b: float(a @ b))
    gradient = staticmethod(autograd.grad(lambda a: anp.sum(a * a)))


class NestedDicts(Contender):
    """What one writes first."""

    name = "nested dicts, plain Python"
    make = staticmethod(lambda tree: {key: dict(node) for key, node in tree.items()})

    def add_same(self, a: Nested, b: Nested) -> Nested:
        out = dict(a)
        for key, right in b.items():
            left = out.get(key, 0.0)
            if isinstance(right, dict):
                out[key] = self.add_same(left or {}, right)
            else:
                out[key] = left + right
        return out

    add_different = add_same

    def scale(self, a: Nested) -> Nested:
        return {k: self.scale(x) if isinstance(x, dict) else 2.0 * x for k, x in a.items()}

    def inner(self, a: Nested, b: Nested) -> float:
        common = a.keys() & b.keys()
        return sum(
            self.inner(a[k], b[k]) if isinstance(a[k], dict) else a[k] * b[k] for k in common
        )


class AutogradDicts(Contender):
    """Dicts as autograd's vector space, a box per node."""

    name = "autograd's dicts"
    make = staticmethod(lambda tree: {key: dict(node) for key, node in tree.items()})
    add_same = staticmethod(lambda a, b: vspace(a).add(a, b))
    scale = staticmethod(lambda a: vspace(a).scalar_mul(a, 2.0))
    inner = staticmethod(lambda a, b: vspace(a).inner_prod(a, b))
    gradient = staticmethod(
        autograd.grad(
            lambda a: sum(x * x for node in [a[k] for k in a] for x in [node[k] for k in node])
        )
    )


class TreeValues(Contender):
    """The treevalue package; no gradient."""

    name = "treevalue"

    def __init__(self) -> None:
        import treevalue

        self.make = treevalue.FastTreeValue
        self._add = treevalue.func_treelize(mode="outer", missing=0.0)(operator.add)
        self._flatten = treevalue.flatten

    add_same = staticmethod(operator.add)

    def add_different(self, a: Any, b: Any) -> Any:
        return self._add(a, b)

    def scale(self, a: Any) -> Any:
        return a * 2.0

    def inner(self, a: Any, b: Any) -> float:
        return sum(x for _, x in self._flatten(a * b))


class OpTrees(Contender):
    """The optree package; no gradient."""

    name = "optree pytrees"
    make = staticmethod(lambda tree: {key: dict(node) for key, node in tree.items()})

    def __init__(self) -> None:
        import optree

        self._library = optree

    def add_same(self, a: Any, b: Any) -> Any:
        return self._library.tree_map(operator.add, a, b)

    def scale(self, a: Any) -> Any:
        return self._library.tree_map(lambda x: 2.0 * x, a)

    def inner(self, a: Any, b: Any) -> float:
        return sum(self._library.tree_leaves(self._library.tree_map(operator.mul, a, b)))


class JaxTrees(OpTrees):
    """jax's pytrees, gradient by tracing at every call."""

    name = "jax pytrees"

    def __init__(self) -> None:
        import jax

        self._library = jax.tree_util
        self._gradient = jax.grad(lambda a: sum(x * x for x in jax.tree_util.tree_leaves(a)))
        self._wait = jax.block_until_ready

    def gradient(self, a: Any) -> Any:
        return self._wait(self._gradient(a))


class JaxJit(JaxTrees):
    """The same gradient, compiled."""

    name = "jax pytrees, jit"
    has_own_trees = False
    add_same = scale = inner = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        import jax

        self._gradient = jax.jit(self._gradient)


KINDS = (VValues, BareNumpy, NestedDicts, AutogradDicts, TreeValues, OpTrees, JaxTrees, JaxJit)


# -------------------- measuring --------------------


def seconds(function: Callable[[], Any], at_most: float = 0.4) -> tuple[float, float]:
    """Time of the first call, and the median of the following ones."""
    start = time.perf_counter()
    function()
    first = time.perf_counter() - start
    times = []
    n = 1 if first > at_most else max(5, min(2_000, int(at_most / max(first, 1e-7))))
    for _ in range(n):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return first, median(times)


def calls(kind: Contender, n: int) -> Iterator[tuple[str, Callable[[], Any] | None]]:
    """Every operation as a call without arguments."""
    source = nested(n)
    a, b = kind.make(source), kind.make(source)
    yield "build", (lambda: kind.make(source)) if kind.has_own_trees else None
    yield "add same", kind.add_same and (lambda: kind.add_same(a, b))
    if kind.add_different is None:
        yield "add different", None
    else:
        other = kind.make(nested(n, shift=True))
        yield "add different", lambda: kind.add_different(a, other)  # type: ignore[misc]
    yield "scale", kind.scale and (lambda: kind.scale(a))  # type: ignore[misc]
    yield "inner", kind.inner and (lambda: kind.inner(a, b))  # type: ignore[misc]
    yield "gradient", kind.gradient and (lambda: kind.gradient(a))  # type: ignore[misc]


Cells = dict[tuple[str, str, int], float | str]


def measure(sizes: list[int], budget: float, notes: list[str]) -> Cells:
    """Median seconds (or the reason for an empty cell) by operation, contender and size."""
    cells: Cells = {}
    for factory in KINDS:
        try:
            kind: Contender = factory()
        except ImportError as error:
            notes.append(f"{factory.name}: skipped, {error}")
            continue
        spent: dict[str, tuple[int, float]] = {}
        for n in sizes:
            gc.collect()
            for operation, call in calls(kind, n):
                before, took = spent.get(operation, (n, 0.0))
                if call is None:
                    cells[operation, kind.name, n] = "cannot"
                elif took * n / before > budget:
                    cells[operation, kind.name, n] = f"over {budget:g} s"
                else:
                    first, typical = seconds(call)
                    spent[operation] = n, first
                    cells[operation, kind.name, n] = typical
            print(f"measured {kind.name} at {n:,} leaves", file=sys.stderr)
    return cells


def ratio(ours: Callable[[], Any], bare: Callable[[], Any], n: int = 41) -> tuple[float, float]:
    """Medians of two calls taken in turns, so that both meet the same disturbances."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(n):
        for function, into in zip((ours, bare), times, strict=True):
            start = time.perf_counter()
            function()
            into.append(time.perf_counter() - start)
    return median(times[0]), median(times[1])


# -------------------- the table --------------------


def figures(cells: Cells, sizes: list[int]) -> list[str]:
    """What was asked, beside what was reached."""
    n = sizes[-1]
    a, b = (VValue(nested(n)) for _ in range(2))
    other = VValue(nested(n, shift=True))
    x, y = np.array(a.buffer), np.array(b.buffer)
    start = time.perf_counter()
    a + other
    first = time.perf_counter() - start
    same, bare_same = ratio(lambda: a + b, lambda: x + y)
    different, bare_different = ratio(lambda: a + other, lambda: x + y)
    lines = [
        f"| figure, at {n:,} leaves | asked | reached |",
        "|---|--:|--:|",
        f"| same-support add / bare numpy add | 2 | {same / bare_same:.2f} |",
        "| different-support add, plan cached / bare numpy add of one side | 10 | "
        f"{different / bare_different:.2f} |",
        f"| different-support add, first meeting (builds the plan) | - | {1e3 * first:,.0f} ms |",
    ]
    if len(sizes) > 1:
        lines.extend(_growth(cells, sizes[-2], n))
    return lines


def _growth(cells: Cells, m: int, n: int) -> Iterator[str]:
    """Cost per leaf at the largest size relative to the one before, numpy's own beside it."""
    for operation in OPERATIONS:
        ours, bare = (
            _per_leaf(cells, operation, name, n) / _per_leaf(cells, operation, name, m)
            for name in (VValues.name, BareNumpy.name)
        )
        if operation == "add different":
            bare = seconds(scatters(n))[1] / n / (seconds(scatters(m))[1] / m)
        yield (
            f"| {operation}: cost per leaf, {n:,} / {m:,} leaves | flat | "
            f"{ours:.1f} (bare numpy: {bare:.1f}) |"
        )


def scatters(n: int) -> Callable[[], Any]:
    """The numpy calls an addition of different supports cannot do without, positions given."""
    left, right = VValue(nested(n)), VValue(nested(n, shift=True))
    union, at_left, at_right = left.support.union(right.support)

    def add() -> np.ndarray:
        out = np.zeros(union.size)
        out[at_left] = left.buffer
        np.add.at(out, at_right, right.buffer)
        return out

    return add


def _per_leaf(cells: Cells, operation: str, name: str, n: int) -> float:
    value = cells.get((operation, name, n))
    return value / n if isinstance(value, float) else float("nan")


def table(cells: Cells, sizes: list[int]) -> list[str]:
    """Microseconds per operation, and nanoseconds per leaf."""
    head = " | ".join(f"{n:,} leaves" for n in sizes)
    lines = [f"| operation | trees | {head} |", "|---|---|" + "--:|" * len(sizes)]
    for operation in OPERATIONS:
        for factory in KINDS:
            shown = [_cell(cells.get((operation, factory.name, n)), n) for n in sizes]
            if any(text[0].isdigit() for text in shown):
                lines.append(f"| {operation} | {factory.name} | {' | '.join(shown)} |")
    return lines


def _cell(value: float | str | None, n: int) -> str:
    if isinstance(value, float):
        return f"{_digits(1e6 * value)} ({_digits(1e9 * value / n)})"
    return value or "-"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def report(cells: Cells, sizes: list[int], notes: list[str]) -> str:
    """The result file: tables of all contenders, figures, remarks."""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    return "\n".join(
        [
            "# V-values beside other trees",
            "",
            f"Written by `python benchmarks/vvalues_trees.py`; {versions}, "
            f"{os.cpu_count()} shared cores, one thread. Medians in microseconds, in brackets "
            "nanoseconds per leaf. Gradient: of the sum of squares.",
            "",
            *table(cells, sizes),
            "",
            *figures(cells, sizes),
            "",
            *(f"* {note}" for note in notes),
            "",
        ]
    )


REMARKS = [
    "optree and jax refuse to add trees of different structure, plain vectors have none.",
    "Nested dicts, treevalue and optree have no gradient.",
    "jax leaves are Python floats and results single precision; its first jit call compiles, "
    "which counts against the budget but not in the median.",
    "V-values build from nested dicts leaf by leaf in Python; everything after that is numpy. "
    "Dict rivals only copy, their leaves stay where they are.",
    "At the middle size the vectors lie in the cache, at the largest they do not: the bare numpy "
    "vector shows how much of the growth per leaf is the machine's.",
]


def main() -> None:
    """Measure, print and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 1_000_000])
    parser.add_argument("--budget", type=float, default=20.0, help="seconds per call of a rival")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    notes = list(REMARKS)
    cells = measure(arguments.sizes, arguments.budget, notes)
    text = report(cells, arguments.sizes, notes)
    print(text)
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
