"""Innovations: by how much a series differs from what was forecast of it one sample before.

A forecast that looks at its own errors is a machine fed back: the error is what came less what the
machine said, and what it says next counts the errors of some samples. As a feature, the error knows
the weights of the forecast that it belongs to, so that its numbers follow from the series alone.

References
----------
G. Box, G. Jenkins, Time Series Analysis (1970), chapters 3, 7 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from ...starts.composition.atoms import constant
from ...starts.signals import Builder, Signal
from .features import Feature, Lagged, OfOne

__all__ = ["Innovation", "answered", "innovation_of"]


@dataclass(frozen=True)
class Innovation(OfOne):
    """The error of a forecast of a series by its own samples and errors.

    Attributes
    ----------
    of : Feature
        The series.
    constant : float
    samples, errors : tuple of float
        What the forecast counts of the latest samples and errors, the newest first. As long as
        there are not so many samples, and at the first one, nothing is forecast: there is no error.

    Examples
    --------
    >>> from .features import Given, Values
    >>> error = Innovation(Given("y"), constant=0.0, samples=(1.0,), errors=(-0.5,))
    >>> Values({"y": np.array([[8.0, 9.0, 9.0, 11.0]])})[error]
    array([[0.  , 1.  , 0.5 , 2.25]])
    """

    constant: float
    samples: tuple[float, ...]
    errors: tuple[float, ...]

    @property
    def since(self) -> int:
        """The first sample that is forecast."""
        return max(len(self.samples), 1)

    @property
    def lag(self) -> int:
        """Samples, or errors, back that it looks."""
        return max(len(self.samples), len(self.errors))

    def over(self, *parts: np.ndarray) -> np.ndarray:
        unlike = lfilter(np.r_[1.0, -np.array(self.samples)], 1.0, parts[0]) - self.constant
        return answered(unlike, self.errors, self.since)

    def now(self, series: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """What it is by the series up to now and by itself up to a sample ago, the newest first."""
        unlike = series[0] - np.array(self.samples) @ series[1 : 1 + len(self.samples)]
        return unlike - self.constant - np.array(self.errors) @ errors[: len(self.errors)]

    def signal(self, builder: Builder, *parts: Signal) -> Signal:
        """Its neuron, by the series and by what was forecast of it."""
        series, forecast = parts
        begun = constant().lagged(self.since)  # what is late by so much is not there before
        neuron = builder.neuron("multiplexer", gate=begun, dict_1=series - forecast)
        return Signal.of(neuron, "dict")

    def __str__(self) -> str:
        return "error"


def answered(moved: np.ndarray, errors: Sequence[float] | np.ndarray, since: int) -> np.ndarray:
    """What moves every error, and how later errors answer to that, (..., samples).

    Parameters
    ----------
    moved : array (..., samples)
        By how much errors would move if a forecast did not look at them.
    errors : sequence of float
        What it counts of the latest errors, the newest first.
    since : int
        The first sample that is forecast.

    Examples
    --------
    >>> answered(np.ones(5), [-0.5], since=1)
    array([0.   , 1.   , 1.5  , 1.75 , 1.875])
    """
    begun = np.where(np.arange(moved.shape[-1]) < since, 0.0, moved)
    return np.asarray(lfilter([1.0], np.r_[1.0, errors], begun))


def innovation_of(features: Sequence[Feature]) -> Innovation | None:
    """The error that features look at; None if they look at none.

    Examples
    --------
    >>> from .features import Given
    >>> error = Innovation(Given("y"), 0.0, (1.0,), (-0.5, 0.2))
    >>> innovation_of([Given("y"), Lagged(error, 1)]) is error
    True
    """
    bare = (feature.of if isinstance(feature, Lagged) else feature for feature in features)
    return next((feature for feature in bare if isinstance(feature, Innovation)), None)
