"""What a likelihood is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

__all__ = ["Likelihood", "refuse"]


class Likelihood(ABC):
    """What observations cost under predictors of shape (outputs, observations).

    There is one output but for classes, which have one each; observations are (observations,). One
    of your own is a class derived from this one.

    Attributes
    ----------
    name : str
        In reports.
    square : float
        What an observation costs, over how sure it is, per squared distance: 1 or a half.
    has_noise : bool
        Observations are numbers with noise of any size.
    has_classes : bool
        Observations are classes 0, 1, ...

    Examples
    --------
    >>> from synthesis.likelihoods import LIKELIHOODS
    >>> [name for name, likelihood in LIKELIHOODS.items() if likelihood().has_classes]
    ['bernoulli', 'categorical']
    """

    name: str
    square = 0.5
    has_noise = False
    has_classes = False

    @property
    def bounds(self) -> tuple[float, float]:
        """At which observations are cut off."""
        return -np.inf, np.inf

    def outputs(self, observed: np.ndarray) -> int:
        """Predictors that these observations need."""
        return 1

    def adapted(self, residuals: np.ndarray) -> Likelihood:
        """With what has to be known of the noise read off residuals."""
        return self

    @abstractmethod
    def check(self, observed: np.ndarray, name: str) -> None:
        """Raise ValueError if there is no such observation; the message names the stream."""

    @abstractmethod
    def losses(self, predictor: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """What every observation costs, (observations,); 0 at best, never below."""

    @abstractmethod
    def working(self, predictor: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the predictor should move and how much that weighs, both like the predictor."""

    @abstractmethod
    def curvature(self, predictor: np.ndarray) -> np.ndarray:
        """Second derivatives of what is to be expected to be lost, (outputs, outputs, ...)."""

    @abstractmethod
    def mean(self, predictor: np.ndarray) -> np.ndarray:
        """What is expected to be observed, like the predictor; of classes, their probabilities."""

    def likeliest(self, predictor: np.ndarray) -> np.ndarray:
        """The observation to go on with, (observations,): the mean of a number, else a class."""
        return self.mean(predictor)[0]

    @abstractmethod
    def drawn(self, predictor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Observations at random, (observations,); noise whose size is free has size 1."""


def refuse(is_wrong: np.ndarray, observed: np.ndarray, name: str, expected: str) -> None:
    """Raise ValueError for the first observation that is wrong, if there is one."""
    if is_wrong.any():
        at = int(np.flatnonzero(is_wrong)[0])
        raise ValueError(f"{name}: observation {at} is {observed[at]:g}; {expected}")
