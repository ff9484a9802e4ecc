"""Answers that are a piecewise linear function of one sum of streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice, product
from typing import Any, NamedTuple

import numpy as np

from .forms import TOLERANCE, Kinked
from .sums import tidy

__all__ = ["Pieces", "function_of", "functions_of_a_sum"]

FEWEST, GRID = 3, 60
"""Different values of a sum that are needed; with more than the latter it is a measured number."""

PER_STEP = 3
"""Different values of a sum that are needed for every step in it."""

CENTRES = 3
"""Numbers about which a function is folded in turn: those that leave the fewest values."""

ON_A_LINE = 3  # points that make a line believed, where every point is another one
NEAR = 1e3  # tolerances: a line through two points that are close is not a precise one

SOME, BATCH = 96, 512
"""Samples on which so many sums at a time are looked at first."""

GOLDEN = (5.0**0.5 - 1.0) / 2.0

Bends = tuple[tuple[float, float], ...]


class Pieces(NamedTuple):
    """A piecewise linear function, in the words of `Kinked`."""

    slope: float
    constant: float
    kinks: Bends = ()
    steps: Bends = ()
    folds: tuple[float, ...] = ()

    @property
    def neurons(self) -> int:
        """How many it takes."""
        return len(self.kinks) + len(self.steps) + len(self.folds)

    def wires(self, rows: int) -> int:
        """How many it takes of a sum of so many rows."""
        folding = rows + 1 + 2 * (len(self.folds) - 1) if self.folds else 0
        heard = 1 if self.folds else rows
        bends = (heard + 2) * (len(self.kinks) + len(self.steps))
        return folding + bends + heard * bool(self.slope) + bool(self.constant)


def functions_of_a_sum(
    rows: np.ndarray,
    answers: np.ndarray,
    widths: Sequence[int],
    most_kinks: int = 4,
    has_steps: bool = False,
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
        Kinks and steps.
    has_steps : bool
        Whether steps are allowed.
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
                total = _total(rows, chosen, weights)
                found = function_of(total, answers, most_kinks, has_steps, rows=width)
                if found is not None and _is_seen(found, total):
                    yield _upright(Kinked(chosen, weights, *found))


def _total(rows: np.ndarray, chosen: Any, weights: Any) -> np.ndarray:
    """A sum of rows, or many at once, added up in the same order to the same bits."""
    total = np.zeros(rows.shape[1])
    for row, weight in zip(chosen, weights, strict=True):
        total = total + weight * rows[row]
    return total


def _is_seen(pieces: Pieces, total: np.ndarray) -> bool:
    """Whether every step has a few values around it; steps at every other value explain nothing."""
    steps = len(pieces.steps)
    return not steps or len(np.unique(np.round(total, 9))) >= FEWEST - 1 + PER_STEP * steps


class _Screen:
    """What many sums at once can be told from some samples: that they are not the one.

    Whatever `function_of` would find passes.

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
    if not form.slope or abs(end) > TOLERANCE or form.steps:
        return form
    constant = form.constant - sum(change * place for place, change in form.kinks)
    kinks = tuple((0.0 - place, change) for place, change in form.kinks)
    weights = tuple(-weight for weight in form.weights)
    return Kinked(form.rows, weights, 0.0, tidy(constant), kinks)


def function_of(
    total: np.ndarray,
    answers: np.ndarray,
    most: int,
    has_steps: bool = False,
    folds: int = 0,
    rows: int = 1,
) -> Pieces | None:
    """Answers as the piecewise linear function of a sum that takes the fewest wires.

    None if they are no such function.

    Parameters
    ----------
    total, answers : float array (samples,)
    most : int
        Kinks, steps and folds.
    has_steps : bool
        Whether steps are allowed. They are found only where the sum lies on a grid: between two
        neighbours on it any bound does the same.
    folds : int
        How often the sum may be folded about a number. Only if it has few values.
    rows : int
        Streams in the sum.
    """
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
    if len(places) > GRID:
        return _between_lines(places, values, TOLERANCE * size, most)
    found = _folded(places, values, has_steps, folds, rows)
    return found if found.neurons <= most else None


def _folded(x: np.ndarray, y: np.ndarray, has_steps: bool, folds: int, rows: int) -> Pieces:
    """The function that takes the fewest wires, folded so often at most."""
    best = _at_points(x, y, has_steps, rows)
    if not best.neurons or not folds:
        return best
    halves = [
        (centre, _onto_one_side(x - centre, y)) for centre in np.unique(0.5 * (x[:, None] + x))
    ]
    fitting = [(centre, half) for centre, half in halves if half is not None]
    fitting.sort(key=lambda item: len(item[1][0]))
    for centre, half in fitting[:CENTRES]:
        rest = _folded(*half, has_steps, folds - 1, 1)
        found = rest._replace(folds=(float(centre), *rest.folds))
        best = min(best, found, key=lambda pieces: pieces.wires(rows))
    return best


def _onto_one_side(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Points folded about 0; None if values do not agree, or no two points meet."""
    order = np.argsort(np.abs(x), kind="stable")
    distance, value = np.abs(x)[order], y[order]
    is_met = np.diff(distance) <= TOLERANCE * max(float(distance[-1]), 1e-300)
    agree = np.abs(np.diff(value)) <= TOLERANCE * max(float(np.abs(y).max()), 1e-300)
    if not is_met.any() or not agree[is_met].all():
        return None
    kept = np.concatenate([[True], ~is_met])
    return distance[kept], value[kept]


def _at_points(x: np.ndarray, y: np.ndarray, has_steps: bool, rows: int) -> Pieces:
    """Kinks at points, steps between them: few values on a grid."""
    if len(x) == 1:
        return Pieces(0.0, tidy(y[0]))
    widths = np.diff(x)
    slopes = np.diff(y) / widths
    near = 1e-7 * max(float(np.abs(slopes).max()), 1e-300)
    found = [_pieces(y[0], x[0], slopes[0], _kinks(x, slopes, near), ())]
    if has_steps:
        is_neighbour = widths <= (1.0 + 1e-6) * widths.min()
        found += [
            _pieces(y[0], x[0], slope, (), _steps(x, slopes, slope, near))
            for slope in (0.0, *dict.fromkeys(slopes))
            if np.all(is_neighbour | (np.abs(slopes - slope) <= near))
        ]
    return min(found, key=lambda pieces: pieces.wires(rows))


def _pieces(y: float, x: float, slope: float, kinks: Bends, steps: Bends) -> Pieces:
    return Pieces(tidy(slope), tidy(y - slope * x), kinks, steps)


def _kinks(x: np.ndarray, slopes: np.ndarray, near: float) -> Bends:
    """At which points the slope changes."""
    changes = np.diff(slopes)
    at = np.flatnonzero(np.abs(changes) > near)
    return tuple((float(x[i + 1]), tidy(changes[i])) for i in at)


def _steps(x: np.ndarray, slopes: np.ndarray, slope: float, near: float) -> Bends:
    """Between which neighbours a line of this slope has to step."""
    at = np.flatnonzero(np.abs(slopes - slope) > near)
    return tuple(
        (0.5 * float(x[i] + x[i + 1]), tidy((slopes[i] - slope) * (x[i + 1] - x[i]))) for i in at
    )


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
    return Pieces(tidy(lines[0][0]), tidy(lines[0][1]), tuple(kinks))


def _end_of_line(x: np.ndarray, y: np.ndarray, start: int, tolerance: float) -> int:
    """The first point that is not on the line of the two at the start."""
    if start + 2 >= len(x):
        return len(x)
    slope = (y[start + 1] - y[start]) / (x[start + 1] - x[start])
    off = np.abs(y[start:] - y[start] - slope * (x[start:] - x[start])) > NEAR * tolerance
    return start + int(np.argmax(off)) if off.any() else len(x)
