"""The metric: three implementations of one Jacobian, and what is solved with it."""

import numpy as np
import pytest

from synthesis.process.linearization import TracedLinearization, linearize
from synthesis.weight_space.metric import (
    metric_diagonal,
    metric_product,
    null_space_projection,
    output_drift,
    solve_metric,
    squared_length,
    top_directions,
)
from vvalues import VValue, inner

from .models import Line, Traced, machine, perceptron, random_like

KINDS = {"perceptron": perceptron, "machine": machine}


def jacobian(model, parameters, inputs):
    return TracedLinearization(model, parameters, inputs).rows()


@pytest.mark.parametrize("kind", KINDS)
def test_every_model_gives_the_jacobian_of_autograd(kind):
    model, parameters, inputs, rng = KINDS[kind]()
    rows = jacobian(model, parameters, inputs)
    here = linearize(model, parameters, inputs)
    assert type(here) is not TracedLinearization
    direction = random_like(parameters, rng)
    cotangent = rng.standard_normal(here.values.shape)
    scale = max(np.abs(rows).max() ** 2, 1.0)
    close = {"rtol": 1e-10, "atol": 1e-10 * scale}
    np.testing.assert_allclose(here.push(direction).ravel(), rows @ direction.buffer, **close)
    np.testing.assert_allclose(here.pull(cotangent).buffer, rows.T @ cotangent.ravel(), **close)
    np.testing.assert_allclose(here.gram(), rows @ rows.T, **close)
    np.testing.assert_allclose(here.diagonal().buffer, (rows**2).sum(0), **close)


def test_other_models_go_through_autograd():
    model, parameters, inputs, _ = perceptron()
    assert isinstance(linearize(Traced(model), parameters, inputs), TracedLinearization)


def test_the_metric_of_a_line_by_hand():
    # f = a x + b on x = 1, 3: g = mean of (x, 1)(x, 1)^T = [[5, 2], [2, 1]]
    model, inputs = Line(), np.array([1.0, 3.0])
    here = VValue({"a": 0.3, "b": -1.0})
    assert metric_product(model, here, inputs, VValue({"a": 1, "b": 0})) == VValue({"a": 5, "b": 2})
    assert squared_length(model, here, inputs, VValue({"a": 1, "b": -1})) == pytest.approx(2.0)
    assert metric_diagonal(model, here, inputs) == VValue({"a": 5, "b": 1})


def test_metric_is_symmetric_and_semidefinite():
    model, parameters, inputs, rng = perceptron()
    one, other = random_like(parameters, rng), random_like(parameters, rng)
    left = inner(metric_product(model, parameters, inputs, one), other)
    right = inner(one, metric_product(model, parameters, inputs, other))
    assert left == pytest.approx(right, rel=1e-10)
    assert squared_length(model, parameters, inputs, one) >= 0


@pytest.mark.parametrize("damping", [1e-3, 1.0])
def test_woodbury_equals_the_formed_metric(damping):
    model, parameters, inputs, rng = perceptron()
    rows = jacobian(model, parameters, inputs)
    metric = rows.T @ rows / len(inputs)
    vector = random_like(parameters, rng)
    expected = np.linalg.solve(metric + damping * np.eye(len(metric)), vector.buffer)
    got = solve_metric(model, parameters, inputs, vector, damping=damping)
    np.testing.assert_allclose(got.buffer, expected, rtol=1e-8, atol=1e-8)


def test_the_null_space_does_not_move_the_outputs():
    model, parameters, inputs, rng = perceptron()
    vector = random_like(parameters, rng)
    flat = null_space_projection(model, parameters, inputs, vector, ridge=1e-10)
    plain = squared_length(model, parameters, inputs, vector)
    assert squared_length(model, parameters, inputs, flat) < 1e-12 * plain
    again = null_space_projection(model, parameters, inputs, flat, ridge=1e-10)
    np.testing.assert_allclose(again.buffer, flat.buffer, atol=1e-6)
    assert inner(flat, flat) > 0.1  # 83 weights, 15 numbers: most of it is left


def test_top_directions_are_eigenvectors():
    model, parameters, inputs, _ = perceptron()
    rows = jacobian(model, parameters, inputs)
    expected = np.linalg.eigvalsh(rows.T @ rows / len(inputs))[::-1][:3]
    values, directions = top_directions(model, parameters, inputs, 3)
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    for value, direction in zip(values, directions, strict=True):
        product = metric_product(model, parameters, inputs, direction)
        np.testing.assert_allclose(product.buffer, value * direction.buffer, atol=1e-9 * values[0])


def test_drift_is_the_length_for_small_steps():
    model, parameters, inputs, rng = perceptron()
    step = 1e-5 * random_like(parameters, rng)
    predicted = np.sqrt(squared_length(model, parameters, inputs, step))
    drift = output_drift(model, parameters, parameters + step, inputs)
    assert drift == pytest.approx(predicted, rel=1e-3)


def test_bad_input():
    model, parameters, inputs, rng = perceptron()
    vector = random_like(parameters, rng)
    with pytest.raises(ValueError, match="at least 1 inputs; 0 were given"):
        metric_product(model, parameters, inputs[:0], vector)
    with pytest.raises(ValueError, match=r"different supports .*layer-1/bias"):
        metric_product(model, parameters, inputs, VValue({"x": 1.0}))
    with pytest.raises(ValueError, match="damping is 0"):
        solve_metric(model, parameters, inputs, vector, damping=0)
    with pytest.raises(ValueError, match="15 outputs in all"):
        top_directions(model, parameters, inputs, 16)
