"""Tasks of numbers drawn afresh for every batch: sums and differences, and two that need memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.bounds import Bounded, whole
from ..process.models import Model

__all__ = ["SQUARED_FLOOR", "Echo", "Latch", "SumsAndDifferences", "squared_errors"]

TEST_SEED = 20_180_219

COMBINATIONS = np.array([
    [0.0, 1.0, 0.0, 0.0, 1.0],
    [0.0, 0.0, 0.0, -1.0, 1.0],
    [0.0, 1.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, -1.0, -1.0, 1.0],
])  # fmt: skip

SQUARED_FLOOR = 1.25
"""Least expected error of predictions that cannot be negative: half the mean variance."""


def squared_errors(predictions: Any, targets: np.ndarray) -> Any:
    """Squares of the differences; differentiable.

    Parameters
    ----------
    predictions, targets : arrays of one shape, the last axis outputs

    Raises
    ------
    ValueError
        For different shapes: numpy would repeat the smaller, and a network train on nonsense.

    Examples
    --------
    >>> squared_errors(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]))
    array([[0., 4.]])
    """
    if predictions.shape != targets.shape:
        n = targets.shape[-1]
        raise ValueError(
            f"predictions have shape {predictions.shape}, targets {targets.shape}; they must "
            f"agree: the task needs a model with {n} output{'s' * (n != 1)}"
        )
    return (predictions - targets) ** 2


class _DrawnTask(Bounded):
    """Mean squared error over everything; the evaluation draws the same samples at every call."""

    batch_size: int
    n_test: int

    def drawn(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of some samples."""
        raise NotImplementedError

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of ``batch_size`` samples, in the shapes of `drawn`."""
        return self.drawn(rng, self.batch_size)

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean squared error; differentiable.

        Raises
        ------
        ValueError
            If predictions and targets differ in shape.
        """
        return anp.mean(squared_errors(predictions, targets))

    def residuals(self, predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Differences whose squares add up to the loss, in the shape of the predictions."""
        return (predictions - targets) / np.sqrt(targets.size)

    def tested(self, model: Model, parameters: VValue) -> np.ndarray:
        """Squared errors on the samples of the evaluation, in the shape of the targets."""
        inputs, targets = self.drawn(np.random.default_rng(TEST_SEED), self.n_test)
        return squared_errors(model(parameters, inputs), targets)

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """``{"test_loss": mean squared error}``."""
        return {"test_loss": float(np.mean(self.tested(model, parameters)))}


@dataclass(frozen=True)
class SumsAndDifferences(_DrawnTask):
    """Five standard normal numbers a to e; targets b + e, e - d, b + e + d, e - d - c.

    The first input is not used by any target.

    Attributes
    ----------
    batch_size : int
    n_test : int
        Samples of the evaluation, the same at every call.

    References
    ----------
    M. Woods, Dynamic Neural Manifold (2018), toy notebook.

    Examples
    --------
    >>> inputs, targets = SumsAndDifferences().drawn(np.random.default_rng(0), 1)
    >>> inputs.round(2), targets.round(2)
    (array([[ 0.13, -0.13,  0.64,  0.1 , -0.54]]), array([[-0.67, -0.64, -0.56, -1.28]]))
    """

    batch_size: int = whole(50, least=1)
    n_test: int = whole(20_000, least=1)

    def drawn(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (samples, 5) and targets (samples, 4)."""
        inputs = rng.standard_normal((samples, 5))
        return inputs, inputs @ COMBINATIONS.T

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Mean squared error over fresh samples, in all and per output."""
        error = np.mean(self.tested(model, parameters), axis=0)
        return {
            "test_loss": float(error.mean()),
            **{f"output_{i}": float(value) for i, value in enumerate(error)},
        }


# -------------------- over time --------------------


@dataclass(frozen=True)
class Echo(_DrawnTask):
    """What was the number ``delay`` steps ago? Standard normal numbers; 0 before the first.

    Without memory the error cannot be below ``1 - delay / n_steps``.

    Examples
    --------
    >>> inputs, targets = Echo(delay=1, n_steps=4).drawn(np.random.default_rng(0), 1)
    >>> inputs.round(2).ravel(), targets.round(2).ravel()
    (array([ 0.13, -0.13,  0.64,  0.1 ]), array([ 0.  ,  0.13, -0.13,  0.64]))
    """

    delay: int = whole(2, least=1)
    batch_size: int = whole(20, least=1)
    n_steps: int = whole(12, least=1)
    n_test: int = whole(500, least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.delay < self.n_steps:
            raise ValueError(f"delay is {self.delay!r}; expected 1 to {self.n_steps - 1}")

    @property
    def floor_without_memory(self) -> float:
        """Least expected error of a network that sees only the present."""
        return 1.0 - self.delay / self.n_steps

    def drawn(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (samples, steps, 1) and targets of the same shape."""
        inputs = rng.standard_normal((samples, self.n_steps, 1))
        targets = np.zeros_like(inputs)
        targets[:, self.delay :] = inputs[:, : -self.delay]
        return inputs, targets


@dataclass(frozen=True)
class Latch(_DrawnTask):
    """What was the number when the mark was set last? Uniform numbers in [-1, 1]; 0 before.

    Inputs are the number and the mark (1 with probability ``chance``, else 0).

    Examples
    --------
    >>> inputs, targets = Latch(chance=0.5, n_steps=5).drawn(np.random.default_rng(1), 1)
    >>> inputs[0].round(2).T, targets.round(2).ravel()
    (array([[ 0.02,  0.9 , -0.71,  0.9 , -0.38],
           [ 1.  ,  0.  ,  1.  ,  0.  ,  1.  ]]), array([ 0.02,  0.02, -0.71, -0.71, -0.38]))
    """

    chance: float = 0.2
    batch_size: int = whole(20, least=1)
    n_steps: int = whole(12, least=1)
    n_test: int = whole(500, least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.chance < 1:
            raise ValueError(f"chance is {self.chance!r}; expected between 0 and 1")

    @property
    def floor_without_memory(self) -> float:
        """Least expected error of a network that sees only the present.

        At a step without mark the held number is independent of the present, and is 0 only if no
        mark has come yet: variance 1/3 times the chance that one came.
        """
        quiet = 1.0 - self.chance
        came = [1.0 - quiet**step for step in range(self.n_steps)]
        return quiet * float(np.mean(came)) / 3.0

    def drawn(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (samples, steps, 2) and targets (samples, steps, 1)."""
        numbers = rng.uniform(-1.0, 1.0, (samples, self.n_steps))
        marks = rng.uniform(size=(samples, self.n_steps)) < self.chance
        held, targets = np.zeros(samples), np.empty_like(numbers)
        for t in range(self.n_steps):
            held = np.where(marks[:, t], numbers[:, t], held)
            targets[:, t] = held
        return np.stack([numbers, marks], axis=2), targets[:, :, None]
