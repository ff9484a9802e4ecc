"""Untraced numeric kernels on V-values: one numpy call where the supports agree."""

from __future__ import annotations

import math

import numpy as np

from .paths import Path
from .support import Support, leaf_shapes
from .tree import VValue, from_buffer, unchecked

__all__ = [
    "add",
    "align",
    "extremes",
    "inner",
    "l2_norm",
    "leaf_magnitudes",
    "max_norm",
    "multiply",
    "negative",
    "power",
    "put",
    "scale",
    "subtree",
]


_SQUARES_FROM, _SQUARES_TO = 1e-140, 1e150
"""Norms between these are found with squares that are neither too small nor too large."""


def add(left: VValue, right: VValue, sign: float = 1.0) -> VValue:
    """``left + sign * right`` on the union of the supports; ``sign`` is +1 or -1."""
    combine = np.add if sign > 0 else np.subtract
    if left.support is right.support:
        return unchecked(left.support, combine(left.buffer, right.buffer))
    support, at_left, at_right = left.support.union(right.support)
    if at_left is None:
        out = np.array(left.buffer)
    else:
        out = np.zeros(support.size)
        out[at_left] = left.buffer
    if at_right is None:
        combine(out, right.buffer, out=out)
    else:  # in one pass; `out[at_right] += …` makes three
        combine.at(out, at_right, right.buffer)
    return unchecked(support, out)


def scale(tree: VValue, factor: float) -> VValue:
    """``factor * tree``."""
    return unchecked(tree.support, tree.buffer * float(factor))


def negative(tree: VValue) -> VValue:
    """``-tree``."""
    return unchecked(tree.support, -tree.buffer)


def align(tree: VValue, support: Support) -> np.ndarray:
    """Buffer of the tree's projection on a support: zeros where the tree has nothing.

    Examples
    --------
    >>> support = VValue({"a": 1, "b": 2}).support
    >>> align(VValue({"b": 5, "c": 6}), support)
    array([0., 5.])
    """
    if tree.support is support:
        return tree.buffer
    theirs, mine = support.elements(tree.support)
    out = np.zeros(support.size)
    out[theirs] = tree.buffer[mine]
    return out


def inner(left: VValue, right: VValue) -> float:
    """Sum of products over the common paths."""
    if left.support is right.support:
        return float(left.buffer @ right.buffer)
    if left.size > right.size:
        left, right = right, left
    return float(left.buffer @ align(right, left.support))


def multiply(left: VValue, right: VValue) -> VValue:
    """Product element by element, on the intersection of the supports."""
    support = left.support
    if support is right.support:
        return unchecked(support, left.buffer * right.buffer)
    common, at_left, at_right = _intersection(support, right.support)
    return unchecked(common, left.buffer[at_left] * right.buffer[at_right])


def _intersection(left: Support, right: Support) -> tuple[Support, np.ndarray, np.ndarray]:
    """The paths that two supports share, and where their elements are on either side; cached."""
    at_left, at_right = left.elements(right)
    plans = left.plans.setdefault(right, {})
    if "intersection" not in plans:
        common = left.where(np.array([path in right.index for path in left.paths], bool))
        # None stands for `right`, which a plan remembered under it must not keep alive.
        plans["intersection"] = None if common is right else common
    common = plans["intersection"]
    return right if common is None else common, at_left, at_right


_MOST_FACTORS = 8


def power(array: np.ndarray, exponent: float) -> np.ndarray:
    """``array ** exponent``; small whole exponents by products, tens of times faster."""
    if not 2 < exponent <= _MOST_FACTORS or exponent != int(exponent):
        return array**exponent
    out = array * array
    for _ in range(int(exponent) - 2):
        out *= array
    return out


def max_norm(tree: VValue) -> float:
    """Largest absolute value of an element; 0 for the empty tree."""
    return float(np.max(np.abs(tree.buffer), initial=0.0))


def l2_norm(tree: VValue) -> float:
    """Root of the sum of squares; right where the squares themselves overflow or underflow."""
    norm = _norm(tree.buffer)
    if _SQUARES_FROM < norm < _SQUARES_TO or math.isnan(norm):
        return norm
    largest = max_norm(tree)
    if not 0.0 < largest < math.inf:
        return largest
    exponent = math.frexp(largest)[1]  # by a power of two the division rounds nothing
    shrunk = _norm(np.ldexp(tree.buffer, -exponent))
    try:
        return math.ldexp(shrunk, exponent)
    except OverflowError:
        return math.inf


def _norm(x: np.ndarray) -> float:
    return math.sqrt(np.vdot(x, x))  # vdot does not warn of an overflow


def leaf_magnitudes(tree: VValue) -> np.ndarray:
    """Largest absolute element of every leaf (0 for an array without elements)."""
    support = tree.support
    magnitude = np.abs(tree.buffer)
    if support.shapes is None:
        return magnitude
    out = np.zeros(len(support))
    np.maximum.at(out, np.repeat(np.arange(len(support)), np.diff(support.offsets)), magnitude)
    return out


def extremes(tree: VValue) -> VValue:
    """Subgradient of `max_norm`: signs of the largest elements, shared equally among ties.

    Where the norm is NaN, the elements that make it so have a NaN.
    """
    magnitude = np.abs(tree.buffer)
    norm = np.max(magnitude, initial=0.0)
    largest = np.isnan(magnitude) if np.isnan(norm) else magnitude == norm
    count = max(int(np.count_nonzero(largest)), 1)
    return from_buffer(tree.support, np.where(largest, np.sign(tree.buffer), 0.0) / count)


def subtree(tree: VValue, path: Path) -> VValue:
    """The subtree at a path, with paths relative to it."""
    support, span = tree.support.subtree(path)
    return from_buffer(support, tree.buffer[span])


def put(tree: VValue, path: Path, part: VValue, only_own: bool = False) -> VValue:
    """The tree with the subtree at ``path`` (or only its own scalar) replaced by ``part``."""
    whole = tree.support
    first, last = whole.leaf_range(path)
    if only_own:
        last = first + (first < last and whole.paths[first] == path)
    below = part.support.below(path)
    is_same = whole.paths[first:last] == below.paths and all(
        whole.shape(first + i) == below.shape(i) for i in range(len(below))
    )
    support = whole if is_same else _spliced(whole, first, last, below)
    span = whole.span(first, last)
    pieces = (tree.buffer[: span.start], part.buffer, tree.buffer[span.stop :])
    return from_buffer(support, np.concatenate(pieces))


def _spliced(whole: Support, first: int, last: int, part: Support) -> Support:
    paths = whole.paths[:first] + part.paths + whole.paths[last:]
    shapes = None
    if whole.shapes is not None or part.shapes is not None:
        every = leaf_shapes(whole)
        shapes = every[:first] + leaf_shapes(part) + every[last:]
    return Support.of(paths, shapes, is_sorted=True)
