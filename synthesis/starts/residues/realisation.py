"""The smallest linear machine of a series: its Hankel matrix, and the shifts of that.

Rows of the Hankel matrix are beginnings of words, columns are their ends. A state is what a
beginning leaves to come, so states are combinations of some rows, and a letter leads from one
to another. Beginnings that no end has in common (numbers and operators that take turns, say) are
in different phases, each with states of its own.

References
----------
M. P. Schützenberger, "On the definition of a family of automata", Information and Control 4, 1961.
M. Fliess, "Matrices de Hankel", Journal de Mathématiques Pures et Appliquées 53, 1974.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from .field import independent, inverse
from .series import Letter, Series, Word

__all__ = ["Phase", "realised"]

MOST_STATE = 6
"""Numbers in a state, the constant 1 among them."""


@dataclass(frozen=True)
class Phase:
    """States between two samples: rows of so many residues.

    Attributes
    ----------
    matrices : mapping of Letter to int array (numbers, numbers of the next phase)
        A sample multiplies the state by their sum, each times the value of its letter.
    following : int
        The next phase.
    ones : mapping of Letter to int
        What the constant 1 is made of at the next sample.
    told : int array (numbers,), optional
        The answer is the state times this; None where nothing is asked.
    constant : int array (numbers,)
        The state times this is 1.
    """

    matrices: Mapping[Letter, np.ndarray]
    following: int
    ones: Mapping[Letter, int]
    told: np.ndarray | None
    constant: np.ndarray

    def __len__(self) -> int:
        """Numbers in a state."""
        return len(self.constant)


@dataclass(frozen=True)
class _Basis:
    """Rows that span those of a phase, and columns in which they differ; None is the constant."""

    rows: tuple[Word, ...]
    columns: tuple[Word | None, ...]


def realised(series: Series) -> tuple[Phase, ...] | None:
    """The phases of the smallest machine, the first one with the state (1, 0, 0 ...) at first.

    Nobody asks what is answered before the first sample: whatever makes the machine smallest. None
    if the words that are known do not determine a machine.

    Examples
    --------
    >>> letters = ((0,), ())  # the sum of the samples, modulo 5
    >>> words = {(a,): 1 - i for i, a in enumerate(letters)}
    >>> words |= {(a, b): i + j == 1 for i, a in enumerate(letters) for j, b in enumerate(letters)}
    >>> words |= {(a, b, c): i + j + k == 2 for i, a in enumerate(letters)
    ...           for j, b in enumerate(letters) for k, c in enumerate(letters)}
    >>> coefficients, ones = {w: int(c) for w, c in words.items()}, {(0,): 0, (): 1}
    >>> series = Series(5, coefficients, (letters,) * 3, (ones,) * 3)
    >>> phase, = realised(series)
    >>> len(phase), phase.following, phase.told
    (2, 0, array([0, 1]))
    """
    found = [_completed(one) for one in _begun(series)]
    known = [phases for phases in found if phases is not None]
    return min(known, key=lambda phases: sum(map(len, phases)), default=None)


def _begun(series: Series) -> Iterator[Series]:
    """With every answer that there may be before the first sample, if states like that have any."""
    rows = _rows(series)
    if not any(() in rows[word] for word in _phases(rows)[0]):
        yield series
        return
    for guess in range(series.prime):
        yield replace(series, coefficients={(): guess, **series.coefficients})


def _completed(series: Series) -> tuple[Phase, ...] | None:
    rows = _rows(series)
    phases = _phases(rows)
    options = [list(_bases(series, words, rows)) for words in phases]
    of = {word: k for k, words in enumerate(phases) for word in words}
    for bases in product(*options):
        found = [_phase(series, of, basis, bases) for basis in bases]
        if all(phase is not None for phase in found):
            return tuple(phase for phase in found if phase is not None)
    return None


def _rows(series: Series) -> dict[Word, set[Word]]:
    """The known ends of every beginning."""
    rows: dict[Word, set[Word]] = {}
    for word in series.coefficients:
        for place in range(len(word) + 1):
            rows.setdefault(word[:place], set()).add(word[place:])
    return rows


def _phases(rows: Mapping[Word, set[Word]]) -> list[list[Word]]:
    """Beginnings that have ends in common, directly or through others; the empty one's first."""
    phases: list[tuple[list[Word], set[Word]]] = []
    for word in sorted(rows, key=len):
        alike = [phase for phase in phases if phase[1] & rows[word]]
        phases = [phase for phase in phases if not phase[1] & rows[word]]
        words = [one for phase in alike for one in phase[0]]
        phases.append(([*words, word], set().union(rows[word], *(phase[1] for phase in alike))))
    return [
        sorted(words, key=len) for words, _ in sorted(phases, key=lambda phase: len(phase[0][0]))
    ]


def _bases(
    series: Series, words: Sequence[Word], rows: Mapping[Word, set[Word]]
) -> Iterator[_Basis]:
    """Bases of the largest rank, of short words first."""
    ends = sorted(set().union(*(rows[word] for word in words)), key=len)
    found = []
    for begun, ended in product(range(series.longest + 1), repeat=2):
        some = [word for word in words if len(word) <= begun]
        columns: list[Word | None] = [end for end in ends if len(end) <= ended]
        columns.append(None)
        table = _table(series, some, columns)
        if not some or table is None:
            continue
        kept = independent(table, series.prime)
        told = independent(table[kept].T, series.prime)
        basis = _Basis(tuple(some[i] for i in kept), tuple(columns[j] for j in told))
        found.append((begun + ended, basis))
    rank = max((len(basis.rows) for _, basis in found), default=0)
    if rank <= MOST_STATE:
        largest = [one for one in found if len(one[1].rows) == rank]
        yield from dict.fromkeys(basis for _, basis in sorted(largest, key=lambda one: one[0]))


def _table(
    series: Series, rows: Sequence[Word], columns: Sequence[Word | None]
) -> np.ndarray | None:
    """A part of the Hankel matrix; None if it is not known."""
    table = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for i, word in enumerate(rows):
        for j, end in enumerate(columns):
            if end is None:
                table[i, j] = series.one(word)
            elif word + end in series.coefficients:
                table[i, j] = series.coefficients[word + end]
            else:
                return None
    return table


def _phase(
    series: Series, of: Mapping[Word, int], basis: _Basis, bases: Sequence[_Basis]
) -> Phase | None:
    """What the letters do to the states of a phase; None if that is not known."""
    places = {len(word) for word in basis.rows}
    if max(places) >= len(series.letters):
        return None
    letters = series.letters[min(places)]
    following = {of.get((*word, letter)) for word in basis.rows for letter in letters}
    if len(following) != 1 or any(series.letters[place] != letters for place in places):
        return None
    goal = following.pop()
    if goal is None:
        return None
    onto = bases[goal]
    square = _table(series, onto.rows, onto.columns)
    back = None if square is None else inverse(square, series.prime)
    matrices = {}
    for letter in letters:
        shifted = _table(series, [(*word, letter) for word in basis.rows], onto.columns)
        if shifted is None or back is None:
            return None
        matrices[letter] = shifted @ back % series.prime
    told = [series.coefficients.get(word) for word in basis.rows]
    return Phase(
        matrices,
        goal,
        series.ones[min(places)],
        None if None in told else np.array(told),
        np.array([series.one(word) for word in basis.rows]),
    )
