"""Measured lives: series whose behaviour is known, machines of the literature, random machines."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import run, zoo
from dmm.dynamics import BEHAVIOURS, atlas, atlas_table, invariants_of, matrices, portrait
from dmm.machine import links
from tests.examples import examples
from vvalues import VValue
from vvalues.core.tree import from_leaves

TICKS = np.arange(600.0)
CIRCLE = np.stack([np.cos(TICKS), np.sin(TICKS)], axis=1)


def logistic_map(x: float) -> np.ndarray:
    found = [x]
    for _ in TICKS[1:]:
        found.append(4.0 * found[-1] * (1.0 - found[-1]))
    return np.array(found)[:, None]


def bursts(quiet: int) -> np.ndarray:
    """Ten strong ticks and so many quiet ones, in turn, never the same."""
    x = np.cumsum(np.random.default_rng(0).standard_normal(len(TICKS)))
    return np.where(TICKS % (10 + quiet) < 10, np.sin(x), 1e-3 * np.sin(TICKS))[:, None]


@pytest.mark.parametrize(
    ("weights", "neighbour", "behaviour"),
    [
        (np.ones((600, 3)), None, "fixed point"),
        (np.sin(np.pi / 3 * TICKS)[:, None], None, "oscillation"),
        (CIRCLE, CIRCLE + 1e-9, "quasi-periodic"),
        (0.9 ** TICKS[:300, None], (1 + 1e-9) * 0.9 ** TICKS[:300, None], "settling"),
        (logistic_map(0.3), logistic_map(0.3 + 1e-9), "chaos"),
        (bursts(quiet=40), None, "sleep and waking"),
        (1.1 ** TICKS[:, None], None, "growth"),
        (np.full((600, 1), np.nan), None, "growth"),
    ],
)
def test_behaviours_that_are_known(weights, neighbour, behaviour):
    assert invariants_of(weights, neighbour).behaviour == behaviour


def test_figures_that_are_known():
    circle = invariants_of(CIRCLE, CIRCLE + 1e-9)
    assert circle.return_time == 0 and circle.distinct == 600
    assert abs(circle.divergence) < 1e-6
    near = 4.0 * np.arcsin(0.1) / (2 * np.pi)  # Kac: one over the share of the circle that is near
    assert circle.recurrence == pytest.approx(1.0 / near, rel=0.05)
    assert circle.disorder < 0.25 < invariants_of(logistic_map(0.3)).disorder
    chaos = invariants_of(logistic_map(0.3), logistic_map(0.3 + 1e-9))
    assert chaos.divergence == pytest.approx(np.log(2.0), rel=0.2)
    assert invariants_of(bursts(quiet=40)).wakings == 11
    assert invariants_of(bursts(quiet=5)).wakings == 0


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3))
@examples(20)
def test_figures_ask_neither_for_the_order_of_links_nor_for_their_scale(seed, scale):
    rng = np.random.default_rng(seed)
    period = int(rng.integers(1, 12))
    weights = np.tile(rng.standard_normal((period, 4)), (240 // period, 1))
    own = invariants_of(weights)
    other = invariants_of(scale * weights[:, rng.permutation(4)])
    assert own.return_time == other.return_time == period
    assert own.distinct == other.distinct == period
    assert own.behaviour == other.behaviour
    assert own.disorder == pytest.approx(other.disorder, abs=1e-9)


@pytest.mark.parametrize(
    ("machine", "period"), [(zoo.wave(), 3), (zoo.pure_oscillator(), 2), (zoo.pure_soliton(), 5)]
)
def test_machines_of_the_literature(machine, period):
    found = portrait(machine, ticks=40)
    assert found.figures.return_time == found.figures.distinct == period


@given(st.integers(0, 2**32))
@examples(10)
def test_lives_are_those_of_the_reference_engine(seed):
    machine = zoo.self_referential_machine(np.random.default_rng(seed), cells=4)
    edited, weights = matrices(machine, 6)
    held = [
        machine.matrix,
        *(o.subtree(machine.matrix_port) for o in run(machine, ticks=5).outputs),
    ]
    exact = np.array([[tree[link] for link in edited] for tree in held])
    np.testing.assert_allclose(weights, exact, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "make",
    [zoo.pure_soliton, zoo.wave, partial(zoo.self_referential_machine, np.random.default_rng(1))],
)
def test_an_edit_from_outside_by_either_engine(make):
    machine = make()
    edited, weights = matrices(machine, 12)
    link = edited[int(np.argmax(np.ptp(weights, axis=0)))]
    _, same = matrices(machine, 12, (5, from_leaves({link: 0.0})))
    np.testing.assert_array_equal(weights, same)
    others, moved = matrices(machine, 12, (5, from_leaves({link: 1.0})))
    difference = moved[:, others.index(link)] - weights[:, edited.index(link)]
    assert np.all(difference[:5] == 0.0) and difference[5] == pytest.approx(1.0)
    assert np.any(difference[6:] != 0.0)


def test_an_edit_that_cannot_be_is_refused():
    machine = zoo.self_referential_machine(np.random.default_rng(0), cells=3)
    with pytest.raises(ValueError, match="a link that cannot change"):
        matrices(machine, 5, (2, links("cell-1.nothing <- cell-2.dict")))
    with pytest.raises(ValueError, match="the edit is for tick 5; there are 5"):
        matrices(machine, 5, (5, VValue()))
    with pytest.raises(ValueError, match="its links never change"):
        matrices(zoo.duplicate_detector(), 5)
    with pytest.raises(ValueError, match="16"):
        portrait(zoo.wave(), ticks=20)


def test_the_same_seed_is_the_same_machine():
    one, other = (zoo.self_referential_machine(np.random.default_rng(3)) for _ in range(2))
    assert one == other
    with pytest.raises(ValueError, match="cells is 1"):
        zoo.self_referential_machine(np.random.default_rng(0), cells=1)


@pytest.mark.thorough
def test_random_machines_do_all_kinds_of_things():
    machines = (
        zoo.self_referential_machine(np.random.default_rng([0, seed])) for seed in range(60)
    )
    found = atlas(machines, ticks=1200)
    behaviours = {each.figures.behaviour for each in found}
    assert {"fixed point", "oscillation", "chaos", "growth"} <= behaviours
    lines = atlas_table(found).splitlines()[1:]
    assert sum(int(line[16:26]) for line in lines) == 60
    places = [BEHAVIOURS.index(each.figures.behaviour) for each in found]
    assert places == sorted(places)
