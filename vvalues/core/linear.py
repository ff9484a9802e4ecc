"""The vector space: sums, multiples, inner product and norms, each with its vjp and jvp.

All derivatives here are exact on the whole space of V-values: the gradient of ``inner(a, b)`` with
respect to ``a`` is ``b``, whatever ``a``'s support.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from autograd.extend import defjvp, defvjp
from autograd.tracer import getval

from . import kernels
from .tracing import define_linear, primitive, require_trees, unboxed
from .tree import VValue, from_buffer

__all__ = [
    "add",
    "inner",
    "is_nonnegative",
    "l1_norm",
    "l2_norm",
    "max_norm",
    "negative",
    "scale",
    "sign",
    "squared_norm",
    "subtract",
]


def _same(g: Any, *_: Any) -> Any:
    return g


# A primitive looks at every argument for something that is being differentiated, which takes as
# long as the sum of a thousand leaves. So what is called most asks the types first.


@primitive
def _add(left: VValue, right: VValue, /) -> VValue:
    require_trees(left=left, right=right)
    return kernels.add(left, right)


defvjp(_add, lambda ans, left, right: _same, lambda ans, left, right: _same)
defjvp(_add, _same, _same)


def add(left: VValue, right: VValue, /) -> VValue:
    """Sum of two V-values; ``left + right`` calls it.

    Parameters
    ----------
    left, right : VValue, any supports

    Returns
    -------
    VValue on the union of the supports. A sum that is zero stays as an explicit zero.

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Notes
    -----
    One numpy addition where the supports are the same, otherwise a scatter by a cached plan.

    References
    ----------
    arXiv:1712.07447, section 3; ``rec-map-sum`` of the Clojure core.

    Examples
    --------
    >>> add(VValue({"a": 1}), VValue({"a": 2, "b": {"c": 3}}))
    VValue({'a': 3.0, 'b': {'c': 3.0}})
    """
    if type(left) is VValue and type(right) is VValue:
        return kernels.add(left, right)
    return _add(left, right)


@primitive
def _subtract(left: VValue, right: VValue, /) -> VValue:
    require_trees(left=left, right=right)
    return kernels.add(left, right, -1.0)


defvjp(_subtract, lambda ans, left, right: _same, lambda ans, left, right: lambda g: negative(g))
defjvp(_subtract, _same, lambda g, *_: negative(g))


def subtract(left: VValue, right: VValue, /) -> VValue:
    """Difference of two V-values; ``left - right`` calls it.

    Parameters, errors and cost are those of `add`.

    Examples
    --------
    >>> subtract(VValue({"a": 1}), VValue({"b": 2}))
    VValue({'a': 1.0, 'b': -2.0})
    """
    if type(left) is VValue and type(right) is VValue:
        return kernels.add(left, right, -1.0)
    return _subtract(left, right)


@primitive
def _negative(tree: VValue, /) -> VValue:
    require_trees(tree=tree)
    return kernels.negative(tree)


define_linear(_negative, _negative)


def negative(tree: VValue, /) -> VValue:
    """The V-value times -1; ``-tree`` calls it.

    Examples
    --------
    >>> negative(VValue({"a": 1}))
    VValue({'a': -1.0})
    """
    return kernels.negative(tree) if type(tree) is VValue else _negative(tree)


@primitive
def _scale(tree: VValue, factor: float, /) -> VValue:
    require_trees(tree=tree)
    return kernels.scale(tree, factor if type(factor) is float else _as_number(factor))


defvjp(
    _scale,
    lambda ans, tree, factor: lambda g: scale(g, factor),
    lambda ans, tree, factor: lambda g: inner(g, tree),
)
defjvp(_scale, "same", "same")


def scale(tree: VValue, factor: float, /) -> VValue:
    """A V-value times a real number; ``tree * factor`` calls it.

    Parameters
    ----------
    tree : VValue
    factor : real number
        Both arguments may be differentiated. With a number that is being differentiated, write
        ``tree * factor``: the number's own ``factor * tree`` is refused by numpy, loudly.

    Returns
    -------
    VValue on the same support (an explicit zero stays, also for factor 0).

    Raises
    ------
    TypeError
        If the factor is not a real number.

    Examples
    --------
    >>> scale(VValue({"a": 1, "b": -2}), 3)
    VValue({'a': 3.0, 'b': -6.0})
    """
    if type(tree) is VValue and type(factor) is float:
        return kernels.scale(tree, factor)
    return _scale(tree, factor)


def _as_number(factor: Any) -> float:
    if isinstance(factor, Real) or (isinstance(factor, np.ndarray) and factor.ndim == 0):
        return float(factor)
    raise TypeError(
        f"argument factor is {type(factor).__name__} {factor!r:.60}; a V-value is multiplied by "
        "one real number (leaf by leaf: map_leaves; by a mask: mask_multiply)"
    )


@primitive
def _inner(left: VValue, right: VValue, /) -> float:
    require_trees(left=left, right=right)
    return kernels.inner(left, right)


defvjp(
    _inner,
    lambda ans, left, right: lambda g: scale(right, g),
    lambda ans, left, right: lambda g: scale(left, g),
)
defjvp(_inner, "same", "same")


def inner(left: VValue, right: VValue, /) -> float:
    """Inner product: the sum of products over the common paths.

    Parameters
    ----------
    left, right : VValue, any supports

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Examples
    --------
    >>> inner(VValue({"a": 2, "b": 3}), VValue({"b": 10, "c": 1}))
    30.0
    """
    if type(left) is VValue and type(right) is VValue:
        return kernels.inner(left, right)
    return _inner(left, right)


# -------------------- norms and signs --------------------


@primitive
def sign(tree: VValue, /) -> VValue:
    """Sign of every element (0 for 0); its derivative is zero.

    Examples
    --------
    >>> sign(VValue({"a": -0.3, "b": 5}))
    VValue({'a': -1.0, 'b': 1.0})
    """
    require_trees(tree=tree)
    return from_buffer(tree.support, np.sign(tree.buffer))


defvjp(sign, None)
defjvp(sign, None)


@primitive
def l1_norm(tree: VValue, /) -> float:
    """Sum of absolute values; the derivative at a zero element is 0.

    Examples
    --------
    >>> l1_norm(VValue({"a": -1, "b": {"c": 2}}))
    3.0
    """
    require_trees(tree=tree)
    return float(np.sum(np.abs(tree.buffer)))


defvjp(l1_norm, lambda ans, tree: lambda g: scale(sign(tree), g))
defjvp(l1_norm, lambda g, ans, tree: inner(g, sign(tree)))


def squared_norm(tree: VValue, /) -> float:
    """Sum of squares.

    Examples
    --------
    >>> squared_norm(VValue({"a": 3, "b": 4}))
    25.0
    """
    return inner(tree, tree)


@primitive
def l2_norm(tree: VValue, /) -> float:
    """Euclidean norm; the derivative at the zero vector is 0.

    Notes
    -----
    Norm and derivatives are right as long as they can be represented, also where the squares of
    the elements overflow or underflow.

    Examples
    --------
    >>> l2_norm(VValue({"a": 3, "b": 4}))
    5.0
    """
    require_trees(tree=tree)
    return kernels.l2_norm(tree)


_SMALL, _LARGE = 1e-150, 1e150
"""Between these a number has a reciprocal, and so has its square (which the curvature needs)."""


def _over_norm(tree: VValue, g: float, norm: float) -> VValue:
    """``g * tree / norm``; zero for the zero vector."""
    value = getval(norm)
    if value == 0:
        return scale(tree, g * norm)
    if _SMALL < value < _LARGE or not math.isfinite(value):
        return scale(tree, g * (1.0 / norm))
    factor = 2.0**900 if value < 1.0 else 2.0**-900  # a power of two rounds nothing
    # The unit vector first: a small g over a large norm, or the other way round, may not exist.
    return scale(scale(scale(tree, factor), 1.0 / (norm * factor)), g)


defvjp(l2_norm, lambda ans, tree: lambda g: _over_norm(tree, g, ans))
defjvp(l2_norm, lambda g, ans, tree: inner(g, _over_norm(tree, 1.0, ans)))


@primitive
def _extremes(tree: VValue, /) -> VValue:
    return kernels.extremes(tree)


defvjp(_extremes, None)
defjvp(_extremes, None)


@primitive
def max_norm(tree: VValue, /) -> float:
    """Largest absolute value of an element, 0 for the empty tree.

    Notes
    -----
    Among tied elements the derivative is shared equally; at the zero vector it is 0.

    References
    ----------
    ``rec-map-max-norm`` of the Clojure core (github jsa-aerial/DMM, ``src/dmm/core.clj``).

    Examples
    --------
    >>> max_norm(VValue({"a": 1, "c": -2}))
    2.0
    """
    require_trees(tree=tree)
    return kernels.max_norm(tree)


defvjp(max_norm, lambda ans, tree: lambda g: scale(_extremes(tree), g))
defjvp(max_norm, lambda g, ans, tree: inner(g, _extremes(tree)))


def is_nonnegative(tree: VValue, /) -> bool:
    """Whether no element is negative; ``is_nonnegative(b - a)`` is the order ``a <= b``.

    The answer is a plain ``bool`` and carries no derivative.

    Examples
    --------
    >>> is_nonnegative(VValue({"a": 0, "b": 1})), is_nonnegative(VValue({"a": -1}))
    (True, False)
    """
    return bool(np.all(unboxed(tree, "tree").buffer >= 0))
