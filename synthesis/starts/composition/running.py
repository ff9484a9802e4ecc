"""What memories hold at every sample: sums, extremes and numbers that were kept, with resets.

Arrays are (strings, samples). What can be told of all samples at once is: a lone string of
thousands costs no more than many short ones. Sums of measured numbers go sample by sample, so that
they are rounded as a machine rounds them.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "extreme_since",
    "floored",
    "from_first",
    "held",
    "largest",
    "leaky",
    "since",
    "toggled",
]

Numbers = np.ndarray

EXACT = 2.0**52
"""Whole numbers up to here are added without rounding, in any order."""


def since(x: Numbers, reset: Numbers) -> Numbers:
    """The sum of ``x`` since ``reset`` was last 1 (that sample included).

    Examples
    --------
    >>> since(np.array([[1.0, 1.0, 1.0]]), np.array([[0.0, 1.0, 0.0]]))
    array([[1., 1., 2.]])
    """
    if _adds_exactly(x) and _adds_exactly(reset):
        total = np.cumsum(x, axis=1)
        last = _last_of(reset)
        before = np.take_along_axis(total - x, np.maximum(last, 0), axis=1)
        return total - np.where(last >= 0, before, 0.0)
    return leaky(x, 1.0, reset)


def floored(x: Numbers) -> Numbers:
    """A sum that does not fall below 0.

    Examples
    --------
    >>> floored(np.array([[1.0, -3.0, 2.0]]))
    array([[1., 0., 2.]])
    """
    if _adds_exactly(x):
        total = np.cumsum(x, axis=1)
        return total - np.minimum(np.minimum.accumulate(total, axis=1), 0.0)
    out = np.empty(x.shape)
    level = np.zeros(len(x))
    for t in range(x.shape[1]):
        level = np.maximum(level + x[:, t], 0.0)
        out[:, t] = level
    return out


def held(x: Numbers, gate: Numbers) -> Numbers:
    """The ``x`` of the last sample at which ``gate``, 0 or 1, was 1; 0 before.

    Examples
    --------
    >>> held(np.array([[3.0, 4.0, 5.0]]), np.array([[0.0, 1.0, 0.0]]))
    array([[0., 4., 4.]])
    """
    last = _last_of(gate)
    return np.where(last >= 0, np.take_along_axis(x, np.maximum(last, 0), axis=1), 0.0)


def largest(x: Numbers) -> Numbers:
    """The largest so far, 0 at least."""
    return np.maximum(np.maximum.accumulate(x, axis=1), 0.0)


def toggled(x: Numbers) -> Numbers:
    """1 after an odd number of ones, else 0."""
    return np.cumsum(x, axis=1) % 2.0


def extreme_since(x: Numbers, reset: Numbers, extreme: np.ufunc) -> Numbers:
    """The largest or smallest ``x`` since ``reset`` was last 1, and of 0 before that.

    Numbers are compared by their ranks, to which every reset adds more than there are: then the
    largest so far is the largest since.

    Parameters
    ----------
    x, reset : arrays, (strings, samples)
    extreme : numpy.maximum or numpy.minimum

    Examples
    --------
    >>> x, reset = np.array([[3.0, 1.0, 2.0]]), np.array([[0.0, 1.0, 0.0]])
    >>> extreme_since(x, reset, np.maximum)
    array([[3., 1., 2.]])
    """
    sign = 1.0 if extreme is np.maximum else -1.0
    values, ranks = np.unique(sign * x, return_inverse=True)
    begun = np.cumsum(reset > 0.5, axis=1)
    base = begun * len(values)
    found = values[np.maximum.accumulate(base + ranks.reshape(x.shape), axis=1) - base]
    return sign * np.where(begun > 0, found, np.maximum(found, 0.0))


def from_first(reset: Numbers) -> Numbers:
    """1 at the first sample, too."""
    begun = reset.copy()
    begun[:, 0] = 1.0
    return begun


def leaky(x: Numbers, pole: float, reset: Numbers | None = None) -> Numbers:
    """A sum that forgets: ``pole`` times what it was, plus ``x``; only ``x`` where reset is 1."""
    if reset is None:
        from scipy.signal import lfilter  # as long to import as all else together

        return np.asarray(lfilter([1.0], [1.0, -pole], x, axis=1))
    out = np.empty(x.shape)
    total = np.zeros(len(x))
    keep = pole * (1.0 - reset)
    for t in range(x.shape[1]):
        total = x[:, t] + keep[:, t] * total
        out[:, t] = total
    return out


def _last_of(gate: Numbers) -> np.ndarray:
    """The last sample at which a gate was 1, that sample included; -1 before."""
    return np.maximum.accumulate(np.where(gate > 0.5, np.arange(gate.shape[1]), -1), axis=1)


def _adds_exactly(x: Numbers) -> bool:
    """Whether sums of these numbers are not rounded."""
    return bool(np.all(x == np.rint(x)) and np.abs(x).sum(axis=1).max(initial=0.0) < EXACT)
