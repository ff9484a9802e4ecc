"""Networks of areas: gradient, what a multiplier scales, limits, growth."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad, make_jvp, value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.elastic import (
    AreaNetwork,
    ElasticNetwork,
    ElasticSettings,
    ElasticTraining,
)
from synthesis.edits.neurons import add_neuron, delete_neuron, neuron_leaves
from synthesis.tasks.characters import hard_task
from synthesis.tasks.successions import Phase
from tests.examples import examples
from tests.synthesis.architectures.elastic.growing import BUSY, grown_and_trained
from vvalues import VValue, from_buffer, restrict


def network(rng, n_areas, width, **options):
    """A network of random numbers, of the size that lets areas be heard."""
    model = AreaNetwork(width=width, **options)
    tree = model.initial(rng, n_areas)
    return model, from_buffer(tree.support, rng.standard_normal(tree.size) / np.sqrt(width + 4))


@given(
    seed=st.integers(0, 10**6),
    n_areas=st.integers(1, 4),
    width=st.integers(1, 5),
    length=st.integers(1, 30),
    has_multipliers=st.booleans(),
)
@examples(25)
def test_the_gradient_by_hand_is_plain_autograd(seed, n_areas, width, length, has_multipliers):
    rng = np.random.default_rng(seed)
    settings = ElasticSettings() if has_multipliers else ElasticSettings.fixed_size()
    model, tree = network(rng, n_areas, width, settings=settings)
    tree = restrict(tree, tree.support.where(rng.random(len(tree.support)) < 0.8))
    n = len(model.neurons(tree)) * width
    symbols, hidden = rng.integers(4, size=length + 1), np.tanh(rng.standard_normal(n))
    loss, gradient, last = model.loss_and_gradient(tree, symbols, hidden)
    value, expected = value_and_grad(model.loss)(tree, symbols, hidden)
    assert gradient.support is tree.support
    np.testing.assert_allclose(loss, value, rtol=1e-10)
    expected = restrict(expected, tree.support).buffer
    np.testing.assert_allclose(gradient.buffer, expected, atol=1e-10 * (1 + np.abs(value)))
    np.testing.assert_allclose(last, model.rollout(tree, symbols[:-1], hidden)[1], atol=1e-12)


def test_both_modes_and_order_two():
    rng = np.random.default_rng(1)
    model, tree = network(rng, 3, 2)
    symbols = rng.integers(4, size=8)
    direction = from_buffer(tree.support, rng.standard_normal(tree.size))
    loss = lambda t: model.loss(t, symbols)  # noqa: E731
    slope = grad(loss)(tree)
    forward = make_jvp(loss)(tree)(direction)[1]
    np.testing.assert_allclose(forward, slope.buffer @ direction.buffer, rtol=1e-10)
    step = 1e-5
    difference = (loss(tree + step * direction) - loss(tree - step * direction)) / (2 * step)
    np.testing.assert_allclose(difference, forward, rtol=1e-6)
    curved = grad(lambda t: make_jvp(loss)(t)(direction)[1])(tree)
    ends = [grad(loss)(tree + sign * step * direction).buffer for sign in (1, -1)]
    np.testing.assert_allclose(
        curved.buffer, (ends[0] - ends[1]) / (2 * step), rtol=1e-4, atol=1e-5
    )


def test_areas_of_one_neuron_with_multipliers_of_one_are_the_elastic_network():
    rng = np.random.default_rng(2)
    model, tree = network(rng, 4, 1)
    for name in model.neurons(tree):
        tree = tree.at((name, "multiplier")).set(1.0)
    names = {area: area.replace("area", "neuron") for area in model.neurons(tree)}
    leaves = {}
    for area, neuron in names.items():
        leaves[neuron] = {
            "bias": tree[area, "bias"][0],
            "multiplier": 1.0,
            "input": dict(zip("()ab", tree[area, "input"][0], strict=True)),
            "output": dict(zip("()ab", tree[area, "output"][:, 0], strict=True)),
            "recurrent": {names[a]: tree[area, "from", a][0, 0] for a in names if a != area}
            | {neuron: tree[area, "within"][0, 0]},
        }
    leaves["readout"] = {"bias": dict(zip("()ab", tree["readout", "bias"], strict=True))}
    codes = rng.integers(4, size=20)
    expected = ElasticNetwork()(VValue(leaves), codes)
    np.testing.assert_allclose(model(tree, codes), expected, atol=1e-12)


def test_an_area_of_multiplier_zero_is_heard_by_nobody():
    rng = np.random.default_rng(3)
    model, tree = network(rng, 3, 2)
    silent = tree.at(("area-2", "multiplier")).set(0.0)
    without = model.places().without(tree, ["area-2"])
    codes = rng.integers(4, size=20)
    np.testing.assert_allclose(model(silent, codes), model(without, codes), atol=1e-12)
    assert not np.allclose(model(tree, codes), model(silent, codes))


def test_what_cannot_influence_a_prediction_is_dead():
    rng = np.random.default_rng(4)
    model, tree = network(rng, 3, 2)
    unread = [("area-3", "output"), ("area-1", "from", "area-3"), ("area-2", "from", "area-3")]
    kept = np.array([path not in unread for path in tree.support.paths])
    tree = restrict(tree, tree.support.where(kept))
    living = model.living(tree.support)
    assert {path[0] for path in tree.support.paths if path not in living} == {"area-3"}
    codes = rng.integers(4, size=9)
    np.testing.assert_allclose(model(restrict(tree, living), codes), model(tree, codes))


def test_it_grows_and_learns_and_every_follower_fits():
    state = grown_and_trained(AreaNetwork(settings=BUSY, width=3))
    n = len(state.born)
    assert state.hidden.shape == (3 * n,)
    between = [path for path in state.parameters.support.paths if path[1] == "from"]
    assert len(between) == n * (n - 1)


def test_a_new_area_inherits_the_links_of_a_deleted_one():
    rng = np.random.default_rng(5)
    model, tree = network(rng, 3, 2)
    places = model.places()
    old = neuron_leaves(tree, places, "area-2").at(("area-2", "multiplier")).remove()
    without, _ = delete_neuron(tree, (), places, names=["area-2"])
    again, _ = add_neuron(without, (), places, rng, name="area-9", inherit=("area-2", old))
    for path in old.support.paths:
        new = tuple("area-9" if key == "area-2" else key for key in path)
        np.testing.assert_array_equal(again[new], tree[path])
    assert again["area-9", "multiplier"] == model.settings.threshold


def test_the_penalty_presses_on_multipliers_alone():
    settings = ElasticSettings(rate=0.0, penalty=0.0, decoupled_penalty=0.01)
    model = AreaNetwork(settings=settings, width=2)
    task = hard_task(np.random.default_rng(1), 200)
    training = ElasticTraining(model, (Phase(task, 5),), size=2, every=5)
    start = training.start(training.rng)
    state, _ = training.advance(start)
    for path in start.parameters.support.paths:
        lost = 0.05 if path[1] == "multiplier" else 0.0
        moved = start.parameters[path] - state.parameters[path]
        np.testing.assert_allclose(moved, lost, atol=1e-12)


def test_bad_inputs_are_named():
    model, tree = network(np.random.default_rng(0), 2, 3)
    symbols = np.array([0, 1, 2])
    for call in (model.rollout, model.loss, model.loss_and_gradient):
        with pytest.raises(ValueError, match=r"hidden state is of shape \(2,\); .* \(6,\)"):
            call(tree, symbols, np.zeros(2))
    for foreign in ({"weight": 1.0}, {"from": {"area-9": np.zeros((3, 3))}}):
        with pytest.raises(ValueError, match=r"at area-1/.*none of a network of areas of 3"):
            model(tree + VValue({"area-1": foreign}), symbols)
    with pytest.raises(ValueError, match=r"shape \(2,\) at area-1/bias"):
        model(tree.at(("area-1", "bias")).set(np.zeros(2)), symbols)
    with pytest.raises(ValueError, match="mode is 'paper'; areas know mode 'corrected' only"):
        AreaNetwork(settings=ElasticSettings.of("paper"))
    with pytest.raises(ValueError, match="width"):
        AreaNetwork(width=0)
    with pytest.raises(ValueError, match="size is 0"):
        AreaNetwork().initial(np.random.default_rng(0), 0)
