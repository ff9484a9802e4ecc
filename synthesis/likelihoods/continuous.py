"""Numbers with noise: Gaussian, and one whose tails do not pull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .likelihood import Likelihood, refuse

__all__ = ["Gaussian", "Huber", "Number"]

NORMAL = 1.4826
"""Standard deviations of a Gaussian in its median absolute deviation."""


class Number(Likelihood):
    """A number that is expected to be the predictor, with noise around it."""

    square = 1.0
    has_noise = True

    def check(self, observed: np.ndarray, name: str) -> None:
        refuse(~np.isfinite(observed), observed, name, "expected a finite number")

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        return np.ones((1, *predictor.shape))

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        return predictor

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return predictor[0] + rng.standard_normal(predictor.shape[1:])


@dataclass(frozen=True)
class Gaussian(Number):
    """Squared error; the noise's variance is the mean of it.

    Examples
    --------
    >>> Gaussian().losses(np.array([[1.0, 2.0]]), np.array([1.0, 4.0]))
    array([0., 4.])
    """

    name = "gaussian"

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        return (observed - predictor[0]) ** 2

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return observed - predictor, np.ones_like(predictor)


@dataclass(frozen=True)
class Huber(Number):
    """Squared error up to a width, then linear: outliers count, but do not pull.

    Attributes
    ----------
    width : float
        0: to be read off residuals.
    share : float
        The width in standard deviations of the noise (of its middle, by the median); at 1.345 only
        5 % of the precision is lost where the noise is Gaussian after all.

    References
    ----------
    P. J. Huber, Ann. Math. Statist. 35 (1964), 73-101.

    Examples
    --------
    >>> Huber(1.0).losses(np.zeros((1, 2)), np.array([0.5, 10.0]))
    array([ 0.25, 19.  ])
    """

    width: float = 0.0
    share: float = 1.345
    name = "huber"

    def adapted(self, residuals: np.ndarray) -> Huber:
        middle = float(np.median(np.abs(residuals - np.median(residuals))))
        return self if self.width else Huber(max(self.share * NORMAL * middle, 1e-12), self.share)

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        size = np.abs(observed - predictor[0])
        inside = np.minimum(size, self._width)
        return inside * (2.0 * size - inside)

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = observed - predictor
        return residual, np.minimum(self._width / np.maximum(np.abs(residual), 1e-300), 1.0)

    @property
    def _width(self) -> float:
        return self.width or np.inf
