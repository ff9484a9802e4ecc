"""Any elementwise function of trees, and numpy's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from ..core.bridges import ravel, unravel
from ..core.kernels import align
from ..core.pointwise import absolute, compare, needs_support, power, united
from ..core.support import Support
from ..core.tracing import is_tree
from ..core.tree import VValue, from_buffer

__all__ = ["apply_ufunc", "map_leaves"]


# -------------------- functions --------------------


def map_leaves(
    function: Callable, tree: VValue, /, *others: VValue, support: Support | None = None
) -> VValue:
    """Apply an elementwise function of ``autograd.numpy`` to all elements at once.

    Parameters
    ----------
    function : callable, flat arrays of one shape -> array of that shape
        One argument for every tree.
    tree, *others : VValue, any supports
    support : Support, optional
        Where the function is meant. Without it, it must map zeros to 0, and the result has the
        union of the supports.

    Returns
    -------
    VValue on the support

    Raises
    ------
    ValueError
        If the function does not map zeros to 0 and there is no support, if it changes the shape,
        or if one path holds leaves of different shapes.

    Notes
    -----
    Whether zeros are mapped to 0 is tried out on one element. Gradients live on the support.

    Examples
    --------
    >>> v, w = VValue({"a": -1.0}), VValue({"a": 2.0, "b": 3.0})
    >>> round(map_leaves(np.tanh, w)["b"], 4)
    0.9951
    >>> map_leaves(lambda x, y: x**2 + x * y, v, w)
    VValue({'a': -1.0, 'b': 0.0})
    >>> map_leaves(np.exp, VValue({"a": 0.0}), support=w.support)
    VValue({'a': 1.0, 'b': 1.0})
    """
    trees = (tree, *others)
    is_ufunc = isinstance(getattr(function, "fun", function), np.ufunc)  # autograd's have it inside
    if support is None:
        support = united(*trees)
        at_zero = (_ufunc_at_zero if is_ufunc else _at_zero)(function, len(trees))
        if at_zero != 0.0:
            name = getattr(function, "__name__", "the function")
            remedy = f"map_leaves({name}, {', '.join('vwxyz'[: len(trees)])}, support=v.support)"
            raise needs_support(name, at_zero, remedy)
    for x in trees:
        if type(x) is not VValue:
            return unravel(function(*(ravel(x, support) for x in trees)), support)
    out = function(*(align(x, support) for x in trees))
    if is_ufunc:  # its result is fresh, anything else may be kept by someone
        return from_buffer(support, out)
    return unravel(out, support)


def _at_zero(function: Callable, n_trees: int) -> float:
    with np.errstate(all="ignore"):
        # The function may have closed over something that is being differentiated.
        out = np.ravel(getval(function(*[np.zeros(1)] * n_trees)))
    return float(out[0]) if out.size == 1 else 0.0  # who changes the shape is told so later


_ufunc_at_zero = cache(_at_zero)


# -------------------- numpy's functions --------------------

_COMPARISONS = (np.greater, np.less, np.greater_equal, np.less_equal)

# Where trees have a function of their own. These are not passed on: autograd would take the slopes
# of `anp.maximum` and the like from comparisons with ==, which compares trees as a whole.
_OWN: dict[Any, str] = {
    np.maximum: "maximum(v, w)",
    np.minimum: "minimum(v, w)",
    np.fmax: "maximum(v, w)",
    np.fmin: "minimum(v, w)",
    np.equal: "equal(v, w, support=v.support)",
    np.not_equal: "not_equal(v, w)",
    np.matmul: "inner(v, w), linear_combination(v, w) or apply_matrix(v, w, level)",
}
_REDUCTIONS: dict[Any, str] = {
    np.add: "sum_leaves(v)",
    np.multiply: "no product of leaves",
    np.maximum: "max_leaves(v)",
    np.minimum: "min_leaves(v)",
}


def apply_ufunc(ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """What numpy's ``ufunc`` means on trees; `VValue.__array_ufunc__` calls it.

    Parameters
    ----------
    ufunc, method, *inputs, **options : as numpy hands them over

    Returns
    -------
    VValue

    Raises
    ------
    TypeError
        For a reduction, an option, or a ufunc that V-values spell otherwise; it says how.
    ValueError
        If the ufunc does not map zeros to 0.

    Examples
    --------
    >>> np.sqrt(VValue({"a": 4.0})), np.float64(2.0) * VValue({"a": 4.0})
    (VValue({'a': 2.0}), VValue({'a': 8.0}))
    >>> np.add.reduce(VValue({"a": 4.0}))
    Traceback (most recent call last):
        ...
    TypeError: numpy.add.reduce takes no V-value apart: write vvalues.sum_leaves(v)
    """
    name = f"numpy.{ufunc.__name__}"
    if method != "__call__":
        remedy = _REDUCTIONS.get(ufunc, "map_leaves, or ravel(v)")
        raise TypeError(f"{name}.{method} takes no V-value apart: write vvalues.{remedy}")
    if options:
        raise TypeError(f"{name} of a V-value takes no option {', '.join(options)}")
    if ufunc in _OWN:
        raise TypeError(f"{name} is not for V-values: write vvalues.{_OWN[ufunc]}")
    if ufunc in _COMPARISONS:
        return compare(ufunc, *inputs)
    if ufunc in _OPERATORS:
        return _OPERATORS[ufunc](*inputs)
    if not all(map(is_tree, inputs)) or ufunc.nout != 1:
        raise TypeError(
            f"{name} of a V-value and {', '.join(type(x).__name__ for x in inputs)}: write "
            "vvalues.map_leaves(lambda x: ..., v)"
        )
    try:
        return map_leaves(getattr(anp, ufunc.__name__, ufunc), *inputs)
    except ValueError as error:
        raise ValueError(
            f"{error} (autograd asks for this as a slope of numpy's functions: of a tree that is "
            "being differentiated write vvalues.map_leaves(anp.tanh, v), not anp.tanh(v))"
        ) from None


# What a tree's operators do; a number that comes first has handed the operation on to numpy.
_OPERATORS: dict[Any, Callable] = {
    np.add: lambda x, y: x + y if is_tree(x) else y + x,
    np.subtract: lambda x, y: x - y if is_tree(x) else y.__rsub__(x),
    np.multiply: lambda x, y: x * y if is_tree(x) else y * x,
    np.true_divide: lambda x, y: x / y if is_tree(x) else y.__rtruediv__(x),
    np.power: lambda x, y: power(x, y) if is_tree(x) else y.__rpow__(x),
    np.absolute: absolute,
    np.fabs: absolute,
    np.negative: lambda x: -x,
    np.positive: lambda x: x,
}
