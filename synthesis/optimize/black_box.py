"""Objectives of machines that can be run but not differentiated.

A neuron type without a vectorised kernel - a program of someone else's, a measurement, a table -
runs on the reference engine. If its activation is no composition of traceable operations, all that
is left are its outputs: losses, and differences of them.
"""

from __future__ import annotations

import numpy as np

from vvalues import Support, VValue, from_buffer, unravel

from .objective import MachineObjective

__all__ = ["BlackBoxObjective"]

STEP = 1e-5


class BlackBoxObjective(MachineObjective):
    """Squared error as in `MachineObjective`, by running the machine only.

    Works on either engine and never differentiates: the Jacobian is taken by central differences,
    so Levenberg-Marquardt and compensated removals can be used on small machines. For larger ones
    train with `synthesis.optimize.gradients.EvolutionStrategy`.

    Parameters
    ----------
    model, inputs, targets, weights : as for `MachineObjective`
    """

    def values(self, parameters: VValue) -> np.ndarray:
        """Observed numbers, (observed, ticks, strings)."""
        with np.errstate(all="ignore"):
            return self.model(parameters, self.inputs)

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors, one after the other; one that diverges gives inf."""
        out = np.empty(len(weights))
        for i, row in enumerate(weights):
            with np.errstate(all="ignore"):
                error = self.values(unravel(row, support)) - self.targets
                out[i] = np.sum(self._scale * error**2)
        return np.where(np.isfinite(out), out, np.inf)

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and gradient, from the residuals' Jacobian by central differences."""
        r, jacobian = self.residuals(parameters)
        return float(r @ r), from_buffer(parameters.support, 2.0 * jacobian @ r)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """Residuals and their Jacobian by central differences (two runs per weight)."""
        support = parameters.support
        r = (self._root * (self.values(parameters) - self.targets)).ravel()
        jacobian = np.empty((support.size, r.size))
        for q in range(support.size):
            up, down = np.array(parameters.buffer), np.array(parameters.buffer)
            step = STEP * max(1.0, abs(up[q]))
            up[q] += step
            down[q] -= step
            change = self.values(from_buffer(support, up)) - self.values(from_buffer(support, down))
            jacobian[q] = (self._root * change).ravel() / (2.0 * step)
        return r, jacobian
