"""Chosen elements of a flat array as one primitive.

autograd's own indexing adds up its gradient element by element, because an index may occur twice;
where it cannot, writing is many times faster.
"""

from __future__ import annotations

import numpy as np
from autograd.extend import defjvp, defvjp, primitive

__all__ = ["take"]


@primitive
def take(array: np.ndarray, index: np.ndarray, /) -> np.ndarray:
    """``array[index]`` for an index without repetitions; differentiable to any order."""
    return array[index]


@primitive
def _put(values: np.ndarray, index: np.ndarray, size: int, /) -> np.ndarray:
    out = np.zeros(size, dtype=values.dtype)
    out[index] = values
    return out


defvjp(take, lambda ans, array, index: lambda g: _put(g, index, len(array)), argnums=(0,))
defjvp(take, lambda d, ans, array, index: take(d, index), argnums=(0,))
defvjp(_put, lambda ans, values, index, size: lambda g: take(g, index), argnums=(0,))
defjvp(_put, lambda d, ans, values, index, size: _put(d, index, size), argnums=(0,))
