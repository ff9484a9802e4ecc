"""Distances of outputs, and the frozen reference with the published defect refused."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from synthesis.optimize.losses import softmax
from synthesis.weight_space.metric import squared_length
from synthesis.weight_space.reference import Categorical, Numbers, Reference, divergence, freeze
from vvalues import VValue, from_buffer, restrict

from .models import machine, perceptron, random_like


def plain_distance(z, q):
    p = anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True)
    return -anp.sum(anp.log(anp.sum(anp.sqrt(p * q), axis=1)))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_bhattacharyya_and_its_gradient(temperature):
    rng = np.random.default_rng(0)
    z, reference = rng.standard_normal((2, 4, 5))
    q = softmax(reference / temperature)
    outputs = Categorical(temperature)
    expected = plain_distance(z / temperature, q)
    assert outputs.divergence(z, reference) == pytest.approx(float(expected))
    np.testing.assert_allclose(
        outputs.gradient(z, reference),
        grad(lambda x: plain_distance(x / temperature, q))(z),
        atol=1e-12,
    )
    assert outputs.divergence(z, z) == pytest.approx(0.0, abs=1e-12)


def test_certain_outputs_give_finite_gradients():
    z = np.array([[800.0, 0.0], [0.0, 800.0]])
    outputs = Categorical()
    assert np.isfinite(outputs.divergence(z, z[::-1]))
    assert np.isfinite(outputs.gradient(z, z[::-1])).all()


def test_distance_is_an_eighth_of_the_metric():
    model, parameters, inputs, rng = perceptron()
    step = 1e-4 * random_like(parameters, rng)
    frozen = freeze(model, parameters, inputs, Numbers())
    predicted = squared_length(model, parameters, inputs, step) / 8
    assert frozen.divergence(parameters + step) == pytest.approx(predicted, rel=1e-2)


@pytest.mark.parametrize("case, outputs", [(perceptron, Categorical()), (machine, Numbers(0.5))])
def test_gradient_of_the_distance(case, outputs):
    model, parameters, inputs, rng = case()
    frozen = freeze(model, parameters, inputs, outputs)
    student = parameters + 0.1 * random_like(parameters, rng)
    value, gradient = frozen.gradient(student)
    assert value == pytest.approx(len(inputs) * frozen.divergence(student))
    direction = random_like(parameters, rng)
    step = 1e-5
    after = frozen.divergence(student + step * direction)
    before = frozen.divergence(student - step * direction)
    slope = len(inputs) * (after - before) / (2 * step)
    assert slope == pytest.approx(gradient.buffer @ direction.buffer, rel=1e-4)


@pytest.mark.parametrize("case", [perceptron, machine])
def test_a_draw_takes_inputs_with_their_outputs(case):
    model, parameters, inputs, rng = case()
    frozen = freeze(model, parameters, inputs, Numbers()).sample(1, rng)
    assert len(frozen) == 1
    np.testing.assert_allclose(frozen.values, model(parameters, frozen.inputs), rtol=1e-12)


def test_blends_are_the_frozen_networks_own():
    model, parameters, inputs, rng = perceptron()
    blended = freeze(model, parameters, inputs).blended(rng)
    assert not np.array_equal(blended.inputs, inputs)
    np.testing.assert_allclose(blended.values, model(parameters, blended.inputs))
    far = np.full((2, 6), 1e3)
    towards = freeze(model, parameters, inputs).blended(np.random.default_rng(0), far)
    share_of_others = towards.inputs.mean(axis=1) / 1e3
    assert (share_of_others < 0.51).all()  # a stored input has at least half
    assert (share_of_others > 0.01).any()


def test_a_reference_does_not_follow_the_weights_it_was_made_of():
    model, parameters, inputs, _ = perceptron()
    weights = np.array(parameters.buffer)
    live = from_buffer(parameters.support, weights[:])  # a view: the array below stays writable
    frozen = freeze(model, live, inputs)
    before = frozen.parameters.buffer.copy()
    weights += 1.0
    np.testing.assert_array_equal(frozen.parameters.buffer, before)
    assert frozen.divergence(live) > 0


def test_shared_objects_are_refused():
    model, parameters, inputs, _ = perceptron()
    shared = Reference(model, parameters, inputs, model(parameters, inputs))
    with pytest.raises(ValueError, match="shares its object with the student"):
        shared.check(parameters)
    view = from_buffer(parameters.support, parameters.buffer[:])
    with pytest.raises(ValueError, match="shares its object with the student"):
        shared.check(view)
    with pytest.raises(ValueError, match="shares its object"):
        divergence(model, parameters, parameters, inputs)
    freeze(model, parameters, inputs).check(parameters)  # a copy: fine


def test_a_reference_inside_a_gradient_is_refused():
    model, parameters, inputs, _ = perceptron()

    def defect(p):
        return freeze(model, p, inputs).divergence(parameters)

    with pytest.raises(TypeError, match="being differentiated"):
        grad(defect)(parameters)


def test_other_supports_and_missing_inputs_are_refused():
    model, parameters, inputs, _ = perceptron()
    frozen = freeze(model, parameters, inputs)
    with pytest.raises(ValueError, match=r"student and reference have different supports.*other"):
        frozen.check(parameters + VValue({"other": 1.0}))
    with pytest.raises(ValueError, match="at least 9 inputs; 5 were given"):
        freeze(model, parameters, inputs, n=9)
    with pytest.raises(ValueError, match="at least 1 inputs; 0"):
        freeze(model, parameters, inputs[:0])
    with pytest.raises(ValueError, match="at least 6 inputs; 5"):
        frozen.sample(6, np.random.default_rng(0))


def test_an_edited_student_is_welcome_when_one_says_so():
    model, parameters, streams, _ = machine()
    frozen = freeze(model, parameters, streams, Numbers())
    part = parameters.support.where(np.arange(parameters.size) % 3 > 0)
    student = restrict(parameters, part)
    with pytest.raises(ValueError, match="different supports"):
        frozen.check(student)
    frozen.on(part).check(student)


@pytest.mark.parametrize("make", [lambda: Numbers(0.0), lambda: Categorical(0.0)])
def test_scales_have_to_be_positive(make):
    with pytest.raises(ValueError, match="above 0"):
        make()
