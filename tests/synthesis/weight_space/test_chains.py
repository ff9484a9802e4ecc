"""A step of a chain of networks, against its definition; what comes of few inputs or beads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from synthesis.optimize.optimizers import sgd
from synthesis.weight_space.chains import geodesic, pulled_over, straight_line
from synthesis.weight_space.pulls import Invariance, PullTowards
from synthesis.weight_space.reference import Categorical, Numbers, freeze
from vvalues import VValue, from_buffer, inner

from .models import perceptron, random_like

STEP = 1e-6


@pytest.fixture
def chain():
    model, parameters, inputs, rng = perceptron((3, 4, 2), n=6)
    beads = [parameters + 0.5 * random_like(parameters, rng) for _ in range(5)]
    return model, beads, inputs, rng


def energy(model, beads, inputs, outputs):
    """Sum over neighbours of their distance per input."""
    said = [model(bead, inputs) for bead in beads]
    pairs = pairwise(said)
    return sum(outputs.divergence(one, other) for one, other in pairs) / len(inputs)


@pytest.mark.parametrize("outputs", [Categorical(), Numbers(0.7)])
def test_a_step_goes_down_the_energy(chain, outputs):
    model, beads, inputs, rng = chain
    start, end = geodesic(
        model, beads, inputs, sgd(1.0), steps=1, rng=rng, batch=6, outputs=outputs
    )
    assert start.beads == tuple(beads) and np.isnan(start.energy)
    assert end.step == 1 and end.anchor == 0.0
    assert end.energy == pytest.approx(energy(model, beads, inputs, outputs))
    assert end.beads[0] is beads[0] and end.beads[-1] is beads[-1]
    for k in range(1, len(beads) - 1):
        direction = random_like(beads[k], rng)
        moved = [
            energy(model, [*beads[:k], beads[k] + s * direction, *beads[k + 1 :]], inputs, outputs)
            for s in (STEP, -STEP)
        ]
        slope = (moved[0] - moved[1]) / (2.0 * STEP)
        assert -inner(end.beads[k] - beads[k], direction) == pytest.approx(
            slope, rel=1e-5, abs=1e-8
        )


def test_beads_between_the_ends_are_held_as_strongly_as_is_said(chain):
    model, beads, inputs, rng = chain
    asked = []

    def anchor(bead, step, rng):
        asked.append((bead, step))
        return 2.0, from_buffer(bead.support, np.full(bead.size, 0.5))

    options = {"steps": 3, "batch": 6}
    free = list(geodesic(model, beads, inputs, sgd(1.0), rng=rng, **options))
    held = list(
        geodesic(
            model, beads, inputs, sgd(1.0), rng=rng, anchor=anchor, strength=0.1, **options
        )
    )  # fmt: skip
    assert [chain.step for chain in held] == [0, 1, 2, 3]
    assert [step for _, step in asked] == [step for step in range(3) for _ in beads[1:-1]]
    assert [bead for bead, _ in asked[:3]] == beads[1:-1]
    assert held[1].anchor == 2.0 * 3
    assert held[1].energy == pytest.approx(free[1].energy)
    plainly = list(
        geodesic(model, beads, inputs, sgd(1.0), steps=1, batch=6, rng=rng, anchor=anchor)
    )
    for moved, pull in ((held, 0.05), (plainly, 0.5)):  # a strength of one when none is said
        for one, other in zip(free[1].beads[1:-1], moved[1].beads[1:-1], strict=True):
            assert (one - other).buffer == pytest.approx(pull)


def test_a_straight_line_may_be_its_ends():
    one, other = VValue({"a": 0.0}), VValue({"a": 1.0})
    assert straight_line(one, other, 2) == (one, other)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bead_of_another_support_is_refused(chain, place):
    model, beads, inputs, rng = chain
    beads = [*beads[:place], VValue({"x": 1.0}), *beads[place + 1 :]]
    with pytest.raises(ValueError, match="two beads have different supports"):
        geodesic(model, beads, inputs, sgd(1.0), steps=1, rng=rng, batch=6)


def test_a_network_that_is_pulled_over_is_held_by_its_outputs(chain):
    """Every step goes along the pull, by its strength, and the slope of the outputs' distance."""
    model, beads, inputs, rng = chain
    reference, other, strength = freeze(model, beads[0], inputs), beads[1], 0.3
    path = [
        waypoint.parameters
        for waypoint in pulled_over(
            reference, other, steps=4, size=0.2, rng=rng, strength=strength, close=0.0
        )
    ]
    for before, after in pairwise(path):
        _, towards = PullTowards(other)(before, 0, rng)
        _, back = Invariance(reference)(before, 0, rng)
        slope = (strength * towards + back).buffer
        assert (after - before).buffer == pytest.approx(-0.2 * slope / np.linalg.norm(slope))
    with pytest.raises(ValueError, match="two ends have different supports"):
        next(pulled_over(reference, VValue({"x": 1.0}), steps=1, size=0.2, rng=rng))
