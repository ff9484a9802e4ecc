"""Comparisons, and what chooses between trees: minimum, maximum, where, clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from numbers import Real
from typing import Any

import numpy as np
from autograd.tracer import getval

from ..core.kernels import align
from ..core.pointwise import compare, needs_support, piecewise_linear, united
from ..core.support import Support
from ..core.tracing import is_tree, unboxed
from ..core.tree import VValue, unchecked

__all__ = [
    "clip",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "maximum",
    "minimum",
    "not_equal",
    "where",
]

_NUMBERS = (int, float)
Operand = Any  # a V-value, or a real number: that number at every path


# -------------------- masks --------------------


def greater(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where ``left > right``: a mask of ones and zeros; the operator ``>`` calls it.

    Parameters
    ----------
    left, right : VValue or real number, at least one V-value
    support : Support, optional
        Where it is asked, the union of the supports unless given.

    Returns
    -------
    VValue of ones and zeros; it carries no derivative

    Raises
    ------
    ValueError
        If it holds where everything is absent and there is no support.

    Notes
    -----
    Of two masks the product is "and", `maximum` is "or". ``if v > w:`` asks only whether the mask
    has leaves; for an order of trees see `is_nonnegative`.

    Examples
    --------
    >>> greater(VValue({"a": 2, "b": -1}), VValue({"a": 1, "c": -3}))
    VValue({'a': 1.0, 'b': 0.0, 'c': 1.0})
    """
    return compare(np.greater, left, right, support)


def less(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where ``left < right``; as `greater`.

    Examples
    --------
    >>> VValue({"a": 2, "b": -1}) < 0
    VValue({'a': 0.0, 'b': 1.0})
    """
    return compare(np.less, left, right, support)


def not_equal(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where two trees differ; as `greater`. (``left != right`` compares them as vectors.)

    Examples
    --------
    >>> not_equal(VValue({"a": 2, "b": 1}), VValue({"a": 2}))
    VValue({'a': 0.0, 'b': 1.0})
    """
    return compare(np.not_equal, left, right, support)


def equal(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where two trees agree, on a support that must be given; as `greater`.

    Examples
    --------
    >>> v = VValue({"a": 2, "b": 1})
    >>> equal(v, 1, v.support)
    VValue({'a': 0.0, 'b': 1.0})
    """
    return compare(np.equal, left, right, support)


def greater_equal(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where ``left >= right``; as `greater`, and between trees it needs a support.

    Examples
    --------
    >>> VValue({"a": 2, "b": -1}) >= 1
    VValue({'a': 1.0, 'b': 0.0})
    """
    return compare(np.greater_equal, left, right, support)


def less_equal(left: Operand, right: Operand, /, support: Support | None = None) -> VValue:
    """Where ``left <= right``; as `greater`, and between trees it needs a support.

    Examples
    --------
    >>> VValue({"a": 2, "b": -1}) <= -1
    VValue({'a': 0.0, 'b': 1.0})
    """
    return compare(np.less_equal, left, right, support)


# -------------------- choices --------------------


def maximum(*operands: Operand, support: Support | None = None) -> VValue:
    """The largest of several trees, element by element; an absent element is zero.

    Parameters
    ----------
    *operands : VValue or real number, at least one V-value
    support : Support, optional
        Where it is meant, the union of the supports unless given.

    Returns
    -------
    VValue on the support

    Raises
    ------
    ValueError
        If a number among them makes the result other than zero where all trees are absent, and
        there is no support.

    Notes
    -----
    Among ties the derivative is shared equally.

    Examples
    --------
    >>> maximum(VValue({"a": 2, "b": -1}), VValue({"a": 3, "c": -4}))
    VValue({'a': 3.0, 'b': 0.0, 'c': 0.0})
    >>> maximum(VValue({"a": 2, "b": -1}), 0)
    VValue({'a': 2.0, 'b': 0.0})
    """
    return _extreme(np.maximum, operands, support)


def minimum(*operands: Operand, support: Support | None = None) -> VValue:
    """The smallest of several trees, element by element; as `maximum`.

    Examples
    --------
    >>> minimum(VValue({"a": 2, "b": -1}), VValue({"a": 3, "c": -4}))
    VValue({'a': 2.0, 'b': -1.0, 'c': -4.0})
    """
    return _extreme(np.minimum, operands, support)


def _extreme(choose: np.ufunc, operands: tuple[Operand, ...], support: Support | None) -> VValue:
    if support is None and len(operands) == 2:  # the usual case, without the ceremony
        left, right = operands
        if type(left) is VValue and type(right) is VValue and left.support is right.support:
            return unchecked(left.support, choose(left.buffer, right.buffer))

    def value(*arrays: np.ndarray) -> np.ndarray:
        return reduce(choose, arrays)

    def slopes(out: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
        chosen = [np.equal(array, out) for array in arrays]
        share = 1.0 / np.maximum(sum(one.astype(float) for one in chosen), 1.0)
        return [one * share for one in chosen]

    return _pointwise(choose.__name__, value, slopes, operands, support)


def where(
    mask: Operand, chosen: Operand, other: Operand, /, support: Support | None = None
) -> VValue:
    """One tree where a mask is not zero, another one elsewhere.

    Parameters
    ----------
    mask : VValue, for one that a comparison has given
    chosen, other : VValue or real number
    support : Support, optional
        Where it is meant, the union of the supports of ``chosen`` and ``other`` unless given.

    Returns
    -------
    VValue on the support; linear in ``chosen`` and ``other``, no derivative by the mask

    Raises
    ------
    ValueError
        If ``other`` is a number other than 0, or neither is a tree, and there is no support.

    Examples
    --------
    >>> v, w = VValue({"a": 1, "b": -2}), VValue({"b": 5, "c": 7})
    >>> where(v > 0, v, w)
    VValue({'a': 1.0, 'b': 5.0, 'c': 7.0})
    """
    if support is None and type(mask) is type(chosen) is type(other) is VValue:
        # The usual case, without the ceremony.
        common = mask.support
        if common is chosen.support and common is other.support:
            return unchecked(common, np.where(mask.buffer, chosen.buffer, other.buffer))
    plain = unboxed(mask, "mask")
    if support is None:
        if not is_tree(other) and other != 0:
            raise needs_support("where", other, "where(mask, v, number, support=v.support)")
        parts = [x for x in (chosen, other) if is_tree(x)]
        support = united(*parts) if is_tree(chosen) else united(plain, *parts)

    def value(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(at, x, y)

    def slopes(_: np.ndarray, at: np.ndarray, *__: np.ndarray) -> list[np.ndarray]:
        is_chosen = at != 0.0
        return [np.zeros(at.shape), is_chosen + 0.0, ~is_chosen + 0.0]

    return _pointwise("where", value, slopes, (plain, chosen, other), support)


def clip(tree: VValue, low: Operand, high: Operand, /, support: Support | None = None) -> VValue:
    """Every element moved into ``[low, high]``.

    Parameters
    ----------
    tree : VValue
    low, high : real number or VValue; an absent bound is 0
    support : Support, optional
        Where it is meant, the union of the supports unless given.

    Returns
    -------
    VValue on the support

    Raises
    ------
    ValueError
        If 0 is not between two numbers and there is no support, or a lower bound is above the
        upper one.

    Notes
    -----
    The derivative by the tree is 1 between the bounds and on them, 0 outside, where the derivative
    by the bound is 1.

    Examples
    --------
    >>> clip(VValue({"a": 5, "b": -0.5}), -1, 1)
    VValue({'a': 1.0, 'b': -0.5})
    """

    is_usual = type(tree) is VValue and support is None
    if is_usual and type(low) in _NUMBERS and type(high) in _NUMBERS and low <= 0 <= high:
        return unchecked(tree.support, tree.buffer.clip(low, high))

    def value(x: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
        if np.any(least > most):
            raise ValueError(
                f"clip to [{low!r:.40}, {high!r:.40}]: a lower bound is above the upper"
            )
        return np.clip(x, least, most)

    def slopes(
        _: np.ndarray, x: np.ndarray, least: np.ndarray, most: np.ndarray
    ) -> list[np.ndarray]:
        below, above = x < least, x > most
        return [~(below | above) + 0.0, below + 0.0, above + 0.0]

    return _pointwise("clip", value, slopes, (tree, low, high), support)


# -------------------- all of them --------------------


def _pointwise(
    name: str,
    value: Callable[..., np.ndarray],
    slopes: Callable[..., Sequence[np.ndarray]],
    operands: tuple[Operand, ...],
    support: Support | None,
) -> VValue:
    """A function of elements that is linear by pieces.

    Parameters
    ----------
    name : str, for messages
    value : arrays (or numbers) -> array
    slopes : the result and the same arrays -> the derivative by each of them
    operands : V-values and numbers
    support : where it is meant; the union of the supports if the function maps zeros to 0
    """
    plain: list[Any] = []
    for x in operands:
        if is_tree(x):
            plain.append(getval(x))
        elif isinstance(x, Real):
            plain.append(float(x))
        else:
            raise TypeError(
                f"{name} got {type(x).__name__} {x!r:.40}; expected a VValue or a real number (one "
                "that is being differentiated: full(v.support, number))"
            )
    trees = [x for x in plain if type(x) is VValue]
    if support is None:
        support = _where_it_is_zero(name, value, plain, trees)
    arrays = [align(x, support) if type(x) is VValue else x for x in plain]
    out = value(*arrays)

    def by_tree() -> tuple[VValue, ...]:
        every = zip(plain, slopes(out, *arrays), strict=True)
        return tuple(unchecked(support, slope) for x, slope in every if type(x) is VValue)

    of = (x for x in operands if is_tree(x))
    return piecewise_linear(unchecked(support, out), by_tree, *of)


def _where_it_is_zero(
    name: str, value: Callable, plain: list[VValue | float], trees: list[VValue]
) -> Support:
    """The union of the supports, if the function is zero elsewhere."""
    if not trees:
        raise TypeError(f"{name} got no V-value; of numbers: numpy.{name}")
    if len(trees) < len(plain):
        at_zero = float(value(*(0.0 if type(x) is VValue else x for x in plain)))
        if at_zero != 0.0:
            raise needs_support(name, at_zero, f"{name}(..., support=v.support)")
    return united(*trees)
