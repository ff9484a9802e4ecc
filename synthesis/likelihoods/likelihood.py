"""What a likelihood is, and those that have a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from .continuous import Gaussian, Huber
from .discrete import Bernoulli, Categorical, Poisson

__all__ = ["LIKELIHOODS", "Likelihood", "likelihood_named"]


class Likelihood(Protocol):
    """What observations cost under predictors of shape (outputs, observations).

    There is one output but for classes, which have one each; observations are (observations,).
    """

    @property
    def name(self) -> str:
        """In reports."""
        ...

    @property
    def square(self) -> float:
        """What an observation costs, over how sure it is, per squared distance: 1 or a half."""
        ...

    def outputs(self, observed: np.ndarray) -> int:
        """Predictors that these observations need."""
        ...

    def check(self, observed: np.ndarray, name: str) -> None:
        """Raise ValueError if there is no such observation; the message names the stream."""
        ...

    def adapted(self, residuals: np.ndarray) -> Likelihood:
        """With what has to be known of the noise read off residuals."""
        ...

    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """What every observation costs, (observations,); 0 at best, never below."""
        ...

    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the predictor should move and how much that weighs, both like the predictor."""
        ...

    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        """Second derivatives of what is to be expected to be lost, (outputs, outputs, ...)."""
        ...

    def mean(self, predictor: np.ndarray) -> np.ndarray:
        """What is expected to be observed, like the predictor; of classes, their probabilities."""
        ...

    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Observations at random, (observations,); noise whose size is free has size 1."""
        ...


LIKELIHOODS: Mapping[str, Callable[[], Likelihood]] = {
    "gaussian": Gaussian,
    "huber": Huber,
    "poisson": Poisson,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
}
"""Likelihoods by name."""


def likelihood_named(name: str) -> Likelihood:
    """A likelihood by name.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> likelihood_named("poisson").mean(np.log([[2.0]])).round(12)
    array([[2.]])
    """
    if name not in LIKELIHOODS:
        raise ValueError(f"likelihood is {name!r}; expected one of {', '.join(LIKELIHOODS)}")
    return LIKELIHOODS[name]()
