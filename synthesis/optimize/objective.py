"""Objectives: a model, a task and a batch, seen as a function of flat weights on a support.

Everything that trains or prunes asks an objective four things: the loss, its gradient, the losses
of many weight vectors at once, and (for least squares) residuals with their Jacobian.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from autograd import make_jvp, value_and_grad

from vvalues import Support, VValue, from_buffer, unravel

from ..process.abilities import HasLinks
from ..process.linearization import linearize
from ..process.models import MachineModel, Model, Task

__all__ = ["BlackBoxObjective", "JointObjective", "MachineObjective", "ModelObjective", "Objective"]

CHUNK = 16  # weight vectors per batched evaluation: more would leave the cache
STEP = 1e-5  # of central differences, in units of max(1, |weight|)


class Objective(Protocol):
    """A scalar loss of V-values, possibly a mean of squares.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> loss, slope = objective.gradient(weights)
    >>> round(loss, 3), slope.size
    (86.145, 78)
    """

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

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> objective.losses(weights.support, np.stack([weights.buffer, 0 * weights.buffer])).shape
    (2,)
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
        self._beginnings: dict[int, MachineObjective] = {}

    def begin(self, share: float) -> MachineObjective:
        """The same for the first part of all strings: this share of their ticks, at least one.

        Its loss is that part of the whole one.
        """
        ticks = max(1, round(share * self.inputs.ticks))
        if ticks == self.inputs.ticks:
            return self
        known = self._beginnings.get(ticks)
        if known is None:
            shorter = MachineObjective(
                self.model, self.inputs.begin(ticks), self.targets[:, :ticks]
            )
            shorter._scale, shorter._root = self._scale[:, :ticks], self._root[:, :ticks]
            known = self._beginnings[ticks] = shorter
        return known

    def loss(self, parameters: VValue) -> float:
        """Loss at the parameters."""
        return float(self.losses(parameters.support, parameters.buffer[None])[0])

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors of one support; a vector that diverges gives inf."""
        program = self.model.program(support)
        out = np.empty(len(weights))
        for first in range(0, len(weights), CHUNK):
            chunk = weights[first : first + CHUNK]
            with np.errstate(all="ignore"):
                error = program.evaluate(np.array(chunk), self.inputs) - self.targets
                out[first : first + CHUNK] = np.einsum("motb,otb->m", error**2, self._scale)
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
        jacobian *= self._root  # in place: a fresh array of this size takes longer than the product
        return r, jacobian.reshape(len(jacobian), r.size)

    def living(self, support: Support) -> Support:
        """Links that can influence an observed stream."""
        return support.where(self.model.program(support).live_on(self.inputs))


class BlackBoxObjective(MachineObjective):
    """Squared error as in `MachineObjective`, of a machine that can be run but not differentiated.

    A neuron type without a vectorised kernel - a program of someone else's, a measurement, a
    table - runs on the reference engine. If its activation is no composition of traceable
    operations, all that is left are its outputs: losses, and differences of them. The Jacobian is
    taken by central differences, so Levenberg-Marquardt and compensated removals can be used on
    small machines; for larger ones train with `synthesis.optimize.gradients.EvolutionStrategy`.

    Parameters
    ----------
    model, inputs, targets, weights : as for `MachineObjective`

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> box = BlackBoxObjective(model, objective.inputs, objective.targets)
    >>> round(objective.loss(weights), 3), round(box.loss(weights), 3)
    (86.145, 86.145)
    """

    def values(self, parameters: VValue) -> np.ndarray:
        """Observed numbers, (observed, ticks, strings)."""
        with np.errstate(all="ignore"):
            return self.model(parameters, self.inputs)

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors, one after the other; one that diverges gives inf."""
        errors = (self.values(unravel(row, support)) - self.targets for row in weights)
        with np.errstate(all="ignore"):
            out = np.array([np.sum(self._scale * error**2) for error in errors])
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


class JointObjective:
    """The sum of several objectives of one model.

    Parameters
    ----------
    parts : Objectives

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> twice = JointObjective(objective, objective)
    >>> round(objective.loss(weights), 3), round(twice.loss(weights), 3)
    (86.145, 172.289)
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
        What it offers (`synthesis.process.abilities`) is used.
    task : Task
        With ``residuals(predictions, targets)`` it can be fitted by least squares: an array in the
        shape of the predictions, each a function of its own prediction, whose squares add up to the
        loss.
    inputs, targets : a batch of the task

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import table_task
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(20, 2))
    >>> task, model = table_task(x, x[:, :1], rng), Perceptron([2, 3, 1])
    >>> objective = ModelObjective(model, task, *task.batch(rng))
    >>> loss, slope = objective.gradient(model.initial(rng))
    >>> slope.size, slope["layer-1", "weights"].shape
    (13, (2, 3))
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
        """Losses of many weight vectors, one after the other; one that diverges gives inf."""
        with np.errstate(all="ignore"):
            out = np.array([self.loss(unravel(row, support)) for row in weights])
        return np.where(np.isfinite(out), out, np.inf)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """``(r, J)`` with loss = r.r, of a task that offers residuals.

        Raises
        ------
        TypeError
            If it does not: its loss is no sum of squares.
        """
        offered = getattr(self.task, "residuals", None)
        if offered is None:
            raise TypeError(
                f"the loss of {type(self.task).__name__} is no sum of squares, so least squares "
                "have no meaning for it; a task of squared errors has a method residuals"
            )
        here = linearize(self.model, parameters, self.inputs)
        r, slopes = _each_with_slope(lambda values: offered(values, self.targets), here.values)
        return r.ravel(), (here.rows() * slopes.ravel()[:, None]).T

    def living(self, support: Support) -> Support:
        """The leaves that can influence an output.

        Raises
        ------
        TypeError
            If the model does not say.
        """
        if isinstance(self.model, HasLinks):
            return self.model.living(support)
        raise TypeError(
            f"a {type(self.model).__name__} does not say which leaves can influence an output; it "
            "needs a method living(support)"
        )


def _each_with_slope(function: Any, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An elementwise function at an array, and its derivatives."""
    push = make_jvp(function)(values)
    residuals, slopes = push(np.ones_like(values))
    return np.asarray(residuals), np.asarray(slopes)
