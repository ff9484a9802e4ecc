"""Answers that are a piecewise linear function of one sum of streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice, product
from typing import Any

import numpy as np

from .forms import TOLERANCE, Kinked
from .sums import tidy

__all__ = ["functions_of_a_sum"]

FEWEST, GRID = 3, 60
"""Different values of a sum that are needed; with more than the latter it is a measured number."""

ON_A_LINE = 3  # points that make a line believed, where every point is another one
NEAR = 1e3  # tolerances: a line through two points that are close is not a precise one

SOME, BATCH = 96, 512
"""Samples on which so many sums at a time are looked at first."""

GOLDEN = (5.0**0.5 - 1.0) / 2.0

Pieces = tuple[float, float, tuple[tuple[float, float], ...]]
"""Slope and constant below the first kink; places of kinks with their changes of slope."""


def functions_of_a_sum(
    rows: np.ndarray, answers: np.ndarray, widths: Sequence[int], most_kinks: int = 4
) -> Iterator[Kinked]:
    """Answers that depend on one sum of streams alone, piecewise linearly, with few kinks.

    Sums have weights 1 and -1. Of two sums that differ in sign one is looked at.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    widths : sequence of int
        Streams in a sum.
    most_kinks : int
    """
    screen = _Screen(rows, answers, most_kinks)
    for width in widths:
        sums = product(
            combinations(range(len(rows)), width),
            [(1.0, *signs) for signs in product((1.0, -1.0), repeat=width - 1)],
        )
        while batch := list(islice(sums, BATCH)):
            for i in screen.passed(batch):
                chosen, weights = batch[i]
                found = _kinked(_total(rows, chosen, weights), answers, most_kinks)
                if found is not None:
                    yield _upright(Kinked(chosen, weights, *found))


def _total(rows: np.ndarray, chosen: Any, weights: Any) -> np.ndarray:
    """A sum of rows, or many at once, added up in the same order to the same bits."""
    total = np.zeros(rows.shape[1])
    for row, weight in zip(chosen, weights, strict=True):
        total = total + weight * rows[row]
    return total


class _Screen:
    """What many sums at once can be told from some samples: that they are not the one.

    Whatever `_kinked` would find passes.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    most : int
        Kinks.
    """

    def __init__(self, rows: np.ndarray, answers: np.ndarray, most: int) -> None:
        n = len(answers)
        # Spread over all samples, in step with no period of theirs.
        some = np.unique((np.arange(SOME) * GOLDEN % 1.0 * n).astype(int)) if n > SOME else slice(n)
        self.rows, self.answers, self.most = rows[:, some], answers[some], most
        self.tolerance = TOLERANCE * max(float(np.abs(answers).max(initial=0.0)), 1e-300)
        self.blur = n * TOLERANCE * np.abs(rows).max(axis=1, initial=0.0)
        """How far a chain of values that count as one may reach, per row."""

    def passed(self, sums: list[tuple[tuple[int, ...], tuple[float, ...]]]) -> list[int]:
        """Which sums of a batch are to be looked at on all samples."""
        chosen = np.array([c for c, _ in sums]).T
        weights = np.array([w for _, w in sums]).T[..., None]
        total = _total(self.rows, chosen, weights)
        order = np.argsort(total, axis=1)
        u = np.take_along_axis(total, order, axis=1)
        y = self.answers[order]
        gaps, steps = np.diff(u), np.diff(y)
        scale = np.abs(total).max(axis=1, initial=0.0, keepdims=True)
        # One value of the sum has one answer.
        is_torn = (gaps <= TOLERANCE * scale) & (np.abs(steps) > 3.0 * self.tolerance)
        blur = self.blur[chosen].sum(axis=0)[:, None]
        is_out = is_torn.any(axis=1) | self._is_bent(gaps, steps, blur)
        return np.flatnonzero(~is_out).tolist()

    def _is_bent(self, gaps: np.ndarray, steps: np.ndarray, blur: np.ndarray) -> np.ndarray:
        """Whether a measured number has more bends than kinks explain: two each.

        A middle point is off the line between its neighbours by no more than twice what each may
        be off their common line, of which blur times slope is a part.
        """
        is_wide = gaps > 4.0 * blur
        slopes = steps / np.where(is_wide, gaps, np.inf)
        before, behind = gaps[:, :-1], gaps[:, 1:]
        off = np.abs(np.diff(slopes)) * before * behind
        may = 5.0 * (NEAR * self.tolerance + blur * np.abs(slopes[:, :-1])) * (before + behind)
        bends = (off > may) & is_wide[:, :-1] & is_wide[:, 1:]
        return (is_wide.sum(axis=1) >= GRID) & (bends.sum(axis=1) > 2 * (self.most + 1))


def _upright(form: Kinked) -> Kinked:
    """Where it is flat beyond the last kink, written from that side: with one term less."""
    end = form.slope + sum(change for _, change in form.kinks)
    if not form.slope or abs(end) > TOLERANCE:
        return form
    constant = form.constant - sum(change * place for place, change in form.kinks)
    kinks = tuple((0.0 - place, change) for place, change in form.kinks)
    weights = tuple(-weight for weight in form.weights)
    return Kinked(form.rows, weights, 0.0, tidy(constant), kinks)


def _kinked(total: np.ndarray, answers: np.ndarray, most: int) -> Pieces | None:
    """Slope, constant and kinks of answers as a function of a sum; None if they are none."""
    order = np.argsort(total, kind="stable")
    u, y = total[order], answers[order]
    scale = max(float(np.abs(u).max(initial=0.0)), 1e-300)
    new = np.concatenate([[True], np.diff(u) > TOLERANCE * scale])
    if new.sum() < FEWEST:
        return None
    places, values = u[new], y[new]
    size = max(float(np.abs(answers).max()), 1e-300)
    if np.abs(y - values[np.cumsum(new) - 1]).max() > TOLERANCE * size:
        return None
    between = _between_lines if len(places) > GRID else _at_points
    return between(places, values, TOLERANCE * size, most)


def _at_points(x: np.ndarray, y: np.ndarray, tolerance: float, most: int) -> Pieces | None:
    """Kinks at points: few values on a grid."""
    slopes = np.diff(y) / np.diff(x)
    changes = np.diff(slopes)
    at = np.flatnonzero(np.abs(changes) > 1e-7 * max(float(np.abs(slopes).max()), 1e-300))
    if len(at) > most:
        return None
    kinks = tuple((float(x[i + 1]), tidy(changes[i])) for i in at)
    return tidy(slopes[0]), tidy(y[0] - slopes[0] * x[0]), kinks


def _between_lines(x: np.ndarray, y: np.ndarray, tolerance: float, most: int) -> Pieces | None:
    """Kinks between points: where the lines before and behind meet."""
    lines: list[tuple[float, float]] = []
    kinks: list[tuple[float, float]] = []
    start, n = 0, len(x)
    while start < n:
        end = _end_of_line(x, y, start, tolerance)
        if end - start < ON_A_LINE or len(kinks) > most:
            return None
        slope = float((y[end - 1] - y[start]) / (x[end - 1] - x[start]))
        line = slope, float(y[start] - slope * x[start])
        if lines:
            change = slope - lines[-1][0]
            place = (lines[-1][1] - line[1]) / change if change else np.inf
            if not x[start - 1] <= place <= x[start]:
                return None  # a step
            kinks.append((tidy(place), tidy(change)))
        lines.append(line)
        start = end
    return tidy(lines[0][0]), tidy(lines[0][1]), tuple(kinks)


def _end_of_line(x: np.ndarray, y: np.ndarray, start: int, tolerance: float) -> int:
    """The first point that is not on the line of the two at the start."""
    if start + 2 >= len(x):
        return len(x)
    slope = (y[start + 1] - y[start]) / (x[start + 1] - x[start])
    off = np.abs(y[start:] - y[start] - slope * (x[start:] - x[start])) > NEAR * tolerance
    return start + int(np.argmax(off)) if off.any() else len(x)
