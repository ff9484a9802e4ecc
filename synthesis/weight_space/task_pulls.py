"""Pulls of tasks: a loss on fresh batches, on stored ones, on inputs moved against the network."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad, value_and_grad

from vvalues import VValue

from ..process.checks import check_whole
from ..process.linearization import linearize
from ..process.models import Model, Task
from .pulls import Pulled

__all__ = ["Robustness", "StoredLabels", "TaskLoss", "loss_and_gradient"]


def loss_and_gradient(
    model: Model, task: Task, parameters: VValue, inputs: Any, targets: Any
) -> Pulled:
    """A task's loss on a batch and its gradient by the parameters, through `linearize`."""
    here = linearize(model, parameters, inputs)
    value, cotangent = value_and_grad(task.loss)(here.values, targets)
    return float(value), here.pull(cotangent)


class TaskLoss:
    """Another task: its loss on a fresh random batch.

    Parameters
    ----------
    model : Model
    task : Task

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> rng = np.random.default_rng(0)
    >>> task, model = bars_task(rng), Perceptron([64, 3])
    >>> round(TaskLoss(model, task)(0.0 * model.initial(rng), 0, rng)[0], 4)  # log 3
    1.0986
    """

    def __init__(self, model: Model, task: Task) -> None:
        self.model = model
        self.task = task

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        return loss_and_gradient(self.model, self.task, parameters, *self.task.batch(rng))


class StoredLabels:
    """Replay: the *sum* of a task's loss over stored inputs with their labels.

    Parameters
    ----------
    model : Model
    task : Task
        Whose loss is a mean over inputs.
    inputs, targets : stored

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> rng = np.random.default_rng(0)
    >>> task, model = bars_task(rng), Perceptron([64, 3])
    >>> stored = StoredLabels(model, task, *task.batch(rng))
    >>> round(stored(0.0 * model.initial(rng), 0, rng)[0], 2)  # 50 log 3
    54.93
    """

    def __init__(self, model: Model, task: Task, inputs: Any, targets: np.ndarray) -> None:
        self.model, self.task = model, task
        self.inputs, self.targets = inputs, targets

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        value, gradient = loss_and_gradient(
            self.model, self.task, parameters, self.inputs, self.targets
        )
        return len(self.targets) * value, gradient * len(self.targets)


class Robustness:
    """A task's loss on inputs moved against the network by signed gradient steps.

    Parameters
    ----------
    model : Model
        Differentiable in its inputs too, which are an array.
    task : Task
    radius : float
        How far every number of the input may be moved.
    steps : int
        One step of the whole radius, or so many of 2.5 times their share, held within the radius.

    References
    ----------
    I. Goodfellow, J. Shlens, C. Szegedy, arXiv:1412.6572, section 4 (fast gradient sign);
    A. Madry et al., arXiv:1706.06083 (projected steps).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> rng = np.random.default_rng(0)
    >>> task, model = bars_task(rng), Perceptron([64, 3])
    >>> weak, strong = (Robustness(model, task, radius) for radius in (0.01, 0.1))
    >>> weights = model.initial(rng)
    >>> [round(pull(weights, 0, np.random.default_rng(0))[0], 3) for pull in (weak, strong)]
    [1.582, 2.271]
    """

    def __init__(self, model: Model, task: Task, radius: float, steps: int = 1) -> None:
        check_whole("steps", steps, 1)
        self.model, self.task, self.radius, self.steps = model, task, radius, steps

    def attacked(self, parameters: VValue, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Inputs moved within the radius in directions that raise the loss."""

        def loss(moved: np.ndarray) -> float:
            # The task's loss is a mean: the sum gives every input its own gradient.
            return len(targets) * self.task.loss(self.model(parameters, moved), targets)

        size = self.radius if self.steps == 1 else 2.5 * self.radius / self.steps
        moved = inputs
        for _ in range(self.steps):
            moved = moved + size * anp.sign(grad(loss)(moved))
            moved = np.clip(moved, inputs - self.radius, inputs + self.radius)
        return moved

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        inputs, targets = self.task.batch(rng)
        moved = self.attacked(parameters, inputs, targets)
        return loss_and_gradient(self.model, self.task, parameters, moved, targets)
