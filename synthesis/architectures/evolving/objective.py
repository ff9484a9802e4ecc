"""Mean squared error of an evolving network on a table, with residuals and exact Jacobian."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from vvalues import Support, VValue, from_buffer

from ...tasks.regression import check_table
from .evaluation import Run
from .model import EvolvingModel

__all__ = ["EvolvingObjective"]


class EvolvingObjective:
    """Mean over samples and outputs of the squared error; an `Objective` for every method here.

    Parameters
    ----------
    model : EvolvingModel
    inputs : array (samples, inputs)
    targets : array (samples, outputs)
    warns : bool
        Whether to warn about data that promise little (see the notes).

    Raises
    ------
    ValueError
        If a table has the wrong shape or a value that is not finite; the message names its place.

    Notes
    -----
    A column without variance cannot be told from a bias: a warning names it. So does a warning
    when there are fewer samples than parameters of the linear model alone.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x, y = [[1.0, 2.0], [3.0, -1.0]], [[4.0], [0.0]]
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, y, warns=False)
    >>> objective.residual(tree), objective.loss(tree)
    (array([[0.],
           [6.]]), 18.0)
    """

    def __init__(
        self, model: EvolvingModel, inputs: Any, targets: Any, *, warns: bool = True
    ) -> None:
        self.model = model
        self.inputs = check_table(inputs, model.inputs, "inputs")
        self.targets = check_table(targets, model.outputs[-1], "targets")
        n = len(self.inputs)
        if n != len(self.targets):
            raise ValueError(f"inputs have {n} rows and targets {len(self.targets)}")
        self.weight = 1.0 / self.targets.size
        if warns:
            self._warn_about_columns()

    def _warn_about_columns(self) -> None:
        n = len(self.inputs)
        constant = [
            name
            for name, column in zip(self.model.inputs, self.inputs.T, strict=True)
            if n > 1 and np.ptp(column) == 0.0
        ]
        if constant:
            warnings.warn(
                f"input columns without variance, the same as a bias: {', '.join(constant)}",
                stacklevel=3,
            )
        if n < len(self.model.inputs) + 1:
            warnings.warn(
                f"{n} samples determine fewer than the {len(self.model.inputs) + 1} parameters of "
                "a linear model per output: expect overfitting",
                stacklevel=3,
            )

    def run(self, parameters: VValue) -> Run:
        """Values of all nodes on the table."""
        return self.model.plan(parameters.support).run(parameters.buffer, self.inputs)

    def residual(self, parameters: VValue) -> np.ndarray:
        """Targets minus predictions, (samples, outputs)."""
        return self.targets - self.run(parameters).outputs

    def loss(self, parameters: VValue) -> float:
        """Mean squared error; infinite where the network is not finite."""
        return float(self.losses(parameters.support, parameters.buffer[None])[0])

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors of one support: (vectors, size) -> (vectors,)."""
        plan = self.model.plan(support)
        out = np.empty(len(weights))
        with np.errstate(all="ignore"):
            for i, row in enumerate(weights):
                error = plan.run(row, self.inputs).outputs - self.targets
                out[i] = self.weight * np.sum(error * error)
        return np.where(np.isfinite(out), out, np.inf)

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and exact gradient, without a tape."""
        with np.errstate(all="ignore"):  # what is not finite shows in the loss
            run = self.run(parameters)
            error = run.outputs - self.targets
            gradient = run.gradient(2.0 * self.weight * error)
            loss = self.weight * float(np.sum(error * error))
        return loss, from_buffer(parameters.support, gradient)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """``(r, J)`` with loss = r.r; shapes (residuals,) and (size, residuals)."""
        run = self.run(parameters)
        root = np.sqrt(self.weight)
        error = (run.outputs - self.targets).T.ravel()
        return root * error, root * run.jacobian().reshape(parameters.size, error.size)

    def living(self, support: Support) -> Support:
        """The part of a support that can influence the predictions."""
        return self.model.living(support)

    def warn_if_underdetermined(self, parameters: VValue) -> bool:
        """Warn when there are fewer numbers to fit than parameters that are trained."""
        n_trained = int(np.count_nonzero(self.model.plan(parameters.support).trained))
        if n_trained <= self.targets.size:
            return False
        warnings.warn(
            f"{self.targets.size} target values for {n_trained} trained parameters: the network "
            "can memorise them; give more samples or allow fewer operations",
            stacklevel=3,
        )
        return True
