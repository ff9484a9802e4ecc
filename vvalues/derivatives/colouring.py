"""Sparse Jacobians in few sweeps: columns (or rows) that never meet share one.

Two columns may be swept together if no row has both: then every row of the sum belongs to one of
them. To find few groups is to colour a graph; the greedy colouring in the given order takes as many
colours as a band is wide, and as a block has columns.

References
----------
A. Curtis, M. Powell, J. Reid, IMA J. Applied Mathematics 13 (1974), 117-119; A. Gebremedhin,
F. Manne, A. Pothen, SIAM Review 47 (2005), 629-705.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .layout import Layout

__all__ = ["Sparsity", "as_sparsity", "colours"]


class Sparsity:
    """Where a Jacobian may be different from zero.

    Attributes
    ----------
    rows, columns : arrays of int, one entry each
    shape : (number of rows, number of columns)
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> None:
        order = np.lexsort((columns, rows))
        self.rows = np.asarray(rows, np.intp)[order]
        self.columns = np.asarray(columns, np.intp)[order]
        self.shape = shape

    @classmethod
    def of(cls, inside: np.ndarray) -> Sparsity:
        """From a matrix that is not zero (or true) there."""
        rows, columns = np.nonzero(inside)
        return cls(rows, columns, (len(inside), np.shape(inside)[1]))

    @property
    def transposed(self) -> Sparsity:
        return Sparsity(self.columns, self.rows, self.shape[::-1])


def as_sparsity(declared: Any, rows: Layout, columns: Layout) -> Sparsity:
    """What a user has declared, as positions.

    Parameters
    ----------
    declared : array of bool, scipy sparse array, `Sparsity`, `LinearMap`, or a list of blocks
        A block is a pair of patterns, of rows and of columns; ``...`` for all of a side.
    rows, columns : Layout

    Raises
    ------
    ValueError
        If it has another shape.
    """
    shape = rows.size, columns.size
    found: Sparsity
    if isinstance(declared, Sparsity):
        found = declared
    elif isinstance(declared, list):
        found = _of_blocks(declared, rows, columns)
    else:
        matrix = getattr(declared, "matrix", declared)
        nonzero = matrix.nonzero() if hasattr(matrix, "nonzero") else np.nonzero(matrix)
        if len(nonzero) != 2:
            raise ValueError(
                f"sparsity has {len(nonzero)} dimensions; expected a matrix of {shape}"
            )
        found = Sparsity(nonzero[0], nonzero[1], matrix.shape)
    if found.shape != shape:
        raise ValueError(f"sparsity has shape {found.shape}; the Jacobian has {shape}")
    return found


def _of_blocks(blocks: Sequence[tuple[Any, Any]], rows: Layout, columns: Layout) -> Sparsity:
    inside = np.zeros((rows.size, columns.size), bool)
    for row_pattern, column_pattern in blocks:
        at_rows, at_columns = rows.part(row_pattern)[1], columns.part(column_pattern)[1]
        inside[np.ix_(at_rows, at_columns)] = True
    return Sparsity.of(inside)


def colours(sparsity: Sparsity) -> np.ndarray:
    """A number for every column, such that no row has two columns of one number.

    Returns
    -------
    array of int, of shape (number of columns,)

    Examples
    --------
    >>> band = np.eye(6, dtype=bool) | np.eye(6, k=1, dtype=bool) | np.eye(6, k=-1, dtype=bool)
    >>> colours(Sparsity.of(band))
    array([0, 1, 2, 0, 1, 2])
    """
    n_rows, n_columns = sparsity.shape
    by_row = np.split(sparsity.columns, np.searchsorted(sparsity.rows, np.arange(1, n_rows)))
    order = np.argsort(sparsity.columns, kind="stable")
    starts = np.searchsorted(sparsity.columns[order], np.arange(1, n_columns))
    by_column = np.split(sparsity.rows[order], starts)
    chosen = np.full(n_columns, -1)
    taken_by = np.full(n_columns + 1, -1)  # the last column for which a colour was taken
    for column, rows in enumerate(by_column):
        if len(rows):
            met = chosen[np.concatenate([by_row[row] for row in rows])]
            taken_by[met[met >= 0]] = column
        chosen[column] = np.argmax(taken_by != column)
    return chosen
