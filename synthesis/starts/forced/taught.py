"""Samples as rows without time: inputs, earlier inputs and past answers beside what is asked.

While a machine is taught, the answers that it should have given are inputs like any other ("teacher
forcing"). A memory that is a function of those is none that has to be found.

References
----------
R. Williams, D. Zipser, "A learning algorithm for continually running fully recurrent neural
networks", Neural Computation 1, 1989.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...problems import Problem
from ..composition.atoms import lagged
from ..signals import ANSWER, Signal

__all__ = ["Column", "Taught", "tables"]

LAGS = (0, 1, 2, 3, 5, 7)
"""Samples ago that inputs are looked at, up to one of these."""

PAST = (0, 1, 2)
"""Past answers that are taught in."""

OFTEN = 2.0
"""Samples for every different row from which on more columns are of no use."""


@dataclass(frozen=True)
class Column:
    """A stream, or a past answer.

    Attributes
    ----------
    name : str
        Of the source, or ``answer-0`` ...
    lag : int
        Samples ago.
    """

    name: str
    lag: int

    @property
    def signal(self) -> Signal:
        """In a circuit; an answer's own past is known when its circuit is closed."""
        return Signal.of(self.name, "" if self.name.startswith(ANSWER) else "stream", self.lag)


@dataclass(frozen=True, eq=False)
class Taught:
    """Different rows, and what is asked in them.

    Attributes
    ----------
    columns : tuple of Column
    rows : array (rows, columns)
    answers : array (rows, outputs)
    samples : int
        That they stand for.
    """

    columns: tuple[Column, ...]
    rows: np.ndarray
    answers: np.ndarray
    samples: int

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def is_well_seen(self) -> bool:
        """Whether rows come again so often that the answers are surely a function of them."""
        return self.samples >= OFTEN * len(self)


def tables(problem: Problem) -> Iterator[Taught]:
    """Tables in which equal rows have equal answers, those of few columns first.

    One that has the columns of another one that is well seen is left out.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1) % 2)[0])
    >>> [(column.name, column.lag) for column in next(tables(problem)).columns]
    [('stream-x', 0), ('answer-0', 1)]
    """
    training = problem.split.training
    is_asked = training.inside() & training.asked.all(axis=0).T
    answers = np.stack([output.T[is_asked] for output in training.answers], axis=1)
    if not len(answers):
        return
    seen: list[set[Column]] = []
    for columns in _choices(problem):
        if any(known <= set(columns) for known in seen):
            continue
        rows = np.stack([_values(problem, column)[is_asked] for column in columns], axis=1)
        table = _merged(columns, rows, answers)
        if table is not None:
            if table.is_well_seen:
                seen.append(set(columns))
            yield table


def _choices(problem: Problem) -> list[tuple[Column, ...]]:
    """Columns of so many samples ago, few first."""
    found = []
    for most, past in product(LAGS, PAST):
        inputs = [Column(s, lag) for s in problem.sources for lag in range(most + 1)]
        answers = range(problem.n_outputs)
        own = [Column(f"{ANSWER}-{k}", lag) for k in answers for lag in range(1, past + 1)]
        found.append((*inputs, *own))
    return sorted(found, key=len)


def _values(problem: Problem, column: Column) -> np.ndarray:
    """A column on the training strings, (strings, samples)."""
    training = problem.split.training
    if column.name.startswith(ANSWER):
        output = int(column.name.rpartition("-")[2])
        values = np.nan_to_num(training.answers[output].T)
    else:
        values = training.numbers(column.name)
    return lagged(values, column.lag) if column.lag else values


def _merged(columns: tuple[Column, ...], rows: np.ndarray, answers: np.ndarray) -> Taught | None:
    """Equal rows as one; None if they are answered differently."""
    different, first, row_of = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    told = answers[first]
    if not np.array_equal(told[np.ravel(row_of)], answers):
        return None
    return Taught(columns, different, told, len(rows))
