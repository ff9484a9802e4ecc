"""The convolutional network: fused derivatives equal to autograd's, filters that come and go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures import Perceptron
from synthesis.architectures.convolutional import ConvolutionalNetwork, FilterLayer
from synthesis.edits import add_neuron, delete_neuron
from synthesis.optimize import adam
from synthesis.process.linearization import TracedLinearization
from synthesis.tasks import load_mnist
from synthesis.weight_space import learn, unit_deletions, unit_vulnerability
from vvalues import VValue, from_buffer

LAYERS = {
    "one": [FilterLayer(2, 3)],
    "pooled": [FilterLayer(3, 3, padding=1, pool=2), FilterLayer(2, 2)],
    "dense": [FilterLayer(2, 2, pool=2), FilterLayer(4, 0)],
    "padded at its end": [FilterLayer(2, 2, padding=2, pool=3), FilterLayer(2, 3, padding=1)],
    "none": [],
}


def case(layers="pooled", activation="tanh", pooling="max", seed=0, n=4):
    rng = np.random.default_rng(seed)
    model = ConvolutionalNetwork((2, 5, 6), LAYERS[layers], 3, activation, pooling)
    parameters = from_buffer(model.support, 0.7 * rng.standard_normal(model.support.size))
    return model, parameters, rng.standard_normal((n, 60)), rng


@given(
    st.sampled_from(sorted(LAYERS)),
    st.sampled_from(["tanh", "relu", "softplus"]),
    st.sampled_from(["max", "mean"]),
    st.integers(0, 2**32 - 1),
)
def test_fused_products_agree_with_autograd(layers, activation, pooling, seed):
    model, parameters, inputs, rng = case(layers, activation, pooling, seed)
    here, plain = (
        model.linearize(parameters, inputs),
        TracedLinearization(model, parameters, inputs),
    )
    close = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(here.values, plain.values, **close)
    direction = from_buffer(model.support, rng.standard_normal(model.support.size))
    np.testing.assert_allclose(here.push(direction), plain.push(direction), **close)
    cotangent = rng.standard_normal(here.values.shape)
    np.testing.assert_allclose(here.pull(cotangent).buffer, plain.pull(cotangent).buffer, **close)
    rows = plain.rows()
    np.testing.assert_allclose(here.rows(), rows, **close)
    np.testing.assert_allclose(here.gram(), rows @ rows.T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(here.diagonal().buffer, (rows**2).sum(axis=0), rtol=1e-9, atol=1e-9)


def test_a_network_without_hidden_layers_is_a_perceptron_without_them():
    model, parameters, inputs, _ = case("none")
    flat = {
        "layer-1": {
            "bias": parameters["layer-1", "bias"],
            "weights": parameters["layer-1", "weights"].reshape(60, 3),
        }
    }
    expected = Perceptron([60, 3])(VValue(flat), inputs)
    np.testing.assert_allclose(model(parameters, inputs), expected, rtol=1e-12)


def test_many_pictures_are_predicted_in_parts():
    model, parameters, _, rng = case()
    inputs = rng.standard_normal((600, 60))
    together = model.linearize(parameters, inputs).values
    np.testing.assert_allclose(model(parameters, inputs), together, rtol=1e-12)


def test_its_words_make_the_same_network():
    model, parameters, inputs, _ = case("padded at its end", "relu", "mean")
    again = ConvolutionalNetwork.described(model.description)
    assert again.description == model.description
    np.testing.assert_array_equal(again(parameters, inputs), model(parameters, inputs))


# -------------------- filters --------------------


def test_a_cut_filter_is_silent_in_both_layers():
    model, parameters, inputs, _ = case()
    mask = model.units(1, [1])
    assert mask["layer-1", "weights"][..., 1].all() and not mask["layer-1", "weights"][..., 0].any()
    assert mask["layer-2", "weights"][1].all() and not mask["layer-2", "weights"][0].any()
    assert mask["layer-1", "bias"].tolist() == [0, 1, 0]
    cut = from_buffer(model.support, parameters.buffer * (1.0 - mask.buffer))
    fewer, _ = delete_neuron(parameters, (), model.places(1), names=["1"])
    np.testing.assert_allclose(
        model.fitting(fewer)(fewer, inputs), model(cut, inputs), rtol=1e-12, atol=1e-12
    )


def test_a_filter_comes_and_goes():
    model, parameters, inputs, rng = case()
    state = adam(0.1).init(parameters)
    larger, state = add_neuron(parameters, state, model.places(2), rng)
    assert larger["layer-2", "weights"].shape == (3, 2, 2, 3)
    assert larger["layer-3", "weights"].shape[0] == 3
    assert state.first.support is larger.support
    smaller, state = delete_neuron(larger, state, model.places(2), names=["2"])
    assert smaller == parameters and state.first.support is smaller.support
    assert model.fitting(smaller) is model
    assert model.fitting(larger)(larger, inputs).shape == (4, 3)


def test_what_no_output_reads_is_dead():
    model, parameters, inputs, _ = case()
    weights = np.array(parameters["layer-2", "weights"])
    weights[1] = 0.0
    unread = parameters.at(("layer-2", "weights")).set(weights)
    dead = ~model.alive(unread)
    mask = from_buffer(model.support, dead.astype(float))
    assert mask["layer-1"] == model.units(1, [1])["layer-1"]
    assert dead.sum() == 2 * 9 + 1
    cut = from_buffer(model.support, np.where(dead, 0.0, unread.buffer))
    np.testing.assert_array_equal(model(cut, inputs), model(unread, inputs))


def test_the_most_vulnerable_filter_is_the_one_whose_loss_changes_most():
    model, parameters, inputs, _ = case("one", "relu")
    predicted = unit_vulnerability(model, parameters, inputs, 1)
    before = model(parameters, inputs)
    true = [
        np.sum((model(parameters + step, inputs) - before) ** 2) / len(inputs)
        for step in unit_deletions(model, parameters, 1)
    ]
    np.testing.assert_allclose(predicted, true, rtol=1e-10)


# -------------------- what is wrong --------------------


@pytest.mark.parametrize(("arguments", "message"), [
    (((1, 4, 4), [FilterLayer(2, 5)], 3), "layer 1: filters of 5 x 5 and blocks of 1 leave"),
    (((1, 4, 4), [FilterLayer(2, 3, pool=2), FilterLayer(2, 2)], 3), "layer 2: filters of 2 x 2"),
    (((1, 4), [], 3), "expected channels, height, width and outputs"),
    (((1, 4, 4), [], 0), "n_outputs 0; expected"),
    (((1, 4, 4), [], 3, "step"), "known ones: relu"),
    (((1, 4, 4), [], 3, "relu", "middle"), "pooling is 'middle'; known ones: max, mean"),
])  # fmt: skip
def test_bad_shapes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConvolutionalNetwork(*arguments)


def test_bad_layers_are_refused():
    with pytest.raises(ValueError, match="layer's filters is 0"):
        FilterLayer(0)


def test_foreign_inputs_and_parameters_are_refused():
    model, parameters, _, _ = case()
    with pytest.raises(ValueError, match=r"inputs have shape \(4, 59\); pictures of \(2, 5, 6\)"):
        model(parameters, np.ones((4, 59)))
    other = case("one")[1]
    with pytest.raises(ValueError, match=r"a convolutional network of \[3, 2, 3\] filters"):
        model.linearize(other, np.ones((4, 60)))


# -------------------- on MNIST --------------------


def small_network():
    return ConvolutionalNetwork((1, 28, 28), [FilterLayer(4, 5, pool=4)], 10)


@pytest.mark.thorough
def test_it_learns_mnist():
    try:
        digits = load_mnist()
    except FileNotFoundError as error:
        pytest.skip(f"MNIST is not at hand: {error}")
    few = digits.shortened(2000, 500).validation_split(500)
    model, rng = small_network(), np.random.default_rng(0)
    start = model.initial(rng)
    end = learn(model, few, start, adam(0.01), 60, rng)
    assert few.accuracy(model, start) < 30.0
    assert few.accuracy(model, end) > 75.0
