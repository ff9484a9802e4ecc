"""Objectives: a model, a task and a batch, seen as a function of flat weights on a support.

Everything that trains or prunes asks an objective four things: the loss, its gradient, the losses
of many weight vectors at once, and (for least squares) residuals with their Jacobian.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from autograd import value_and_grad

from vvalues import Support, VValue, from_buffer, unravel

from ..process.machines import MachineModel
from ..process.protocols import Model, Task

__all__ = ["JointObjective", "MachineObjective", "ModelObjective", "Objective"]

LANES = 16  # weight vectors per batched evaluation: more would leave the cache


class Objective(Protocol):
    """A scalar loss of V-values, possibly a mean of squares."""

    def loss(self, parameters: VValue) -> float:
        """Loss at the parameters."""
        ...

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and gradient."""
        ...

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors of one support: (vectors, size) -> (vectors,)."""
        ...

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """``(r, J)`` with loss = r.r; shapes (residuals,) and (size, residuals)."""
        ...

    def living(self, support: Support) -> Support:
        """The part of a support that can influence the loss."""
        ...


class MachineObjective:
    """Squared error of a machine's observed streams, summed over ticks, mean over strings.

    Parameters
    ----------
    model : MachineModel
    inputs : Streams
    targets : array of shape (observed, ticks, strings)
        NaN where nothing is asked.
    weights : array that broadcasts to the targets, optional
        Weight of every squared error (0 where nothing is asked).
    """

    def __init__(
        self,
        model: MachineModel,
        inputs: Any,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> None:
        self.model = model
        self.inputs = inputs
        is_asked = ~np.isnan(targets)
        self.targets = np.where(is_asked, targets, 0.0)
        per_string = is_asked / self.targets.shape[-1]
        scale = per_string if weights is None else per_string * np.asarray(weights)
        self._scale = np.broadcast_to(scale, self.targets.shape)
        self._root = np.sqrt(self._scale)

    def loss(self, parameters: VValue) -> float:
        """Loss at the parameters."""
        return float(self.losses(parameters.support, parameters.buffer[None])[0])

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors of one support; a vector that diverges gives inf."""
        program = self.model.program(support)
        out = np.empty(len(weights))
        for first in range(0, len(weights), LANES):
            lanes = weights[first : first + LANES]
            with np.errstate(all="ignore"):
                error = program.evaluate(np.array(lanes), self.inputs) - self.targets
                out[first : first + LANES] = np.einsum("motb,otb->m", error**2, self._scale)
        return np.where(np.isfinite(out), out, np.inf)

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and exact gradient."""
        program = self.model.program(parameters.support)
        bound = program.bind(self.inputs)
        weights = np.array(parameters.buffer)
        error = bound.forward(weights) - self.targets
        weighted = self._scale * error
        gradient = bound.pullback(weights, 2.0 * weighted)
        return float(np.sum(weighted * error)), from_buffer(parameters.support, gradient)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """Residuals and their exact Jacobian (forward mode, one direction per link)."""
        program = self.model.program(parameters.support)
        values, jacobian = program.jacobian(np.array(parameters.buffer), self.inputs)
        r = ((values - self.targets) * self._root).ravel()
        return r, (jacobian * self._root).reshape(len(jacobian), r.size)

    def living(self, support: Support) -> Support:
        """Links that can influence an observed stream."""
        return self.model.living(support)


class JointObjective:
    """The sum of several objectives of one model.

    Parameters
    ----------
    parts : Objectives
    """

    def __init__(self, *parts: Objective) -> None:
        self.parts = parts

    def loss(self, parameters: VValue) -> float:
        """Sum of losses."""
        return sum(part.loss(parameters) for part in self.parts)

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Sum of losses and of gradients."""
        losses, gradients = zip(*(part.gradient(parameters) for part in self.parts), strict=True)
        total = gradients[0]
        for gradient in gradients[1:]:
            total = total + gradient
        return sum(losses), total

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Sums of losses, (vectors, size) -> (vectors,)."""
        return np.sum([part.losses(support, weights) for part in self.parts], axis=0)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """All residuals, one part after the other."""
        residuals, jacobians = zip(
            *(part.residuals(parameters) for part in self.parts), strict=True
        )
        return np.concatenate(residuals), np.concatenate(jacobians, axis=1)

    def living(self, support: Support) -> Support:
        """What can influence any of the parts."""
        living = self.parts[0].living(support)
        for part in self.parts[1:]:
            living = living.union(part.living(support)).support
        return living


class ModelObjective:
    """Any model and task, through autograd.

    Parameters
    ----------
    model : Model
    task : Task
    inputs, targets : a batch of the task
    """

    def __init__(self, model: Model, task: Task, inputs: Any, targets: Any) -> None:
        self.model = model
        self.task = task
        self.inputs = inputs
        self.targets = targets
        self._gradient = value_and_grad(self._traced)

    def _traced(self, parameters: VValue) -> float:
        return self.task.loss(self.model(parameters, self.inputs), self.targets)

    def loss(self, parameters: VValue) -> float:
        """Loss at the parameters."""
        return float(self._traced(parameters))

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and gradient."""
        value, gradient = self._gradient(parameters)
        return float(value), gradient

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors, one after the other."""
        return np.array([self.loss(unravel(row, support)) for row in weights])

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """Not known for a general loss."""
        raise NotImplementedError(
            f"{type(self.task).__name__} gives a loss without residuals; least-squares steps need "
            "a MachineObjective"
        )

    def living(self, support: Support) -> Support:
        """All of it: nothing is known about the model's structure."""
        return support
