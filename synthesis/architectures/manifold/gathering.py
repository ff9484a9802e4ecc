"""Chosen elements of a tree as one primitive.

A step reads a few thousand of a manifold's parameters, wherever they are in the buffer; one
primitive writes their gradient back in one go, without a copy of the whole in between.
"""

from __future__ import annotations

import numpy as np
from autograd.extend import defjvp, defvjp

from vvalues import Support, VValue, from_buffer, restrict
from vvalues.core import primitive

__all__ = ["take"]


@primitive
def take(tree: VValue, index: np.ndarray, /) -> np.ndarray:
    """Elements of a tree by their places in its buffer; differentiable to any order.

    Parameters
    ----------
    tree : VValue
    index : array of int
        Without repetitions.

    Examples
    --------
    >>> take(VValue({"a": 1.0, "b": np.array([2.0, 3.0])}), np.array([2, 0]))
    array([3., 1.])
    """
    return tree.buffer[index]


@primitive
def _put(values: np.ndarray, index: np.ndarray, support: Support, /) -> VValue:
    buffer = np.zeros(support.size)
    buffer[index] = values
    return from_buffer(support, buffer)


defvjp(take, lambda ans, tree, index: lambda g: _put(g, index, tree.support), argnums=(0,))
defjvp(take, lambda d, ans, tree, index: take(restrict(d, tree.support), index), argnums=(0,))
defvjp(
    _put,
    lambda ans, values, index, support: lambda g: take(restrict(g, support), index),
    argnums=(0,),
)
defjvp(_put, lambda d, ans, values, index, support: _put(d, index, support), argnums=(0,))
