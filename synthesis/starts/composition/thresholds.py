"""Answers of 0 and 1: a sum of few streams that exceeds a bound, and which bound is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..proposal import Gap
from .atoms import are_flags
from .forms import Threshold

__all__ = ["bounded_sums", "chosen_between", "separations", "single_thresholds", "with_bound"]

SURPRISE = 0.05
"""A number chosen by its few digits is believed if chance puts one into the gap this rarely."""

SOME = 16
"""Samples of either answer on which all sums of a few streams are looked at first."""

HOPELESS = 60
"""Streams in a sparse solution of which leaving out single ones does not leave a few."""

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100)
MIDDLE = 1e-6
"""What is nearer to an end than this share of the gap may be the end, but for rounding."""


def chosen_between(low: float, high: float, is_grid: bool = False) -> Gap:
    """The number that is meant between the largest sum that stays below it and the least above.

    Parameters
    ----------
    low, high : float
        ``low <= bound < high``.
    is_grid : bool
        The sums lie on a grid on which these two are neighbours: any number between them is the
        same.

    Examples
    --------
    >>> chosen_between(2.0, 3.0, is_grid=True)
    Gap(value=2.5, low=2.0, high=3.0, is_settled=True)
    >>> chosen_between(0.4981, 0.5007)
    Gap(value=0.5, low=0.4981, high=0.5007, is_settled=True)
    >>> chosen_between(0.43, 0.62).is_settled
    False
    """
    if is_grid:
        return Gap(0.5 * (low + high), low, high, True)
    room = MIDDLE * (high - low)
    middle = 0.5 * (low + high)
    for digits in range(-6, 16):
        value = round(middle, digits)
        if low + room <= value <= high - room and value < high:
            # Zero has no digits: without these it would be believed in a gap of any width.
            believed = digits if value else max(digits, 0)
            return Gap(float(value), low, high, (high - low) * 10.0**believed <= SURPRISE)
    return Gap(middle if middle < high else low, low, high, False)


def single_thresholds(rows: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Rows that tell zeros from ones by themselves, larger where the answer is 1 or smaller.

    Returns
    -------
    array of int (streams,)
        1, -1, or 0 for rows that do not.
    """
    is_one = answers > 0.5
    ones, zeros = rows[:, is_one], rows[:, ~is_one]
    above = zeros.max(axis=1) < ones.min(axis=1)
    below = ones.max(axis=1) < zeros.min(axis=1)
    return above.astype(int) - below.astype(int)


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


# -------------------- by a linear program --------------------


def separations(
    rows: np.ndarray, answers: np.ndarray, cost: np.ndarray, most: int = 6, tries: int = 3
) -> Iterator[Threshold]:
    """Answers of 0 and 1 as a sum of few streams that exceeds a bound.

    A sparse linear program over all streams at once, then streams are left out while the answers
    can still be told apart; again without the streams that were used, for another answer.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,), 0 or 1
    cost : array (streams,)
        What it costs to use a stream.
    most : int
        Streams that a sum may have.
    tries : int
    """
    size = np.abs(rows).max(axis=1)
    usable = np.flatnonzero(size > 0)
    columns = np.unique(np.concatenate([rows, answers[None]]), axis=1)
    rows, answers = columns[:-1], columns[-1]
    sign = np.where(answers > 0.5, 1.0, -1.0)
    for _ in range(tries):
        scaled = rows[usable] / size[usable, None]
        kept = _few(scaled, sign, cost[usable])
        if not kept:
            return
        chosen = tuple(int(usable[k]) for k in kept)
        if len(kept) <= most:
            weights = _separated(scaled[kept], sign, np.full(len(kept), 1e-9))
            if weights is not None:
                own = list(chosen)
                found = with_bound(rows[own], answers, chosen, weights / size[own])
                if found is not None:
                    yield found
        usable = np.array([k for k in usable if k not in chosen[:1]])


def _few(scaled: np.ndarray, sign: np.ndarray, cost: np.ndarray) -> list[int]:
    """Streams that suffice: those of a sparse solution, without what can be left out."""
    weights = _separated(scaled, sign, cost)
    if weights is None:
        return []
    kept = [k for k in range(len(scaled)) if abs(weights[k]) > 1e-7]
    if len(kept) > HOPELESS:
        return []
    for k in sorted(kept, key=lambda k: (-cost[k], abs(weights[k]))):
        less = [j for j in kept if j != k]
        if less and _separated(scaled[less], sign, np.ones(len(less))) is not None:
            kept = less
    return kept


def _separated(rows: np.ndarray, sign: np.ndarray, cost: np.ndarray) -> np.ndarray | None:
    """Weights of least cost with ``sign * (weights . rows - bound) >= 1``; None if none."""
    from scipy.optimize import linprog  # importing it takes a while

    n = len(rows)
    signed = (rows * sign).T
    matrix = np.concatenate([-signed, signed, sign[:, None], -sign[:, None]], axis=1)
    costs = np.concatenate([cost, cost, [1e-6, 1e-6]])
    solved = linprog(costs, matrix, -np.ones(len(sign)), method="highs")
    return None if solved.x is None else solved.x[:n] - solved.x[n : 2 * n]


def with_bound(
    rows: np.ndarray, answers: np.ndarray, numbers: Sequence[int], weights: np.ndarray
) -> Threshold | None:
    """Simple weights if they separate as well, and the bound that is meant.

    Parameters
    ----------
    rows : array (streams, samples)
        Of the streams of the sum only.
    answers : array (samples,), 0 or 1
    numbers : their numbers
    weights : array (streams,)

    Returns
    -------
    Threshold or None
        None if the weights do not separate.
    """
    levels = _levels_of_flags(rows, answers, numbers)
    if levels is not None:
        return levels
    is_one = answers > 0.5
    sizes = np.abs(weights)
    scaled = weights / sizes[sizes > 0].min(), weights / sizes.max()
    candidates = [np.round(one * d) / d for one in scaled for d in DENOMINATORS]
    for simple in [*candidates, weights]:
        total = simple @ rows
        low, high = float(total[~is_one].max()), float(total[is_one].min())
        if low < high:
            break
    else:
        return None
    gap = chosen_between(low, high, _are_neighbours(total, low, high))
    return Threshold(tuple(numbers), tuple(map(float, simple)), gap.value, (gap,))


def _are_neighbours(total: np.ndarray, low: float, high: float) -> bool:
    """Whether sums lie on a grid, and the bounds of the gap next to each other on it."""
    values = np.unique(np.round(total, 9))
    if len(values) < 3:
        return True
    steps = np.diff(values)
    step = float(steps.min())
    multiples = steps / step
    is_grid = len(values) < 200 and np.abs(multiples - np.round(multiples)).max() < 1e-6
    return bool(is_grid and high - low < 1.5 * step)


def _levels_of_flags(
    rows: np.ndarray, answers: np.ndarray, numbers: Sequence[int]
) -> Threshold | None:
    """One measured stream and a flag: a bound for each state of the flag, both as simple as can be.

    None if the streams are not of that kind.
    """
    is_flag = [are_flags(row) for row in rows]
    if len(rows) != 2 or sum(is_flag) != 1:
        return None
    flag, measured = rows[is_flag.index(True)] > 0.5, rows[is_flag.index(False)]
    is_one = answers > 0.5
    parts = [measured[state & told] for state in (~flag, flag) for told in (~is_one, is_one)]
    if not all(len(part) for part in parts):
        return None
    # The measured stream may have to be small where the answer is 1.
    sense = 1.0 if parts[1].min() > parts[0].max() else -1.0
    bounds = []
    for zeros, ones in (parts[:2], parts[2:]):
        low, high = float((sense * zeros).max()), float((sense * ones).min())
        if not low < high:
            return None
        bounds.append(chosen_between(low, high, _are_neighbours(sense * measured, low, high)))
    off, on = bounds
    lowered = round(off.value - on.value, 12)
    weights = (lowered, sense) if is_flag[0] else (sense, lowered)
    return Threshold(tuple(numbers), weights, off.value, (off, on))
