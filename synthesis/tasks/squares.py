"""Squared errors, which the tasks of numbers share."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["squared_errors"]


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
