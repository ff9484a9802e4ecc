"""Pairs of additive and multiplicative links: gradient, limits, growth."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.elastic import ElasticNetwork, ElasticSettings
from synthesis.architectures.elastic.arrays import PAIRED
from synthesis.architectures.elastic.modulated import ModulatedNetwork
from tests.examples import examples
from tests.synthesis.architectures.elastic.growing import BUSY, grown_and_trained
from vvalues import VValue, from_buffer, restrict


def network(rng, size, **options):
    model = ModulatedNetwork(**options)
    tree = model.initial(rng, size)
    return model, from_buffer(tree.support, rng.standard_normal(tree.size) / np.sqrt(size + 4))


@given(seed=st.integers(0, 10**6), size=st.integers(1, 12), length=st.integers(1, 30))
@examples(25)
def test_the_gradient_by_hand_is_plain_autograd(seed, size, length):
    rng = np.random.default_rng(seed)
    model, tree = network(rng, size)
    symbols, hidden = rng.integers(4, size=length + 1), np.tanh(rng.standard_normal(size))
    loss, gradient, last = model.loss_and_gradient(tree, symbols, hidden)
    value, expected = value_and_grad(model.loss)(tree, symbols, hidden)
    scale = 1.0 + np.abs(expected.buffer).max()
    assert gradient.support is tree.support
    np.testing.assert_allclose(loss, value, rtol=1e-10)
    np.testing.assert_allclose(gradient.buffer, expected.buffer, atol=1e-10 * scale)
    np.testing.assert_allclose(last, model.rollout(tree, symbols[:-1], hidden)[1], atol=1e-12)


def test_the_gradient_of_a_pruned_network_lives_on_its_links():
    rng = np.random.default_rng(0)
    model, tree = network(rng, 4)
    tree = restrict(tree, tree.support.where(rng.random(tree.size) < 0.7))
    symbols = rng.integers(4, size=20)
    _, gradient, _ = model.loss_and_gradient(tree, symbols)
    expected = value_and_grad(model.loss)(tree, symbols)[1]
    assert gradient.support is tree.support
    np.testing.assert_allclose(gradient.buffer, restrict(expected, tree.support).buffer, atol=1e-10)


def test_bad_inputs_are_named():
    model, tree = network(np.random.default_rng(0), 2)
    symbols = np.array([0, 1, 2])
    for call in (model.rollout, model.loss, model.loss_and_gradient):
        with pytest.raises(ValueError, match=r"hidden state is of shape \(1,\); .* \(2,\)"):
            call(tree, symbols, np.zeros(1))
    with pytest.raises(ValueError, match="needs at least 1"):
        model(tree, np.array([], dtype=int))
    refused = r"leaf at neuron-1/.*none of an elastic network .*recurrent\|modulation\|ratio"
    for foreign in ({"weight": 1.0}, {"input": {"x": 1.0}}, {"ratio": {"neuron-9": 1.0}}):
        with pytest.raises(ValueError, match=refused):
            model(tree + VValue({"neuron-1": foreign}), symbols)


def test_at_ratio_zero_it_is_the_elastic_network():
    rng = np.random.default_rng(0)
    model, tree = network(rng, 5)
    for i in model.neurons(tree):
        for j in model.neurons(tree):
            tree = tree.at((i, "ratio", j)).set(-1e3)
    elastic = ElasticNetwork()
    kept = [p[1] not in ("ratio", "modulation") for p in tree.support.paths]
    plain = restrict(tree, tree.support.where(np.array(kept)))
    codes = rng.integers(4, size=20)
    np.testing.assert_allclose(model(tree, codes), elastic(plain, codes), atol=1e-12)


@pytest.mark.thorough
def test_it_is_a_model_that_grows_and_learns():
    state = grown_and_trained(ModulatedNetwork(settings=BUSY))
    n = len(state.born)
    paired = [p for p in state.parameters.support.paths if p[1] in PAIRED]
    assert len(paired) == 3 * n * n


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match=r"ratio is 1\.0"):
        ModulatedNetwork(ratio=1.0)
    with pytest.raises(ValueError, match="mode is 'paper'; links come in pairs"):
        ModulatedNetwork(settings=ElasticSettings.of("paper"))
    with pytest.raises(ValueError, match="code 9"):
        ModulatedNetwork()(ModulatedNetwork().initial(np.random.default_rng(0)), np.array([9]))
