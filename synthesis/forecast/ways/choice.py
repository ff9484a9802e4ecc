"""Which forecast: each is tried on what comes after the data it was fitted to.

One series is cut in time again and again (forward chaining), several strings are kept apart in
groups. Of all forecasts whose error is within one standard error of the least, the one with the
fewest links is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["Part", "Tried", "chosen", "compared", "parts"]

SAME = 1e-6
"""Share of a loss by which two may differ and still be the same forecast, rounded otherwise."""

FOLDS = 10
GROUPS = 5
FIRST = 0.45
"""Share of a single series that the first forecast is fitted to."""


@dataclass(frozen=True)
class Part:
    """Rows to fit, and rows to forecast then.

    Attributes
    ----------
    fit, forecast : arrays of int
        Numbers of rows.
    """

    fit: np.ndarray
    forecast: np.ndarray


def parts(string: np.ndarray, told: np.ndarray) -> Iterator[Part]:
    """Cuts of the rows: in time for one string, by strings for several.

    Parameters
    ----------
    string, told : int arrays (rows,)
        The string of each row, and the sample that it forecasts.
    """
    names = np.unique(string)
    if len(names) >= GROUPS:
        for k in range(GROUPS):
            is_kept = np.isin(string, names[k::GROUPS])
            yield Part(np.flatnonzero(~is_kept), np.flatnonzero(is_kept))
        return
    end = int(told.max()) + 1
    edges = np.linspace(FIRST * end, end, FOLDS + 1).round().astype(int)
    for low, high in pairwise(edges):
        before = np.flatnonzero(told < low)
        after = np.flatnonzero((told >= low) & (told < high))
        if len(before) and len(after):
            yield Part(before, after)


@dataclass(frozen=True)
class Tried:
    """One way to forecast, and how it did on rows that it was not fitted to.

    Attributes
    ----------
    name : str
    size : int
        Links, or parameters of a rival.
    losses : array (rows,)
        The same rows for all ways.
    key : object
        Whatever tells how to make it.

    Examples
    --------
    >>> tried = Tried("last value", 1, np.array([1.0, 3.0]))
    >>> tried.loss, tried.error
    (2.0, 1.0)
    """

    name: str
    size: int
    losses: np.ndarray = field(repr=False)
    key: Any = field(repr=False, default=None)

    @property
    def loss(self) -> float:
        """Mean over the rows; infinite if it failed anywhere."""
        return float(self.losses.mean()) if np.isfinite(self.losses).all() else np.inf

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.losses.std(ddof=1) / np.sqrt(len(self.losses)))


def chosen(tried: Sequence[Tried]) -> tuple[Tried, float]:
    """The smallest within one standard error of the best, and the limit that this sets.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen, C. Stone, Classification and Regression Trees (1984), 3.4.3.

    Examples
    --------
    >>> small = Tried("small", 1, np.array([1.0, 2.1]))
    >>> large = Tried("large", 9, np.array([1.0, 2.0]))
    >>> chosen([small, large])
    (Tried(name='small', size=1), 2.0)
    """
    best = min(tried, key=lambda one: one.loss)
    limit = best.loss + best.error
    return min((t for t in tried if t.loss <= limit), key=lambda t: (t.size, t.loss)), limit


def compared(one: Tried, other: Tried) -> str:
    """Whether one is better than another on the same rows, by one standard error of what differs.

    Examples
    --------
    >>> few = np.array([1.0, 1.1, 0.9, 1.0])
    >>> compared(Tried("a", 1, few), Tried("b", 1, 2.0 * few))
    'better than'
    """
    if len(one.losses) != len(other.losses):
        gain, error = other.loss - one.loss, float(np.hypot(one.error, other.error))
    else:
        gains = other.losses - one.losses
        gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))
    if abs(gain) <= max(error, SAME * abs(other.loss)):
        return "about as good as"
    return "better than" if gain > 0.0 else "worse than"
