"""Repair: damage is what it says, the space contains the machine, and machines are mended."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import compile_machine, layered_space
from dmm.zoo import duplicate_detector
from synthesis.loop.repair import along_an_order, damaged, repair, space_around
from synthesis.tasks import get_task
from vvalues import from_buffer, restrict

TASK = get_task("duplicate-detector")


@pytest.fixture(scope="module")
def detector():
    return duplicate_detector()


def without(machine, *paths):
    support = machine.trainable.support
    keep = np.array([path not in paths for path in support.paths])
    return machine.with_trainable(restrict(machine.trainable, support.where(keep)))


# -------------------- damage --------------------


def test_damage_removes_links_and_disturbs_the_rest(detector):
    broken, removed = damaged(detector, np.random.default_rng(0), links=3, noise=0.1)
    assert len(removed) == 3
    left = set(broken.trainable.support.paths)
    assert left == set(detector.trainable.support.paths) - set(removed)
    moved = broken.trainable.buffer - 1.0
    assert np.all(moved != 0.0)
    assert np.abs(moved).max() < 0.5
    assert broken.neurons == detector.neurons


def test_no_damage_changes_nothing(detector):
    same, removed = damaged(detector, np.random.default_rng(0))
    assert same.trainable == detector.trainable
    assert removed == ()


def test_damage_is_the_generators(detector):
    one, other, same = (damaged(detector, np.random.default_rng(s), links=2)[1] for s in (0, 1, 0))
    assert one == same
    assert one != other


def test_more_links_than_there_are_cannot_be_removed(detector):
    with pytest.raises(ValueError, match="links is 9; the machine has 8"):
        damaged(detector, np.random.default_rng(0), links=9)


# -------------------- the space around a machine --------------------


def test_every_output_may_feed_every_input_that_is_free(detector):
    space = space_around(detector)
    assert set(detector.trainable.support.paths) <= set(space.trainable.support.paths)
    # 8 inputs (accum 1, norm 1, dot 2, compare 2, output 2), 8 outputs (3 sources, true and false)
    assert len(space.trainable) == 8 * 8
    assert np.count_nonzero(space.trainable.buffer) == 8
    assert space.fixed == detector.fixed


def test_the_machine_does_the_same_in_its_space(detector):
    streams, targets = TASK.batch(np.random.default_rng(0))
    for spares in (0, 1):
        space = space_around(detector, spares)
        np.testing.assert_array_equal(compile_machine(space)(space.trainable, streams), targets)


def test_spare_neurons_come_with_their_fixed_links(detector):
    space = space_around(detector, spares=2)
    kinds = ("accum", "norm", "dot", "compare")
    fresh = {f"{kind}-spare-{i}": kind for kind in kinds for i in (1, 2)}
    assert dict(space.neurons) == {**detector.neurons, **fresh}
    for i in (1, 2):
        assert space.fixed[f"accum-spare-{i}", "dict-1", f"accum-spare-{i}", "dict"] == 1.0
    assert len(space.trainable) == (8 + 2 * 6) * (8 + 2 * 5)


def test_a_machine_of_another_shape_has_a_space_too():
    layered = layered_space(np.random.default_rng(0), layers=2, copies=1)
    space = space_around(layered)
    assert set(layered.trainable.support.paths) < set(space.trainable.support.paths)


def cycles(support):
    """Whether some neuron can reach itself."""
    feeds = {}
    for receiver, _, sender, _ in support.paths:
        feeds.setdefault(sender, set()).add(receiver)
    return any(name in reached(feeds, name) for name in feeds)


def reached(feeds, start):
    found, edge = set(), {start}
    while edge:
        edge = {name for sender in edge for name in feeds.get(sender, ())} - found
        found |= edge
    return found


def test_links_along_an_order_make_no_cycle_and_keep_what_is_left(detector):
    whole = space_around(detector, spares=1).trainable.support
    assert cycles(whole)
    left = without(detector, ("norm", "dict", "accum", "dict")).trainable.support
    drawn = [along_an_order(whole, left, np.random.default_rng(s)) for s in range(20)]
    for support in drawn:
        assert not cycles(support)
        assert set(left.paths) <= set(support.paths)
    assert len(set(drawn)) > 10
    # Sources and outputs are never out of order.
    always = set.intersection(*(set(support.paths) for support in drawn))
    assert ("norm", "dict", "const_1", "const_1") in always
    assert ("output", "dict-1", "norm", "norm") in always


def test_a_cycle_that_is_left_stays():
    machine = space_around(duplicate_detector())
    left = machine.trainable.support
    assert along_an_order(left, left, np.random.default_rng(0)) == left


# -------------------- mending --------------------


def test_noise_on_the_weights_is_mended_by_a_fit_alone(detector):
    broken, _ = damaged(detector, np.random.default_rng(1), noise=0.2)
    outcome = repair(broken, TASK, np.random.default_rng(1))
    assert outcome.loss_before > 1.0
    assert outcome.is_mended
    assert outcome.loss < 1e-20
    assert outcome.regrowths == 0
    assert [attempt.event for attempt in outcome.attempts] == ["fit", "trim"]


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(("accum", "dict-2", "input", "char"), marks=pytest.mark.thorough),
        pytest.param(("compare", "dict-2", "const_1", "const_1"), marks=pytest.mark.thorough),
        ("output", "dict-2", "dot", "dot"),
    ],
    ids="/".join,
)
def test_a_removed_link_is_mended(detector, gone):
    outcome = repair(without(detector, gone), TASK, np.random.default_rng([0, len(gone[0])]))
    assert outcome.loss_before > 50.0
    assert outcome.is_mended
    assert outcome.loss <= 1e-6
    assert outcome.figures["held_out_loss"] <= 1e-6
    assert len(outcome.machine.trainable) <= 10
    assert 1 <= outcome.regrowths <= 24


@pytest.mark.thorough
def test_a_neuron_that_lost_all_its_links_is_used_again(detector):
    gone = [path for path in detector.trainable.support.paths if "dot" in (path[0], path[2])]
    assert len(gone) == 3
    outcome = repair(without(detector, *gone), TASK, np.random.default_rng(0), regrowths=6)
    assert outcome.is_mended
    assert "dot" in outcome.machine.neurons


def test_what_cannot_be_mended_is_reported_and_not_made_worse(detector):
    broken = without(detector, ("norm", "dict", "accum", "dict"))
    outcome = repair(broken, TASK, np.random.default_rng(0), regrowths=0)
    assert not outcome.is_mended
    assert 1e-6 < outcome.loss <= outcome.loss_before
    assert outcome.regrowths == 0
    nothing = without(detector, *detector.trainable.support.paths)
    assert repair(nothing, TASK, np.random.default_rng(0), regrowths=0).loss > 1.0


@pytest.mark.thorough
def test_a_repair_is_its_generators(detector):
    broken = without(detector, ("output", "dict-2", "dot", "dot"))
    one, same = (repair(broken, TASK, np.random.default_rng(5), regrowths=1) for _ in range(2))
    assert one.machine.trainable == same.machine.trainable
    assert one.attempts == same.attempts


def test_an_intact_machine_stays_what_it_is(detector):
    scaled = from_buffer(detector.trainable.support, np.ones(8))
    outcome = repair(detector.with_trainable(scaled), TASK, np.random.default_rng(0))
    assert outcome.loss_before == outcome.loss == 0.0
    assert outcome.machine.trainable == detector.trainable


@pytest.mark.heavy
def test_any_single_link_is_mended_in_nine_of_ten_cases(detector):
    paths = detector.trainable.support.paths
    cases = [(path, [q, seed]) for q, path in enumerate(paths) for seed in range(3)]
    mended = [
        repair(without(detector, path), TASK, np.random.default_rng(seed)).is_mended
        for path, seed in cases
    ]
    assert sum(mended) >= 0.9 * len(cases)
