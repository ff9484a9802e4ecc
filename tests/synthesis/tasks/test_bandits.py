"""Bandits: the environment of neurons, and a rule that goes by rewards."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import compile_machine, zoo
from dmm.compiled.plastic import PlasticProgram
from synthesis.tasks.streams.bandits import PAID, READ, TRIAL, bandits, regret, thompson_regret

RNG = np.random.default_rng


def pulled(machine, drawn):
    """1 where the first arm is pulled, (trials, strings), and what it pays."""
    program = compile_machine(machine, [("reward", "gate"), ("learner", "gate")])
    assert isinstance(program, PlasticProgram)
    first, paid = program(machine.trainable, drawn.streams)
    # The reward is emitted a tick after the choice is read.
    return first[READ::TRIAL], np.concatenate([paid[READ + 1 :: TRIAL], np.zeros_like(paid[:1])])


def by_hand(drawn, rate):
    """The same in plain numpy: the preference is a sum of rewards times arms."""
    arrays = drawn.streams.arrays
    noise = arrays["noise"][PAID::TRIAL, :, 0]
    outcomes = [arrays[f"outcome-{i}"][PAID::TRIAL, :, 0] for i in (1, 2)]
    preference, choices = np.zeros(noise.shape[1]), []
    for against, one, other in zip(noise, *outcomes, strict=True):
        is_first = against <= preference
        choices.append(is_first)
        preference += rate * np.where(is_first, one, other) * np.where(is_first, 1.0, -1.0)
    return np.array(choices)


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_the_machine_adds_up_rewards_times_arms(rate):
    drawn = bandits(RNG(0), strings=20, trials=40)
    first, _ = pulled(zoo.reward_rule(rate), drawn)
    np.testing.assert_array_equal(first, by_hand(drawn, rate))


def test_only_the_outcome_of_the_arm_that_is_pulled_is_paid():
    drawn = bandits(RNG(1), strings=30, trials=20)
    first, paid = pulled(zoo.reward_rule(), drawn)
    outcomes = [drawn.streams.arrays[f"outcome-{i}"][PAID::TRIAL, :, 0] for i in (1, 2)]
    expected = np.where(first > 0.5, *outcomes)
    np.testing.assert_array_equal(paid[: len(expected) - 1], expected[:-1])


def test_regret_is_what_the_better_arm_would_have_paid_more():
    drawn = bandits(RNG(2), strings=50, trials=30)
    first, _ = pulled(zoo.reward_rule(0.0), drawn)
    chances = drawn.chances
    paid = np.where(first > 0.5, chances[:, 0], chances[:, 1]).sum(axis=0)
    np.testing.assert_allclose(
        regret(zoo.reward_rule(0.0), drawn), 30 * chances.max(axis=1) - paid, atol=1e-12
    )


@pytest.mark.thorough
def test_the_rule_is_about_as_good_as_thompson_sampling():
    drawn = bandits(RNG(3), strings=1500)
    learned = regret(zoo.reward_rule(), drawn)
    sampled = thompson_regret(RNG(4), drawn.chances, 100)
    assert learned.mean() < 1.15 * sampled.mean()
    assert learned.mean() < 0.3 * regret(zoo.reward_rule(0.0), drawn).mean()
