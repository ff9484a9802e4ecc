"""Forms of a stream: how an answer can be made of streams that are known.

Each search takes streams as rows of a matrix and the answers as a vector, over the samples that are
asked, and gives forms: sums of streams, functions of one sum, a sum that exceeds a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

__all__ = ["Form", "exact_sums", "functions_of_a_sum", "separations"]

TOLERANCE = 1e-9  # of a value, relative to the largest
MARGIN_LEFT = 0.6  # share of the gap that a rounded threshold has to keep


@dataclass(frozen=True)
class Form:
    """An answer as ``sum of weight * stream``, with what is made of it.

    Attributes
    ----------
    streams : tuple of int
        Rows of the matrix.
    weights : tuple of float
    constant : float
    kinks : tuple of (place, change of slope)
        The sum ``u`` becomes ``u * slope + sum of change * max(0, u - place)``.
    slope : float
    threshold : float or None
        If given the answer is 1 where the sum exceeds it, else 0.
    gap : (float, float) or None
        Where the threshold may lie without changing an answer.
    """

    streams: tuple[int, ...]
    weights: tuple[float, ...]
    constant: float = 0.0
    kinks: tuple[tuple[float, float], ...] = ()
    slope: float = 1.0
    threshold: float | None = None
    gap: tuple[float, float] | None = None

    @property
    def links(self) -> int:
        """Wires it needs, about."""
        inner = len(self.streams)
        if self.threshold is not None:
            return inner + 2
        return len(self.kinks) * (inner + 2) + (inner if self.slope else 0) + bool(self.constant)


def exact_sums(
    rows: np.ndarray, answers: np.ndarray, most: int, beam: int = 4, steps: int = 5
) -> Iterator[Form]:
    """Sums of few streams that are the answers, by greedy search with a beam.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    most : int
        Streams that a sum may have.
    beam, steps : int
        Sums that are kept at each step, and steps.
    """
    scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)
    size = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    usable = np.flatnonzero(size > 0)
    unit = rows[usable] / size[usable, None]
    states: list[tuple[int, ...]] = [()]
    seen: set[frozenset[int]] = set()
    for _ in range(min(steps, most)):
        grown: list[tuple[float, tuple[int, ...]]] = []
        for chosen in states:
            residual = answers - _fitted(rows[list(chosen)], answers)[1]
            gain = np.abs(unit @ residual)
            for k in np.argsort(-gain, kind="stable")[: 2 * beam]:
                candidate = (*chosen, int(usable[k]))
                key = frozenset(candidate)
                if len(key) < len(candidate) or key in seen:
                    continue
                seen.add(key)
                weights, fit = _fitted(rows[list(candidate)], answers)
                error = float(np.abs(answers - fit).max(initial=0.0))
                if error <= TOLERANCE * scale:
                    yield _without_spare(rows, answers, candidate, scale)
                grown.append((float(np.sum((answers - fit) ** 2)), candidate))
        grown.sort(key=lambda item: item[0])
        states = [candidate for _, candidate in grown[:beam]]


def _fitted(rows: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(rows):
        return np.zeros(0), np.zeros_like(answers)
    weights = np.linalg.lstsq(rows.T, answers, rcond=None)[0]
    return weights, weights @ rows


def _without_spare(
    rows: np.ndarray, answers: np.ndarray, chosen: Sequence[int], scale: float
) -> Form:
    """The sum without streams it can do without, its weights rounded where nothing is lost."""
    kept = list(chosen)
    for stream in list(chosen):
        less = [k for k in kept if k != stream]
        _, fit = _fitted(rows[less], answers)
        if np.abs(answers - fit).max(initial=0.0) <= TOLERANCE * scale:
            kept = less
    weights, _ = _fitted(rows[kept], answers)
    rounded = np.round(weights * 60.0) / 60.0  # halves, thirds, quarters, fifths, tenths ...
    if np.abs(answers - rounded @ rows[kept]).max(initial=0.0) <= TOLERANCE * scale:
        weights = rounded
    return Form(tuple(kept), tuple(map(float, weights)))


def functions_of_a_sum(
    rows: np.ndarray, answers: np.ndarray, widest: int = 3, most_kinks: int = 4
) -> Iterator[Form]:
    """Answers that depend on one sum of streams alone, piecewise linearly, with few kinks.

    Sums have weights 1 and -1. Of two sums that differ in sign one is looked at.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    widest : int
        Streams in a sum.
    most_kinks : int
    """
    for width in range(1, widest + 1):
        for chosen in combinations(range(len(rows)), width):
            for signs in product((1.0, -1.0), repeat=width - 1):
                weights = (1.0, *signs)
                total = np.zeros_like(answers)
                for stream, weight in zip(chosen, weights, strict=True):
                    total = total + weight * rows[stream]
                form = _kinked(total, answers, most_kinks)
                if form is not None:
                    slope, kinks, constant = form
                    yield Form(chosen, weights, constant, kinks, slope)


def _kinked(
    total: np.ndarray, answers: np.ndarray, most: int
) -> tuple[float, tuple[tuple[float, float], ...], float] | None:
    """Slope, kinks and constant of answers as a function of a sum; None if they are none."""
    order = np.argsort(total, kind="stable")
    u, y = total[order], answers[order]
    scale = max(float(np.abs(u).max(initial=0.0)), 1e-300)
    new = np.concatenate([[True], np.diff(u) > TOLERANCE * scale])
    if new.sum() < 3 or new.sum() > 200:
        return None
    group = np.cumsum(new) - 1
    places, values = u[new], y[new]
    if np.abs(y - values[group]).max() > TOLERANCE * max(np.abs(answers).max(), 1e-300):
        return None
    slopes = np.diff(values) / np.diff(places)
    changes = np.diff(slopes)
    at = np.flatnonzero(np.abs(changes) > 1e-7 * max(np.abs(slopes).max(), 1e-300))
    if len(at) > most:
        return None
    kinks = tuple((float(places[i + 1]), float(_simple(changes[i]))) for i in at)
    constant = float(_simple(values[0] - slopes[0] * places[0]))
    return float(_simple(slopes[0])), kinks, constant


def _simple(value: float) -> float:
    rounded = round(value * 60.0) / 60.0
    return rounded if abs(rounded - value) <= 1e-9 * max(1.0, abs(value)) else value


def separations(
    rows: np.ndarray, answers: np.ndarray, most: int = 4
) -> Iterator[Form]:
    """Answers of 0 and 1 as a sum of few streams that exceeds a threshold.

    A sparse linear program over all streams at once, then streams are left out while the answers
    can still be told apart.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,), 0 or 1
    most : int
        Streams that a sum may have.
    """
    size = np.abs(rows).max(axis=1)
    usable = np.flatnonzero(size > 0)
    distinct, index = np.unique(
        np.concatenate([rows[usable], answers[None]]), axis=1, return_index=True
    )
    del distinct
    scaled = rows[usable][:, index] / size[usable, None]
    sign = np.where(answers[index] > 0.5, 1.0, -1.0)
    weights = _separated(scaled, sign, np.ones(len(usable)))
    if weights is None:
        return
    kept = [k for k in range(len(usable)) if abs(weights[k]) > 1e-7]
    for k in sorted(kept, key=lambda k: abs(weights[k])):
        less = [j for j in kept if j != k]
        if less and _separated(scaled[less], sign, np.ones(len(less))) is not None:
            kept = less
    if len(kept) > most:
        return
    found = _separated(scaled[kept], sign, np.full(len(kept), 1e-9))
    assert found is not None
    streams = tuple(int(usable[k]) for k in kept)
    exact = found / size[list(streams)]
    yield _thresholded(rows[list(streams)], answers, streams, exact / np.abs(exact).max())


def _separated(rows: np.ndarray, sign: np.ndarray, cost: np.ndarray) -> np.ndarray | None:
    """Weights of least cost with ``sign * (weights . rows - threshold) >= 1``; None if none."""
    from scipy.optimize import linprog  # importing it takes a while

    n = len(rows)
    signed = (rows * sign).T
    matrix = np.concatenate([-signed, signed, sign[:, None], -sign[:, None]], axis=1)
    costs = np.concatenate([cost, cost, [1e-6, 1e-6]])
    solved = linprog(costs, matrix, -np.ones(len(sign)), method="highs")
    return None if solved.x is None else solved.x[:n] - solved.x[n : 2 * n]


def _thresholded(
    rows: np.ndarray, answers: np.ndarray, streams: tuple[int, ...], weights: np.ndarray
) -> Form:
    """Simple weights if they separate as well, and a simple threshold in the gap."""
    is_one = answers > 0.5
    best: tuple[np.ndarray, float, float] | None = None
    for denominator in (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100):
        simple = np.round(weights * denominator) / denominator
        total = simple @ rows
        low, high = float(total[~is_one].max()), float(total[is_one].min())
        if low < high:
            best = simple, low, high
            break
    if best is None:
        total = weights @ rows
        best = weights, float(total[~is_one].max()), float(total[is_one].min())
    simple, low, high = best
    return Form(
        streams,
        tuple(map(float, simple)),
        threshold=simplest_between(low, high),
        gap=(low, high),
    )


def simplest_between(low: float, high: float) -> float:
    """The number of fewest digits in the middle of a gap.

    Examples
    --------
    >>> simplest_between(2.0, 3.0), simplest_between(0.493, 0.512)
    (2.5, 0.5)
    """
    room = 0.5 * (1.0 - MARGIN_LEFT) * (high - low)
    middle = 0.5 * (low + high)
    for digits in range(-6, 13):
        value = round(middle, digits)
        if low + room <= value <= high - room:
            return float(value)
    return middle
