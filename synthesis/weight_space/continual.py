"""Continual learning: a second task learned along an invariant path of the first, with baselines.

Every method is one walk from the trained network; they differ in the pull alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ..optimize.losses import softmax
from ..optimize.optimizers import Optimizer, momentum
from ..process.linearization import linearize
from ..process.models import Model, Task
from ..tasks.digits import Digits
from .path import Waypoint, null_space_pull, walk, walked
from .pulls import Invariance, Pull, WeightAnchor, weighted
from .reference import Categorical, Reference, check_inputs, freeze
from .task_pulls import StoredLabels, TaskLoss

__all__ = [
    "Memory",
    "continual_sequence",
    "elastic_weights",
    "fine_tuning",
    "fisher_diagonal",
    "learn",
    "learned_along",
    "null_space",
    "remember",
    "replay",
    "staying_invariant",
]


class Memory(NamedTuple):
    """What is kept of tasks learned so far.

    Attributes
    ----------
    model : Model
    parameters : VValue
        The trained network.
    inputs : stored inputs
    targets : array
        Their labels (used by replay alone).
    task : Task
        The task learned last (used by elastic weight consolidation alone).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> round(memory.reference(temperature=2.0).divergence(2.0 * memory.parameters), 4)
    0.0165
    """

    model: Model
    parameters: VValue
    inputs: Any
    targets: np.ndarray
    task: Task

    def reference(self, temperature: float = 1.0) -> Reference:
        """The trained network, frozen, on the stored inputs."""
        return freeze(self.model, self.parameters, self.inputs, Categorical(temperature))


def learn(
    model: Model,
    task: Task,
    start: VValue,
    optimizer: Optimizer,
    steps: int,
    rng: np.random.Generator,
) -> VValue:
    """Train on a task from given weights: a walk down its loss.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> weights = learn(model, task, model.initial(rng), momentum(0.05), 20, rng)
    >>> f"{task.evaluate(model, weights)['accuracy']:.1f}"
    '51.7'
    """
    return walked(start, TaskLoss(model, task), optimizer, steps=steps, rng=rng)


def remember(
    model: Model, parameters: VValue, task: Digits, n: int, rng: np.random.Generator
) -> Memory:
    """Keep a trained network and ``n`` of its training images, stratified by class.

    Raises
    ------
    ValueError
        If a class has fewer images than its share.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> memory.inputs.shape, sorted(memory.targets.tolist())
    ((6, 64), [0, 0, 1, 1, 2, 2])
    """
    return Memory(model, parameters, *task.store(n, rng), task)


# -------------------- methods: memory and new task -> pull --------------------

Method = Callable[[Memory, Task, np.random.Generator], Pull]


def fine_tuning(memory: Memory, task: Task, rng: np.random.Generator) -> Pull:
    """The new task's loss alone: the plain gradient.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> round(fine_tuning(memory, task, rng)(memory.parameters, 0, rng)[0], 3)
    1.317
    """
    return TaskLoss(memory.model, task)


def staying_invariant(
    *, temperature: float = 1.0, blend: bool = False, strength: float = 1.0
) -> Method:
    """The new task's mean loss plus the summed distance to the frozen network on stored inputs.

    Parameters
    ----------
    temperature : float
        Of the distance (see `Categorical`); 1 is the published form.
    blend : bool
        Hold the network on random blends of the stored inputs with each other and with
        unlabelled inputs of the new task (see `Reference.blended`); not published.
    strength : float
        Of the new task's loss against the distance.

    References
    ----------
    github Guruprasad93/FlexibleMachineLearning @9043036 (mean of the one, sum of the other).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> pull = staying_invariant()(memory, task, rng)
    >>> round(pull(memory.parameters, 0, rng)[0], 3)  # the new task's loss; nothing has moved yet
    1.317
    """

    def method(memory: Memory, task: Task, rng: np.random.Generator) -> Pull:
        reference = memory.reference(temperature)
        held = Invariance(reference, blend=blend, others=lambda rng: task.batch(rng)[0])
        return weighted((strength, TaskLoss(memory.model, task)), (1.0, held))

    return method


def replay(memory: Memory, task: Task, rng: np.random.Generator) -> Pull:
    """The new task's mean loss plus the summed loss of the stored inputs with their labels.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> round(replay(memory, task, rng)(memory.parameters, 0, rng)[0], 3)
    13.075
    """
    stored = StoredLabels(memory.model, memory.task, memory.inputs, memory.targets)
    return weighted((1.0, TaskLoss(memory.model, task)), (1.0, stored))


def elastic_weights(strength: float, n_fisher: int = 2000) -> Method:
    """Elastic weight consolidation with a given strength; sees the *training set* of the old task.

    Parameters
    ----------
    strength : float
    n_fisher : int
        Images the Fisher information is estimated on.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> pull = elastic_weights(strength=10.0, n_fisher=50)(memory, task, rng)
    >>> round(pull(memory.parameters, 0, rng)[0], 3)
    1.745
    """

    def method(memory: Memory, task: Task, rng: np.random.Generator) -> Pull:
        importance = fisher_diagonal(memory.model, memory.parameters, memory.task, n_fisher, rng)
        anchor = WeightAnchor(memory.parameters, importance, strength)
        return weighted((1.0, TaskLoss(memory.model, task)), (1.0, anchor))

    return method


def null_space(per_step: int, ridge: float = 1e-6) -> Method:
    """The new task's gradient in the null space of the metric of ``per_step`` stored inputs.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> loss, gradient = null_space(per_step=3)(memory, task, rng)(memory.parameters, 0, rng)
    >>> float(np.abs(gradient.buffer).max().round(4))
    0.2229
    """

    def method(memory: Memory, task: Task, rng: np.random.Generator) -> Pull:
        check_inputs(memory.inputs, per_step, "a null-space step")
        model, loss = memory.model, TaskLoss(memory.model, task)
        return null_space_pull(model, memory.inputs, loss, per_step=per_step, ridge=ridge)

    return method


def fisher_diagonal(
    model: Model, parameters: VValue, task: Task, n: int, rng: np.random.Generator
) -> VValue:
    """Diagonal of the Fisher information of a classifier, labels drawn from its own output.

    Parameters
    ----------
    n : int
        Number of inputs.

    Returns
    -------
    VValue on the support of the parameters, mean over inputs

    Notes
    -----
    One pull per input: squares of single inputs' gradients cannot be had from a batch's sum.

    References
    ----------
    F. Kunstner, P. Hennig, L. Balles, arXiv:1905.12558 (why the labels are drawn).
    """
    check_inputs(range(n), 1, "the Fisher information")
    total, seen = np.zeros(parameters.size), 0
    while seen < n:
        inputs, _ = task.batch(rng)
        for i in range(min(len(inputs), n - seen)):
            here = linearize(model, parameters, inputs[i : i + 1])
            probabilities = softmax(here.values)
            cotangent = probabilities.copy()
            cotangent[0, rng.choice(probabilities.shape[1], p=probabilities[0])] -= 1.0
            total += here.pull(cotangent).buffer ** 2
        seen += min(len(inputs), n - seen)
    return from_buffer(parameters.support, total / n)


# -------------------- one more task, many more tasks --------------------


def learned_along(
    memory: Memory,
    task: Task,
    method: Method,
    rng: np.random.Generator,
    *,
    steps: int,
    optimizer: Optimizer | None = None,
    every: int | None = None,
    observe: Callable[[VValue], dict[str, Any]] | None = None,
) -> list[Waypoint]:
    """Learn one more task; the waypoints from the trained network on.

    Parameters
    ----------
    memory : Memory
    task : Task
    method : `fine_tuning`, `replay`, ``staying_invariant()``, or any method of that signature
    steps : int
    optimizer : Optimizer, optional
        Momentum .9 at rate .001, as published, when omitted.
    every, observe
        See `walk`.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> model, task = Perceptron([64, 3]), bars_task(rng := np.random.default_rng(0))
    >>> memory = remember(model, model.initial(rng), task, 6, rng)
    >>> path = learned_along(memory, task, staying_invariant(), rng, steps=10, every=5)
    >>> [(point.step, round(point.length, 4)) for point in path]
    [(0, 0.0), (5, 0.0145), (10, 0.0414)]
    """
    pull = method(memory, task, rng)
    return list(
        walk(
            memory.parameters,
            pull,
            optimizer or momentum(0.001, 0.9),
            steps=steps,
            rng=rng,
            every=every or max(steps, 1),
            observe=observe,
        )
    )


def continual_sequence(
    model: Model,
    tasks: Sequence[Digits],
    start: VValue,
    method: Method,
    rng: np.random.Generator,
    *,
    first: tuple[Optimizer, int],
    later: tuple[Optimizer, int],
    stored_each: int,
) -> list[list[float]]:
    """Learn tasks one after the other, remembering inputs of each.

    Parameters
    ----------
    tasks : sequence of Digits
        Of equal number of classes.
    start : VValue
    method : see `learned_along`
    first, later : (optimizer, steps)
        For the first task and for each of the others.
    stored_each : int
        Inputs stored of every task.

    Returns
    -------
    list of lists of float
        After each task, test accuracies (percent) on all tasks learned so far.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import bars_task
    >>> rng = np.random.default_rng(0)
    >>> tasks, model = [bars_task(rng), bars_task(rng)], Perceptron([64, 3])
    >>> rate = momentum(0.05), 20
    >>> found = continual_sequence(model, tasks, model.initial(rng), fine_tuning, rng,
    ...                            first=rate, later=rate, stored_each=6)
    >>> [[round(accuracy) for accuracy in after] for after in found]
    [[61], [47, 47]]
    """
    parameters = learn(model, tasks[0], start, *first, rng)
    memory = remember(model, parameters, tasks[0], stored_each, rng)
    table = [[tasks[0].accuracy(model, parameters)]]
    for i, task in enumerate(tasks[1:], start=1):
        optimizer, steps = later
        path = learned_along(memory, task, method, rng, steps=steps, optimizer=optimizer)
        parameters = path[-1].parameters
        new = remember(model, parameters, task, stored_each, rng)
        inputs = np.concatenate([memory.inputs, new.inputs])
        memory = new._replace(inputs=inputs, targets=np.concatenate([memory.targets, new.targets]))
        table.append([known.accuracy(model, parameters) for known in tasks[: i + 1]])
    return table
