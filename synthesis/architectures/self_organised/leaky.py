"""Sheets of leaky units whose threshold rises at every spike."""

from __future__ import annotations

import numpy as np

from vvalues import VValue

from ...process.checks import check_finite, check_positive
from .arguments import check_drive, check_positions
from .sheets import LateralKernel, Noise, sum_of_rows

__all__ = ["LeakySheet"]


class LeakySheet:
    """Leaky integrate-and-fire units with a threshold that rises at every spike.

    ``v' = -v / tau + I``, ``th' = (1 - th)(1 - H) / tau_th + rise H``; ``v >= th`` fires (H = 1)
    and resets v. One step is one classical Runge-Kutta step; both equations are linear, so it is
    the Taylor polynomial of degree 4 of their solution, which is what is computed.

    Parameters
    ----------
    positions : array (n, dimensions)
    kernel : LateralKernel
    rng : numpy.random.Generator
    noise : float
        Standard deviation of a current that is redrawn once per ms; 0 for none.
    milliseconds : float
        Length of a step.
    tau : float
        Time constant of the potential, ms.
    threshold_tau : float
        Time constant of the threshold, ms.
    threshold_rise : float
        Per ms of firing.

    References
    ----------
    arXiv:2006.06902; constants of github thomsonlab/GrowingBrains @82b81dc,
    ``multiLayerSNN/DS_spikingNN_LIF.m``.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.sheets import scattered
    >>> rng = np.random.default_rng(0)
    >>> kernel = LateralKernel(16.0, 3.0, 2.0, 5.0)
    >>> sheet = LeakySheet(scattered(50, 6.0, rng), kernel, rng, noise=0.0)
    >>> [len(sheet.step(np.full(50, 4.0))) for _ in range(3)]
    [0, 0, 50]
    """

    def __init__(
        self,
        positions: np.ndarray,
        kernel: LateralKernel,
        rng: np.random.Generator,
        *,
        noise: float = 3.0,
        milliseconds: float = 0.1,
        tau: float = 2.0,
        threshold_tau: float = 60.0,
        threshold_rise: float = 9.0,
    ) -> None:
        if not 0 < milliseconds <= 1:
            raise ValueError(f"milliseconds is {milliseconds}; a step is above 0 and at most 1 ms")
        check_positive("tau", tau)
        check_positive("threshold_tau", threshold_tau)
        check_finite("threshold_rise", threshold_rise)
        check_finite("noise", noise)
        self.positions = check_positions(positions)
        n = len(self.positions)
        self.milliseconds = milliseconds
        self.lateral, self.kernel = kernel, kernel.matrix(self.positions)
        self.reset = 0.1 * rng.standard_normal(n) ** 2
        self.v, self.threshold = np.zeros(n), np.ones(n)
        self.rise = milliseconds * threshold_rise
        self.decay, self._gain = _runge_kutta(milliseconds, tau)
        self._recovery = 1.0 - _runge_kutta(milliseconds, threshold_tau)[0]
        self._noise = Noise(n, noise, rng) if noise else None
        self._held = np.zeros(n)
        self._per_ms = round(1.0 / milliseconds)
        self._steps = 0
        self.fired = np.empty(0, dtype=np.intp)

    @property
    def state(self) -> VValue:
        """All that the next step depends on, array leaves; what `restore` takes."""
        fired = np.zeros(len(self.v))
        fired[self.fired] = 1.0
        own = {
            "position": self.positions.copy(), "v": self.v.copy(), "reset": self.reset.copy(),
            "threshold": self.threshold.copy(), "held": np.array(self._held), "fired": fired,
            "steps": float(self._steps),
        }  # fmt: skip
        return VValue(own if self._noise is None else {**own, "noise": self._noise.left})

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state, with this source of noise."""
        self.positions = np.array(state["position"])
        self.kernel = self.lateral.matrix(self.positions)
        for name in ("v", "reset", "threshold"):
            setattr(self, name, np.array(state[name]))
        self._held, self.fired = np.array(state["held"]), np.flatnonzero(state["fired"])
        self._steps = int(state["steps"])
        if self._noise is not None:
            self._noise.restore(state["noise"], rng)

    def step(self, drive: np.ndarray | None = None) -> np.ndarray:
        """One step; indices of the units that fire at its end."""
        if self._noise is not None and self._steps % self._per_ms == 0:
            self._held = self._noise.row()
        self._steps += 1
        current = self._held
        if drive is not None:
            current = current + check_drive(drive, len(current))
        before = self.fired
        if before.size:
            current = current + sum_of_rows(self.kernel, before)
        self.v *= self.decay
        self.v += self._gain * current
        change = self._recovery * (1.0 - self.threshold)
        change[before] = self.rise
        self.threshold += change
        self.fired = np.flatnonzero(self.v >= self.threshold)
        self.v[self.fired] = self.reset[self.fired]
        return self.fired


def _runge_kutta(step: float, tau: float) -> tuple[float, float]:
    """Factors of ``v`` and of a constant ``I`` in one RK4 step of ``v' = -v / tau + I``."""
    z = -step / tau
    decay = 1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0)))
    return decay, tau * (1.0 - decay)
