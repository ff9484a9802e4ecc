"""Sums and differences: the toy set of the dynamic neural manifold, and a running version of it."""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.bounds import Bounded, whole
from ..process.models import Model
from .squares import squared_errors

__all__ = ["SQUARED_FLOOR", "SumsAndDifferences"]

COMBINATIONS = np.array([
    [0.0, 1.0, 0.0, 0.0, 1.0],
    [0.0, 0.0, 0.0, -1.0, 1.0],
    [0.0, 1.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, -1.0, -1.0, 1.0],
])  # fmt: skip

SQUARED_FLOOR = 1.25
"""Least expected error of predictions that cannot be negative: half the mean variance."""


@dataclass(frozen=True)
class SumsAndDifferences(Bounded):
    """Five standard normal numbers a to e; targets b + e, e - d, b + e + d, e - d - c.

    The first input is not used by any target. Data are drawn afresh for every batch.

    Attributes
    ----------
    batch_size : int
    n_test : int
        Samples of the evaluation, the same at every call.

    References
    ----------
    M. Woods, Dynamic Neural Manifold (2018), toy notebook.
    """

    batch_size: int = whole(50, least=1)
    n_test: int = whole(20_000, least=1)

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (batch, 5) and targets (batch, 4)."""
        inputs = rng.standard_normal((self.batch_size, 5))
        return inputs, inputs @ COMBINATIONS.T

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean squared error over samples and outputs; differentiable.

        Raises
        ------
        ValueError
            If predictions and targets differ in shape.
        """
        return anp.mean(squared_errors(predictions, targets))

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Mean squared error over fresh samples, in all and per output."""
        inputs = np.random.default_rng(20_180_219).standard_normal((self.n_test, 5))
        squares = squared_errors(model(parameters, inputs), inputs @ COMBINATIONS.T)
        error = np.mean(squares, axis=0)
        return {
            "test_loss": float(error.mean()),
            **{f"output_{i}": float(value) for i, value in enumerate(error)},
        }
