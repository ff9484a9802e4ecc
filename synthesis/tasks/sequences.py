"""Small tasks over time that no network without memory can do."""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.bounds import Bounded, whole
from ..process.models import Model
from .squares import squared_errors

__all__ = ["Echo", "Latch"]


class _SequenceTask(Bounded):
    """Mean squared error over samples, steps and outputs; data are drawn afresh."""

    batch_size: int
    n_steps: int
    n_test: int

    def drawn(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of some samples."""
        raise NotImplementedError

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (batch, steps, inputs) and targets (batch, steps, 1)."""
        return self.drawn(rng, self.batch_size)

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean squared error; differentiable.

        Raises
        ------
        ValueError
            If predictions and targets differ in shape.
        """
        return anp.mean(squared_errors(predictions, targets))

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """``{"test_loss": ...}`` on samples that are always the same."""
        inputs, targets = self.drawn(np.random.default_rng(20_180_219), self.n_test)
        return {"test_loss": float(np.mean(squared_errors(model(parameters, inputs), targets)))}


@dataclass(frozen=True)
class Echo(_SequenceTask):
    """What was the number ``delay`` steps ago? Standard normal numbers; 0 before the first.

    Without memory the error cannot be below ``1 - delay / n_steps``.
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
class Latch(_SequenceTask):
    """What was the number when the mark was set last? Uniform numbers in [-1, 1]; 0 before.

    Inputs are the number and the mark (1 with probability ``chance``, else 0).
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
