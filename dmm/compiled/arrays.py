"""Array operations of the compiled engine: (machines, slots, ticks, strings[, keys])."""

from __future__ import annotations

from math import prod

import numpy as np

__all__ = ["apply", "flat", "linear_filter", "outer"]


def apply(matrix: np.ndarray, state: np.ndarray) -> np.ndarray:
    """``matrix @ state`` over the slot axis, all further axes carried along."""
    out = matrix @ flat(state)
    return out.reshape(*out.shape[:2], *state.shape[2:])


def outer(rows: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Sum over time, strings and keys of ``rows x slots``."""
    return flat(rows) @ flat(state).swapaxes(1, 2)


def flat(x: np.ndarray) -> np.ndarray:
    """All axes after the second as one (explicitly: -1 is ambiguous for empty arrays)."""
    return x.reshape(*x.shape[:2], prod(x.shape[2:]))


def linear_filter(
    x: np.ndarray,
    feedback: np.ndarray,
    *,
    before: np.ndarray | None = None,
    backwards: bool = False,
) -> np.ndarray:
    """``y[t] = feedback * y[t - 1] + x[t]`` over the time axis (or against it).

    Parameters
    ----------
    x : array, (machines, neurons, ticks, ...)
    feedback : array, (machines, neurons)
    before : array, (machines, neurons, ...), optional
        ``y[-1]``; zero when omitted.
    backwards : bool

    Returns
    -------
    array of the shape of ``x``

    Notes
    -----
    A self-link of weight 1 is a cumulative sum, other weights take one multiplication and one
    addition a tick.

    Examples
    --------
    >>> linear_filter(np.array([[[1.0, 0.0, 0.0]]]), np.array([[0.5]]))
    array([[[1.  , 0.5 , 0.25]]])
    """
    x = x[:, :, ::-1] if backwards else x
    is_running_sum = bool(np.all(feedback == 1.0))
    if before is not None or not is_running_sum:
        x = np.array(x, dtype=np.result_type(x, feedback))
    factor = feedback.reshape(*feedback.shape, *[1] * (x.ndim - 3))
    if before is not None and x.shape[2]:
        x[:, :, 0] += factor * before
    if is_running_sum:
        y = np.cumsum(x, axis=2)
    else:
        y = x
        for t in range(1, y.shape[2]):
            y[:, :, t] += factor * y[:, :, t - 1]
    return y[:, :, ::-1] if backwards else y
