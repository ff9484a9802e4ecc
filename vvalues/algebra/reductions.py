"""Sums, means and extremes, over everything or over what hangs below the nodes of a level.

A sum is over all paths there are, the absent ones add nothing. A mean, a largest and a smallest
element are over the elements that are *there*: an explicit zero counts, an absent path does not
(``restrict`` to another support first to ask about that one).

The exact gradient of a sum would be 1 at every path there is; it lives on the support of the
argument, in both modes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from autograd.extend import defjvp, defvjp

from ..core.kernels import align
from ..core.pointwise import full, multiply
from ..core.structure import restrict
from ..core.support import Support
from ..core.tracing import primitive, require_trees, support_of, unboxed
from ..core.tree import VValue, unchecked
from .collecting import Plan, collect, distribute, group_plan

__all__ = ["max_leaves", "mean_leaves", "min_leaves", "sum_leaves"]


# -------------------- sums --------------------


@primitive
def _total(tree: VValue, /) -> float:
    require_trees(tree=tree)
    return float(np.add.reduce(tree.buffer))


defvjp(_total, lambda ans, tree: lambda g: full(support_of(tree), g))
defjvp(_total, lambda g, ans, tree: _total(restrict(g, support_of(tree))))


def sum_leaves(tree: VValue, /, level: int | None = None) -> Any:
    """Sum of all elements, or of what hangs below each node of a level.

    Parameters
    ----------
    tree : VValue
    level : int, optional
        Number of keys of the nodes: 0 is the root, 1 its children. From the end if negative: -1
        sums over the last key. Leaves that are not so deep count for themselves.

    Returns
    -------
    float, or a VValue with a scalar at every such node

    Examples
    --------
    >>> v = VValue({"n1": {"in": 2, "out": -1}, "n2": 0.5})
    >>> sum_leaves(v), sum_leaves(v, level=1)
    (1.5, VValue({'n1': 1.0, 'n2': 0.5}))
    """
    if level is None:
        return float(np.add.reduce(tree.buffer)) if type(tree) is VValue else _total(tree)
    return collect(tree, group_plan(support_of(tree, "tree"), level))


def mean_leaves(tree: VValue, /, level: int | None = None) -> Any:
    """Mean of the elements that are there; as `sum_leaves`.

    Raises
    ------
    ValueError
        If there is no element at all.

    Examples
    --------
    >>> v = VValue({"n1": {"in": 2, "out": -1}, "n2": 0.5})
    >>> mean_leaves(v), mean_leaves(v, level=1)
    (0.5, VValue({'n1': 0.5, 'n2': 0.5}))
    """
    support = _not_empty(tree, "mean_leaves")
    if level is None:
        return sum_leaves(tree) * (1.0 / support.size)
    plan = group_plan(support, level)
    counts = np.bincount(plan.positions, minlength=plan.target.size)
    with np.errstate(divide="ignore"):
        return multiply(collect(tree, plan), unchecked(plan.target, 1.0 / counts))


def _not_empty(tree: VValue, name: str) -> Support:
    support = support_of(tree, "tree")
    if not support.size:
        raise ValueError(f"{name} of a V-value without elements; restrict it to a support first")
    return support


# -------------------- extremes --------------------


def max_leaves(tree: VValue, /, level: int | None = None) -> Any:
    """The largest of the elements that are there; as `sum_leaves`.

    Raises
    ------
    ValueError
        If there is no element at all.

    Notes
    -----
    Among ties the derivative is shared equally.

    Examples
    --------
    >>> v = VValue({"n1": {"in": 2, "out": -1}, "n2": -0.5})
    >>> max_leaves(v), max_leaves(v, level=1), max_leaves(v.at("n1").remove())
    (2.0, VValue({'n1': 2.0, 'n2': -0.5}), -0.5)
    """
    return _extreme(np.maximum, tree, level, "max_leaves")


def min_leaves(tree: VValue, /, level: int | None = None) -> Any:
    """The smallest of the elements that are there; as `max_leaves`.

    Examples
    --------
    >>> v = VValue({"n1": {"in": 2, "out": -1}, "n2": -0.5})
    >>> min_leaves(v), min_leaves(v, level=1)
    (-1.0, VValue({'n1': -1.0, 'n2': -0.5}))
    """
    return _extreme(np.minimum, tree, level, "min_leaves")


def _extreme(choose: np.ufunc, tree: VValue, level: int | None, name: str) -> Any:
    support = _not_empty(tree, name)
    if level is not None:
        return _tops(tree, group_plan(support, level), choose)
    if type(tree) is VValue:
        return float(choose.reduce(tree.buffer))
    return _tops(tree, group_plan(support, 0), choose)[()]


@primitive
def _tops(tree: VValue, plan: Plan, choose: np.ufunc, /) -> VValue:
    buffer = align(tree, plan.source)
    if plan.starts is not None:
        return unchecked(plan.target, choose.reduceat(buffer, plan.starts))
    out = np.full(plan.target.size, -np.inf if choose is np.maximum else np.inf)
    choose.at(out, plan.positions, buffer)
    return unchecked(plan.target, out)


def _winners(tree: VValue, plan: Plan, tops: VValue) -> VValue:
    """Equal shares for the elements that are the largest; piecewise constant, so not traced."""
    plain = unboxed(tree)
    is_largest = plain.buffer == unboxed(tops).buffer[plan.positions]
    counts = np.bincount(plan.positions, weights=is_largest, minlength=plan.target.size)
    return unchecked(plain.support, is_largest / np.maximum(counts, 1.0)[plan.positions])


defvjp(
    _tops,
    lambda ans, tree, plan, choose: (
        lambda g: multiply(distribute(g, plan), _winners(tree, plan, ans))
    ),
    argnums=(0,),
)
defjvp(
    _tops,
    lambda g, ans, tree, plan, choose: collect(multiply(g, _winners(tree, plan, ans)), plan),
    argnums=(0,),
)
