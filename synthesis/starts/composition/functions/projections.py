"""Answers that depend on many streams through one sum of them, with whole weights that are learnt.

Streams that may be exchanged belong in one sum: where the answers stay a function of what is left
when two streams are replaced by their sum, nothing was lost. Streams are joined like this, those
first that most samples speak for, until no two can be; of the few sums that are left all small
weights are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from ..forms import Kinked
from ..kinks import function_of

__all__ = ["cases_of", "functions_of_many"]

REPEATED, SEEN = 0.7, 0.02
"""Different cases per sample at most, or the share of all possible cases that has to be seen: where
hardly a case comes twice, and few of them come, any answers are a function of them."""

LAST, WEIGHTS = 3, (1.0, -1.0, 2.0, -2.0, 3.0, -3.0)
"""Sums that may be left, and the weights with which they are joined then."""


def functions_of_many(
    rows: np.ndarray, answers: np.ndarray, most: int, has_steps: bool, folds: int
) -> Iterator[Kinked]:
    """Answers as functions of a sum of streams with whole weights, the fewest wires first.

    Parameters
    ----------
    rows : array (streams, samples)
        Whole numbers.
    answers : array (samples,)
    most : int
        Kinks, steps and folds.
    has_steps : bool
        Whether steps are allowed.
    folds : int
        How often the sum may be folded about a number.

    Examples
    --------
    >>> rows = np.array(list(product((0.0, 1.0), repeat=5))).T
    >>> answers = (rows[:4].sum(axis=0) + 2.0 * rows[4] > 3.0).astype(float)
    >>> found = next(functions_of_many(rows, answers, 3, has_steps=True, folds=1))
    >>> found.rows, found.weights, found.steps
    ((0, 1, 2, 3, 4), (1.0, 1.0, 1.0, 1.0, 2.0), ((3.5, 1.0),))
    """
    table: _Table | None = _once(rows, answers, np.eye(len(rows)))
    if table is None or table.is_thin(len(answers)):
        return
    found = []
    while table is not None:
        if len(table.cells) <= LAST:
            found += list(_functions(table, most, has_steps, folds))
        table = table.joined()
    for _, form in sorted(found, key=lambda item: item[0]):
        yield form


def _functions(
    table: _Table, most: int, has_steps: bool, folds: int
) -> Iterator[tuple[int, Kinked]]:
    """Functions of the sums that are left, added up with small weights; the wires each takes."""
    for weights in _last_weights(len(table.cells)):
        whole = weights @ table.sums
        used = np.flatnonzero(whole)
        total = weights @ table.cells
        pieces = function_of(total, table.answers, most, has_steps, folds, len(used))
        if pieces is not None:
            rows, terms = tuple(map(int, used)), tuple(map(float, whole[used]))
            yield pieces.wires(len(used)), Kinked(rows, terms, *pieces)


def _last_weights(count: int) -> Iterator[np.ndarray]:
    """Weights of the last few sums; of two that differ in sign only one."""
    if count:
        for rest in product(WEIGHTS, repeat=count - 1):
            for first in (w for w in WEIGHTS if w > 0.0):
                yield np.array([first, *rest])


@dataclass(frozen=True)
class _Table:
    """What is answered to which values of some sums.

    Attributes
    ----------
    cells : array (sums, cases)
        Every case once.
    answers : array (cases,)
    sums : array (sums, streams)
        Weights.
    """

    cells: np.ndarray
    answers: np.ndarray
    sums: np.ndarray

    def is_thin(self, samples: int) -> bool:
        """Whether nearly every sample is a case of its own, of very many."""
        there_are = np.prod(np.ptp(self.cells, axis=1) + 1.0)
        return bool(REPEATED * samples < self.answers.size < SEEN * there_are)

    def joined(self) -> _Table | None:
        """With one sum less, and of such tables the one with the fewest cases; None if none is."""
        return min(self._with_one_less(), key=lambda table: table.answers.size, default=None)

    def _with_one_less(self) -> Iterator[_Table]:
        """Tables without one of the sums, or with two of them as one."""
        n = len(self.cells)
        moves: list[np.ndarray] = [np.delete(np.eye(n), i, axis=0) for i in range(n) if n > 1]
        for (i, j), sign in product(combinations(range(n), 2), (1.0, -1.0)):
            move = np.delete(np.eye(n), j, axis=0)
            move[i, j] = sign
            moves.append(move)
        for move in moves:
            fewer = _once(move @ self.cells, self.answers, move @ self.sums)
            if fewer is not None:
                yield fewer


def _once(cells: np.ndarray, answers: np.ndarray, sums: np.ndarray) -> _Table | None:
    """Every case once; None if the same case is answered differently."""
    _, first, case = np.unique(cases_of(cells), return_index=True, return_inverse=True)
    if not np.array_equal(answers[first][case], answers):
        return None
    return _Table(cells[:, first], answers[first], sums)


def cases_of(cells: np.ndarray) -> np.ndarray:
    """A number for every case: values as the digits of one."""
    if not len(cells):
        return np.zeros(cells.shape[1], dtype=np.int64)
    low = cells.min(axis=1)
    widths = cells.max(axis=1) - low + 1.0
    if np.prod(widths) < 2.0**62:
        units = np.concatenate([[1.0], np.cumprod(widths[:-1])]).astype(np.int64)
        return np.asarray(units @ (cells - low[:, None]).astype(np.int64))
    _, keys = np.unique(cells, axis=1, return_inverse=True)
    return np.ravel(keys)
