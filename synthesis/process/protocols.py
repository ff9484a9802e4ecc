"""What every model and every task looks like to the methods of this package."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from vvalues import VValue

__all__ = ["Model", "Task"]


@runtime_checkable
class Model(Protocol):
    """A differentiable function whose parameters are one V-value."""

    def initial(self, rng: np.random.Generator) -> VValue:
        """Random parameters to start from."""
        ...

    def __call__(self, parameters: VValue, inputs: Any) -> Any:
        """Predictions; differentiable with respect to the parameters."""
        ...


@runtime_checkable
class Task(Protocol):
    """Data and a loss."""

    def batch(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """``(inputs, targets)`` to train on."""
        ...

    def loss(self, predictions: Any, targets: Any) -> float:
        """Scalar loss of predictions; differentiable."""
        ...

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Figures on data that no decision was made on."""
        ...
