"""Walks in weight space: iterated bounded steps, one record after each.

An invariant path trades movement of the outputs against a secondary objective. Two forms:

*finite*  follow ``gradient of the objective + gradient of the distance to a frozen reference``
*metric*  follow ``(g + damping I)^-1 gradient``, or the gradient's part in the null space of g
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ..optimize.optimizers import Optimizer
from ..process.linearization import inputs_at, linearize, number_of_inputs
from ..process.models import Model
from ..process.records import Record
from .metric import masked, project_out, solve_metric
from .pulls import Invariance, Pull, Pulled, weighted
from .reference import Reference, check_inputs

__all__ = [
    "Waypoint",
    "invariant_path",
    "last",
    "metric_pull",
    "moved_by",
    "normalized",
    "null_space_pull",
    "walk",
]


@dataclass(frozen=True, eq=False)
class Waypoint:
    """A network on a path.

    Attributes
    ----------
    step : int
        Steps so far.
    parameters : VValue
    value : float
        Of the pull that was followed, before the last step (nan at the start).
    distance : float
        Euclidean distance from the start of the path.
    length : float
        Length of the path so far.
    figures : dict
        What the caller measured here.

    Examples
    --------
    >>> from synthesis.weight_space.pulls import PullTowards
    >>> from synthesis.optimize import sgd
    >>> path = walk(VValue({"a": 0.0}), PullTowards(VValue({"a": 1.0})), sgd(0.5), steps=3,
    ...             rng=np.random.default_rng(0))
    >>> [(point.step, point.parameters["a"], point.length) for point in path]
    [(0, 0.0, 0.0), (1, 0.5, 0.5), (2, 0.75, 0.75), (3, 0.875, 0.875)]
    """

    step: int
    parameters: VValue
    value: float
    distance: float
    length: float
    figures: dict[str, Any] = field(default_factory=dict)

    def record(self, phase: str = "path") -> Record:
        """The waypoint as a record of a run, without its weights."""
        magnitudes = np.abs(self.parameters.buffer)
        details = {"distance": self.distance, "length": self.length, **self.figures}
        links = int(np.count_nonzero(magnitudes))
        return Record("step", phase, self.step, self.value, links, float(magnitudes.sum()), details)


def normalized(size: float | Callable[[int], float]) -> Optimizer:
    """Steps of a given Euclidean length against the gradient, however large it is.

    Parameters
    ----------
    size : float, or a function from the step to one (see `synthesis.optimize.optimizers.schedule`)

    Notes
    -----
    A pair (init, update) as all optimizers of this library; a zero gradient gives a zero step.

    Examples
    --------
    >>> optimizer, v = normalized(0.5), VValue({"a": 3.0, "b": 4.0})
    >>> step, _ = optimizer.update(v, optimizer.init(v), v)
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.3, -0.4)
    """

    def update(gradient: VValue, count: int, parameters: VValue) -> tuple[VValue, int]:
        norm = float(np.linalg.norm(gradient.buffer))
        length = size(count) if callable(size) else size
        return gradient * (-length / norm if norm else 0.0), count + 1

    return Optimizer(lambda parameters: 0, update)


def walk(
    start: VValue,
    pull: Pull,
    optimizer: Optimizer,
    *,
    steps: int,
    rng: np.random.Generator,
    free: VValue | None = None,
    every: int = 1,
    observe: Callable[[VValue], dict[str, Any]] | None = None,
) -> Iterator[Waypoint]:
    """Follow a pull; a generator of waypoints.

    Parameters
    ----------
    start : VValue
    pull : Pull
        See `synthesis.weight_space.pulls`.
    optimizer : Optimizer
        Makes steps of gradients: `normalized`, ``momentum``, ``adam``, ...
    steps : int
    rng : numpy.random.Generator
        For random batches.
    free : VValue of zeros and ones, optional
        Components that are 0 here never move.
    every : int
        Yield every so many steps (start and end always).
    observe : callable, optional
        Parameters -> figures to keep with every waypoint that is yielded.

    Yields
    ------
    Waypoint

    Raises
    ------
    ValueError
        If the mask has another support, or a number of steps is not sensible.
    FloatingPointError
        If the weights are no longer finite.

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> from synthesis.weight_space.pulls import PullTowards
    >>> rng, pull = np.random.default_rng(0), PullTowards(VValue({"a": 1.0, "b": 1.0}))
    >>> start, only_a = VValue({"a": 0.0, "b": 0.0}), VValue({"a": 1.0, "b": 0.0})
    >>> last(walk(start, pull, sgd(0.5), steps=3, rng=rng, free=only_a)).parameters
    VValue({'a': 0.875, 'b': 0.0})
    """
    if steps < 0 or every < 1:
        raise ValueError(f"steps is {steps} and every is {every}; expected >= 0 and >= 1")
    state, parameters = optimizer.init(start), start
    value, length = float("nan"), 0.0

    def here(step: int) -> Waypoint:
        distance = float(np.linalg.norm(parameters.buffer - start.buffer))
        figures = {} if observe is None else observe(parameters)
        return Waypoint(step, parameters, value, distance, length, figures)

    yield here(0)
    for step in range(1, steps + 1):
        value, gradient = pull(parameters, step - 1, rng)
        change, state = optimizer.update(masked(gradient, free), state, parameters)
        change = masked(change, free)
        moved = float(np.linalg.norm(change.buffer))
        if not np.isfinite(moved):
            raise FloatingPointError(
                f"step {step} of the walk is not finite (pull {value}); use smaller steps"
            )
        parameters, length = parameters + change, length + moved
        if step % every == 0 or step == steps:
            yield here(step)


def last(path: Iterator[Waypoint]) -> Waypoint:
    """Walk to the end; the last waypoint.

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> from synthesis.weight_space.pulls import PullTowards
    >>> rng, pull = np.random.default_rng(0), PullTowards(VValue({"a": 1.0}))
    >>> last(walk(VValue({"a": 0.0}), pull, sgd(0.5), steps=4, rng=rng)).distance
    0.9375
    """
    waypoint = None
    for waypoint in path:  # noqa: B007  (the last one is what is asked)
        pass
    if waypoint is None:
        raise ValueError("the path is empty")
    return waypoint


def walked(
    start: VValue,
    pull: Pull,
    optimizer: Optimizer,
    *,
    steps: int,
    rng: np.random.Generator,
    free: VValue | None = None,
) -> VValue:
    """Where a walk ends (see `walk`)."""
    path = walk(start, pull, optimizer, steps=steps, rng=rng, free=free, every=max(steps, 1))
    return last(path).parameters


def invariant_path(
    reference: Reference,
    start: VValue,
    secondary: Pull,
    optimizer: Optimizer,
    *,
    steps: int,
    rng: np.random.Generator,
    strength: float | Callable[[int], float] = 1.0,
    per_step: int | None = None,
    free: VValue | None = None,
    every: int = 1,
    observe: Callable[[VValue], dict[str, Any]] | None = None,
) -> Iterator[Waypoint]:
    """A functionally invariant path in its finite form.

    Parameters
    ----------
    reference : Reference
        The frozen network whose outputs are to stay, with stored inputs.
    start : VValue
    secondary : Pull
        What to walk towards.
    optimizer : Optimizer
    strength : float or schedule
        Weight of the secondary objective against the summed distance to the reference.
    per_step : int, optional
        Stored inputs used per step; all when omitted.
    steps, rng, free, every, observe
        See `walk`.

    Yields
    ------
    Waypoint

    Raises
    ------
    ValueError
        If student and reference have different supports or share their object, or there are fewer
        stored inputs than ``per_step``. At once, not at the first step.

    References
    ----------
    G. Raghavan et al., Nature Machine Intelligence (2024), s42256-024-00902-x, figure 1; github
    Guruprasad93/FlexibleMachineLearning @9043036.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.optimize import sgd
    >>> from synthesis.weight_space import PullTowards, freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> pull = PullTowards(-weights)
    >>> end = last(invariant_path(reference, weights, pull, sgd(0.02), steps=20, rng=rng))
    >>> round(end.distance, 3), round(reference.divergence(end.parameters), 4)
    (1.366, 0.0012)
    """
    reference.check(start)
    if per_step is not None:
        check_inputs(reference.inputs, per_step, "a step of the path")
    pull = weighted((strength, secondary), (1.0, Invariance(reference, per_step)))
    return walk(
        start, pull, optimizer, steps=steps, rng=rng, free=free, every=every, observe=observe
    )


def drawn(inputs: Any, per_step: int | None, rng: np.random.Generator) -> Any:
    """So many inputs, without replacement; all of them if None."""
    if per_step is None:
        return inputs
    check_inputs(inputs, per_step, "a step of the path")
    return inputs_at(inputs, rng.choice(number_of_inputs(inputs), per_step, replace=False))


def null_space_pull(
    model: Model,
    inputs: Any,
    secondary: Pull,
    *,
    per_step: int | None = None,
    ridge: float = 1e-6,
) -> Pull:
    """The secondary gradient without the part that moves the outputs on stored inputs.

    Parameters
    ----------
    model : Model
    inputs : stored inputs
    secondary : Pull
    per_step : int, optional
        So many stored inputs per step, drawn afresh.
    ridge : float
        See `metric.null_space_projection`.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import PullTowards
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> pull, rng = null_space_pull(model, inputs, PullTowards(-weights)), np.random.default_rng(0)
    >>> step = pull(weights, 0, rng)[1]
    >>> moved = model(weights - step * 1e-3, inputs) - model(weights, inputs)
    >>> float(np.linalg.norm(step.buffer).round(2)), float(np.abs(moved).max().round(6))
    (3.55, 1e-06)
    """

    def pull(parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        value, gradient = secondary(parameters, step, rng)
        here = linearize(model, parameters, drawn(inputs, per_step, rng))
        return value, project_out(here, gradient, ridge)

    return pull


def metric_pull(
    model: Model,
    inputs: Any,
    secondary: Pull,
    *,
    damping: float,
    per_step: int | None = None,
) -> Pull:
    """The step that least moves the outputs for its gain: ``damping (g + damping I)^-1 gradient``.

    Notes
    -----
    The minimiser of ``d^T g d + damping |d|^2 - 2 damping <gradient, d>``; with the factor it
    tends to the plain gradient for large damping and to the null-space projection for small.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import PullTowards
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> rng, towards = np.random.default_rng(0), PullTowards(-weights)
    >>> pulls = [metric_pull(model, inputs, towards, damping=d) for d in (1e-6, 1.0, 1e6)]
    >>> [float(np.linalg.norm(pull(weights, 0, rng)[1].buffer).round(2)) for pull in pulls]
    [3.55, 3.93, 4.13]
    """

    def pull(parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        value, gradient = secondary(parameters, step, rng)
        stored = drawn(inputs, per_step, rng)
        return value, damping * solve_metric(model, parameters, stored, gradient, damping=damping)

    return pull


def moved_by(parameters: VValue, gradient: VValue, size: float) -> VValue:
    """Parameters after one step of a given length against a gradient.

    Examples
    --------
    >>> moved_by(VValue({"a": 1.0}), VValue({"a": 5.0}), 0.25)
    VValue({'a': 0.75})
    """
    norm = float(np.linalg.norm(gradient.buffer))
    step = gradient.buffer * (size / norm if norm else 0.0)
    return from_buffer(parameters.support, parameters.buffer - step)
