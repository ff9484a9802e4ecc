"""Elementwise products, powers, quotients, magnitudes and comparisons: what operators call.

Absent is zero, so a function f of elements is a function of trees when f(0, ..., 0) = 0: its result
has nothing where no argument has anything. A product lives on the intersection of the supports,
everything else on their union. Any other function needs to be told where it is meant
(``support=``), and says so.

The product is bilinear on the whole space, as `inner` is: the gradient of ``v * w`` with respect to
``v`` is ``g * w``, also where ``v`` has nothing. The gradients of the others live where they look:
on the support of the result.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from autograd.extend import defjvp, defjvp_argnum, defvjp, defvjp_argnum

from . import kernels
from .linear import negative, scale
from .structure import restrict
from .support import Support
from .tracing import is_traced, is_tree, primitive, require_trees, support_of, unboxed
from .tree import VValue, from_buffer, unchecked

__all__ = [
    "absolute",
    "compare",
    "divide",
    "full",
    "multiply",
    "needs_support",
    "piecewise_linear",
    "power",
    "shifted",
    "united",
]


# -------------------- where a function is meant --------------------


def united(*trees: VValue) -> Support:
    """Union of the supports of V-values, boxed or not."""
    support = support_of(trees[0])
    for tree in trees[1:]:
        other = support_of(tree)
        if other is not support:
            support = support.union(other).support
    return support


def needs_support(what: str, at_zero: Any, remedy: str) -> ValueError:
    """The error for a function that is not zero where everything is absent."""
    return ValueError(
        f"{what} is {at_zero} where every argument is zero, and an absent path is zero: the "
        f"result would be {at_zero} at all paths there are. Say where it is meant: {remedy}"
    )


def full(support: Support, value: float = 1.0, /) -> VValue:
    """One number at every element of a support.

    Parameters
    ----------
    support : Support
    value : real number; may be differentiated

    Returns
    -------
    VValue with this support

    Examples
    --------
    >>> v = VValue({"a": 1, "b": {"c": 2}})
    >>> v + full(v.support, 10)
    VValue({'a': 11.0, 'b': {'c': 12.0}})
    """
    return scale(from_buffer(support, np.ones(support.size)), value)


def shifted(tree: VValue, number: Any, sign: float = 1.0) -> Any:
    """``tree + sign * number``, which is a V-value for the number 0 only."""
    if is_traced(number) or not isinstance(number, (Real, np.ndarray)):
        return NotImplemented
    if np.any(np.asarray(number)):
        raise TypeError(
            f"unsupported operand: {number!r:.40} would be added at every absent path, too; where "
            "it is meant: v + full(v.support, number)"
        )
    return tree if sign > 0 else negative(tree)


# -------------------- products --------------------


@primitive
def _multiply(left: VValue, right: VValue, /) -> VValue:
    require_trees(left=left, right=right)
    return kernels.multiply(left, right)


defvjp(
    _multiply,
    lambda ans, left, right: lambda g: multiply(g, right),
    lambda ans, left, right: lambda g: multiply(left, g),
)
defjvp(_multiply, "same", "same")


def multiply(left: VValue, right: VValue, /) -> VValue:
    """Product element by element; ``left * right`` calls it.

    Parameters
    ----------
    left, right : VValue, any supports

    Returns
    -------
    VValue on the intersection of the supports: where one has nothing the product is zero.

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Notes
    -----
    Bilinear, commutative, associative; ``inner(u, v * w) == inner(u * w, v)``. The derivative is
    exact on the whole space: the gradient with respect to ``left`` has what ``right`` has.

    Examples
    --------
    >>> multiply(VValue({"a": 2, "b": 3}), VValue({"b": 10, "c": 1}))
    VValue({'b': 30.0})
    """
    if type(left) is VValue and type(right) is VValue:
        return kernels.multiply(left, right)
    return _multiply(left, right)


@primitive
def _quotient(left: VValue, right: VValue, support: Support, /) -> VValue:
    require_trees(left=left, right=right)
    return from_buffer(support, kernels.align(left, support) / kernels.align(right, support))


defvjp(
    _quotient,
    lambda ans, left, right, support: lambda g: _quotient(g, right, support),
    lambda ans, left, right, support: (
        lambda g: negative(_quotient(multiply(g, ans), right, support))
    ),
    argnums=(0, 1),
)
defjvp(
    _quotient,
    lambda g, ans, left, right, support: _quotient(g, right, support),
    lambda g, ans, left, right, support: negative(_quotient(multiply(g, ans), right, support)),
    argnums=(0, 1),
)


def divide(left: VValue, right: VValue, /, support: Support | None = None) -> VValue:
    """Quotient element by element, on a support that must be given: 0 / 0 is no number.

    Parameters
    ----------
    left, right : VValue
    support : Support
        Where the quotient is meant, for one ``left.support``. Where ``right`` is zero there, numpy
        warns and the element is infinite or NaN.

    Returns
    -------
    VValue with this support

    Raises
    ------
    ValueError
        Without a support.

    Examples
    --------
    >>> v, w = VValue({"a": 6}), VValue({"a": 2, "b": 4})
    >>> divide(v, w, v.support)
    VValue({'a': 3.0})
    """
    if support is None:
        raise needs_support("a quotient", "0/0", "divide(v, w, support=v.support)")
    return _quotient(left, right, support)


# -------------------- powers --------------------


@primitive
def _power(tree: VValue, exponent: float, /) -> VValue:
    require_trees(tree=tree)
    return unchecked(tree.support, kernels.power(tree.buffer, exponent))


def _slope(tree: VValue, exponent: float) -> VValue:
    return scale(_power(tree, exponent - 1), exponent) if exponent else scale(tree, 0.0)


defvjp(
    _power,
    lambda ans, tree, exponent: lambda g: multiply(g, _slope(tree, exponent)),
    argnums=(0,),
)
defjvp(
    _power,
    lambda g, ans, tree, exponent: multiply(g, _slope(tree, exponent)),
    argnums=(0,),
)


def power(tree: VValue, exponent: float, /, support: Support | None = None) -> VValue:
    """Power of every element; ``tree ** exponent`` calls it.

    Parameters
    ----------
    tree : VValue
    exponent : real number
        Above zero, or with a ``support``. To differentiate by it, or to raise a number or a tree to
        the power of a tree: ``map_leaves(lambda x: x**s, v)``.
    support : Support, optional
        Where the power is meant, the tree's own support unless given.

    Returns
    -------
    VValue on the support

    Raises
    ------
    ValueError
        If the exponent is 0 or below and there is no support: 0 ** 0 is 1.
    TypeError
        If the exponent is not a number.

    Examples
    --------
    >>> VValue({"a": -2, "b": 3}) ** 2
    VValue({'a': 4.0, 'b': 9.0})
    >>> v = VValue({"a": 4})
    >>> power(v, -0.5, v.support)
    VValue({'a': 0.5})
    """
    if type(exponent) is not int and not isinstance(exponent, Real):
        raise TypeError(
            f"exponent is {type(exponent).__name__} {exponent!r:.40}; expected a real number (one "
            "that is differentiated: map_leaves(lambda x: x**s, v); by trees: "
            "map_leaves(anp.power, v, w, support=...))"
        )
    if support is None:
        if not exponent > 0:
            at_zero = 1.0 if exponent == 0 else "infinite"
            remedy = f"power(v, {exponent!r}, support=v.support)"
            raise needs_support(f"the power {exponent!r}", at_zero, remedy)
    elif support is not support_of(tree, "tree"):
        tree = restrict(tree, support)
    if type(tree) is VValue:
        return unchecked(tree.support, kernels.power(tree.buffer, exponent))
    return _power(tree, exponent)


# -------------------- linear by pieces --------------------


@primitive
def _piecewise(value: VValue, slopes: Callable[[], tuple[VValue, ...]], /, *trees: Any) -> VValue:
    return value


# The slopes are constant where there is a derivative at all, so they are not traced.
defvjp_argnum(
    _piecewise,
    lambda argnum, ans, args, kwargs: lambda g: multiply(g, args[1]()[argnum - 2]),
)
defjvp_argnum(
    _piecewise,
    lambda argnum, g, ans, args, kwargs: multiply(g, args[1]()[argnum - 2]),
)


def piecewise_linear(
    value: VValue, slopes: Callable[[], tuple[VValue, ...]], *trees: VValue
) -> VValue:
    """A value that was computed apart, with its slopes: for functions linear by pieces.

    Parameters
    ----------
    value : VValue, not traced
    slopes : callable without arguments -> one V-value for each tree
        The derivative by that tree, element by element; called when it is needed.
    *trees : VValue
        What the value is differentiated by.
    """
    return _piecewise(value, slopes, *trees) if any(map(is_traced, trees)) else value


def absolute(tree: VValue, /) -> VValue:
    """Magnitude of every element; ``abs(tree)`` calls it. The derivative at zero is 0.

    Examples
    --------
    >>> abs(VValue({"a": -2, "b": {"c": 3}}))
    VValue({'a': 2.0, 'b': {'c': 3.0}})
    """
    plain = tree if type(tree) is VValue else unboxed(tree, "tree")
    value = unchecked(plain.support, np.abs(plain.buffer))
    if plain is tree:
        return value
    return piecewise_linear(value, lambda: (unchecked(plain.support, np.sign(plain.buffer)),), tree)


def compare(comparison: np.ufunc, left: Any, right: Any, support: Support | None = None) -> VValue:
    """The mask that `vvalues.greater` and its like return, where operands and errors are told."""
    is_plain = type(left) is VValue and type(right) is VValue and support is None
    if is_plain and left.support is right.support and comparison not in _TRUE_OF_TIES:
        return unchecked(left.support, comparison(left.buffer, right.buffer).astype(np.float64))
    name = comparison.__name__
    operands = [unboxed(x) if is_tree(x) else _as_bound(x, name) for x in (left, right)]
    trees = [x for x in operands if type(x) is VValue]
    if support is None:
        if comparison(*(0.0 if type(x) is VValue else x for x in operands)):
            raise needs_support(name, "true", f"{name}(v, w, support=v.support)")
        support = united(*trees)
    aligned = [kernels.align(x, support) if type(x) is VValue else x for x in operands]
    return unchecked(support, comparison(*aligned).astype(np.float64))


_TRUE_OF_TIES = (np.equal, np.greater_equal, np.less_equal)


def _as_bound(number: Any, name: str) -> float:
    if isinstance(number, Real) or (isinstance(number, np.ndarray) and number.ndim == 0):
        return float(number)
    raise TypeError(
        f"{name} compares a V-value with {type(number).__name__} {number!r:.40}; expected a VValue "
        "or a real number"
    )
