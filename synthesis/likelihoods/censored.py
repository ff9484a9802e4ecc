"""Numbers that a sensor, or the world, cuts off at a bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .continuous import Number
from .likelihood import refuse

__all__ = ["Censored"]

PILED = 0.02
"""Share of observations at an extreme from which it counts as a bound."""

FEWEST = 5
"""Observations at an extreme below which it is none."""

VISITS = 3
"""Times that a series comes to an extreme that is a bound: resting there once is no sign."""

TIMES = 5
"""So many times as often as any other value occurs an extreme that is a bound."""

LEAST = 1e-6
"""What an observation weighs that is beyond a bound anyway."""


@dataclass(frozen=True)
class Censored(Number):
    """Squared error of a number that is cut off: beyond a bound, how far does not count.

    Attributes
    ----------
    low, high : float
        What lies beyond is observed as these.

    Raises
    ------
    ValueError
        If ``low`` is not below ``high``.

    References
    ----------
    J. Tobin, Econometrica 26 (1958), 24-36. The least squares of it are Powell's, J. Econometrics
    25 (1984), 303-325, but for observations between the bounds, which pull wherever they are told.

    Examples
    --------
    >>> tank = Censored(high=10.0)
    >>> tank.losses(np.array([[9.0, 12.0, 12.0]]), np.array([10.0, 10.0, 9.0]))
    array([1., 0., 9.])
    >>> tank.mean(np.array([[9.0, 12.0]]))
    array([[ 9., 10.]])
    """

    low: float = -np.inf
    high: float = np.inf
    name = "censored"

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low is {self.low:g}, high {self.high:g}; expected low < high")

    @staticmethod
    def of(observed: np.ndarray) -> Censored | None:
        """With bounds where many observations lie at an extreme; None if there are none.

        Parameters
        ----------
        observed : array (observations,)
            In the order of time.

        Examples
        --------
        >>> level = np.minimum(np.random.default_rng(0).uniform(0.0, 11.0, 300), 10.0)
        >>> Censored.of(level), Censored.of(np.arange(300.0) % 7)
        (Censored(low=-inf, high=10.0), None)
        """
        values, counts = np.unique(observed, return_counts=True)
        if len(values) < 4:
            return None
        needed = max(PILED * len(observed), FEWEST, TIMES * int(counts[1:-1].max()))

        def is_bound(at: int) -> bool:
            comes = np.diff((observed == values[at]).astype(int), prepend=0) > 0
            return bool(counts[at] >= needed and comes.sum() >= VISITS)

        low = float(values[0]) if is_bound(0) else -np.inf
        high = float(values[-1]) if is_bound(-1) else np.inf
        return Censored(low, high) if np.isfinite([low, high]).any() else None

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    def check(self, observed: np.ndarray, name: str) -> None:
        super().check(observed, name)
        is_beyond = (observed < self.low) | (observed > self.high)
        refuse(is_beyond, observed, name, f"expected {self.low:g} to {self.high:g}")

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        return self._residual(predictor, observed)[0] ** 2

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = self._residual(predictor, observed)
        is_cut = (observed <= self.low) | (observed >= self.high)
        return residual, np.where((residual == 0.0) & is_cut, LEAST, 1.0)

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        return np.clip(predictor, self.low, self.high)

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.clip(super().drawn(predictor, rng), self.low, self.high)

    def _residual(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        residual = observed - predictor
        residual = np.where(observed >= self.high, np.maximum(residual, 0.0), residual)
        return np.where(observed <= self.low, np.minimum(residual, 0.0), residual)
