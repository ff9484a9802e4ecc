"""Sheets of spiking units: noise, lateral kernel, and who fires.

The kernel excites nearby and inhibits far away; it is a matrix over positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.spatial.distance import cdist

from vvalues import VValue

from ...process.bounds import Bounded, bound
from ...process.checks import check_finite, check_positive
from .arguments import check_drive, check_positions, unit_indices

__all__ = [
    "IzhikevichSheet",
    "LateralKernel",
    "Noise",
    "Sheet",
    "izhikevich_step",
    "scattered",
    "spread_of",
    "sum_of_rows",
]

NOISE_BLOCK = 64  # rows of noise drawn at once
LOWEST, HIGHEST = -250.0, 5000.0  # mV; the published runs stay between -186 and 3,091


def scattered(n: int, side: float, rng: np.random.Generator) -> np.ndarray:
    """``n`` points uniform in a square: (n, 2).

    Raises
    ------
    ValueError
        For fewer than one point or a square without area.

    Examples
    --------
    >>> scattered(2, 6.0, np.random.default_rng(0)).round(1)
    array([[3.8, 1.6],
           [0.2, 0.1]])
    """
    if n < 1:
        raise ValueError(f"{n} cells asked for; a sheet needs at least one")
    check_positive("side", side)
    return side * rng.random((n, 2))


def spread_of(points: np.ndarray) -> float:
    """Mean distance of points (n, dimensions) to their centroid."""
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())


def sum_of_rows(matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sum of some rows of a matrix; a handful of rows out of many is all that is read."""
    return np.add.reduce(np.take(matrix, rows, axis=0), axis=0)


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
    stretch : float
        How many times further the kernel reaches along the first axis than along the second; the
        area that it reaches stays.

    References
    ----------
    github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``: (5, 2, 2, 6).

    Examples
    --------
    >>> kernel = LateralKernel(5.0, 2.0, inner=2.0, outer=6.0)
    >>> others = np.array([[1.0, 0.0], [4.0, 0.0], [8.0, 0.0]])
    >>> kernel.between(np.array([[0.0, 0.0]]), others).round(2)  # near, between, far
    array([[ 5. ,  0. , -0.9]])
    """

    excitation: float = field(metadata=bound(check_finite))
    inhibition: float = field(metadata=bound(check_finite))
    inner: float = field(metadata=bound(check_positive, "inner radius"))
    outer: float = field(metadata=bound(check_positive, "outer radius"))
    decay: float = 10.0
    stretch: float = field(default=1.0, metadata=bound(check_positive))

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
        distance = cdist(self._pressed(positions), self._pressed(others))
        excited = self.excitation * (distance < self.inner)
        return excited - self.inhibition * (distance > self.outer) * np.exp(-distance / self.decay)

    def _pressed(self, positions: np.ndarray) -> np.ndarray:
        """Positions on whose plane a stretched kernel is round."""
        if self.stretch == 1.0:
            return positions
        if positions.shape[1] != 2:
            raise ValueError(
                f"a kernel with stretch {self.stretch:g} needs positions (n, 2); these have shape "
                f"{positions.shape}"
            )
        side = float(np.sqrt(self.stretch))
        return positions * np.array([1.0 / side, side])

    def matrix(self, positions: np.ndarray, with_self: bool = False) -> np.ndarray:
        """The symmetric matrix (n, n) among positions; without effect on oneself by default."""
        points = check_positions(positions)
        kernel = self.between(points, points)
        if not with_self:
            np.fill_diagonal(kernel, 0.0)
        return kernel


class Sheet(Protocol):
    """What layers are made of: units at positions that fire.

    Attributes
    ----------
    positions : array (n, dimensions)
    milliseconds : float
        Length of a step.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sheet = IzhikevichSheet(scattered(50, 6.0, rng), LateralKernel(5.0, 2.0, 2.0, 6.0), rng)
    >>> sheet.milliseconds, sheet.positions.shape, float(sheet.state["v"].mean())
    (1.0, (50, 2), -65.0)
    """

    positions: np.ndarray
    milliseconds: float

    @property
    def state(self) -> VValue:
        """All that the next step depends on."""
        ...

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state."""
        ...

    def step(self, drive: np.ndarray | None = None) -> np.ndarray:
        """One step; indices of the units that fire.

        Parameters
        ----------
        drive : array (n,), optional
            Current from elsewhere.
        """
        ...


class Noise:
    """Standard normal rows, drawn in blocks (the numbers do not depend on the block)."""

    def __init__(self, n: int, scale: float, rng: np.random.Generator) -> None:
        check_finite("noise", scale)
        self._rng, self._n, self._scale = rng, n, scale
        self._block = np.empty((0, n))
        self._next = 0

    def row(self) -> np.ndarray:
        """The next row; do not write to it."""
        if self._next == len(self._block):
            self._block = self._rng.standard_normal((NOISE_BLOCK, self._n))
            self._block *= self._scale
            self._next = 0
        self._next += 1
        return self._block[self._next - 1]

    @property
    def left(self) -> np.ndarray:
        """Rows that are drawn and not yet given, (rows, n)."""
        return self._block[self._next :].copy()

    def restore(self, left: np.ndarray, rng: np.random.Generator) -> None:
        """Give these rows next, then go on drawing from this generator."""
        self._block, self._next, self._rng = np.array(left), 0, rng


def izhikevich_step(v: np.ndarray, u: np.ndarray, current: np.ndarray) -> None:
    """One millisecond of Izhikevich units that did not just fire, in place.

    ``v' = 0.04 v^2 + 5 v + 140 - u + I`` in two half-steps, then ``u' = 0.02 (0.2 v - u)``.

    Explicit steps of this length are too coarse for currents of hundreds: a potential pushed below
    -175 mV rebounds the higher the deeper it was, recovery ``u`` follows, and a few steps later
    both overflow to NaN - a unit that never fires again. So potentials are held within -250 and
    5,000 mV, which no run at the published densities and excitations reaches. A sheet that does
    is too dense or too strongly excited: it goes on firing, but hardly in waves.

    Parameters
    ----------
    v, u, current : arrays (n,)
    """
    half = 0.5 * (current - u) + 70.0
    for _ in range(2):
        v += v * (0.02 * v + 2.5) + half
        np.maximum(v, LOWEST, out=v)
    np.minimum(v, HIGHEST, out=v)
    u += 0.02 * (0.2 * v - u)


class IzhikevichSheet:
    """Izhikevich units in steps of 1 ms, driven by noise and a lateral kernel.

    A unit with ``v >= 30`` fires: ``v <- c, u <- u + d``; see `izhikevich_step` for the rest.

    Parameters
    ----------
    positions : array (n, dimensions)
    kernel : LateralKernel
    rng : numpy.random.Generator
    noise : float
        Standard deviation of the current, redrawn every step.
    recovery : {"central", "scattered"}
        ``d = 8 - 6 exp(-distance to the centroid / 10)``, or ``8 - 6 r^2`` with r uniform.
    silent : array of int, or of bool (n,), optional
        Units that never fire.

    Attributes
    ----------
    v, u : arrays (n,)
        Potential in mV, and recovery.

    References
    ----------
    E. Izhikevich, IEEE Trans. Neural Networks 14 (2003), 1569; constants of github
    thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> kernel = LateralKernel(5.0, 2.0, 2.0, 6.0)
    >>> sheet = IzhikevichSheet(scattered(50, 6.0, rng), kernel, rng, noise=0.0)
    >>> [len(sheet.step(np.full(50, 15.0))) for _ in range(4)]
    [0, 0, 0, 50]
    """

    milliseconds = 1.0

    def __init__(
        self,
        positions: np.ndarray,
        kernel: LateralKernel,
        rng: np.random.Generator,
        *,
        noise: float = 3.0,
        recovery: str = "central",
        silent: np.ndarray | None = None,
    ) -> None:
        self.positions = check_positions(positions)
        n = len(self.positions)
        r = rng.random(n)
        self.c = -65.0 + 15.0 * r**2
        if recovery == "central":
            centroid = self.positions.mean(axis=0, keepdims=True)
            self.d = 8.0 - 6.0 * np.exp(-cdist(self.positions, centroid)[:, 0] / 10.0)
        elif recovery == "scattered":
            self.d = 8.0 - 6.0 * r**2
        else:
            raise ValueError(f"recovery is {recovery!r}; known ones: central, scattered")
        self.lateral, self.kernel = kernel, kernel.matrix(self.positions)
        self.v = np.full(n, -65.0)
        self.u = 0.2 * self.v
        self.silence(np.empty(0, dtype=np.intp) if silent is None else silent)
        self._noise = Noise(n, noise, rng)

    def silence(self, units: np.ndarray) -> None:
        """From now on these units, and no others, are held at rest.

        Parameters
        ----------
        units : array of int, or of bool (n,)
            Indices or a mask.
        """
        self.silent = unit_indices("silent", units, len(self.v))
        self.v[self.silent] = -65.0

    @property
    def state(self) -> VValue:
        """All that the next step depends on, array leaves; what `restore` takes."""
        is_silent = np.zeros(len(self.v))
        is_silent[self.silent] = 1.0
        arrays = {name: getattr(self, name).copy() for name in ("v", "u", "c", "d")}
        own = {"position": self.positions.copy(), "silent": is_silent, "noise": self._noise.left}
        return VValue({**arrays, **own})

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state, with this source of noise."""
        self.positions = np.array(state["position"])
        self.kernel = self.lateral.matrix(self.positions)
        for name in ("v", "u", "c", "d"):
            setattr(self, name, np.array(state[name]))
        self.silent = np.flatnonzero(state["silent"])
        self._noise.restore(state["noise"], rng)

    def step(self, drive: np.ndarray | None = None) -> np.ndarray:
        """One millisecond; indices of the units that fire."""
        v, u = self.v, self.u
        fired = np.flatnonzero(v >= 30.0)
        current = self._noise.row()
        if drive is not None:
            current = current + check_drive(drive, len(v))
        if fired.size:
            v[fired] = self.c[fired]
            u[fired] += self.d[fired]
            current = current + sum_of_rows(self.kernel, fired)
        izhikevich_step(v, u, current)
        if self.silent.size:
            v[self.silent] = -65.0
        return fired
