"""Regularizers: values, gradients, and the links they concern."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import recurrent_space, superfluid_space
from synthesis.loop import Settings, prepare
from synthesis.optimize.regularizers import SelfLinkRegularizer
from synthesis.tasks import get_task


def charge_by_hand(parameters):
    total = 0.0
    for name, share in parameters.items():
        if name[1:] == (":function", "functions", "accum"):
            own = parameters[(name[0], "dict-1", name[0], "dict")]
            total += (share * (1.0 - own)) ** 2
    return total


@pytest.fixture
def parameters():
    return superfluid_space(np.random.default_rng(0), 3, scale=0.7).trainable


def test_the_charge_is_what_it_says(parameters):
    charge = SelfLinkRegularizer(parameters.support, 2.0)
    assert charge.value(parameters.buffer) == pytest.approx(2.0 * charge_by_hand(parameters))
    assert charge_by_hand(parameters) > 0.1


def test_the_gradient_is_right_for_every_lane(parameters):
    charge = SelfLinkRegularizer(parameters.support, 0.3)
    lanes = np.random.default_rng(1).standard_normal((4, parameters.size))
    step = 1e-6 * np.eye(parameters.size)
    central = [(charge.value(w + step) - charge.value(w - step)) / 2e-6 for w in lanes]
    assert charge.gradient(lanes) == pytest.approx(np.array(central), abs=1e-8)


def test_a_missing_self_link_pulls_the_share_down(parameters):
    support = parameters.support
    without = support.where(
        np.array([not (path[0] == path[2] and path[1] == "dict-1") for path in support.paths])
    )
    charge = SelfLinkRegularizer(without, 1.0)
    weights = np.ones(without.size)
    assert charge.value(weights) == 3.0
    assert np.flatnonzero(charge.gradient(weights)).tolist() == [
        i for i, path in enumerate(without.paths) if path[1::2] == (":function", "accum")
    ]


def test_machines_without_mixtures_are_not_charged():
    space = recurrent_space(np.random.default_rng(0), 1).trainable
    charge = SelfLinkRegularizer(space.support, 1.0)
    assert charge.value(space.buffer) == 0.0
    assert not charge.gradient(space.buffer).any()


@pytest.mark.thorough
def test_a_population_feels_it():
    """A strong charge brings self-links and shares together; without it they stay apart."""
    charges = []
    for strength in (0.0, 1e3):
        settings = Settings.of(population={"starts": 2, "steps": 15, "self_link": strength})
        loop, state = prepare(get_task("duplicate-detector@superfluid-2"), 0, settings)
        state, _ = loop.advance(state)
        charges.append(charge_by_hand(state.parameters))
    assert charges[1] < 0.2 * charges[0]
