"""Answers that are a piecewise linear function of one sum of streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np

from .forms import TOLERANCE, Kinked

__all__ = ["functions_of_a_sum"]

FEWEST, MOST = 3, 200  # different values of a sum


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
    for width in widths:
        for chosen in combinations(range(len(rows)), width):
            for signs in product((1.0, -1.0), repeat=width - 1):
                weights = (1.0, *signs)
                total = np.zeros_like(answers)
                for row, weight in zip(chosen, weights, strict=True):
                    total = total + weight * rows[row]
                found = _kinked(total, answers, most_kinks)
                if found is not None:
                    slope, constant, kinks = found
                    yield Kinked(chosen, weights, slope, constant, kinks)


def _kinked(
    total: np.ndarray, answers: np.ndarray, most: int
) -> tuple[float, float, tuple[tuple[float, float], ...]] | None:
    """Slope, constant and kinks of answers as a function of a sum; None if they are none."""
    order = np.argsort(total, kind="stable")
    u, y = total[order], answers[order]
    scale = max(float(np.abs(u).max(initial=0.0)), 1e-300)
    new = np.concatenate([[True], np.diff(u) > TOLERANCE * scale])
    if not FEWEST <= new.sum() <= MOST:
        return None
    places, values = u[new], y[new]
    spread = np.abs(y - values[np.cumsum(new) - 1]).max()
    if spread > TOLERANCE * max(float(np.abs(answers).max()), 1e-300):
        return None
    slopes = np.diff(values) / np.diff(places)
    changes = np.diff(slopes)
    at = np.flatnonzero(np.abs(changes) > 1e-7 * max(float(np.abs(slopes).max()), 1e-300))
    if len(at) > most:
        return None
    kinks = tuple((float(places[i + 1]), _simple(changes[i])) for i in at)
    return _simple(slopes[0]), _simple(values[0] - slopes[0] * places[0]), kinks


def _simple(value: float) -> float:
    rounded = round(float(value) * 60.0) / 60.0
    return rounded if abs(rounded - value) <= TOLERANCE * max(1.0, abs(value)) else float(value)
