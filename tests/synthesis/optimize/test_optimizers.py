"""Optimizers: pure pairs on V-values, whose state follows the support."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.optimize import optimizers as opt
from vvalues import VValue, from_buffer

START = VValue({"a": 3.0, "b": {"c": -2.0}, "d": np.array([1.0, -1.0])})
TARGET = VValue({"a": 1.0, "b": {"c": 0.5}, "d": np.array([0.0, 2.0])})

OPTIMIZERS = {
    "sgd": opt.sgd(0.1),
    "momentum": opt.momentum(0.05),
    "adagrad": opt.adagrad(0.5),
    "rmsprop": opt.chain(opt.rmsprop(opt.schedule(0.1, 0.001, 300)), opt.clip(0.1)),
    "adam": opt.adam(0.05),
    "rprop": opt.rprop(0.1),
    "chain": opt.chain(opt.clip(1.0), opt.adam(opt.schedule(0.1, 0.01, 200))),
    "clip by norm": opt.chain(opt.clip_by_norm(1.0), opt.momentum(0.05)),
}


def descend(optimizer, parameters=START, steps=400):
    state = optimizer.init(parameters)
    for _ in range(steps):
        step, state = optimizer.update(2.0 * (parameters - TARGET), state, parameters)
        parameters = parameters + step
    return parameters, state


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_quadratic_is_minimised(name):
    parameters, _ = descend(OPTIMIZERS[name])
    assert np.abs((parameters - TARGET).buffer).max() < 0.02


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_are_pure(name):
    optimizer = OPTIMIZERS[name]
    state = optimizer.init(START)
    gradient = 2.0 * (START - TARGET)
    first = optimizer.update(gradient, state, START)
    second = optimizer.update(gradient, state, START)
    assert first[0] == second[0]
    assert opt.state_leaves(first[1]) == opt.state_leaves(second[1])


def test_adam_is_the_published_algorithm():
    step, state = opt.adam(0.001).update(VValue({"a": 4.0}), opt.adam(0.001).init(START), START)
    assert step["a"] == pytest.approx(-0.001 * 4.0 / (4.0 + 1e-8), rel=1e-12)
    assert state.first["a"] == pytest.approx(0.4)
    assert state.second["a"] == pytest.approx(0.016)


def test_a_gradient_on_a_larger_support_moves_only_the_parameters():
    step, _ = opt.sgd(1.0).update(VValue({"a": 1.0, "elsewhere": 9.0}), opt.CountState(0), START)
    assert step.support is START.support


def test_moments_follow_an_edit():
    _, state = descend(OPTIMIZERS["adam"], steps=3)
    support = VValue({"a": 0.0, "new": 0.0}).support
    moved = opt.restrict_state(state, support)
    assert moved.updates == 3
    assert moved.first["a"] == state.first["a"]
    assert moved.first["new"] == 0.0
    assert moved.first.support is support


def test_state_survives_flattening():
    _, state = descend(OPTIMIZERS["chain"], steps=3)
    leaves = opt.state_leaves(state)
    assert opt.with_state_leaves(OPTIMIZERS["chain"].init(START), leaves) == state


def test_masked_leaves_the_rest_alone():
    chosen = VValue({"a": 0.0}).support
    parameters, _ = descend(opt.masked(opt.sgd(0.1), chosen))
    assert parameters["a"] == pytest.approx(1.0, abs=1e-3)
    assert parameters["b", "c"] == -2.0


def test_decoupled_l1_stops_at_zero_and_keeps_its_strength():
    optimizer = opt.chain(opt.adam(0.01), opt.decoupled_l1(0.02))
    parameters, state = VValue({"a": 0.05}), None
    state = optimizer.init(parameters)
    for _ in range(10):
        step, state = optimizer.update(VValue({"a": 0.0}), state, parameters)
        parameters = parameters + step
    assert parameters["a"] == 0.0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.floats(0, 2))
def test_decoupled_l1_is_soft_thresholding(values, strength):
    parameters = from_buffer(
        VValue({str(i): 0.0 for i in range(len(values))}).support, np.array(values)
    )
    shrinker = opt.decoupled_l1(strength)
    step, _ = shrinker.update(0.0 * parameters, shrinker.init(parameters), parameters)
    expected = np.sign(values) * np.maximum(np.abs(values) - strength, 0.0)
    np.testing.assert_allclose((parameters + step).buffer, expected, atol=1e-12)


def test_clip_by_norm_keeps_the_direction():
    gradient = VValue({"a": 3.0, "b": {"c": 4.0}})
    clipped, _ = opt.clip_by_norm(1.0).update(gradient, (), gradient)
    np.testing.assert_allclose(clipped.buffer, [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize("order", [1.0, 2.0, np.inf])
def test_leaves_are_clipped_each_by_its_own_norm(order):
    gradient = VValue({"a": np.array([3.0, -4.0]), "b": {"c": 0.5}})
    clipped, _ = opt.clip_by_norm(2.0, order, each=True).update(gradient, (), gradient)
    norm = np.linalg.norm([3.0, 4.0], order)
    np.testing.assert_allclose(clipped["a"], np.array([3.0, -4.0]) * 2.0 / norm, rtol=1e-15)
    assert clipped["b", "c"] == 0.5
    whole, _ = opt.clip_by_norm(2.0, order).update(gradient, (), gradient)
    assert np.linalg.norm(whole.buffer, order) == pytest.approx(2.0)


@pytest.mark.parametrize("kind", ["geometric", "linear", "cosine"])
def test_schedules_go_from_start_to_end(kind):
    rate = opt.schedule(0.1, 0.001, 50, kind)
    assert rate(0) == pytest.approx(0.1)
    assert rate(50) == pytest.approx(0.001)
    assert rate(10**6) == pytest.approx(0.001)
    assert 0.001 < rate(25) < 0.1


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="kind is 'steps'"):
        opt.schedule(0.1, 0.001, 50, "steps")
