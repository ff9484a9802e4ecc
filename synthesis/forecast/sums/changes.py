"""Forecasts of a change: what a series was, and by how much it moves from there.

What has no level to come back to - a walk, a trend, a season that grows - is told badly by weights
that a fit draws towards such a level. Here the latest sample, or the one a season ago, has the
weight 1, and only what is added to it is fitted. With the sum of all changes, the older the
fainter, that is exponential smoothing: a level that wanders, seen through noise.

References
----------
G. Box, G. Jenkins, Time Series Analysis (1970), chapters 4 and 9; for exponential smoothing J. F.
Muth, J. Am. Statist. Assoc. 55 (1960), 299-306.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...likelihoods import Likelihood
from ...starts.signals import Builder, Signal
from .features import Feature, Leaky, OfTwo, latest
from .fitting import Rows, Sum
from .growing import grown

__all__ = ["Change", "expanded", "grown_from"]

RATES = (0.3, 0.5, 0.7, 0.9)
"""From which the better ones are found."""


@dataclass(frozen=True)
class Change(OfTwo):
    """By how much a feature differs from another.

    Examples
    --------
    >>> print(Change(*latest("y", 2)))
    (y - y[t-1])
    """

    def over(self, *parts: np.ndarray) -> np.ndarray:
        return parts[0] - parts[1]

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        return parts[0] + -1.0 * parts[1]

    def __str__(self) -> str:
        return f"({self.one} - {self.other})"


def grown_from(
    rows: Rows,
    own: str,
    beside: Sequence[str],
    period: int,
    lags: int,
    likelihood: Likelihood,
    most: int,
    remembers: bool = False,
) -> list[Sum]:
    """Sums that begin with a sample of the series itself, grown by changes of it.

    Parameters
    ----------
    rows : Rows
    own : str
        The series.
    beside : sequence of str
        Streams whose latest samples, and changes, may be added.
    period : int
        The change is one from so many samples before: 1, or a season.
    lags : int
        Latest samples that may be looked at.
    likelihood : Likelihood
        Whose predictor is on the series' own scale.
    most : int
        Features that are added, at most.
    remembers : bool
        Whether the sum of all changes from one sample to the next, the older the fainter, may be
        added: exponential smoothing.

    Returns
    -------
    list of Sum
        Of samples, the smallest first; empty if a season does not fit into the lags.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values
    >>> series = 0.5 * np.arange(12.0)[None]
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(9, int), np.arange(2, 11)), horizon=1)
    >>> (found,) = grown_from(rows, "y", [], period=1, lags=3, likelihood=Gaussian(), most=2)
    >>> print(*found.features, found.weights)
    y [[0.5 1. ]]
    """
    samples = latest(own, lags)
    begin = 0 if period == 1 else period - rows.horizon
    if not 0 <= begin < lags:
        return []
    offered: list[Feature] = _changes(samples, period)
    if remembers:
        offered += [Leaky(Change(samples[0], samples[1]), rate) for rate in RATES]
    for name in beside:
        others = latest(name, lags)
        offered += [*others, *_changes(others, 1)]
    moved = [feature for feature in offered if np.ptp(rows.column(feature)) > 0.0]
    rest = grown(rows.beyond(samples[begin]), moved, likelihood, most)
    return [expanded(found, samples[begin]) for found in rest]


def _changes(samples: Sequence[Feature], period: int) -> list[Feature]:
    return [Change(*pair) for pair in zip(samples, samples[period:], strict=False)]


def expanded(found: Sum, begin: Feature) -> Sum:
    """A sum of changes, added to a feature, as a sum of what they are changes of.

    Examples
    --------
    >>> now, before = latest("y", 2)
    >>> change = Sum((Change(now, before),), np.array([[0.0, 0.25]]), loss=0.0)
    >>> print(*expanded(change, now).weights)
    [ 0.    1.25 -0.25]
    """
    number = np.eye(found.weights.size)  # each that was fitted, the constant first
    free: dict[Feature | None, np.ndarray] = {None: number[0], begin: 0.0 * number[0]}
    for k, feature in enumerate(found.features, 1):
        parts = {feature.one: 1.0, feature.other: -1.0} if isinstance(feature, Change) else None
        for part, sign in (parts or {feature: 1.0}).items():
            free[part] = free.get(part, 0.0) + sign * number[k]
    told = np.array([part == begin for part in free])
    weights = told + np.array([*free.values()]) @ found.weights[0]
    kept = {part: weight for part, weight in zip(free, weights, strict=True) if weight or not part}
    return replace(
        found,
        features=tuple(part for part in kept if part),
        weights=np.array([[*kept.values()]]),
        free=np.array([free[part] for part in kept]),
    )
