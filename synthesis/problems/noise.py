"""Noise in answers: whether there is some, and what the answers are without it.

Streams that are the same from the beginning of a string and are answered differently cannot be
answered by a machine: the answers hold noise. Where they lie about whole multiples of a number, the
nearest one is what they are without; those that lie between two are not known.
"""

from __future__ import annotations

import numpy as np

from .strings import Strings

__all__ = ["is_contradictory", "level_spacing", "levelled"]

LEVELS = 60
"""Levels that answers may have at most."""

ALIKE = 0.35
"""How much answers have to look alike but for whole multiples: noise of 0.23 of the spacing."""

CLEAR = 0.25
"""How far an answer may be from a level, in spacings, to be taken for it."""

DIGITS = 3
ROUGH = 0.01
"""How far a spacing may be from a round number: values taken for the wrong level move it."""

FINE = 0.1
CONTRADICTION = 1e-6


def is_contradictory(strings: Strings) -> bool:
    """Whether the same streams are answered differently.

    Two strings that agree up to a sample are answered differently there, by more than rounding.
    """
    scale = float(np.nanmax(np.abs(strings.answers), initial=0.0))
    arrays = [array for _, array in sorted(strings.inputs.arrays.items())]
    groups = np.zeros(len(strings), dtype=np.intp)
    for t in range(strings.samples):
        now = np.concatenate([array[t].reshape(len(strings), -1) for array in arrays], axis=1)
        inside = strings.lengths > t
        _, groups = np.unique(np.column_stack([groups, now]), axis=0, return_inverse=True)
        groups = groups.ravel()
        if len(np.unique(groups[inside])) == int(inside.sum()):
            return False  # every string has gone its own way
        for answers in strings.answers[:, t]:
            known = inside & ~np.isnan(answers)
            if _differ(groups[known], answers[known], CONTRADICTION * scale):
                return True
    return False


def _differ(groups: np.ndarray, values: np.ndarray, tolerance: float) -> bool:
    if not len(values):
        return False
    low, high = np.full(groups.max() + 1, np.inf), np.full(groups.max() + 1, -np.inf)
    np.minimum.at(low, groups, values)
    np.maximum.at(high, groups, values)
    return bool(np.any(high - low > tolerance))


def level_spacing(values: np.ndarray) -> float | None:
    """The number about whose whole multiples values lie; None if there is none.

    Parameters
    ----------
    values : array
        NaN where nothing is known.

    Notes
    -----
    The frequency at which the values, as points on a circle, have the largest mean: 1 without
    noise, 0.82 with noise of a tenth of the spacing, 0.45 with a fifth. Rounded
    where the values hardly tell it from a round number.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> level_spacing(0.5 * rng.integers(0, 5, 400) + 0.05 * rng.standard_normal(400))
    0.5
    >>> level_spacing(rng.standard_normal(400)) is None
    True
    """
    known = values[np.isfinite(values)].ravel()
    reach = float(np.ptp(known)) if known.size else 0.0
    if reach == 0.0:
        return None
    frequencies = np.arange(0.5, LEVELS, FINE) / reach
    alike = np.array([np.cos(2.0 * np.pi * f * known).mean() for f in frequencies])
    # Where every level is an even multiple, half the spacing is as good: the widest is meant.
    good = np.flatnonzero(alike >= max(ALIKE, 0.98 * alike.max(), 4.0 / np.sqrt(known.size)))
    if not good.size:
        return None
    spacing = 1.0 / frequencies[good[0]]
    for _ in range(20):
        multiples = np.round(known / spacing)
        if not multiples.any():
            return None
        spacing = float(known @ multiples / (multiples @ multiples))
    return _rounded(known, spacing, multiples)


def _rounded(known: np.ndarray, spacing: float, multiples: np.ndarray) -> float:
    left = known - spacing * multiples
    error = float(np.sqrt(np.mean(left**2) / (multiples @ multiples)))
    for digits in range(1, DIGITS + 1):
        simple = float(f"{spacing:.{digits}g}")
        if abs(simple - spacing) <= max(3.0 * error, ROUGH * spacing):
            return simple
    return spacing


def levelled(strings: Strings) -> Strings:
    """Answers at the nearest whole number; not asked where none is near."""
    nearest = np.round(strings.answers)
    is_clear = np.abs(strings.answers - nearest) <= CLEAR
    return Strings(strings.inputs, np.where(is_clear, nearest, np.nan), strings.lengths)
