"""Links as matrices, and the hidden neurons in an order in which they can be evaluated.

A *step* is a set of hidden neurons whose inputs are all ready. Sparse: a step is a level, all
neurons at the same depth, and one sparse product serves it. Dense: every hidden neuron is a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from .layout import Layout

__all__ = ["Matrix", "Schedule", "Step", "levels_of"]

DENSE_FROM = 0.5
"""Levels per hidden neuron above which dense matrices are faster (benchmarks/manifold_step.py)."""


class Step(NamedTuple):
    """Hidden neurons evaluated together: a range in evaluation order, and how many precede it.

    Examples
    --------
    >>> from synthesis.architectures.manifold.structure.layout import Layout
    >>> layout = Layout(1, 3, 1, 1.0, has_link_weights=True)
    >>> schedule = Schedule(layout, np.array([0, 1, 2, 3]), np.array([0, 0, 1, 3]))
    >>> [(step.first, step.last) for step in schedule.steps]
    [(0, 1), (1, 2), (2, 3)]
    """

    first: int
    last: int
    ready: int


class Matrix(NamedTuple):
    """A matrix for values, and its transpose for cotangents; dense or sparse.

    Examples
    --------
    >>> dense = np.array([[1.0, 2.0]])
    >>> Matrix(dense, dense.T).backward @ np.array([[3.0]])
    array([[3.],
           [6.]])
    """

    forward: Any
    backward: Any


def levels_of(n_hidden: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Depth of every hidden neuron: 0 if it reads no hidden neuron, else one more than the deepest.

    Parameters
    ----------
    n_hidden : int
    rows, columns : arrays of int
        Links between hidden neurons (receiving, sending), sorted by row, ``column < row``.

    Examples
    --------
    >>> levels_of(3, np.array([1, 2, 2]), np.array([0, 0, 1]))  # 1 reads 0, and 2 reads both
    array([0, 1, 2])
    """
    levels = [0] * n_hidden
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if levels[column] >= levels[row]:
            levels[row] = levels[column] + 1
    return np.array(levels, dtype=np.intp)


def read_by_outputs(layout: Layout, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which senders an output depends on through links, row by row; array of bool (columns,)."""
    read = np.zeros(layout.n_columns, dtype=bool)
    for row, column in zip(rows[::-1].tolist(), columns[::-1].tolist(), strict=True):
        if row >= layout.n_hidden or read[layout.n_inputs + row]:
            read[column] = True
    return read


class Schedule:
    """Where every link goes: which matrices there are, which step evaluates which neuron.

    Hidden neurons are renumbered by level ("evaluation order"); everything outside this class is
    in the layout's order.

    Parameters
    ----------
    layout : Layout
    rows, columns : arrays of int (links,)
        Living cells, row by row.
    is_dense : bool, optional
        By the number of levels when omitted.

    Attributes
    ----------
    order : array of int (hidden,)
        Hidden neurons in evaluation order.
    steps : list of Step
    column_order, column_place : arrays of int (columns,)
        Inputs and hidden neurons in evaluation order, and where each of them is in it.
    sender_places : array of int (links,)
        Where the sender of every link is in it.

    Examples
    --------
    >>> from synthesis.architectures.manifold.structure.layout import Layout
    >>> layout = Layout(1, 2, 1, 1.0, has_link_weights=True)
    >>> schedule = Schedule(layout, np.array([0, 1, 2]), np.array([0, 1, 2]))  # one after the other
    >>> schedule.n_levels, schedule.order
    (2, array([0, 1]))
    """

    def __init__(
        self,
        layout: Layout,
        rows: np.ndarray,
        columns: np.ndarray,
        is_dense: bool | None = None,
    ) -> None:
        self.layout = layout
        self._empty: dict[str | int, Matrix] = {}
        self.rows, self.columns = rows, columns
        n, m = layout.n_inputs, layout.n_hidden
        self.n_hidden_links = int(np.searchsorted(rows, m))
        is_inner = columns[: self.n_hidden_links] >= n
        self.inner = np.flatnonzero(is_inner)  # between hidden neurons
        self.entering = np.flatnonzero(~is_inner)  # from inputs to hidden neurons
        inner_rows, inner_columns = rows[self.inner], columns[self.inner] - n
        if not is_dense:
            levels = levels_of(m, inner_rows, inner_columns)
            if is_dense is None:
                is_dense = bool(levels.max(initial=0) + 1 > DENSE_FROM * m)
        self.is_dense = is_dense
        if is_dense:
            self.order = np.arange(m)
            self.steps = [Step(i, i + 1, i) for i in range(m)]
        else:
            self.order = np.argsort(levels, kind="stable")
            edges = np.searchsorted(levels[self.order], np.arange(1, levels.max(initial=0) + 1))
            firsts = [0, *edges.tolist()]
            lasts = [*edges.tolist(), m]
            self.steps = [Step(i, j, i) for i, j in zip(firsts, lasts, strict=True)]
        self.place = np.empty(m, dtype=np.intp)
        self.place[self.order] = np.arange(m)
        # Signals stay in evaluation order, so that only indices are ever permuted.
        self.column_order = np.concatenate([np.arange(n), n + self.order])
        self.column_place = np.concatenate([np.arange(n), n + self.place])
        self.sender_places = self.column_place[columns]
        self._plan(inner_rows, inner_columns)

    def _plan(self, inner_rows: np.ndarray, inner_columns: np.ndarray) -> None:
        """Places of the links in the three matrices, and their order where it changes."""
        m, last = self.layout.n_hidden, self.n_hidden_links
        self._entering = self.place[self.rows[self.entering]], self.columns[self.entering]
        self._leaving = self.rows[last:] - m, self.sender_places[last:]
        places = self.place[inner_rows], self.place[inner_columns]
        if not self.is_dense:
            self._entering, self.entering = _by_row(self._entering, self.entering)
            places, self.inner = _by_row(places, self.inner)
            self._inner_starts = np.searchsorted(places[0], np.arange(m + 1))
        self._inner = places

    @cached_property
    def n_levels(self) -> int:
        """Depth of the graph of hidden neurons, whichever way it is evaluated."""
        if not self.layout.n_hidden:
            return 0
        inner = np.sort(self.inner)
        senders = self.columns[inner] - self.layout.n_inputs
        return int(levels_of(self.layout.n_hidden, self.rows[inner], senders).max()) + 1

    @cached_property
    def read(self) -> np.ndarray:
        """Which senders an output depends on, array of bool (columns,)."""
        return read_by_outputs(self.layout, self.rows, self.columns)

    @cached_property
    def connected(self) -> np.ndarray:
        """Whether a chain of links leads from an input to each output, array of bool (outputs,)."""
        layout, last = self.layout, self.n_hidden_links
        n, m = layout.n_inputs, layout.n_hidden
        reached = np.zeros(m, dtype=bool)
        reached[self.rows[self.entering]] = True
        inner = np.sort(self.inner)
        pairs = zip(self.rows[inner].tolist(), (self.columns[inner] - n).tolist(), strict=True)
        for row, column in pairs:  # sorted by row, so a sender is settled before it is read
            if reached[column]:
                reached[row] = True
        rows, columns = self.rows[last:] - m, self.columns[last:]
        feeds = columns < n
        feeds[~feeds] = reached[columns[~feeds] - n]
        connected = np.zeros(layout.n_outputs, dtype=bool)
        connected[rows[feeds]] = True
        return connected

    # -------------------- matrices --------------------

    def entering_matrix(self, values: np.ndarray) -> Matrix:
        """From inputs to hidden neurons in evaluation order: (hidden, inputs)."""
        shape = self.layout.n_hidden, self.layout.n_inputs
        return self._matrix("entering", values[self.entering], *self._entering, shape)

    def leaving_matrix(self, values: np.ndarray) -> Matrix:
        """From inputs and hidden neurons in evaluation order to outputs: (outputs, columns)."""
        shape = self.layout.n_outputs, self.layout.n_columns
        return self._matrix("leaving", values[self.n_hidden_links :], *self._leaving, shape)

    def blocks(self, values: np.ndarray) -> Iterator[tuple[Step, Matrix]]:
        """Every step with the matrix from the hidden neurons before it: (neurons, ready)."""
        m = self.layout.n_hidden
        values = values[self.inner]
        if self.is_dense:
            whole, _ = self._matrix("inner", values, *self._inner, (m, m))
            for step in self.steps:
                block = whole[step.first : step.last, : step.ready]
                yield step, Matrix(block, block.T)
            return
        starts, (rows, columns) = self._inner_starts, self._inner
        for number, step in enumerate(self.steps[1:], 1):
            span = slice(starts[step.first], starts[step.last])
            shape = step.last - step.first, step.ready
            places = rows[span] - step.first, columns[span]
            yield step, self._matrix(number, values[span], *places, shape)

    def _matrix(
        self,
        name: str | int,
        values: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
        shape: tuple[int, int],
    ) -> Matrix:
        """A matrix from the values of its links, sorted by row."""
        if self.is_dense:
            dense = np.zeros(shape, dtype=values.dtype)
            dense[rows, columns] = values
            return Matrix(dense, dense.T)
        empty = self._empty.get(name)
        if empty is None:
            pointer = np.searchsorted(rows, np.arange(shape[0] + 1))
            matrix = csr_matrix((np.zeros(len(values)), columns, pointer), shape)
            empty = self._empty[name] = Matrix(matrix, matrix.T)
        return Matrix(*(_filled(matrix, values) for matrix in empty))


def _filled(matrix: Any, values: np.ndarray) -> Any:
    """A sparse matrix of the same structure; several times faster than making one anew."""
    filled = copy(matrix)
    filled.data = values
    return filled


def _by_row(
    places: tuple[np.ndarray, np.ndarray], links: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    order = np.argsort(places[0], kind="stable")
    return (places[0][order], places[1][order]), links[order]
