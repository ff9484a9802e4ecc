"""Optimizers made of optimizers do what their formulas say, and survive a change of support."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis import optimize as opt
from synthesis.optimize import optimizers as single
from vvalues import VValue, restrict, select
from vvalues.testing import assert_trees_close

START = VValue({"a": {"bias": 3.0, "w": -2.0}, "b": {"bias": 1.0, "w": np.array([0.5, -1.0])}})
TARGET = VValue({"a": {"bias": 1.0, "w": 0.5}, "b": {"bias": 0.0, "w": np.array([2.0, 1.0])}})


def slopes(parameters):
    return 2.0 * (parameters - restrict(TARGET, parameters.support))


def run(optimizer, steps, parameters=START, state=None):
    state = optimizer.init(parameters) if state is None else state
    for _ in range(steps):
        step, state = optimizer.update(slopes(parameters), state, parameters)
        assert step.support is parameters.support
        parameters = parameters + step
    return parameters, state


OPTIMIZERS = {
    "lion": opt.lion(opt.schedule(0.05, 0.001, 500, "linear")),
    "adamw": opt.adamw(0.05, decay=0.0),
    "nesterov": opt.nesterov(0.05),
    "nadam": opt.nadam(0.05),
    "radam": opt.radam(0.05),
    "adamax": opt.adamax(0.05),
    "amsgrad": opt.amsgrad(0.05),
    "adabelief": opt.adabelief(opt.schedule(0.05, 0.001, 500)),
    "adadelta": opt.adadelta(epsilon=1e-4),
    "optimistic adam": opt.optimistic_adam(opt.schedule(0.05, 0.001, 500)),
    "groups": opt.groups({"a": opt.adam(0.05), "**/w": opt.momentum(0.05)}, opt.sgd(0.1)),
    "freeze": opt.freeze(opt.adam(0.05), "a/**", until=50),
    "accumulate": opt.accumulate(opt.sgd(0.1), 3),
    "average": opt.average(opt.rmsprop(opt.schedule(0.1, 0.001, 300)), 0.9),
    "all of them": opt.average(
        opt.freeze(opt.accumulate(opt.groups({"a": opt.lion(0.01)}, opt.adamw(0.05)), 2), "b"), 0.9
    ),
    "masked": opt.masked(opt.adam(0.05), "**/w"),
}


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n not in ("all of them", "masked")])
def test_a_quadratic_is_minimised(name):
    parameters, _ = run(OPTIMIZERS[name], 600)
    assert_trees_close(parameters, TARGET, atol=0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_states_survive_a_change_of_support(name):
    optimizer = OPTIMIZERS[name]
    parameters, state = run(optimizer, 5)
    grown = restrict(
        parameters, parameters.support.union(VValue({"a": {"new": 0}}).support).support
    )
    for edited in (grown, select(parameters, "**/w")):
        by_hand = opt.restrict_state(state, edited.support)
        one, two = run(optimizer, 3, edited, state)[0], run(optimizer, 3, edited, by_hand)[0]
        assert one == two
        kept = opt.with_state_leaves(optimizer.init(edited), opt.state_leaves(by_hand))
        assert run(optimizer, 3, edited, kept)[0] == two


def test_lion_is_the_published_algorithm():
    gradient, state = VValue({"a": 2.0, "b": -1.0}), opt.lion(0.1).init(VValue({"a": 0, "b": 0}))
    momentum = np.zeros(2)
    for scale in (1.0, -0.05, 3.0):
        g = scale * gradient.buffer
        expected = -0.1 * np.sign(0.9 * momentum + 0.1 * g)
        momentum = 0.99 * momentum + 0.01 * g
        step, state = opt.lion(0.1).update(scale * gradient, state, gradient)
        np.testing.assert_allclose(step.buffer, expected)
        np.testing.assert_allclose(state.velocity.buffer, momentum)


def test_adamw_decays_apart_from_the_gradient():
    rate = opt.schedule(0.1, 0.01, 4)
    plain, decayed = opt.adam(rate), opt.adamw(rate, "**/w", decay=0.3)
    states = plain.init(START), decayed.init(START)
    for count in range(3):
        step, first = plain.update(slopes(START), states[0], START)
        shrunk, second = decayed.update(slopes(START), states[1], START)
        states = first, second
        assert_trees_close(shrunk, step - rate(count) * 0.3 * select(START, "**/w"))


def test_groups_are_apart():
    together, _ = run(opt.groups({"a": opt.adam(0.05)}, opt.sgd(0.1)), 7)
    assert together["a"] == run(opt.adam(0.05), 7)[0]["a"]
    assert together["b"] == run(opt.sgd(0.1), 7)[0]["b"]
    alone, _ = run(opt.groups({"**/w": opt.sgd(0.1)}), 7)
    assert alone["a", "bias"] == 3.0 and alone["a", "w"] != -2.0


def test_frozen_leaves_stand_still_until_they_thaw():
    optimizer = opt.freeze(opt.adam(0.05), "**/bias", until=4)
    early, state = run(optimizer, 4)
    assert select(early, "**/bias") == select(START, "**/bias")
    late, _ = run(optimizer, 1, early, state)
    assert late["a", "bias"] != 3.0
    by_hand, _ = run(opt.adam(0.05), 1, early, state.inner)
    assert by_hand == late


def test_accumulated_gradients_are_their_mean():
    optimizer = opt.accumulate(opt.momentum(0.1), 2)
    state, steps = optimizer.init(START), []
    for factor in (1.0, 3.0, 5.0, 7.0):
        step, state = optimizer.update(factor * slopes(START), state, START)
        steps.append(step)
    plain = opt.momentum(0.1)
    first, velocity = plain.update(2.0 * slopes(START), plain.init(START), START)
    second, _ = plain.update(6.0 * slopes(START), velocity, START)
    assert steps[0] == steps[2] == VValue()
    assert_trees_close(steps[1], first)
    assert_trees_close(steps[3], second)


def test_the_average_is_that_of_the_parameters():
    optimizer = opt.average(opt.sgd(0.1), 0.8)
    parameters, state, expected = START, optimizer.init(START), START
    for _ in range(5):
        step, state = optimizer.update(slopes(parameters), state, parameters)
        parameters = parameters + step
        expected = 0.8 * expected + 0.2 * parameters
        assert_trees_close(opt.averaged(state, parameters), expected)
    grown = parameters.at(("a", "new")).set(7.0)
    assert opt.averaged(state, grown)["a", "new"] == 7.0


def test_schedules_of_schedules():
    falling = opt.schedule(1.0, 0.1, 10, "linear")
    assert opt.warm_up(falling, 5)(1) == pytest.approx(falling(1) * 0.4)
    assert opt.warm_up(falling, 5)(7) == falling(7)
    rates = opt.sequence((3, opt.warm_up(1.0, 3)), (10, falling), then=0.05)
    assert [rates(i) for i in (2, 3, 8, 12, 13, 99)] == pytest.approx(
        [1.0, 1.0, falling(5), falling(9), 0.05, 0.05]
    )
    restarts = opt.cycle(falling, 10, growth=2.0)
    assert [restarts(i) for i in (0, 9, 10, 20, 29, 30)] == pytest.approx(
        [1.0, falling(9), 1.0, falling(5), falling(9), 1.0]
    )


REFUSED = {
    "no accumulation": (lambda: opt.accumulate(opt.sgd(0.1), 0), "n is 0"),
    "an average that never moves": (lambda: opt.average(opt.sgd(0.1), 1.0), r"in \[0, 1\)"),
    "an empty round": (lambda: opt.cycle(opt.schedule(1.0, 0.1, 5), 0), "at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(name):
    call, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        call()


def test_the_room_hands_on_what_the_modules_have():
    assert opt.lion is single.lion and opt.masked is single.masked
