"""Checks of what sheets, layers and wirings are given; every error names the argument."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["check_drive", "check_number", "check_positions", "unit_indices"]


def check_positions(positions: np.ndarray) -> np.ndarray:
    """Positions as a float array (n, dimensions).

    Raises
    ------
    ValueError
        If there is none, or they are not finite points.
    """
    points = np.asarray(positions, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(
            f"positions have shape {points.shape}; expected one point per row (n, dimensions)"
        )
    if not len(points):
        raise ValueError("positions are empty; a sheet needs at least one cell")
    if not np.isfinite(points).all():
        raise ValueError("positions are not finite: they contain NaN or infinity")
    return points


def check_number(name: str, value: float) -> None:
    """Refuse infinities and what is no number."""
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}; expected a finite number")


def check_drive(drive: np.ndarray, n: int) -> np.ndarray:
    """A current from elsewhere: one number for all units, or one per unit.

    Raises
    ------
    ValueError
        For another shape, or currents that are not finite (a unit would never fire again).
    """
    current = np.asarray(drive)
    if current.shape not in ((), (n,)):
        raise ValueError(
            f"drive has shape {current.shape}; expected a current per unit, shape {(n,)}"
        )
    if not np.isfinite(current).all():
        raise ValueError("drive is not finite: it contains NaN or infinity")
    return current


def unit_indices(name: str, units: np.ndarray, n: int) -> np.ndarray:
    """Indices of units, given as such or as a mask (n,).

    Raises
    ------
    ValueError
        If a mask has another length, or indices are not whole numbers from 0 to n - 1.
    """
    chosen = np.asarray(units)
    if chosen.dtype == bool:
        if chosen.shape != (n,):
            raise ValueError(f"{name} is a mask of shape {chosen.shape}; expected {(n,)}")
        return np.flatnonzero(chosen)
    if not chosen.size:
        return np.empty(0, dtype=np.intp)
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1:
        raise ValueError(
            f"{name} is an array of {chosen.dtype} of shape {chosen.shape}; expected indices of "
            f"units, or a mask of shape {(n,)}"
        )
    if not 0 <= chosen.min() <= chosen.max() < n:
        wrong = chosen[(chosen < 0) | (chosen >= n)][0]
        raise ValueError(f"{name}: unit {wrong} is not among 0 to {n - 1}")
    return chosen.astype(np.intp)
