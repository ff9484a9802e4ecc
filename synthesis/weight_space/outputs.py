"""How far apart two outputs are: the Bhattacharyya distance, for classes and for plain numbers.

To second order this distance is an eighth of the Fisher metric: it is the finite form of the
metric of weight space, and its gradient needs no Jacobian.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..optimize.losses import log_softmax, softmax

__all__ = ["Categorical", "Numbers", "Outputs"]


class Outputs(Protocol):
    """The meaning of a model's output, as a family of distributions."""

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over inputs of the distance between two outputs."""
        ...

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """Its derivative by ``values``, in their shape."""
        ...


class Categorical:
    """Outputs are logits of classes, (inputs, classes).

    ``-log sum_k sqrt(p_k q_k)``, summed over inputs.

    Parameters
    ----------
    temperature : float
        Logits are divided by it. The distributions of a well-trained network are nearly certain
        and say little; at 1, as published, only that little is held. At a higher temperature the
        unlikely classes count as well.

    Raises
    ------
    ValueError
        If the temperature is not positive.

    Notes
    -----
    The gradient by the logits is ``(p - r / sum r) / (2 temperature)`` with ``r = sqrt(p q)``.
    Both are worked out in logarithms, so the small constant that the released code adds under the
    root (against an infinite slope at 0) is not needed.

    References
    ----------
    github Guruprasad93/FlexibleMachineLearning @9043036, the loss ``BC``; A. Bhattacharyya, Bull.
    Calcutta Math. Soc. 35 (1943), 99-109. Temperature: G. Hinton et al., arXiv:1503.02531.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; expected a number above 0")
        self.temperature = temperature

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over inputs."""
        half = 0.5 * (self._log_softmax(values) + self._log_softmax(reference))
        largest = np.max(half, axis=-1, keepdims=True)
        return float(-np.sum(largest[..., 0] + np.log(np.sum(np.exp(half - largest), axis=-1))))

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """By the logits."""
        log_p = self._log_softmax(values)
        overlap = softmax(0.5 * (log_p + self._log_softmax(reference)))
        return (0.5 / self.temperature) * (np.exp(log_p) - overlap)

    def _log_softmax(self, logits: np.ndarray) -> np.ndarray:
        return log_softmax(logits / self.temperature)


class Numbers:
    """Outputs are numbers with Gaussian noise: ``|a - b|^2 / (8 sigma^2)``.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise, in units of the outputs.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        if not sigma > 0:
            raise ValueError(f"sigma is {sigma}; expected a number above 0")
        self.sigma = sigma

    def divergence(self, values: np.ndarray, reference: np.ndarray) -> float:
        """Sum over all outputs."""
        return float(np.sum((values - reference) ** 2)) / (8.0 * self.sigma**2)

    def gradient(self, values: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """By the values."""
        return (values - reference) / (4.0 * self.sigma**2)
