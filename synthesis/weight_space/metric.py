"""The metric of weight space: how much a step of the weights moves the outputs.

``g = (1/N) sum_x J(x)^T J(x)`` for N inputs and the Jacobian J of the outputs by the weights. It is
never formed: everything here is made of Jacobian products, and what has to be solved is solved in
the space of outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

from vvalues import VValue, from_buffer

from ..process.linearization import Linearization, linearize, number_of_inputs
from ..process.models import Model
from .reference import check_inputs, check_same_support

__all__ = [
    "metric_diagonal",
    "metric_product",
    "null_space_projection",
    "output_drift",
    "solve_metric",
    "squared_length",
    "top_directions",
]


def metric_product(model: Model, parameters: VValue, inputs: Any, direction: VValue) -> VValue:
    """``g d``: the metric times a direction.

    Parameters
    ----------
    model : Model
    parameters : VValue
    inputs : array with one input per row, or `dmm.Streams`
    direction : VValue on the support of the parameters

    Returns
    -------
    VValue

    Raises
    ------
    ValueError
        If the supports differ or there are no inputs.

    References
    ----------
    G. Raghavan, M. Thomson, arXiv:2106.02793 (metric of weight space from the outputs).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> moved = metric_product(model, weights, inputs, weights)
    >>> moved["layer-2", "bias"].round(4)
    array([-0.3233, -0.235 ])
    """
    here = _at(model, parameters, inputs, direction)
    return here.pull(here.push(direction)) / number_of_inputs(inputs)


def squared_length(model: Model, parameters: VValue, inputs: Any, direction: VValue) -> float:
    """``d^T g d``: predicted squared change of the outputs, mean over inputs, to first order.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> small = 1e-3 * weights
    >>> true = output_drift(model, weights, weights + small, inputs) ** 2
    >>> bool(abs(squared_length(model, weights, inputs, small) / true - 1) < 0.01)
    True
    """
    here = _at(model, parameters, inputs, direction)
    return float(np.sum(here.push(direction) ** 2)) / number_of_inputs(inputs)


def metric_diagonal(model: Model, parameters: VValue, inputs: Any) -> VValue:
    """Diagonal of ``g``: squared change of the outputs per unit of each weight.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> metric_diagonal(model, weights, inputs)["layer-1", "bias"].round(4)
    array([0.8658, 0.6988, 0.1301])
    """
    return _at(model, parameters, inputs).diagonal() / number_of_inputs(inputs)


def solve_metric(
    model: Model, parameters: VValue, inputs: Any, vector: VValue, *, damping: float
) -> VValue:
    """``(g + damping I)^-1 v``, solved in output space (Woodbury).

    Parameters
    ----------
    model, parameters, inputs
        See `metric_product`.
    vector : VValue
        Usually the gradient of a secondary objective.
    damping : float
        Above 0; in the units of g, squared output per squared weight. Towards 0 the solution
        tends to the null-space projection divided by the damping.

    Raises
    ------
    ValueError
        If the damping is not positive, or as `metric_product`.

    Notes
    -----
    ``(1/mu) [v - J^T (N mu I + J J^T)^-1 J v]`` with the stacked Jacobian J: the matrix to solve
    has one row per number of the output, however many weights there are.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> found = solve_metric(model, weights, inputs, weights, damping=0.1)
    >>> back = metric_product(model, weights, inputs, found) + 0.1 * found
    >>> float(np.abs((back - weights).buffer).max()) < 1e-9
    True
    """
    if not damping > 0:
        raise ValueError(f"damping is {damping}; expected a number above 0")
    here = _at(model, parameters, inputs, vector)
    ridge = damping * number_of_inputs(inputs)
    return (vector - _explained(here, vector, ridge)) / damping


def null_space_projection(
    model: Model, parameters: VValue, inputs: Any, vector: VValue, *, ridge: float = 1e-6
) -> VValue:
    """The part of a direction that does not move the outputs, to first order.

    Parameters
    ----------
    model, parameters, inputs, vector
        See `solve_metric`.
    ridge : float
        Relative to the mean eigenvalue of ``J J^T``; keeps the solution stable when outputs depend
        on each other.

    Notes
    -----
    ``v - J^T (J J^T + ridge)^-1 J v``.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> free = null_space_projection(model, weights, inputs[:2], weights)
    >>> bool(squared_length(model, weights, inputs[:2], free) < 1e-6)
    True
    """
    return project_out(_at(model, parameters, inputs, vector), vector, ridge)


def project_out(here: Linearization, vector: VValue, ridge: float) -> VValue:
    """As `null_space_projection`, at a point that has been linearised already."""
    return vector - _explained(here, vector, ridge, is_relative=True)


def _explained(
    here: Linearization, vector: VValue, ridge: float, *, is_relative: bool = False
) -> VValue:
    """``J^T (J J^T + ridge)^-1 J v``."""
    gram = here.gram()
    if is_relative:
        # Where no weight has any influence the Gram matrix is zero: nothing is projected out.
        ridge *= float(np.mean(np.diag(gram))) or 1.0
    gram[np.diag_indices_from(gram)] += ridge
    moved = here.push(vector)
    solution = cho_solve(cho_factor(gram, overwrite_a=True), moved.ravel())
    return here.pull(solution.reshape(moved.shape))


def top_directions(
    model: Model, parameters: VValue, inputs: Any, k: int
) -> tuple[np.ndarray, list[VValue]]:
    """The most vulnerable directions: eigenvectors of g of largest eigenvalue.

    Parameters
    ----------
    k : int

    Returns
    -------
    eigenvalues : array (k,), descending
        Squared output change per unit of squared step.
    directions : list of V-values of Euclidean norm 1

    Raises
    ------
    ValueError
        If there are fewer than ``k`` outputs in all, or no inputs.

    Notes
    -----
    Found through the small matrix ``J J^T``: if ``J J^T u = s u`` then ``J^T u / sqrt(s)`` is an
    eigenvector of ``J^T J`` of the same eigenvalue.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> values, directions = top_directions(model, weights, inputs, 2)
    >>> bool(values[0] >= values[1]), len(directions)
    (True, 2)
    """
    here = _at(model, parameters, inputs)
    n_numbers = here.values.size
    if not 1 <= k <= n_numbers:
        raise ValueError(f"k is {k}; these inputs have {n_numbers} outputs in all")
    values, vectors = eigh(here.gram(), subset_by_index=[n_numbers - k, n_numbers - 1])
    directions = []
    for column in vectors.T[::-1]:
        direction = here.pull(column.reshape(here.values.shape))
        norm = float(np.linalg.norm(direction.buffer))
        directions.append(direction / norm if norm else direction)
    return values[::-1] / number_of_inputs(inputs), directions


def output_drift(model: Model, one: VValue, other: VValue, inputs: Any) -> float:
    """How far two networks' outputs are apart: root of the mean squared distance over inputs.

    Notes
    -----
    For neighbours this is the square root of `squared_length` of their difference.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> output_drift(model, weights, weights, inputs)
    0.0
    >>> round(float(output_drift(model, weights, 1.1 * weights, inputs)), 6)
    0.073869
    """
    check_inputs(inputs, 1, "output drift")
    change = np.asarray(model(other, inputs)) - np.asarray(model(one, inputs))
    return float(np.sqrt(np.sum(change**2) / number_of_inputs(inputs)))


def _at(
    model: Model, parameters: VValue, inputs: Any, direction: VValue | None = None
) -> Linearization:
    check_inputs(inputs, 1, "the metric")
    if direction is not None:
        check_same_support(parameters, direction, "parameters and direction")
    return linearize(model, parameters, inputs)


def masked(vector: VValue, free: VValue | None) -> VValue:
    """A direction where ``free`` is 1, zero where it is 0; all of it if that is None."""
    if free is None:
        return vector
    check_same_support(vector, free, "parameters and mask")
    return from_buffer(vector.support, vector.buffer * free.buffer)
