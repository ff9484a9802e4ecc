"""Bridges between trees and arrays: flat vectors and matrices.

The index plans are cached per support. What an array holds is fixed by the tree's support, so
gradients live on the support of the argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defjvp, defvjp

from . import kernels
from .paths import Path, as_path, format_path
from .structure import restrict, widened
from .support import Support
from .tracing import define_linear, is_tree, primitive, require_trees, support_of
from .tree import VValue, from_buffer

__all__ = ["dense", "from_dense", "ravel", "unravel"]


@primitive
def _ravel(tree: VValue, support: Support, /) -> np.ndarray:
    require_trees(tree=tree)
    return np.array(kernels.align(tree, support))


defvjp(
    _ravel,
    lambda ans, tree, support: (
        (lambda g: unravel(g, support))
        if support is support_of(tree)
        else (lambda g: widened(unravel(g, support), tree))
    ),
    argnums=(0,),
)
defjvp(_ravel, "same", argnums=(0,))


def ravel(tree: VValue, /, support: Support | None = None) -> np.ndarray:
    """All elements as a flat array, in canonical order of the paths.

    Parameters
    ----------
    tree : VValue
    support : Support, optional
        The layout, the tree's own unless given: elements outside are left out, absent ones are 0.

    Returns
    -------
    array of shape (support.size,)

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Notes
    -----
    For what only knows arrays. `jacobian` and the doors of `vvalues.solvers` know trees.

    Examples
    --------
    >>> v = VValue({"b": 2, "a": {"x": 1}})
    >>> ravel(v), ravel(v, VValue({"b": 0, "c": 0}).support)
    (array([1., 2.]), array([2., 0.]))
    """
    return _ravel(tree, support_of(tree, "tree") if support is None else support)


@primitive
def unravel(array: np.ndarray, support: Support, /) -> VValue:
    """Inverse of `ravel` for a given support.

    Parameters
    ----------
    array : array of shape (support.size,)
    support : Support

    Returns
    -------
    VValue with this support

    Raises
    ------
    ValueError
        If the array is not of shape ``(support.size,)``.

    Examples
    --------
    >>> unravel(np.array([1.0, 2.0]), VValue({"a": 0, "b": 0}).support)
    VValue({'a': 1.0, 'b': 2.0})
    """
    if np.shape(array) != (support.size,):
        raise ValueError(f"array has shape {np.shape(array)}; this support needs ({support.size},)")
    return from_buffer(support, np.array(array, dtype=np.float64))


define_linear(unravel, lambda g, support: ravel(restrict(g, support)))


# -------------------- two-level trees as matrices --------------------


@primitive
def _gather(tree: VValue, support: Support, positions: np.ndarray, shape: tuple, /) -> np.ndarray:
    out = np.zeros(shape)
    out.flat[positions] = kernels.align(tree, support)
    return out


@primitive
def _scatter(array: np.ndarray, support: Support, positions: np.ndarray, shape: tuple, /) -> VValue:
    return from_buffer(support, np.ravel(array)[positions])


define_linear(_gather, _scatter)
define_linear(_scatter, _gather)


def dense(tree: VValue, rows: Sequence[str | Path], columns: Sequence[str | Path], /) -> np.ndarray:
    """A tree of scalar leaves as a matrix, zeros where nothing is.

    Parameters
    ----------
    tree : VValue
    rows, columns : sequences of keys or paths
        The leaf at ``row path + column path`` goes to that row and column; leaves at other paths
        are left out.

    Returns
    -------
    array of shape (len(rows), len(columns))

    Raises
    ------
    ValueError
        If two entries would hold the same path, or a leaf there is an array.

    Examples
    --------
    >>> dense(VValue({"x": {"a": 1}, "y": {"b": 2}}), ["x", "y"], ["a", "b"])
    array([[1., 0.],
           [0., 2.]])
    """
    support, positions, shape = _grid(support_of(tree, "tree"), _paths(rows), _paths(columns))
    return _gather(tree, support, positions, shape)


def from_dense(
    array: np.ndarray, rows: Sequence[str | Path], columns: Sequence[str | Path], /
) -> VValue:
    """Inverse of `dense`: every entry becomes a leaf at ``row path + column path``.

    Parameters
    ----------
    array : array of shape (len(rows), len(columns))
    rows, columns : sequences of keys or paths

    Returns
    -------
    VValue with scalar leaves

    Raises
    ------
    ValueError
        If the array is not of that shape, or two entries would have the same path.

    Examples
    --------
    >>> from_dense(np.eye(2), ["x", "y"], ["a", "b"])
    VValue({'x': {'a': 1.0, 'b': 0.0}, 'y': {'a': 0.0, 'b': 1.0}})
    """
    row_paths, column_paths = _paths(rows), _paths(columns)
    shape = (len(row_paths), len(column_paths))
    if is_tree(array) or anp.shape(array) != shape:
        got = "a VValue" if is_tree(array) else f"of shape {anp.shape(array)}"
        raise ValueError(f"array is {got}; these rows and columns need shape {shape}")
    cells = _cells(row_paths, column_paths)
    support = Support.of(cells)
    positions = np.fromiter((cells[path] for path in support.paths), np.intp, len(support))
    return _scatter(array, support, positions, shape)


_Grid = tuple[Support, np.ndarray, tuple[int, int]]


def _grid(support: Support, rows: tuple[Path, ...], columns: tuple[Path, ...]) -> _Grid:
    cached: dict[Any, _Grid] = support.__dict__.setdefault("_grids", {})
    if (rows, columns) not in cached:
        cells = _cells(rows, columns)
        inside = [path for path in support.paths if path in cells]
        for path in inside:
            if shape := support.shape(support.index[path]):
                raise ValueError(
                    f"leaf at {format_path(path)} is an array of shape {shape}; "
                    "an entry of a matrix is a scalar"
                )
        positions = np.fromiter((cells[path] for path in inside), np.intp, len(inside))
        part = Support.of(inside, is_sorted=True)
        cached[rows, columns] = part, positions, (len(rows), len(columns))
    return cached[rows, columns]


def _cells(rows: tuple[Path, ...], columns: tuple[Path, ...]) -> dict[Path, int]:
    """Position in the flat matrix of every path."""
    cells: dict[Path, int] = {}
    for row in rows:
        for column in columns:
            if row + column in cells:
                raise ValueError(f"two entries of the matrix are at {format_path(row + column)}")
            cells[row + column] = len(cells)
    return cells


def _paths(keys: Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(as_path(key) for key in keys)
