"""Tasks where only a machine that changes itself is right, and machines that are."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from dmm import compile_machine, zoo
from dmm.compiled.plastic import PlasticProgram
from synthesis.tasks.streams.learning import (
    ASKED,
    PERIOD,
    associations,
    learning_task,
    linear_maps,
    unknown_codes,
)

RNG = np.random.default_rng


def answers(machine, task, seed=0):
    """What a machine says and what is asked, both (periods, targets, strings)."""
    streams, targets = task.batch(RNG(seed))
    program = compile_machine(machine, task.observed)
    assert isinstance(program, PlasticProgram)
    said = program(machine.trainable, streams)
    return [np.moveaxis(a[:, ASKED::PERIOD], 0, 1) for a in (said, targets)]


def largest_error(machine, task):
    said, asked = answers(machine, task)
    return np.nanmax(np.abs(said - asked))


def test_answers_are_asked_once_a_period_and_shown_no_earlier():
    task = learning_task("maps", "", partial(linear_maps, inputs=2), strings=3)
    streams, targets = task.batch(RNG(0))
    is_asked = ~np.isnan(targets[0, :, 0])
    assert np.array_equal(np.flatnonzero(is_asked) % PERIOD, np.full(30, ASKED))
    shown = streams.arrays["y-1"][:, 0, 0]
    phase = np.arange(len(shown)) % PERIOD
    assert not shown[phase < ASKED].any()
    np.testing.assert_array_equal(shown[phase == ASKED], targets[0, is_asked, 0])
    np.testing.assert_array_equal(streams.arrays["clock-1"][:, 1, 0], phase == 1)


def test_what_is_shown_at_the_time_of_the_question_comes_too_late_for_the_answer():
    machine = zoo.delta_rule(inputs=2)
    task = learning_task("maps", "", partial(linear_maps, inputs=2, periods=1), strings=2)
    said, _ = answers(machine, task)
    assert not said.any()


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_the_delta_rule_learns_linear_maps_in_its_life(inputs):
    task = learning_task("maps", "", partial(linear_maps, inputs=inputs, periods=300), strings=8)
    said, asked = answers(zoo.delta_rule(inputs=inputs), task)
    assert np.max((said - asked)[-1] ** 2) < 1e-20
    assert np.mean((said - asked)[0] ** 2) > 0.1


def test_nothing_fixed_can_know_the_map():
    task = learning_task("maps", "", partial(linear_maps, inputs=2), strings=64)
    machine = zoo.delta_rule(inputs=2, rate=0.0)
    said, asked = answers(machine, task)
    assert np.mean((said - asked) ** 2) > 1.0


def test_hebbs_rule_recalls_orthonormal_keys_exactly():
    for targets in (1, 2):
        task = learning_task("keys", "", partial(associations, targets=targets), strings=8)
        assert largest_error(zoo.hebb_rule(4, targets), task) < 1e-12
    random_keys = learning_task("keys", "", partial(associations, are_orthonormal=False))
    assert largest_error(zoo.hebb_rule(4), random_keys) > 0.1


@pytest.mark.parametrize("inputs", [3, 5, 8])
def test_the_novelty_rule_recalls_keys_at_any_angle(inputs):
    lesson = partial(associations, pairs=inputs - 1, inputs=inputs, are_orthonormal=False)
    task = learning_task("keys", "", lesson, strings=8)
    assert largest_error(zoo.novelty_rule(inputs), task) < 1e-3
    assert largest_error(zoo.delta_rule(inputs, rate=1.0), task) > 0.05


def test_an_unknown_code_is_learned_by_seeing_every_letter_once():
    task = learning_task("code", "", unknown_codes, strings=8)
    assert largest_error(zoo.delta_rule(inputs=4, rate=1.0), task) < 1e-12
    assert largest_error(zoo.hebb_rule(inputs=4), task) > 0.5


def test_jumps_replace_the_map():
    lesson = linear_maps(RNG(0), strings=5, periods=40, inputs=2, jumps=2)
    for string in range(5):
        weights = [
            np.linalg.lstsq(lesson.x[t : t + 2, string], lesson.y[t : t + 2, string, 0], rcond=None)
            for t in range(39)
        ]
        changes = np.abs(np.diff([w[0] for w in weights], axis=0)).max(axis=1) > 1e-6
        assert 1 <= changes.sum() <= 4


def test_noise_is_that_of_the_answers():
    exact, noisy = (linear_maps(RNG(0), strings=200, inputs=2, noise=noise) for noise in (0.0, 0.5))
    np.testing.assert_array_equal(exact.x, noisy.x)
    assert np.std(noisy.y - exact.y) == pytest.approx(0.5, rel=0.05)


def test_the_space_is_random_and_learns_from_its_seed():
    task = learning_task("maps", "", partial(linear_maps, inputs=2), rules=1, leaks=1)
    one, same, other = (task.space(RNG(seed)) for seed in (0, 0, 1))
    assert one.trainable == same.trainable != other.trainable
    assert one.neurons["leak-1"] == "gate"


def test_rules_may_go_by_normalised_inputs():
    lesson = partial(linear_maps, inputs=2)
    task = learning_task("maps", "", lesson, strings=64, rules=1, leaks=0, is_normalised=True)
    rule = zoo.delta_rule(inputs=2, rate=1.0, is_normalised=True)
    assert set(rule.trainable.support.paths) <= set(task.space(RNG(0)).trainable.support.paths)
    said, asked = answers(rule, task)
    # Every pair leaves half of the expected error, as a projection in two dimensions does.
    errors = ((said - asked) ** 2).mean(axis=(1, 2))
    assert errors[10] < 1e-2 * errors[0]
    assert errors[-1] < 1e-6 * errors[0]
    plain, _ = answers(zoo.delta_rule(inputs=2, rate=0.25), task)
    assert np.sum((said - asked) ** 2) < 0.8 * np.sum((plain - asked) ** 2)
