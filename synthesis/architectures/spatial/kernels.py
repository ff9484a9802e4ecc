"""Lateral kernels: excitation nearby, inhibition far away, as matrices over positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

__all__ = ["LateralKernel", "check_positions"]


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


@dataclass(frozen=True)
class LateralKernel:
    """``excitation [D < inner] - inhibition [D > outer] exp(-D / decay)``, D the distance.

    Attributes
    ----------
    excitation, inhibition : float
        Current per spike.
    inner, outer : float
        Radii, in units of length; ``inner <= outer``.
    decay : float
        Length over which inhibition falls by e.

    References
    ----------
    github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``: (5, 2, 2, 6).
    """

    excitation: float
    inhibition: float
    inner: float
    outer: float
    decay: float = 10.0

    def __post_init__(self) -> None:
        if not self.inner > 0:
            raise ValueError(f"inner radius is {self.inner}; it must be above 0")
        if self.inner > self.outer:
            raise ValueError(
                f"inner radius {self.inner} is above the outer radius {self.outer}; cells between "
                "them would be excited and inhibited at once: choose inner <= outer"
            )
        if not self.decay > 0:
            raise ValueError(f"decay is {self.decay}; a length must be above 0")

    def between(self, positions: np.ndarray, others: np.ndarray) -> np.ndarray:
        """The kernel from every one of ``others`` to every position: (positions, others)."""
        distance = cdist(positions, others)
        excited = self.excitation * (distance < self.inner)
        return excited - self.inhibition * (distance > self.outer) * np.exp(-distance / self.decay)

    def matrix(self, positions: np.ndarray, with_self: bool = False) -> np.ndarray:
        """The symmetric matrix (n, n) among positions; without effect on oneself by default."""
        points = check_positions(positions)
        kernel = self.between(points, points)
        if not with_self:
            np.fill_diagonal(kernel, 0.0)
        return kernel
