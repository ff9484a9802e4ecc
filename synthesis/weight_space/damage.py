"""Where a network is vulnerable, and how it recovers from damage without labels.

The metric predicts what a small change does to the outputs, so it ranks units, links and
directions. After damage the *undamaged* weights walk back to what the network did before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from vvalues import VValue, from_buffer, full

from ..optimize.optimizers import Optimizer, schedule
from ..process.linearization import linearize, number_of_inputs
from ..process.models import Model
from .metric import masked, metric_diagonal
from .path import Waypoint, normalized, walk
from .pulls import Invariance
from .reference import Reference, check_inputs, check_same_support

__all__ = [
    "Layered",
    "damaged",
    "intact",
    "link_vulnerability",
    "predicted_changes",
    "recovery",
    "true_changes",
    "unit_deletions",
    "unit_vulnerability",
]


class Layered(Model, Protocol):
    """A model whose layers of weights are arrays ``layer/weights``, (inputs, ..., outputs) each."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of weights, first to last."""
        ...


def predicted_changes(
    model: Model, parameters: VValue, inputs: Any, directions: Iterable[VValue]
) -> np.ndarray:
    """``d^T g d`` for many steps d: squared change of the outputs, mean over inputs.

    Parameters
    ----------
    model : Model
    parameters : VValue
    inputs : array with one input per row, or `dmm.Streams`
    directions : V-values on the support of the parameters

    Returns
    -------
    array (directions,)

    References
    ----------
    G. Raghavan, J. Li, M. Thomson, arXiv:2005.11603 (vulnerability from the metric).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> predicted_changes(model, weights, inputs, unit_deletions(model, weights, 1)).shape
    (3,)
    """
    check_inputs(inputs, 1, "a prediction of changes")
    here = linearize(model, parameters, inputs)
    squared = [float(np.sum(here.push(direction) ** 2)) for direction in directions]
    return np.array(squared) / number_of_inputs(inputs)


def true_changes(
    model: Model, parameters: VValue, inputs: Any, directions: Iterable[VValue]
) -> np.ndarray:
    """Measured squared change of the outputs for many steps, mean over inputs: (directions,).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> true_changes(model, weights, inputs, unit_deletions(model, weights, 1)).shape
    (3,)
    """
    check_inputs(inputs, 1, "a measurement of changes")
    before = np.asarray(model(parameters, inputs))
    squared = [
        float(np.sum((np.asarray(model(parameters + direction, inputs)) - before) ** 2))
        for direction in directions
    ]
    return np.array(squared) / number_of_inputs(inputs)


def link_vulnerability(model: Model, parameters: VValue, inputs: Any) -> VValue:
    """Predicted squared change of the outputs when each single weight is deleted.

    Returns
    -------
    VValue on the support of the parameters: ``w^2 g_ww``, first order, never negative.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> link_vulnerability(model, weights, inputs)["layer-2", "weights"].round(4)
    array([[0.0105, 0.0055],
           [0.0246, 0.0795],
           [0.0445, 0.0002]])
    """
    diagonal = metric_diagonal(model, parameters, inputs)
    return from_buffer(parameters.support, parameters.buffer**2 * diagonal.buffer)


def unit_deletions(model: Layered, parameters: VValue, layer: int) -> list[VValue]:
    """For every unit of a hidden layer, the step that silences it: its outgoing weights to zero.

    Parameters
    ----------
    model : Layered
        A `Perceptron`, for instance.
    parameters : VValue
    layer : int
        1 is the first hidden layer.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> len(unit_deletions(model, weights, 1))
    3
    """
    outgoing = (model.layers[layer], "weights")
    weights, nothing = np.asarray(parameters[outgoing]), full(parameters.support, 0.0)
    steps = []
    for unit in range(len(weights)):
        change = np.zeros_like(weights)
        change[unit] = -weights[unit]
        steps.append(nothing.at(outgoing).set(change))
    return steps


def unit_vulnerability(
    model: Layered, parameters: VValue, inputs: np.ndarray, layer: int
) -> np.ndarray:
    """Predicted squared output change on deletion of each unit of a hidden layer: (units,).

    Notes
    -----
    For the last hidden layer this is ``E[h_j^2] |W[j, :]|^2``, exactly the true change.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> unit_vulnerability(model, weights, inputs, 1).shape
    (3,)
    """
    steps = unit_deletions(model, parameters, layer)
    return predicted_changes(model, parameters, inputs, steps)


def damaged(parameters: VValue, damage: VValue) -> VValue:
    """Parameters with the damaged ones set to zero.

    Parameters
    ----------
    damage : VValue of zeros and ones
        1 is damaged.

    Examples
    --------
    >>> damaged(VValue({"a": 3.0, "b": 5.0}), VValue({"a": 1.0, "b": 0.0}))
    VValue({'a': 0.0, 'b': 5.0})
    """
    return masked(parameters, intact(damage))


def intact(damage: VValue) -> VValue:
    """The mask of what is not damaged.

    Examples
    --------
    >>> intact(VValue({"a": 1.0, "b": 0.0}))
    VValue({'a': 0.0, 'b': 1.0})
    """
    return from_buffer(damage.support, 1.0 - damage.buffer)


def recovery(
    reference: Reference,
    hurt: VValue,
    damage: VValue,
    *,
    steps: int = 300,
    sizes: float | Callable[[int], float] | None = None,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator,
    per_step: int | None = None,
    every: int = 50,
    observe: Callable[[VValue], dict[str, Any]] | None = None,
) -> Iterator[Waypoint]:
    """Walk from a damaged network back to what the frozen one did; damaged weights never move.

    Parameters
    ----------
    reference : Reference
        The network before the damage, frozen on unlabelled inputs.
    hurt : VValue
        See `damaged`.
    damage : VValue of zeros and ones
        1 is damaged.
    steps : int
    sizes : float or schedule, optional
        Euclidean length of each step; .05 falling to .002 when omitted.
    optimizer : Optimizer, optional
        Makes the steps in place of ``sizes``. Where damage leaves little of a signal, as in deep
        networks, gradients of layers differ by powers of ten: Adam, which scales each of them,
        recovers what steps of a given length do not.
    per_step : int, optional
        Inputs per step; all when omitted.
    every, observe
        See `walk`.

    Returns
    -------
    iterator of Waypoint

    Raises
    ------
    ValueError
        If the supports differ, there are fewer inputs than ``per_step``, or sizes and an optimizer
        are given.

    References
    ----------
    US patent application 2021/0397964, claims; arXiv:2005.11603. First order, which the claims
    allow.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> damage = from_buffer(weights.support, (np.arange(weights.size) == 5) * 1.0)
    >>> path = recovery(reference, damaged(weights, damage), damage, steps=60, rng=rng, every=20)
    >>> [round(reference.divergence(point.parameters), 5) for point in path]
    [0.0006, 3e-05, 1e-05, 0.0]
    """
    reference.check(hurt)
    check_same_support(hurt, damage, "damaged network and damage")
    if optimizer is not None and sizes is not None:
        raise ValueError(
            "sizes and optimizer are both given; an optimizer makes its own steps: give one"
        )
    if per_step is not None:
        check_inputs(reference.inputs, per_step, "a step of the recovery")
    return walk(
        hurt,
        Invariance(reference, per_step),
        optimizer or normalized(sizes or schedule(0.05, 0.002, steps)),
        steps=steps,
        rng=rng,
        free=intact(damage),
        every=every,
        observe=observe,
    )
