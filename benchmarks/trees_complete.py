"""Elementwise algebra, selection, Jacobians and differential equations of trees beside flat arrays.

    python -m benchmarks.trees_complete

Writes ``benchmarks/results/trees_complete.md``. Two calls that are compared are taken in turns, so
that both meet the same disturbances; what counts is the ratio of their medians.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

import vvalues as vv
from benchmarks.measure import machine_line, markdown_table, write_result
from vvalues import VValue
from vvalues.solvers import solve_ivp

Call = Callable[[], Any]
Row = tuple[Any, ...]


def in_turns(one: Call, other: Call, repeats: int) -> tuple[float, float]:
    """Median process times of two calls, in seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for call, into in zip((one, other), times, strict=True):
            start = time.process_time()
            call()
            into.append(time.process_time() - start)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


def tree(n: int) -> VValue:
    """A tree of n scalar leaves, a hundred below every node."""
    leaves: dict[str, dict[str, float]] = {}
    for i in range(n):
        leaves.setdefault(f"node-{i // 100}", {})[f"x{i % 100}"] = float(i % 7) - 3.0
    return VValue(leaves)


# -------------------- elementwise --------------------


def elementwise(n: int) -> Iterator[Row]:
    """Every operation on one support, beside numpy's on the same numbers."""
    v = tree(n)
    w = v * 0.5 + vv.full(v.support, 0.25)
    x, y = np.array(v.buffer), np.array(w.buffer)
    mask = v > w
    at = np.array(mask.buffer)
    pairs: dict[str, tuple[Call, Call]] = {
        "v + w": (lambda: v + w, lambda: x + y),
        "v - w": (lambda: v - w, lambda: x - y),
        "-v": (lambda: -v, lambda: -x),
        "v * 2.0": (lambda: v * 2.0, lambda: x * 2.0),
        "inner(v, w)": (lambda: vv.inner(v, w), lambda: x @ y),
        "v * w": (lambda: v * w, lambda: x * y),
        "v ** 2": (lambda: v**2, lambda: x**2),
        "abs(v)": (lambda: abs(v), lambda: np.abs(x)),
        "sign(v)": (lambda: vv.sign(v), lambda: np.sign(x)),
        "clip(v, -1, 1)": (lambda: vv.clip(v, -1.0, 1.0), lambda: np.clip(x, -1.0, 1.0)),
        "where(mask, v, w)": (lambda: vv.where(mask, v, w), lambda: np.where(at, x, y)),
        "maximum(v, w)": (lambda: vv.maximum(v, w), lambda: np.maximum(x, y)),
        "v > w": (lambda: v > w, lambda: (x > y).astype(float)),
        "map_leaves(tanh, v)": (lambda: vv.map_leaves(np.tanh, v), lambda: np.tanh(x)),
        "sum_leaves(v)": (lambda: vv.sum_leaves(v), lambda: np.sum(x)),
        "mean_leaves(v)": (lambda: vv.mean_leaves(v), lambda: np.mean(x)),
        "max_leaves(v)": (lambda: vv.max_leaves(v), lambda: np.max(x)),
        "sum_leaves(v, 1)": (
            lambda: vv.sum_leaves(v, 1),
            lambda: np.add.reduceat(x, np.arange(0, n, 100)),
        ),
    }
    for name, (ours, numpys) in pairs.items():
        mine, theirs = in_turns(ours, numpys, 400 if n < 10**5 else 25)
        yield name, f"{n:,}", f"{1e6 * mine:.2f}", f"{1e6 * theirs:.2f}", f"{mine / theirs:.2f}"


# -------------------- meeting --------------------

OWN = {
    "every second leaf, of one side": lambda i, side: side and i % 2,
    "every second leaf, of both": lambda i, side: i % 2,
    "one leaf of a hundred, of both": lambda i, side: i % 100 == 7,
}


def meetings(repeats: int = 101) -> Iterator[Row]:
    """The first sum of two trees of 1,500 leaves, whose supports have not met."""

    def one(run: int, side: int, is_own: Callable[[int, int], Any]) -> VValue:
        leaves: dict[str, dict[str, float]] = {}
        for i in range(1500):
            key = f"own-{side}-{i % 100}" if is_own(i, side) else f"x{i % 100}"
            leaves.setdefault(f"run-{run}-{i // 100}", {})[key] = 1.0
        return VValue(leaves)

    for k, (name, is_own) in enumerate(OWN.items()):
        times = []
        for run in range(repeats):
            v, w = (one(repeats * k + run, side, is_own) for side in (0, 1))
            start = time.process_time()
            total = v + w
            times.append(time.process_time() - start)
        yield name, f"{len(total):,}", f"{1e3 * statistics.median(times):.2f}"


# -------------------- selection --------------------


def selection() -> Iterator[Row]:
    """A pattern for the first time, and again."""
    v = tree(1500)
    for pattern in ("node-1*/**/x?", "**/x5", "node-3"):
        start = time.perf_counter()
        vv.select(v, pattern)
        first = time.perf_counter() - start
        again, _ = in_turns(lambda pattern=pattern: vv.select(v, pattern), lambda: None, 400)
        n = len(vv.select(v, pattern))
        yield f"`{pattern}`", n, f"{1e6 * first:.0f}", f"{1e6 * again:.2f}"


# -------------------- Jacobians --------------------


def jacobians() -> Iterator[Row]:
    """1,500 leaves by 1,500 outputs, beside autograd's on flat arrays."""
    v = tree(1500)
    w = v * 0.3 + vv.full(v.support)
    x, y = np.array(v.buffer), np.array(w.buffer)
    pairs: dict[str, tuple[Callable, Callable]] = {
        "v * w + v ** 2 / 2": (lambda v: v * w + v**2 * 0.5, lambda x: x * y + x**2 * 0.5),
        "tanh of v * w": (lambda v: vv.map_leaves(anp.tanh, v * w), lambda x: anp.tanh(x * y)),
        "v * <v, w>": (lambda v: v * vv.inner(v, w), lambda x: x * anp.dot(x, y)),
    }
    for name, (ours, flat) in pairs.items():
        of_tree, of_array = vv.jacobian(ours), autograd.jacobian(flat)
        assert np.allclose(of_tree(v).dense(), of_array(x))
        mine, theirs = in_turns(lambda f=of_tree: f(v), lambda f=of_array: f(x), 7)
        yield name, f"{1e3 * mine:.0f}", f"{1e3 * theirs:.0f}", f"{mine / theirs:.2f}"


def sparse() -> Iterator[Row]:
    """Sweeps of sparse Jacobians, and their time beside the dense one."""
    n = 1500
    v = tree(n)
    support = v.support

    def band(v: Any) -> Any:
        x = vv.ravel(v)
        right, left = anp.concatenate([x[1:], [0.0]]), anp.concatenate([[0.0], x[:-1]])
        return vv.unravel(x**2 + right * left, support)

    def blocks(v: Any) -> Any:
        return VValue({f"node-{i}": v[f"node-{i}"] * v[f"node-{i}", "x0"] for i in range(n // 100)})

    diagonals = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    declared = [
        ("diagonal", lambda v: v**2, diagonals == 0, 1),
        ("three diagonals", band, diagonals <= 1, 3),
        ("blocks of 100", blocks, [(f"node-{i}", f"node-{i}") for i in range(n // 100)], 100),
    ]
    for name, function, sparsity, colours in declared:
        coloured, dense = vv.jacobian(function, sparsity=sparsity), vv.jacobian(function)
        found = coloured(v)
        assert np.allclose(found.dense(), dense(v).dense())
        mine, theirs = in_turns(lambda f=coloured: f(v), lambda f=dense: f(v), 3)
        yield name, colours, found.sweeps, f"{1e3 * mine:.0f}", f"{1e3 * theirs:.0f}"


# -------------------- differential equations --------------------

RATES = VValue({"birth": 1.1, "meet": 0.6, "age": 0.5, "death": 0.4})
START = VValue({"prey": 1.2, "predator": {"young": 0.5, "old": 0.3}})


def slope(t: float, state: Any, rates: Any) -> Any:
    """Prey, and predators of two ages."""
    prey, young, old = state["prey"], state["predator", "young"], state["predator", "old"]
    eaten, grown = rates["meet"] * prey * old, rates["age"] * young
    predator = {"young": eaten - grown, "old": grown - rates["death"] * old}
    return VValue({"prey": prey * rates["birth"] - eaten, "predator": predator})


def by_matrix(t: float, state: Any, rates: Any) -> Any:
    """The same with an array as state: a matrix of what passes by itself, and what is eaten."""
    x, (birth, meet, age, death) = state["x"], rates["x"]
    zero = 0.0 * birth
    alone = anp.array([[birth, zero, zero], [zero, -age, zero], [zero, age, -death]])
    eaten = meet * x[0] * x[2]
    return VValue({"x": alone @ x + anp.stack([-eaten, eaten, 0.0 * eaten])})


@dataclass(frozen=True)
class Fit:
    """Rates of a differential equation, told from its solution."""

    slope: Callable[..., Any]
    start: VValue
    rates: VValue

    @cached_property
    def data(self) -> VValue:
        """What the solution is compared with."""
        return solve_ivp(self.slope, self.start, TIMES, self.rates).states * 1.1

    def loss(self, rates: Any, **options: Any) -> Any:
        """How far the solution is from the data."""
        return vv.squared_norm(
            solve_ivp(self.slope, self.start, TIMES, rates, **options).states - self.data
        )

    def differences(self) -> VValue:
        """Its gradient by differences of fourth order of an exacter solution."""
        exact = {"rtol": 1e-12, "atol": 1e-14, "method": "DOP853"}
        rates = self.rates

        def along(unit: VValue) -> float:
            near, far = (
                self.loss(rates + k * unit, **exact) - self.loss(rates - k * unit, **exact)
                for k in (1, 2)
            )
            return (8 * near - far) / 12e-4

        units = (vv.from_buffer(rates.support, 1e-4 * row) for row in np.eye(rates.size))
        return vv.from_buffer(rates.support, np.array([along(unit) for unit in units]))


TIMES = np.linspace(0.0, 20.0, 41)
BY_LEAVES = Fit(slope, START, RATES)
BY_MATRIX = Fit(
    by_matrix,
    VValue({"x": np.array([1.2, 0.5, 0.3])}),
    VValue({"x": np.array([1.1, 0.6, 0.5, 0.4])}),
)


def fits() -> Iterator[Row]:
    """Value and gradient of a fit through `solve_ivp`, in solves; its error by differences."""
    ways: list[tuple[str, int, Fit, dict[str, Any]]] = [
        ("discrete, all stages at once", 7, BY_LEAVES, {}),
        ("discrete, DOP853", 7, BY_LEAVES, {"method": "DOP853"}),
        ("discrete, an array leaf: `matrix @ x`, `x[0]`", 7, BY_MATRIX, {}),
        ("discrete, stage by stage", 1, BY_LEAVES, {"batched": False}),
        ("continuous adjoint", 1, BY_LEAVES, {"gradient": "continuous"}),
        ("forward sensitivities", 1, BY_LEAVES, {"gradient": "forward"}),
    ]
    expected = {id(fit): fit.differences() for fit in (BY_LEAVES, BY_MATRIX)}
    for name, repeats, fit, options in ways:
        loss = partial(fit.loss, rtol=1e-8, atol=1e-10, **options)
        gradient, found = vv.gradient(loss), []
        solve, both = in_turns(
            partial(loss, fit.rates),
            lambda fit=fit, f=gradient, to=found: to.append(f(fit.rates)),
            repeats,
        )
        wanted = expected[id(fit)]
        worst = vv.max_norm(found[-1] - wanted) / vv.max_norm(wanted)
        yield name, f"{1e3 * solve:.0f}", f"{1e3 * both:.0f}", f"{both / solve:.1f}", f"{worst:.0e}"


def imports() -> Iterator[Row]:
    """Seconds of processor time of imports in fresh processes, less those of Python itself."""
    bare = statistics.median(_import_seconds("pass"))
    for statement in ("import numpy", "import autograd.numpy", "import vvalues"):
        times = _import_seconds(statement)
        least, typical = min(times) - bare, statistics.median(times) - bare
        yield f"`{statement}`", f"{least:.3f}", f"{typical:.3f}"


def _import_seconds(statement: str) -> list[float]:
    times = []
    for _ in range(9):
        before = _of_children()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(_of_children() - before)
    return times


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, print and write the result file."""
    sections = [
        (
            "Two trees of 1,500 leaves that have not met (asked: 0.4)",
            ["leaves of their own", "leaves of the sum", "first sum, milliseconds"],
            list(meetings()),
        ),
        (
            "Elementwise operations and reductions (asked: 2.5 at 1,500 leaves, 1.2 at a million)",
            ["operation", "leaves", "microseconds", "numpy", "ratio"],
            [row for n in (1500, 10**6) for row in elementwise(n)],
        ),
        (
            "Selection in 1,500 leaves, remembered per support",
            ["pattern", "leaves selected", "first, microseconds", "again"],
            list(selection()),
        ),
        (
            "Jacobians, 1,500 by 1,500 (asked: 1.3)",
            ["function", "milliseconds", "`autograd.jacobian` of flat arrays", "ratio"],
            list(jacobians()),
        ),
        (
            "Sparse Jacobians, 1,500 by 1,500 (asked: as many sweeps as colours)",
            ["pattern", "colours", "sweeps", "milliseconds", "dense"],
            list(sparse()),
        ),
        (
            "A fit through `solve_ivp` (asked: 5 solves, 1e-6)",
            ["gradient", "solve, ms", "value and gradient, ms", "in solves", "relative error"],
            list(fits()),
        ),
        ("Imports, seconds (asked: 0.2)", ["statement", "least", "median"], list(imports())),
    ]
    parts = [
        "# Trees beside flat arrays\n\nWritten by `python -m benchmarks.trees_complete`. "
        f"{machine_line()}; what is compared was called in turns."
    ]
    parts += [f"## {title}\n\n{markdown_table(head, rows)}" for title, head, rows in sections]
    write_result("trees_complete", "\n\n".join(parts))


if __name__ == "__main__":
    main()
