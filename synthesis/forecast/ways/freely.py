"""Running free: a forecast fed with its own forecasts, many paths at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from ..sums import Feature, Given, Lagged, Leaky, Values, depth

__all__ = ["FreeRun", "is_bounded"]

RANGES = 3.0
"""A free run is sound while it stays within so many ranges of the data on either side of them."""


class FreeRun:
    """Features at the latest sample of several paths, pushed on sample by sample.

    Parameters
    ----------
    features : sequence of Feature
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.order = list(_with_parts(self.features))
        self._kept = 1 + max((depth(feature) for feature in self.features), default=0)
        self._past: dict[Feature, deque[np.ndarray]] = {}
        self._paths = 0

    def begin(self, given: Mapping[str, np.ndarray], string: int, length: int, paths: int) -> None:
        """Stand at the last sample of a string, in all paths.

        Parameters
        ----------
        given : mapping of name to array (strings, samples)
        string, length : int
            Which string, and how many of its samples are known.
        paths : int
        """
        self._paths = paths
        values = Values({name: x[string : string + 1, :length] for name, x in given.items()})
        for feature in self.order:
            tail = values[feature][0, -self._kept :]
            past = (np.full(paths, value) for value in tail)
            self._past[feature] = deque(past, maxlen=self._kept)

    def push(self, sample: Mapping[str, np.ndarray]) -> None:
        """Go on by a sample: numbers of every given stream, (paths,)."""
        for feature in self.order:
            self._past[feature].append(self._next(feature, sample))

    def _next(self, feature: Feature, sample: Mapping[str, np.ndarray]) -> np.ndarray:
        if isinstance(feature, Given):
            return sample[feature.name]
        if isinstance(feature, Lagged):
            past = self._past[feature.of]
            return past[-1 - feature.lag] if feature.lag < len(past) else 0.0 * past[-1]
        parts = [self._past[part][-1] for part in feature.parts]
        if isinstance(feature, Leaky):
            return feature.rate * self._past[feature][-1] + parts[0]
        return feature.over(*(part[:, None] for part in parts))[:, 0]

    def matrix(self) -> np.ndarray:
        """A constant and the features now, (1 + features, paths)."""
        now = (self._past[feature][-1] for feature in self.features)
        return np.array([np.ones(self._paths), *now])


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
