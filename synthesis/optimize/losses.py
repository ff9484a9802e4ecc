"""Losses of classes: softmax and cross-entropy of logits, in one place.

All are over the last axis, safe against overflow, and made of ``autograd.numpy``: differentiable,
but for `cross_entropy_and_errors`, which has its derivative by hand.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np

__all__ = ["cross_entropies", "cross_entropy_and_errors", "log_softmax", "softmax"]


def log_softmax(logits: Any) -> Any:
    """Logarithms of the probabilities, in the shape of the logits.

    Examples
    --------
    >>> np.exp(log_softmax(np.array([[0.0, np.log(3.0)]]))).round(4)
    array([[0.25, 0.75]])
    """
    shifted = _shifted(logits)
    return shifted - anp.log(anp.sum(anp.exp(shifted), axis=-1, keepdims=True))


def softmax(logits: Any) -> Any:
    """Probabilities, in the shape of the logits.

    Examples
    --------
    >>> softmax(np.log([[1.0, 3.0]])).round(6)
    array([[0.25, 0.75]])
    """
    return anp.exp(log_softmax(logits))


def cross_entropies(logits: Any, labels: np.ndarray) -> Any:
    """Cross-entropy of every row in nats.

    Parameters
    ----------
    logits : array (..., n, classes)
    labels : array of int (n,)

    Returns
    -------
    array (..., n)

    Examples
    --------
    >>> cross_entropies(np.log([[1.0, 3.0]]), np.array([0])).round(6)
    array([1.386294])
    """
    shifted = _shifted(logits)
    totals = anp.log(anp.sum(anp.exp(shifted), axis=-1))
    return totals - shifted[..., np.arange(len(labels)), labels]


def cross_entropy_and_errors(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The sum of `cross_entropies` of logits (n, classes), and its gradient by the logits.

    Examples
    --------
    >>> loss, slope = cross_entropy_and_errors(np.array([[0.0, np.log(3.0)]]), np.array([1]))
    >>> round(loss, 4), slope.round(4)
    (0.2877, array([[ 0.25, -0.25]]))
    """
    shifted = _shifted(logits)
    errors = np.exp(shifted)
    totals = errors.sum(axis=-1)
    rows = np.arange(len(labels))
    loss = float((np.log(totals) - shifted[rows, labels]).sum())
    errors /= totals[:, None]
    errors[rows, labels] -= 1.0
    return loss, errors


def _shifted(logits: Any) -> Any:
    return logits - anp.max(logits, axis=-1, keepdims=True)
