"""Answers of 0 and 1: sums of a few streams that exceed a bound, all of them tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from .forms import Threshold
from .thresholds import single_thresholds, with_bound

__all__ = ["bounded_sums"]

SOME = 16
"""Samples of either answer on which all sums are looked at first."""


def bounded_sums(
    rows: np.ndarray, answers: np.ndarray, cost: np.ndarray, width: int = 3
) -> Iterator[Threshold]:
    """Sums of a few streams, with weights 1 and -1, that are larger wherever the answer is 1.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,), 0 or 1
    cost : array (streams,)
        What it costs to use a stream: of sums with as many streams the cheapest come first.
    width : int
        Streams in a sum at most.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 2.0, 1.0], [1.0, 2.0, 0.0, 1.0], [2.0, 0.0, 2.0, 1.0]])
    >>> found = next(bounded_sums(rows, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(3)))
    >>> found.rows, found.weights, found.bound
    ((0, 1), (1.0, -1.0), -0.5)
    """
    some = _of_both(answers)
    few, is_one = rows[:, some], answers[some]
    whole = _Sums(np.arange(len(rows))[:, None], np.ones((len(rows), 1)), few)
    parts: Iterable[_Sums] = [whole]
    for length in range(1, width + 1):
        told, kept = [], []
        for part in parts:
            told.append(part.telling(is_one))
            if length < width:
                kept.append(part)
        yield from _checked(_together(told), rows, answers, cost)
        if kept:
            parts = _together(kept).longer(few)


def _of_both(answers: np.ndarray) -> np.ndarray:
    """Samples with either answer, spread over all."""
    places = [np.flatnonzero(answers > 0.5), np.flatnonzero(answers <= 0.5)]
    spread = [np.linspace(0, len(at) - 1, min(SOME, len(at))).astype(int) for at in places]
    return np.concatenate([at[chosen] for at, chosen in zip(places, spread, strict=True)])


@dataclass(frozen=True)
class _Sums:
    """Sums of so many rows each, in order of the last row in them.

    Attributes
    ----------
    terms : int array (sums, width)
    signs : array (sums, width)
    values : array (sums, samples)
    """

    terms: np.ndarray
    signs: np.ndarray
    values: np.ndarray

    def telling(self, answers: np.ndarray) -> _Sums:
        """Those that tell zeros from ones."""
        told = single_thresholds(self.values, answers) != 0
        return _Sums(self.terms[told], self.signs[told], self.values[told])

    def longer(self, rows: np.ndarray) -> Iterator[_Sums]:
        """With a further row behind the last: for every such row, and either sign of it."""
        for k, sign in product(range(1, len(rows)), (1.0, -1.0)):
            n = int(np.searchsorted(self.terms[:, -1], k))
            terms = np.hstack([self.terms[:n], np.full((n, 1), k)])
            signs = np.hstack([self.signs[:n], np.full((n, 1), sign)])
            yield _Sums(terms, signs, self.values[:n] + sign * rows[k])


def _together(parts: list[_Sums]) -> _Sums:
    terms, signs, values = zip(*((p.terms, p.signs, p.values) for p in parts), strict=True)
    return _Sums(np.concatenate(terms), np.concatenate(signs), np.concatenate(values))


def _checked(
    sums: _Sums, rows: np.ndarray, answers: np.ndarray, cost: np.ndarray
) -> Iterator[Threshold]:
    """Those that tell zeros from ones on all samples, with their bounds."""
    order = np.argsort(cost[sums.terms].sum(axis=1), kind="stable")
    for own, signs in zip(sums.terms[order].tolist(), sums.signs[order], strict=True):
        sense = single_thresholds(signs[None] @ rows[own], answers)[0]
        found = with_bound(rows[own], answers, own, sense * signs) if sense else None
        if found is not None:
            yield found
