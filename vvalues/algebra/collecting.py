"""Two linear maps that everything which moves leaves is made of: collect and distribute.

A *plan* says for every element of one support which element of another one it goes to. To collect
is to add everything where it goes; to distribute is the adjoint, every element gets what is where
it went. Sums over levels, new names for paths and merged or swapped levels are such plans.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np

from ..core.kernels import align
from ..core.paths import Path, format_path
from ..core.support import Support, element_positions
from ..core.tracing import define_linear, primitive
from ..core.tree import VValue, unchecked

__all__ = ["Plan", "collect", "distribute", "group_plan", "path_plan"]


class Plan(NamedTuple):
    """Where the elements of one support go in another one.

    Attributes
    ----------
    source, target : Support
    positions : array of shape (source.size,), an element of the target for each of the source
    starts : array, or None
        Where the source comes in runs that go to one element each, and every element of the target
        has one: the beginnings of the runs, which adds up much faster.
    """

    source: Support
    target: Support
    positions: np.ndarray
    starts: np.ndarray | None = None


@primitive
def collect(tree: VValue, plan: Plan, /) -> VValue:
    """Sum of the elements that go to one place; a gradient lives on the plan's source."""
    buffer = align(tree, plan.source)
    if plan.starts is not None and plan.starts.size:
        return unchecked(plan.target, np.add.reduceat(buffer, plan.starts))
    out = np.bincount(plan.positions, weights=buffer, minlength=plan.target.size)
    return unchecked(plan.target, out.astype(np.float64, copy=False))


@primitive
def distribute(tree: VValue, plan: Plan, /) -> VValue:
    """Every element of the plan's source gets what is where it goes: the adjoint of `collect`."""
    return unchecked(plan.source, align(tree, plan.target)[plan.positions])


define_linear(collect, distribute)
define_linear(distribute, collect)


# -------------------- plans --------------------


def group_plan(support: Support, level: int) -> Plan:
    """Everything at or below a node goes to that node; nodes have ``level`` keys (or all but so
    many, if it is negative). Leaves that are not so deep stay where they are. Cached.
    """

    def build() -> Plan:
        nodes = [
            path[:level] if level >= 0 or len(path) >= -level else () for path in support.paths
        ]
        leaf_starts = [i for i, node in enumerate(nodes) if not i or node != nodes[i - 1]]
        runs = tuple(nodes[i] for i in leaf_starts)
        # Neighbours in canonical order: a node's leaves form a run, unless levels are counted from
        # the end (b, a/x, a/y/z: runs of one node may be apart).
        target = Support.of(sorted(set(runs)), is_sorted=True)
        sizes = np.diff(support.offsets)
        positions = np.repeat([target.index[node] for node in nodes], sizes).astype(np.intp)
        starts = support.offsets[leaf_starts] if runs == target.paths else None
        if starts is not None and not np.all(np.diff([*starts, support.size])):
            starts = None  # an array without elements makes an empty run, which reduceat mistakes
        return Plan(support, target, positions, starts)

    return _cached(support, ("group", level), build)


def path_plan(
    support: Support, move: Callable[[Path], Path], *, add: bool, key: Hashable | None = None
) -> Plan:
    """Every leaf goes to the path that ``move`` gives.

    Parameters
    ----------
    support : Support
    move : path -> path
    add : bool
        Whether leaves that meet at one path are added, or refused.
    key : hashable, optional
        The plan is remembered under it.

    Raises
    ------
    ValueError
        If two leaves meet and are not to be added, or have different shapes; it names the paths.
    """

    def build() -> Plan:
        moved = [move(path) for path in support.paths]
        first: dict[Path, int] = {}
        for i, path in enumerate(moved):
            j = first.setdefault(path, i)
            if j != i and not (add and support.shape(i) == support.shape(j)):
                why = "" if not add else f", of shapes {support.shape(j)} and {support.shape(i)},"
                raise ValueError(
                    f"{format_path(support.paths[j])} and {format_path(support.paths[i])}{why} "
                    f"would meet at {format_path(path)}" + ("" if add else "; add=True adds them")
                )
        target = Support.of(first, [support.shape(i) for i in first.values()])
        leaves = np.array([target.index[path] for path in moved], np.intp)
        return Plan(support, target, element_positions(support, target, leaves))

    return build() if key is None else _cached(support, ("paths", key, add), build)


def _cached(support: Support, key: Hashable, build: Callable[[], Plan]) -> Plan:
    plans: dict[Hashable, Plan] = support.__dict__.setdefault("_collecting", {})
    if key not in plans:
        plans[key] = build()
    return plans[key]
