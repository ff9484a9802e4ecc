"""The elastic network: the fused cycle against plain autograd, its tree, its bad inputs."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad, value_and_grad
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st

from synthesis import Model
from synthesis.architectures.elastic import (
    AreaNetwork,
    ElasticNetwork,
    ElasticSettings,
    ModulatedNetwork,
)
from synthesis.architectures.elastic.fused_cycle import FusedCycle
from synthesis.edits import prune_by_magnitude
from synthesis.edits.neurons import delete_neuron
from synthesis.tasks.characters import easy_task
from synthesis.weight_space import PullTowards, freeze, invariant_path, last, normalized, walk
from tests.examples import examples
from tests.marks import thorough
from vvalues import VValue, from_buffer
from vvalues.testing import check_fused


def network(rng, size, alphabet="()ab", **options):
    """A model and parameters of moderate weights, multipliers away from 1."""
    model = ElasticNetwork(alphabet, **options)
    tree = model.initial(rng, size)
    return model, from_buffer(tree.support, rng.standard_normal(tree.size) / np.sqrt(size + 4))


@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 40),
    length=st.integers(1, 40),
    alphabet=st.sampled_from(["ab", "()ab", "abcdefghijklm"]),
)
@examples(40)
def test_the_fused_cycle_is_plain_autograd(seed, size, length, alphabet):
    rng = np.random.default_rng(seed)
    model, tree = network(rng, size, alphabet)
    symbols = rng.integers(len(alphabet), size=length + 1)
    hidden = np.tanh(rng.standard_normal(size))
    value, gradient = value_and_grad(model.loss)(tree, symbols, hidden)
    plain, expected = value_and_grad(model.plain_loss)(tree, symbols, hidden)
    scale = 1.0 + np.abs(expected.buffer).max()
    np.testing.assert_allclose(value, plain, rtol=1e-10)
    np.testing.assert_allclose(gradient.buffer, expected.buffer, atol=1e-10 * scale)
    by_hidden = grad(model.loss, 2)(tree, symbols, hidden)
    np.testing.assert_allclose(
        by_hidden, grad(model.plain_loss, 2)(tree, symbols, hidden), atol=1e-10 * scale
    )
    loss, by_tree, last = model.loss_and_gradient(tree, symbols, hidden)
    assert (loss, by_tree) == (value, gradient)
    np.testing.assert_allclose(last, model.rollout(tree, symbols[:-1], hidden)[1], atol=1e-10)


@given(seed=st.integers(0, 10**6), size=st.integers(1, 6), length=st.integers(1, 8))
@examples(20)
def test_the_derivatives_by_hand_belong_together(seed, size, length):
    rng = np.random.default_rng(seed)
    model, tree = network(rng, size)
    layout, codes = model.layout(tree.support), rng.integers(4, size=length + 1)
    hidden = np.tanh(rng.standard_normal(size))
    check_fused(FusedCycle(layout, codes, hidden), tree.buffer, rng)
    check_fused(FusedCycle(layout, codes), np.concatenate([tree.buffer, hidden]), rng)


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("options", [{}, {"settings": ElasticSettings.fixed_size()}])
def test_the_loss_is_differentiable_in_both_modes(options, order):
    rng = np.random.default_rng(0)
    model, tree = network(rng, 4 - order, **options)
    symbols, hidden = rng.integers(4, size=9 - 2 * order), 0.3 * rng.standard_normal(4 - order)
    check_grads(lambda t, h: model.loss(t, symbols, h), modes=["rev", "fwd"], order=order)(
        tree, hidden
    )


def test_the_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(1)
    model, tree = network(rng, 6)
    symbols = rng.integers(4, size=41)
    _, gradient, _ = model.loss_and_gradient(tree, symbols)
    direction = from_buffer(tree.support, rng.standard_normal(tree.size))
    step = 1e-6
    ahead, behind = (model.loss(tree + sign * step * direction, symbols) for sign in (1, -1))
    slope = (ahead - behind) / (2 * step)
    np.testing.assert_allclose(gradient.buffer @ direction.buffer, slope, rtol=1e-6)


def test_mode_paper_has_the_multiplier_where_the_output_belongs():
    rng = np.random.default_rng(2)
    right, tree = network(rng, 5)
    wrong = ElasticNetwork(settings=ElasticSettings.of("paper"))
    symbols = rng.integers(4, size=41)
    _, good, _ = right.loss_and_gradient(tree, symbols)
    _, bad, _ = wrong.loss_and_gradient(tree, symbols)
    logits, _ = right.rollout(tree, symbols[:-1])
    errors = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    errors[np.arange(40), symbols[1:]] -= 1.0
    for name in right.neurons(tree):
        weights = np.array([tree[name, "output", symbol] for symbol in "()ab"])
        expected = tree[name, "multiplier"] * (errors @ weights).sum()
        np.testing.assert_allclose(bad[name, "multiplier"], expected, atol=1e-10)
        assert abs(good[name, "multiplier"] - expected) > 1e-3
        assert (
            good.at((name, "multiplier")).remove()[name]
            == (bad.at((name, "multiplier")).remove()[name])
        )


def test_multipliers_do_not_touch_the_recurrence():
    rng = np.random.default_rng(3)
    model, tree = network(rng, 4)
    codes = rng.integers(4, size=10)
    _, hidden = model.rollout(tree, codes)
    _, same = model.rollout(tree.at(("neuron-2", "multiplier")).set(7.0), codes)
    np.testing.assert_array_equal(hidden, same)


def test_an_absent_link_is_a_zero():
    rng = np.random.default_rng(4)
    model, tree = network(rng, 5)
    sparse, _ = prune_by_magnitude(tree, count=25)
    symbols = rng.integers(4, size=20)
    full = sparse + 0.0 * tree
    assert model.loss(sparse, symbols) == model.loss(full, symbols)
    dense = grad(model.loss)(full, symbols)
    assert grad(model.loss)(sparse, symbols) == dense  # it tells what a new link would do
    _, gradient, _ = model.loss_and_gradient(sparse, symbols)
    assert gradient.support is sparse.support
    for path, value in gradient.items():
        assert value == dense[path]


def test_a_neuron_without_outgoing_links_can_be_deleted_for_nothing():
    rng = np.random.default_rng(5)
    model, tree = network(rng, 6)
    for name in model.neurons(tree):
        tree = tree.at((name, "recurrent", "neuron-4")).set(0.0)
    tree = tree.at(("neuron-4", "multiplier")).set(0.0)
    codes = rng.integers(4, size=12)
    smaller, _ = delete_neuron(tree, (), model.places(), names=["neuron-4"])
    assert model.neurons(smaller) == tuple(f"neuron-{i}" for i in (1, 2, 3, 5, 6))
    np.testing.assert_allclose(model(smaller, codes), model(tree, codes), atol=1e-14)


def test_it_is_a_model_and_its_task_a_task():
    rng = np.random.default_rng(6)
    task, model = easy_task(rng, 100), ElasticNetwork()
    assert isinstance(model, Model)
    tree = model.initial(rng)
    inputs, targets = task.batch(rng)
    symbols = np.append(inputs, targets[-1])
    np.testing.assert_allclose(
        task.loss(model(tree, inputs), targets), model.loss(tree, symbols), rtol=1e-12
    )
    assert task.evaluate(model, tree)["held_out_loss"] == pytest.approx(55.45, abs=0.1)


@pytest.mark.parametrize("kind", [ElasticNetwork, ModulatedNetwork, AreaNetwork])
def test_pieces_are_read_as_texts_of_their_own(kind):
    rng = np.random.default_rng(7)
    task, model = easy_task(rng, 100), kind()
    tree = model.initial(rng, 3)
    inputs, targets = task.store(4, rng)
    predictions = model(tree, inputs)
    np.testing.assert_allclose(predictions, [model(tree, text) for text in inputs], rtol=1e-12)
    each = [task.loss(model(tree, i), t) for i, t in zip(inputs, targets, strict=True)]
    assert task.loss(predictions, targets) == pytest.approx(np.mean(each), rel=1e-12)
    with pytest.raises(ValueError, match="hidden: pieces of text begin from zeros"):
        model.rollout(tree, inputs, np.zeros(3))


@pytest.mark.parametrize("kind", [ElasticNetwork, *thorough(ModulatedNetwork, AreaNetwork)])
def test_a_walk_keeps_what_an_elastic_network_does_while_its_links_shrink(kind):
    rng = np.random.default_rng(8)
    task, model = easy_task(rng, 100), kind()
    tree = model.initial(rng, 4)
    tree = from_buffer(tree.support, 0.5 * rng.standard_normal(tree.size))
    inputs, _ = task.store(6, rng)
    reference = freeze(model, tree, inputs)
    pull = PullTowards(0.0 * tree)
    free = last(walk(tree, pull, normalized(0.05), steps=20, rng=rng))
    path = invariant_path(
        reference, tree, pull, normalized(0.05), steps=20, rng=rng, strength=0.1, per_step=3
    )
    held = last(path)
    assert np.linalg.norm(held.parameters.buffer) < np.linalg.norm(tree.buffer)
    assert reference.divergence(held.parameters) < 0.5 * reference.divergence(free.parameters)
    with pytest.raises(ValueError, match="codes of one text of 40 characters"):
        freeze(model, tree, inputs[0]).sample(3, rng)


def test_a_multiplier_that_is_absent_is_zero():
    rng = np.random.default_rng(9)
    model, tree = network(rng, 2)
    codes = rng.integers(4, size=7)
    silent, zero = tree, tree
    for name in model.neurons(tree):
        silent = silent.at((name, "multiplier")).remove()
        zero = zero.at((name, "multiplier")).set(0.0)
    np.testing.assert_array_equal(model(silent, codes), model(zero, codes))
    np.testing.assert_array_equal(model.multipliers(silent), [0.0, 0.0])


# -------------------- bad input --------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "best"}, "mode is 'best'; expected one of corrected, paper, outgoing-norm"),
        ({"add_probability": 1.5}, r"add_probability is 1\.5; a probability"),
        ({"delete_probability": -0.1}, r"delete_probability is -0\.1"),
        ({"spontaneous": float("nan")}, "spontaneous is nan"),
        ({"smallest": 0.1}, r"smallest is 0\.1, above threshold = 0\.05"),
        ({"threshold": 0.0}, r"threshold is 0\.0; expected a number > 0"),
        ({"penalty": -1.0}, r"penalty is -1\.0"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"threshold": float("inf")}, "threshold is inf; expected a finite number"),
        ({"spare": -1}, "spare is -1"),
        ({"spare": 1.5}, r"spare is 1\.5; expected a whole number >= 0"),
        ({"largest": 0}, "largest is 0"),
    ],
)
def test_bad_settings_are_named_with_their_value(changes, message):
    with pytest.raises(ValueError, match=message):
        ElasticSettings(**changes)


def test_fixed_size_takes_changes_of_its_own_settings():
    settings = ElasticSettings.fixed_size(penalty=1e-4, rate=0.2)
    assert (settings.penalty, settings.rate, settings.adapts_size) == (1e-4, 0.2, False)


def test_bad_inputs_are_named():
    model = ElasticNetwork()
    tree = model.initial(np.random.default_rng(0), 2)
    with pytest.raises(ValueError, match=r"code 4; the alphabet '\(\)ab' has 0 to 3"):
        model(tree, np.array([0, 4]))
    with pytest.raises(ValueError, match="expected the integer codes"):
        model(tree, np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match="a cycle needs at least 2, there are 1"):
        model.loss(tree, np.array([1]))
    with pytest.raises(ValueError, match=r"hidden state is of shape \(3,\); .* needs \(2,\)"):
        model.loss(tree, np.array([1, 2]), np.zeros(3))
    with pytest.raises(ValueError, match="leaf at neuron-1/weight, which is none of an elastic"):
        model.loss(tree + VValue({"neuron-1": {"weight": 1.0}}), np.array([1, 2]))
    with pytest.raises(ValueError, match="alphabet is 'aa'"):
        ElasticNetwork("aa")
    with pytest.raises(ValueError, match="size is 0"):
        model.initial(np.random.default_rng(0), 0)
