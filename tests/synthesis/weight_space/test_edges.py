"""Pulls, walks and prunings at their edges: what they are asked, and what they count."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.manifold import Manifold
from synthesis.optimize.optimizers import Optimizer, sgd
from synthesis.process.linearization import TracedLinearization, inputs_at
from synthesis.weight_space.path import (
    invariant_path,
    last,
    moved_by,
    normalized,
    null_space_pull,
    walk,
)
from synthesis.weight_space.pulls import (
    Diversity,
    Invariance,
    PullToPruned,
    PullTowards,
    WeightAnchor,
    largest_kept,
    weighted,
)
from synthesis.weight_space.reference import freeze
from synthesis.weight_space.sparsity.magnitude import gradual_magnitude
from synthesis.weight_space.sparsity.sparse import _free, n_zeros, ramp, sparsified
from synthesis.weight_space.task_pulls import Robustness
from vvalues import VValue, from_buffer

from .models import blobs, perceptron, random_like

RNG = np.random.default_rng(0)


# -------------------- walks --------------------


def test_a_walk_asks_its_pull_by_the_number_of_the_step():
    asked = []

    def pull(parameters, step, rng):
        asked.append(step)
        return 0.0, VValue({"a": 1.0})

    start = VValue({"a": 1.0})
    path = list(walk(start, pull, sgd(0.1), steps=3, rng=RNG))
    assert asked == [0, 1, 2] and len(path) == 4
    assert [point.parameters for point in walk(start, pull, sgd(0.1), steps=0, rng=RNG)] == [start]
    with pytest.raises(ValueError, match="every is 0"):
        last(walk(start, pull, sgd(0.1), steps=3, rng=RNG, every=0))


@pytest.mark.parametrize("strength", [0.4, None])
def test_an_invariant_path_goes_along_the_pull_and_the_slope_of_the_outputs(strength):
    model, parameters, inputs, rng = perceptron()
    reference = freeze(model, parameters, inputs)
    start, target = (parameters + random_like(parameters, rng) for _ in range(2))
    options = {"steps": 4, "rng": rng} | ({} if strength is None else {"strength": strength})
    points = invariant_path(reference, start, PullTowards(target), normalized(0.1), **options)
    for before, after in pairwise([point.parameters for point in points]):
        _, towards = PullTowards(target)(before, 0, rng)
        _, back = Invariance(reference)(before, 0, rng)
        slope = ((strength or 1.0) * towards + back).buffer
        assert (after - before).buffer == pytest.approx(-0.1 * slope / np.linalg.norm(slope))


def test_inputs_of_a_step_are_drawn_once_each():
    model, parameters, inputs, rng = perceptron()
    pull = PullTowards(parameters + random_like(parameters, rng))
    _, whole = null_space_pull(model, inputs, pull)(parameters, 0, rng)
    _, drawn = null_space_pull(model, inputs, pull, per_step=len(inputs))(parameters, 0, rng)
    assert drawn.buffer == pytest.approx(whole.buffer, abs=1e-8)
    with pytest.raises(ValueError, match="a step of the path needs at least 6 inputs; 5"):
        null_space_pull(model, inputs, pull, per_step=6)(parameters, 0, rng)


@given(st.lists(st.floats(-9.0, 9.0), min_size=1, max_size=5), st.floats(0.01, 2.0))
def test_a_step_has_the_length_that_is_asked(gradient, size):
    tree = VValue({"w": np.ones(len(gradient))})
    step = moved_by(tree, VValue({"w": np.array(gradient)}), size) - tree
    norm = np.linalg.norm(gradient)
    if norm == 0.0:
        assert not step.buffer.any()
    elif norm > 1e-100:
        assert np.linalg.norm(step.buffer) == pytest.approx(size)
        assert step.buffer @ np.array(gradient) == pytest.approx(-size * norm)


# -------------------- pulls --------------------


def test_values_of_pulls():
    one, other = VValue({"a": 1.0, "b": 2.0}), VValue({"a": 4.0, "b": -2.0})
    value, gradient = PullTowards(other)(one, 0, RNG)
    assert value == 12.5
    twice, doubled = weighted((2.0, PullTowards(other)), (lambda step: step, PullTowards(one)))(
        one, 3, RNG
    )
    assert twice == 25.0 and doubled == 2.0 * gradient
    anchor = WeightAnchor(other, VValue({"a": 2.0, "b": 1.0}), 3.0)
    assert anchor(one, 0, RNG)[0] == 0.5 * 3.0 * (2.0 * 9.0 + 16.0)
    at_rest, still = anchor(other, 0, RNG)
    assert at_rest == 0.0 and not still.buffer.any()
    with pytest.raises(ValueError, match="student and centre have different supports"):
        anchor(VValue({"x": 1.0}), 0, RNG)
    far, _ = Diversity([other, 2.0 * one])(one, 0, RNG)
    assert far == pytest.approx(-0.5 * (np.log(25.0) + np.log(5.0)))


def test_stored_inputs_may_be_blended_among_themselves():
    model, parameters, inputs, rng = perceptron()
    pull = Invariance(freeze(model, parameters, inputs), blend=True)
    value, _ = pull(parameters + random_like(parameters, rng), 0, rng)
    assert value > 0.0


class Peak:
    """A task whose loss is least far from one number, for a model that hands its inputs on."""

    def __init__(self, place):
        self.place = place

    def loss(self, values, targets):
        return -((values - self.place) ** 2).mean()


@pytest.mark.parametrize(("steps", "end"), [(1, 0.2), (2, -0.05), (5, 0.1)])
def test_an_attack_takes_steps_of_two_and_a_half_times_their_share(steps, end):
    attack = Robustness(lambda parameters, inputs: inputs, Peak(0.02), 0.2, steps)
    inputs = np.array([[0.0], [0.02]])
    moved = attack.attacked(VValue(), inputs, np.zeros(2))
    assert moved[0, 0] == pytest.approx(end)
    assert moved[1, 0] == 0.02  # on the peak there is no direction


@given(
    st.lists(st.floats(-9.0, 9.0, allow_subnormal=False), min_size=1, max_size=12, unique_by=abs),
    st.floats(0.0, 1.0),
)
def test_the_smallest_share_goes(weights, share):
    found = largest_kept(VValue({"w": np.array(weights)}), share)["w"]
    order = np.argsort(np.abs(weights))
    gone = order[: round(share * len(weights))]
    expected = np.array(weights)
    expected[gone] = 0.0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("count", [2, 57, 2500, 4999])
def test_of_many_the_smallest_go(count):
    weights = np.random.default_rng(count).standard_normal(5000)
    found = largest_kept(VValue({"w": weights}), count / 5000)["w"]
    assert np.abs(weights[found == 0.0]).max() < np.abs(weights[found != 0.0]).min()
    assert np.count_nonzero(found) == 5000 - count


def test_a_share_is_no_less_than_nothing():
    with pytest.raises(ValueError, match=r"sparsity is -0\.5; expected a share"):
        largest_kept(VValue({"a": 1.0}), -0.5)


# -------------------- prunings --------------------


def test_gradual_pruning_counts_by_the_ramp_and_zeros_stay():
    task = blobs()
    model, start, _, rng = perceptron((12, 6, 3))
    seen = []

    def update(gradient, state, parameters):
        seen.append(n_zeros(parameters))
        return -0.1 * gradient, state

    options = {"steps": 24, "rng": rng, "prune_every": 4}
    end = gradual_magnitude(
        model, task, start, 0.7, optimizer=Optimizer(lambda parameters: (), update), **options
    )
    rising = ramp(0.7, 12)
    had = n_zeros(start)  # the biases begin at zero, and count among the first to go
    expected = [max(round(rising(step - step % 4) * start.size), had if step < 4 else 0)
                for step in range(24)]  # fmt: skip
    assert seen == expected and n_zeros(end) == round(0.7 * start.size)


def test_gradual_pruning_trains_by_itself():
    task = blobs()
    model, start, _, rng = perceptron((12, 8, 3))
    pruned = gradual_magnitude(model, task, start, 0.5, steps=150, rng=rng)
    assert n_zeros(pruned) == round(0.5 * start.size)
    assert task.accuracy(model, pruned) > 90


def test_a_ramp_of_no_steps_is_none():
    assert ramp(0.5, 0)(1) == 0.5


def test_stages_share_the_steps_and_tell_how_far_they_jumped():
    model, parameters, inputs, rng = perceptron()
    reference = freeze(model, parameters, inputs)
    options = {"rng": rng, "per_step": None, "few": 0}
    found = sparsified(reference, 0.5, steps=12, stages=3, **options)
    assert [point.step for point in found.path] == [4, 4, 4]
    single = sparsified(reference, 0.5, steps=1, stages=1, **options)
    before = single.path[0].parameters
    jump = np.linalg.norm((before - largest_kept(before, 0.5)).buffer)
    assert single.distance == pytest.approx(jump) and jump > 0.0
    with pytest.raises(ValueError, match="stages is 0; expected 1 to 3"):
        sparsified(reference, 0.5, steps=3, stages=0, **options)


def test_a_stage_holds_the_outputs():
    model, parameters, inputs, rng = perceptron()
    reference = freeze(model, parameters, inputs)
    options = {"steps": 30, "rng": rng}
    held = sparsified(
        reference, 0.5, stages=1, strength=1e-2, size=0.02, per_step=None, few=0, **options
    ).path[0]
    straight = last(walk(parameters, PullToPruned(0.5), normalized(0.02), **options))
    assert reference.divergence(held.parameters) < 0.5 * reference.divergence(straight.parameters)


def test_only_weights_that_are_not_zero_may_move():
    model = Manifold(5, 6, 4, link_weights=True)
    tree = model.initial(np.random.default_rng(0))
    weights = np.flatnonzero(model.prunable(tree.support))
    buffer = np.array(tree.buffer)
    buffer[weights[::2]] = 0.0
    free = _free(model, from_buffer(tree.support, buffer)).buffer
    assert np.flatnonzero(free).tolist() == weights[1::2].tolist() and set(free) == {0.0, 1.0}


# -------------------- inputs --------------------


@pytest.mark.filterwarnings("ignore:Output seems independent")
def test_a_model_without_parameters_has_a_jacobian_without_columns():
    here = TracedLinearization(lambda parameters, inputs: inputs, VValue(), np.ones((3, 2)))
    assert here.rows().shape == (6, 0)


def test_a_text_is_not_drawn_from():
    index = np.array([2, 0])
    with pytest.raises(ValueError, match="codes of one text of 4 characters"):
        inputs_at(np.array([1, 2, 3, 4]), index)
    assert inputs_at(np.array([0.5, 1.5, 2.5]), index).tolist() == [2.5, 0.5]
    assert inputs_at(np.array([[1, 2], [3, 4], [5, 6]]), index).tolist() == [[5, 6], [1, 2]]
