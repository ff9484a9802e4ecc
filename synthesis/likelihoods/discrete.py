"""Counts, choices and classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy

from .likelihood import Likelihood, refuse

__all__ = ["Bernoulli", "Categorical", "Poisson"]

LARGEST = 30.0
"""Predictors beyond this are as sure as one can be."""

LEAST = 1e-6
"""The least that an observation weighs: an all but certain one still says where to go."""


def _is_whole(observed: np.ndarray) -> np.ndarray:
    return (observed >= 0.0) & (observed == np.round(observed))


@dataclass(frozen=True)
class Poisson(Likelihood):
    """Counts whose mean is the exponential of the predictor.

    Examples
    --------
    >>> Poisson().losses(np.log([[3.0, 3.0]]), np.array([3.0, 0.0])).round(6)
    array([0., 3.])
    """

    name = "poisson"

    def check(self, observed: np.ndarray, name: str) -> None:
        refuse(~_is_whole(observed), observed, name, "counts are whole and not negative")

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        eta = np.minimum(predictor[0], LARGEST)
        return np.exp(eta) - observed * eta + xlogy(observed, observed) - observed

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = np.maximum(self.mean(predictor), LEAST)
        return (observed - mean) / mean, mean

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        return self.mean(predictor)[None]

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(predictor, LARGEST))

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.poisson(self.mean(predictor)[0]).astype(float)


@dataclass(frozen=True)
class Bernoulli(Likelihood):
    """Zeros and ones; the predictor is the logit of the probability of a 1.

    Examples
    --------
    >>> Bernoulli().losses(np.zeros((1, 2)), np.array([0.0, 1.0])).round(6)
    array([0.693147, 0.693147])
    """

    name = "bernoulli"
    has_classes = True

    def check(self, observed: np.ndarray, name: str) -> None:
        is_other = (observed != 0.0) & (observed != 1.0)
        refuse(is_other, observed, name, "expected 0 or 1")

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        against = np.where(observed > 0.5, -predictor[0], predictor[0])
        return np.maximum(against, 0.0) + np.log1p(np.exp(-np.abs(against)))

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = self.mean(predictor)
        weight = np.maximum(mean * (1.0 - mean), LEAST)
        return (observed - mean) / weight, weight

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        mean = self.mean(predictor)
        return (mean * (1.0 - mean))[None]

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        return expit(predictor)

    def likeliest(self, predictor: np.ndarray) -> np.ndarray:
        return (predictor[0] > 0.0).astype(float)

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (rng.random(predictor.shape[1:]) < self.mean(predictor)[0]).astype(float)


@dataclass(frozen=True)
class Categorical(Likelihood):
    """Classes 0, 1, ...; predictors are logits, one output per class.

    Examples
    --------
    >>> Categorical().losses(np.zeros((3, 1)), np.array([2.0])).round(6)
    array([1.098612])
    """

    name = "categorical"
    has_classes = True

    def outputs(self, observed: np.ndarray) -> int:
        return int(observed.max()) + 1

    def check(self, observed: np.ndarray, name: str) -> None:
        refuse(~_is_whole(observed), observed, name, "expected the number of a class")

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        told = np.take_along_axis(predictor, observed.astype(int)[None], axis=0)[0]
        return np.logaddexp.reduce(predictor, axis=0) - told

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = self.mean(predictor)
        is_it = np.arange(len(predictor))[:, None] == observed
        # Half is the bound of Boehning (1992): such steps never overshoot.
        weight = np.full_like(mean, 0.5)
        return (is_it - mean) / weight, weight

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        mean = self.mean(predictor)
        return np.eye(len(mean))[:, :, None] * mean - mean[:, None] * mean

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        return np.exp(predictor - np.logaddexp.reduce(predictor, axis=0))

    def likeliest(self, predictor: np.ndarray) -> np.ndarray:
        return predictor.argmax(axis=0).astype(float)

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        edges = np.cumsum(self.mean(predictor), axis=0)
        return (rng.random(predictor.shape[1:]) > edges[:-1]).sum(axis=0).astype(float)
