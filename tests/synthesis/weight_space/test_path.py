"""Walks: bounds, masks, records, and what an invariant path keeps."""

import numpy as np
import pytest

from synthesis.optimize.optimizers import momentum, sgd
from synthesis.process.records import Record
from synthesis.weight_space.metric import output_drift
from synthesis.weight_space.path import (
    invariant_path,
    last,
    metric_pull,
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
from synthesis.weight_space.reference import Numbers, Reference, freeze
from synthesis.weight_space.sparsity.sparse import support_mask
from synthesis.weight_space.task_pulls import Robustness, StoredLabels, TaskLoss
from vvalues import VValue, from_buffer

from .models import blobs, machine, perceptron, random_like


def trained(seed=0):
    rng = np.random.default_rng(seed)
    task = blobs()
    from synthesis.architectures import Perceptron

    model = Perceptron([12, 16, 3], "tanh")
    start = model.initial(rng)
    pull = TaskLoss(model, task)
    return model, task, last(walk(start, pull, momentum(0.05), steps=60, rng=rng)).parameters, rng


def test_steps_have_the_length_asked_and_add_up():
    _, _, parameters, rng = trained()
    target = parameters + random_like(parameters, rng)
    path = list(walk(parameters, PullTowards(target), normalized(0.1), steps=5, rng=rng))
    assert [point.step for point in path] == [0, 1, 2, 3, 4, 5]
    assert path[-1].length == pytest.approx(0.5)
    assert path[-1].distance == pytest.approx(0.5)  # a straight pull: no detour
    assert np.isnan(path[0].value)
    assert path[1].value > path[-1].value


def test_waypoints_are_records():
    tree = VValue({"a": 1.0, "b": 0.0})
    path = walk(
        tree, PullTowards(tree * 3.0), normalized(0.5), steps=4, every=3,
        rng=np.random.default_rng(0), observe=lambda p: {"a": p["a"]},
    )  # fmt: skip
    records = [point.record() for point in path]
    assert [record.step for record in records] == [0, 3, 4]
    assert all(isinstance(record, Record) for record in records)
    assert records[-1].to_dict()["a"] == pytest.approx(3.0)
    assert records[-1].links == 1  # b is an explicit zero


def test_masked_components_never_move():
    _, _, parameters, rng = trained()
    free = support_mask(largest_kept(parameters, 0.5))
    target = random_like(parameters, rng)
    end = last(walk(parameters, PullTowards(target), momentum(0.1), steps=10, rng=rng, free=free))
    held = free.buffer == 0
    np.testing.assert_array_equal(end.parameters.buffer[held], parameters.buffer[held])
    assert (end.parameters.buffer[~held] != parameters.buffer[~held]).all()


def test_pulls_have_the_gradient_of_their_value():
    model, task, parameters, rng = trained()
    inputs, labels = task.store(12, rng)
    other = parameters + random_like(parameters, rng)
    reference = freeze(model, other, inputs)
    pulls = [
        StoredLabels(model, task, inputs, labels),
        Invariance(reference),
        PullTowards(other),
        PullToPruned(0.4),
        WeightAnchor(other, from_buffer(other.support, other.buffer**2), 3.0),
        Diversity([other, other * 2.0]),
        weighted((0.5, PullTowards(other)), (2.0, Invariance(reference))),
    ]
    direction = random_like(parameters, rng)
    for pull in pulls:
        step = 1e-6
        ahead, _ = pull(parameters + step * direction, 0, rng)
        behind, _ = pull(parameters - step * direction, 0, rng)
        _, gradient = pull(parameters, 0, rng)
        expected = gradient.buffer @ direction.buffer
        assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=1e-4), pull


def test_the_nearest_sparse_network_and_a_pull_that_moves():
    tree = VValue({"a": 3.0, "b": -1.0, "c": 0.5, "d": 2.0})
    assert largest_kept(tree, 0.5) == VValue({"a": 3.0, "d": 2.0})
    assert largest_kept(tree, 0.0) == tree
    rng = np.random.default_rng(0)
    _, pull = PullToPruned(0.5)(tree, 0, rng)
    assert pull == VValue({"b": -1.0, "c": 0.5})
    _, pull = PullToPruned(lambda step: 0.25 * step)(tree.at("a").set(0.1), 1, rng)
    assert pull == VValue({"a": 0.1})
    with pytest.raises(ValueError, match="share from 0 to 1"):
        largest_kept(tree, 1.5)


def test_an_invariant_path_goes_further_for_less_movement():
    model, task, parameters, rng = trained()
    inputs, _ = task.store(30, rng)
    reference = freeze(model, parameters, inputs)
    target = parameters + random_like(parameters, rng)
    plain = last(walk(parameters, PullTowards(target), normalized(0.05), steps=60, rng=rng))
    held = last(
        invariant_path(
            reference, parameters, PullTowards(target), normalized(0.05), steps=60, rng=rng,
            strength=0.01,
        )
    )  # fmt: skip
    assert reference.divergence(held.parameters) < 0.2 * reference.divergence(plain.parameters)
    assert held.distance > 0.5


@pytest.mark.parametrize("case", [perceptron, machine])
def test_null_space_steps_hardly_move_the_outputs(case):
    model, parameters, inputs, rng = case()
    pull = PullTowards(random_like(parameters, rng))
    size = 1e-3
    _, plain = pull(parameters, 0, rng)
    _, flat = null_space_pull(model, inputs, pull, ridge=1e-9)(parameters, 0, rng)
    drifts = [
        output_drift(model, parameters, moved_by(parameters, gradient, size), inputs)
        for gradient in (flat, plain)
    ]
    assert drifts[0] < drifts[1] / 50


def test_the_metric_pull_lies_between_gradient_and_null_space():
    model, parameters, inputs, rng = perceptron()
    pull = PullTowards(random_like(parameters, rng))
    _, plain = pull(parameters, 0, rng)
    _, stiff = metric_pull(model, inputs, pull, damping=1e9)(parameters, 0, rng)
    np.testing.assert_allclose(stiff.buffer, plain.buffer, rtol=1e-5, atol=1e-6)
    _, flat = null_space_pull(model, inputs, pull, ridge=1e-12)(parameters, 0, rng)
    _, soft = metric_pull(model, inputs, pull, damping=1e-9)(parameters, 0, rng)
    np.testing.assert_allclose(soft.buffer, flat.buffer, atol=1e-5)


def test_inputs_moved_against_the_network_raise_its_loss():
    model, task, parameters, rng = trained()
    inputs, labels = task.store(30, rng)
    attack = Robustness(model, task, 0.2)
    moved = attack.attacked(parameters, inputs, labels)
    assert np.abs(moved - inputs).max() == pytest.approx(0.2)
    before = task.loss(model(parameters, inputs), labels)
    assert task.loss(model(parameters, moved), labels) > before
    value, gradient = attack(parameters, 0, rng)
    assert gradient.support is parameters.support
    assert value > 0


def test_ten_small_steps_raise_the_loss_more_and_stay_within_the_radius():
    model, task, parameters, rng = trained()
    inputs, labels = task.store(30, rng)
    losses = []
    for steps in (1, 10):
        moved = Robustness(model, task, 0.3, steps).attacked(parameters, inputs, labels)
        assert np.abs(moved - inputs).max() <= 0.3 + 1e-12
        losses.append(task.loss(model(parameters, moved), labels))
    assert losses[1] >= losses[0]
    with pytest.raises(ValueError, match="steps is 0"):
        Robustness(model, task, 0.3, 0)


def test_bad_input_is_refused_before_the_first_step():
    model, task, parameters, rng = trained()
    inputs, _ = task.store(6, rng)
    reference = freeze(model, parameters, inputs)
    options = {"steps": 3, "rng": rng}
    pull, optimizer = PullTowards(parameters), normalized(0.1)
    with pytest.raises(ValueError, match="different supports"):
        invariant_path(reference, VValue({"x": 1.0}), pull, optimizer, **options)
    shared = Reference(model, parameters, inputs, reference.values)
    with pytest.raises(ValueError, match="shares its object"):
        invariant_path(shared, parameters, pull, optimizer, **options)
    with pytest.raises(ValueError, match="a step of the path needs at least 7 inputs; 6"):
        invariant_path(reference, parameters, pull, optimizer, per_step=7, **options)
    with pytest.raises(ValueError, match="student and target have different supports"):
        last(walk(VValue({"x": 1.0}), pull, optimizer, **options))
    with pytest.raises(ValueError, match="steps is -1"):
        last(walk(parameters, pull, optimizer, steps=-1, rng=rng))
    with pytest.raises(ValueError, match="at least one network"):
        Diversity([])
    with pytest.raises(ValueError, match="empty"):
        last(iter(()))


def test_a_walk_that_diverges_says_so():
    tree = VValue({"a": 1.0})

    def cliff(parameters, step, rng):
        return np.inf, VValue({"a": np.inf})

    with pytest.raises(FloatingPointError, match="step 1 of the walk is not finite"):
        last(walk(tree, cliff, sgd(1.0), steps=3, rng=np.random.default_rng(0)))


def test_machines_walk_too():
    model, parameters, streams, rng = machine()
    reference = freeze(model, parameters, streams, Numbers())
    path = invariant_path(
        reference, parameters, PullToPruned(0.3), normalized(0.02), steps=20, rng=rng, strength=5.0
    )
    end = last(path)
    before, after = (
        np.linalg.norm((p - largest_kept(p, 0.3)).buffer) for p in (parameters, end.parameters)
    )
    assert after < before
