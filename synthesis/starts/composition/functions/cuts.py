"""Measured numbers of which only matters between which bounds they lie: where these bounds are.

Beside the same values of all else, the answer changes where a bound is crossed. Every change leaves
an interval in which there is a bound; the fewest bounds that explain all changes are meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...proposal import Gap
from ..forms import Kinked
from ..known import Cut, Known
from ..thresholds import chosen_between
from .projections import cases_of

__all__ = ["cuts_beside", "cuts_of", "with_cuts_again"]

MOST = 5
"""Bounds of one stream."""

SAMPLES = 20
"""Samples that are asked for every bound: answers without a rule change at every few of them."""


def cuts_of(values: np.ndarray, cases: np.ndarray, answers: np.ndarray) -> list[Gap]:
    """The fewest bounds of a stream that explain where answers change.

    Parameters
    ----------
    values : array (samples,)
    cases : int array (samples,)
        A number for what all other streams are: answers are compared where it is the same.
    answers : array (samples,)

    Returns
    -------
    list of Gap
        From the lowest to the highest; empty if there are none, or they explain nothing.

    Examples
    --------
    >>> speed = np.linspace(0.0, 5.0, 51)
    >>> gear = 1.0 + (speed > 1.52) + (speed > 3.0)
    >>> [cut.value for cut in cuts_of(np.tile(speed, 4), np.repeat(np.arange(4), 51),
    ...                               np.tile(gear, 4))]
    [1.55, 3.05]
    """
    order = np.lexsort((values, cases))
    v, case, answer = values[order], cases[order], answers[order]
    is_change = (case[1:] == case[:-1]) & (answer[1:] != answer[:-1])
    low, high = v[:-1][is_change], v[1:][is_change]
    if np.any(low == high):
        return []
    found = _fewest(zip(low.tolist(), high.tolist(), strict=True))
    if len(found) > MOST or len(values) < SAMPLES * len(found):
        return []
    return [chosen_between(*bounds) for bounds in found]


def cuts_beside(
    known: Known, measured: int, others: Sequence[int], answers: np.ndarray, output: int
) -> list[Gap]:
    """The fewest bounds of a known stream, on what is looked at now, beside what others are."""
    cases = cases_of(known.rows(others, output)) if others else np.zeros(len(answers), int)
    return cuts_of(known.rows([measured], output)[0], cases, answers)


def _fewest(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Common parts of as few groups of intervals as have any.

    Those that begin before the first end are one group: no other choice hits more.
    """
    groups: list[tuple[float, float]] = []
    for low, high in sorted(intervals, key=lambda interval: interval[1]):
        if groups and low < groups[-1][1]:
            groups[-1] = max(low, groups[-1][0]), groups[-1][1]
        else:
            groups.append((low, high))
    return groups


def with_cuts_again(known: Known, form: Kinked, answers: np.ndarray, output: int) -> Kinked:
    """A function with the bounds of its measured stream chosen by what is looked at now.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.problems import Problem
    >>> from .finder import FunctionFinder
    >>> speed = np.random.default_rng(0).uniform(0.0, 5.0, (80, 17))
    >>> strings = to_strings(speed, 1.0 + (speed > 1.52) + (speed > 3.0))[0]
    >>> known = Known(Problem.of(strings.select(range(12))), VOCABULARY, 20, 1, strings=4)
    >>> form, words = next(FunctionFinder(known, 0, known.wanted(0)).projections())
    >>> known.look_at(strings)
    >>> for one in (form, with_cuts_again(known, form, known.wanted(0), 0)):
    ...     print([gap.value for gap in one.gaps])
    [1.5, 3.0]
    [1.52, 3.0]
    """
    beside = {row: known.beside[-1 - row] for row in form.rows if row < 0}
    cuts = {row: stream for row, stream in beside.items() if isinstance(stream, Cut)}
    measured = {cut.stream for cut in cuts.values()}
    if len(measured) != 1:
        return form
    stream = measured.pop()
    others = [row for row in form.rows if row not in cuts]
    gaps = cuts_beside(known, stream, others, answers, output)
    if len(gaps) != len(cuts):
        return form
    again = [known.add(Cut(stream, gap.value)) for gap in gaps]
    moved = dict(zip(sorted(cuts, key=lambda row: cuts[row].bound), again, strict=True))
    rows = tuple(moved.get(row, row) for row in form.rows)
    return replace(form, rows=rows, gaps=tuple(gaps))
