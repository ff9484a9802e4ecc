"""Which forecast: each is tried on what comes after the data it was fitted to.

One series is cut in time again and again (forward chaining), several strings are kept apart in
groups. Of all forecasts whose error is within a third of a standard error of the least, the one
with the fewest links is chosen. A whole one is the rule of the literature; on simulated series a
third lost less later (`benchmarks.forecast_choice`). Only whether a series is told by its changes,
having no level to come back to, is settled by a whole one: what is wrong there grows without bound.
Other rules can be asked for: the standard error may be that of the difference on the same samples,
or the shortest code decides - what a way loses is the length of a code for what came, by what was
known before, and a link adds what it takes to name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = [
    "CHOICES",
    "Part",
    "Tried",
    "chosen",
    "code_length",
    "compared",
    "parts",
    "smallest_within",
]

CHOICES = ("third of standard error", "standard error", "difference", "code length")

THIRD = 1.0 / 3.0

SAME = 1e-6
"""Share of a loss by which two may differ and still be the same forecast, rounded otherwise."""

ROUNDED = 1e-18
"""Share of the largest loss below which squared errors are those of rounding."""

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
    fitted : int
        Weights that were fitted: of two of a size, fewer are simpler.
    has_level : bool
        Whether it tells the series itself, not changes of it.

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
    fitted: int = field(repr=False, default=0)
    has_level: bool = field(repr=False, default=True)

    @property
    def loss(self) -> float:
        """Mean over the rows; infinite if it failed anywhere."""
        return float(self.losses.mean()) if np.isfinite(self.losses).all() else np.inf

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.losses.std(ddof=1) / np.sqrt(len(self.losses)))


def chosen(tried: Sequence[Tried], choice: str, is_scaled: bool) -> Tried:
    """The smallest way that is about as good as the best, or the one with the shortest code.

    Parameters
    ----------
    tried : sequence of Tried
    choice : "third of standard error", "standard error", "difference" or "code length"
        About as good is a loss within so much of the best one's (of those of changes if the careful
        choice is one of them, else of the others), or within one standard error of the difference
        on the same samples.
    is_scaled : bool
        Whether losses are errors in units of a noise of unknown size, not logarithms of
        probabilities: a row then takes half the logarithm of the mean.

    References
    ----------
    A. P. Dawid, J. R. Statist. Soc. A 147 (1984), 278-292, and J. Rissanen, Ann. Statist. 14
    (1986), 1080-1100, for losses of forecasts as a code; L. Breiman, J. Friedman, R. Olshen,
    C. Stone, Classification and Regression Trees (1984), 3.4.3, for the standard error.

    Examples
    --------
    >>> small = Tried("small", 1, np.array([1.0, 2.5]))
    >>> large = Tried("large", 9, np.array([1.0, 2.0]))
    >>> for choice in ("standard error", "third of standard error"):
    ...     print(chosen([small, large], choice, is_scaled=True))
    Tried(name='small', size=1)
    Tried(name='large', size=9)
    """
    if choice == "code length":
        finest = ROUNDED * max(one.loss for one in tried if np.isfinite(one.loss))

        def told(one: Tried) -> tuple[float, int, int]:
            length = code_length(one.loss, len(one.losses), one.size, is_scaled, finest)
            return length, one.size, one.fitted

        return min(tried, key=told)
    if choice == "difference":
        best = min(tried, key=lambda one: one.loss)
        within = [one for one in _unbeaten(tried) if compared(one, best) != "worse than"]
        return min(within, key=_simplicity)
    careful = smallest_within(tried, 1.0)
    if choice == "standard error":
        return careful
    alike = [one for one in tried if one.has_level == careful.has_level]
    return smallest_within(alike, THIRD)


def smallest_within(tried: Sequence[Tried], share: float) -> Tried:
    """The smallest way within so many standard errors of the best.

    Examples
    --------
    >>> small = Tried("small", 1, np.array([1.0, 2.5]))
    >>> large = Tried("large", 9, np.array([1.0, 2.0]))
    >>> smallest_within([small, large], 0.5)
    Tried(name='small', size=1)
    """
    best = min(tried, key=lambda one: one.loss)
    within = [one for one in tried if one.loss <= best.loss + share * best.error]
    return min(within, key=_simplicity)


def _simplicity(one: Tried) -> tuple[int, int, float]:
    return one.size, one.fitted, one.loss


def _unbeaten(tried: Sequence[Tried]) -> list[Tried]:
    """Ways than which no simpler one loses less.

    Without this a way whose losses are like no other's would pass for as good as the best: the less
    is known of a difference, the larger its standard error.
    """
    found: list[Tried] = []
    for one in sorted(tried, key=_simplicity):
        if np.isfinite(one.loss) and all(one.loss <= other.loss for other in found):
            found.append(one)
    return found


def code_length(loss: float, rows: int, links: int, is_scaled: bool, finest: float) -> float:
    """In nats: of what came, by what was known before, and of the links, one each.

    Parameters
    ----------
    loss : float
        Mean over the rows; no number, or infinite, if the way failed.
    rows, links : int
    is_scaled : bool
        As of `chosen`.
    finest : float
        Below which a squared error is that of rounding.

    Examples
    --------
    >>> round(code_length(0.25, rows=10, links=3, is_scaled=True, finest=1e-18), 3)
    -3.931
    """
    if not np.isfinite(loss):
        return np.inf
    return rows * (0.5 * float(np.log(max(loss, finest))) if is_scaled else loss) + links


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
