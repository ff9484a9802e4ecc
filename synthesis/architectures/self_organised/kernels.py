"""Lateral kernels: excitation nearby, inhibition far away, as matrices over positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from ...process.bounds import Bounded, bound
from ...process.checks import check_finite, check_positive
from .checks import check_positions

__all__ = ["LateralKernel"]


@dataclass(frozen=True)
class LateralKernel(Bounded):
    """``excitation [D < inner] - inhibition [D > outer] exp(-D / decay)``, D the distance.

    Attributes
    ----------
    excitation, inhibition : float
        Current per spike.
    inner, outer : float
        Radii, in units of length; ``inner <= outer``.
    decay : float
        Length over which inhibition falls by e; infinite for none.

    References
    ----------
    github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``: (5, 2, 2, 6).
    """

    excitation: float = field(metadata=bound(check_finite))
    inhibition: float = field(metadata=bound(check_finite))
    inner: float = field(metadata=bound(check_positive, "inner radius"))
    outer: float = field(metadata=bound(check_positive, "outer radius"))
    decay: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
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
