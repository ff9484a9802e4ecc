"""The perceptron: tree parameters, fused derivatives equal to plain autograd's."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp, make_vjp

from synthesis.architectures import ACTIVATIONS, Perceptron
from vvalues import VValue, from_buffer, inner, restrict

RTOL = 1e-10


def case(sizes=(5, 7, 6, 3), activation="relu", seed=0, n=4):
    rng = np.random.default_rng(seed)
    model = Perceptron(sizes, activation)
    parameters = from_buffer(model.support, 0.7 * rng.standard_normal(model.support.size))
    return model, parameters, rng.standard_normal((n, sizes[0])), rng


def custom(z):
    return anp.tanh(z) + 0.1 * z


@pytest.mark.parametrize("activation", [*ACTIVATIONS, custom])
@pytest.mark.parametrize("sizes", [(5, 3), (5, 7, 6, 3)])
def test_fused_products_agree_with_autograd(activation, sizes):
    model, parameters, inputs, rng = case(sizes, activation)
    here = model.linearize(parameters, inputs)
    direction = from_buffer(model.support, rng.standard_normal(model.support.size))
    cotangent = rng.standard_normal(here.values.shape)

    def function(p):
        return model(p, inputs)

    pull, values = make_vjp(function)(parameters)
    np.testing.assert_allclose(here.values, values, rtol=RTOL)
    np.testing.assert_allclose(
        here.push(direction), make_jvp(function)(parameters)(direction)[1], rtol=RTOL, atol=1e-12
    )
    np.testing.assert_allclose(
        here.pull(cotangent).buffer,
        restrict(pull(cotangent), model.support).buffer,
        rtol=RTOL,
        atol=1e-12,
    )
    rows = np.stack(
        [restrict(pull(row.reshape(values.shape)), model.support).buffer
         for row in np.eye(values.size)]
    )  # fmt: skip
    np.testing.assert_allclose(here.rows(), rows, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(here.gram(), rows @ rows.T, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(here.diagonal().buffer, (rows**2).sum(0), rtol=RTOL, atol=1e-12)


def test_second_derivatives_exist():
    model, parameters, inputs, _ = case(activation="tanh")
    direction = model.initial(np.random.default_rng(1))

    def loss(p):
        return anp.sum(model(p, inputs) ** 2)

    curvature = grad(lambda p: inner(grad(loss)(p), direction))(parameters)
    step = 1e-6
    difference = (
        grad(loss)(parameters + step * direction) - grad(loss)(parameters - step * direction)
    ) / (2 * step)
    np.testing.assert_allclose(curvature.buffer, difference.buffer, rtol=1e-5, atol=1e-5)


def test_gradient_by_the_inputs():
    model, parameters, inputs, _ = case(activation="tanh")
    gradient = grad(lambda x: anp.sum(model(parameters, x) ** 2))(inputs)
    moved = inputs.copy()
    moved[1, 2] += 1e-6
    change = np.sum(model(parameters, moved) ** 2) - np.sum(model(parameters, inputs) ** 2)
    assert change / 1e-6 == pytest.approx(gradient[1, 2], rel=1e-4)


def test_initial_weights_follow_the_generator_and_the_fan_in():
    model = Perceptron([400, 300, 10])
    one, same = (model.initial(np.random.default_rng(3)) for _ in range(2))
    assert one == same
    assert one != model.initial(np.random.default_rng(4))
    assert np.std(one["layer-1", "weights"]) == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    assert not one["layer-2", "bias"].any()


def test_a_unit_is_its_weights_in_and_out():
    model = Perceptron([4, 3, 2])
    mask = model.unit(1, 2)
    assert mask.buffer.sum() == 4 + 1 + 2
    assert mask["layer-1", "weights"][:, 2].all()
    assert mask["layer-2", "weights"][2].all()
    assert mask["layer-1", "bias"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("arguments, message", [
    (([4],), "expected inputs"),
    (([4, 0, 2],), "all >= 1"),
    (([4, 2], "step"), "known ones: relu"),
])  # fmt: skip
def test_bad_shapes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(*arguments)


def test_foreign_parameters_are_refused_with_the_path():
    model, other = Perceptron([4, 3, 2]), Perceptron([4, 5, 2])
    parameters = other.initial(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"shape \(5,\) at layer-1/bias"):
        model(parameters, np.ones((1, 4)))
    with pytest.raises(ValueError, match="nothing at layer-1/bias"):
        model.linearize(VValue(), np.ones((1, 4)))
    with pytest.raises(ValueError, match="units 0 to 2"):
        model.unit(1, 3)
    with pytest.raises(ValueError, match="hidden layer 2"):
        model.unit(2, 0)
