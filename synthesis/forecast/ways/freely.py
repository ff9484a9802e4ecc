"""Running free: a forecast fed with its own forecasts, many paths at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..sums import Feature, Given, Innovation, Lagged, Leaky, Values, depth

__all__ = ["FreeRun", "is_bounded"]

RANGES = 3.0
"""A free run is sound while it stays within so many ranges of the data on either side of them."""


class FreeRun:
    """Features at the latest sample of several paths, pushed on sample by sample.

    Parameters
    ----------
    features : sequence of Feature

    Examples
    --------
    >>> run = FreeRun([Given("y"), Lagged(Given("y"), 1)])
    >>> run.begin({"y": np.array([[1.0, 2.0, 4.0]])}, string=0, length=3, paths=1)
    >>> run.push({"y": 8.0})
    >>> run.matrix().T
    array([[1., 8., 4.]])
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.order = tuple(_with_parts(features))
        self._place = {feature: i for i, feature in enumerate(self.order)}
        self._wanted = [self._place[feature] for feature in features]
        self._steps = [self._step(feature) for feature in self.order]
        self._kept = 1 + max((depth(feature) for feature in features), default=0)
        self._now = 0

    def begin(self, given: Mapping[str, np.ndarray], string: int, length: int, paths: int) -> None:
        """Stand at the last sample of a string, in all paths.

        Parameters
        ----------
        given : mapping of name to array (strings, samples)
        string, length : int
            Which string, and how many of its samples are known.
        paths : int
        """
        values = Values({name: x[string : string + 1, :length] for name, x in given.items()})
        # The latest samples of every expression, in a ring; 0 before the first.
        self._past = np.zeros((len(self.order), self._kept, paths))
        for row, feature in zip(self._past, self.order, strict=True):
            tail = values[feature][0, -self._kept :]
            row[self._kept - len(tail) :] = tail[:, None]
        self._now = self._kept - 1
        self._matrix = np.ones((1 + len(self._wanted), paths))

    def push(self, sample: Mapping[str, Any]) -> None:
        """Go on by a sample: numbers of every given stream, (paths,) or one for all."""
        before, self._now = self._now, (self._now + 1) % self._kept
        for row, step in zip(self._past, self._steps, strict=True):
            row[self._now] = step(sample, row[before])

    def _step(self, feature: Feature) -> Callable[[Mapping[str, Any], np.ndarray], Any]:
        """What a feature is next, by a sample and by what it was."""
        if isinstance(feature, Given):
            return lambda sample, before: sample[feature.name]
        parts = [self._place[part] for part in feature.parts]
        if isinstance(feature, Lagged):
            (of,), lag = parts, feature.lag
            return lambda sample, before: self._past[of, (self._now - lag) % self._kept]
        if isinstance(feature, Leaky):
            (of,), rate = parts, feature.rate
            return lambda sample, before: rate * before + self._past[of, self._now]
        if isinstance(feature, Innovation):
            (of,), own = parts, self._place[feature]
            return lambda sample, before: feature.now(self._latest(of), self._latest(own)[1:])
        return lambda sample, before: feature.over(*(self._past[i, self._now] for i in parts))

    def _latest(self, place: int) -> np.ndarray:
        """What is kept of an expression, the newest first, (samples, paths)."""
        return self._past[place, (self._now - np.arange(self._kept)) % self._kept]

    def matrix(self) -> np.ndarray:
        """A constant and the features now, (1 + features, paths); good until the next push."""
        self._matrix[1:] = self._past[self._wanted, self._now]
        return self._matrix


def _with_parts(features: Sequence[Feature]) -> dict[Feature, None]:
    """All expressions in features, parts before what is made of them."""
    found: dict[Feature, None] = {}
    for feature in features:
        found |= _with_parts(feature.parts)
        found[feature] = None
    return found


def is_bounded(path: np.ndarray, known: np.ndarray) -> bool:
    """Whether a free run stays within a few ranges of the data.

    Examples
    --------
    >>> is_bounded(np.array([5.0, -2.0]), np.array([0.0, 1.0]))
    False
    """
    low, high = float(known.min()), float(known.max())
    reach = RANGES * max(high - low, 1e-12)
    inside = np.isfinite(path) & (path >= low - reach) & (path <= high + reach)
    return bool(inside.all())
