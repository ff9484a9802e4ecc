"""What deletions do, lengths of steps, and the edges of what is asked of a network's metric."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures import Perceptron
from synthesis.optimize import adam
from synthesis.weight_space.damage import (
    damaged,
    predicted_changes,
    recovery,
    true_changes,
    unit_deletions,
)
from synthesis.weight_space.metric import (
    masked,
    metric_diagonal,
    metric_product,
    null_space_projection,
    output_drift,
    squared_length,
    top_directions,
)
from synthesis.weight_space.path import last, normalized, walk
from synthesis.weight_space.pulls import PullTowards
from synthesis.weight_space.reference import freeze
from vvalues import VValue, from_buffer

from .models import perceptron, random_like


class Louder:
    """A model whose outputs are so many times larger."""

    def __init__(self, inner, factor):
        self.inner, self.factor = inner, factor

    def __call__(self, parameters, inputs):
        return self.factor * self.inner(parameters, inputs)


@pytest.mark.parametrize("layer", [1, 2])
def test_a_deleted_unit_is_read_by_nobody(layer):
    model, parameters, inputs, _ = perceptron((3, 4, 5, 2))
    readers = (f"layer-{layer + 1}", "weights")
    steps = unit_deletions(model, parameters, layer)
    for unit, step in enumerate(steps):
        expected = np.array(parameters[readers])
        expected[unit] = 0.0
        assert parameters + step == parameters.at(readers).set(expected)
    changes = true_changes(model, parameters, inputs, steps)
    for step, change in zip(steps, changes, strict=True):
        difference = model(parameters + step, inputs) - model(parameters, inputs)
        assert change == pytest.approx(np.mean(np.sum(difference**2, axis=1)))


def test_measured_changes_know_which_way_a_step_goes():
    model, parameters, inputs, rng = perceptron()
    step = 3.0 * random_like(parameters, rng)
    forth, back = true_changes(model, parameters, inputs, [step, -1.0 * step])
    drift = output_drift(model, parameters, parameters + step, inputs)
    assert forth == pytest.approx(drift**2) != pytest.approx(back)


ASKED = {
    "prediction of changes": lambda m, w, x: predicted_changes(m, w, x, [w]),
    "measurement of changes": lambda m, w, x: true_changes(m, w, x, [w]),
    "output drift": lambda m, w, x: output_drift(m, w, 2.0 * w, x),
    "the metric": lambda m, w, x: metric_product(m, w, x, w),
    "metric": lambda m, w, x: metric_diagonal(m, w, x),
}


@pytest.mark.parametrize("name", list(ASKED))
def test_one_input_is_enough_and_none_is_not(name):
    model, parameters, inputs, _ = perceptron()
    assert np.all(
        np.isfinite(np.ravel(getattr(ASKED[name](model, parameters, inputs[:1]), "buffer", 0.0)))
    )
    with pytest.raises(ValueError, match=f"{name} needs at least 1 inputs; 0 were given"):
        ASKED[name](model, parameters, inputs[:0])


def test_steps_of_a_schedule_have_its_lengths():
    start = VValue({"a": 0.0, "b": 0.0})
    lengths = [0.1, 0.3, 0.02]
    pull = PullTowards(VValue({"a": 30.0, "b": 40.0}))
    optimizer = normalized(lambda step: lengths[step])
    path = list(walk(start, pull, optimizer, steps=3, rng=np.random.default_rng(0)))
    assert np.diff([point.length for point in path]) == pytest.approx(lengths)
    zero = VValue({"a": 0.0, "b": 0.0})
    assert optimizer.update(zero, optimizer.init(zero), zero)[0] == zero


def test_recovery_takes_smaller_and_smaller_steps_and_refuses_what_does_not_fit():
    model, parameters, inputs, rng = perceptron()
    reference = freeze(model, parameters, inputs)
    damage = from_buffer(parameters.support, (rng.random(parameters.size) < 0.3).astype(float))
    hurt = damaged(parameters, damage)
    path = list(recovery(reference, hurt, damage, steps=30, every=1, rng=rng))
    lengths = np.diff([point.length for point in path])
    assert np.all(lengths > 0.0) and np.all(lengths <= 0.05 * (1.0 + 1e-9))
    assert lengths[0] > 2.0 * lengths[-1]
    other = VValue({"x": 1.0})
    for wrong in ((other, damage), (hurt, other), (other, other)):
        with pytest.raises(ValueError, match="different supports"):
            recovery(reference, *wrong, steps=1, rng=rng)


def test_adam_recovers_a_deep_network_that_steps_of_one_length_do_not():
    rng = np.random.default_rng(0)
    model, inputs = Perceptron([8, 24, 24, 24, 24, 3], "relu"), rng.standard_normal((60, 8))
    parameters = model.initial(rng)
    reference = freeze(model, parameters, inputs)
    damage = from_buffer(parameters.support, (rng.random(parameters.size) < 0.6).astype(float))
    hurt = damaged(parameters, damage)
    left = {}
    for name, how in (("lengths", {}), ("Adam", {"optimizer": adam(0.01)})):
        end = last(recovery(reference, hurt, damage, steps=150, rng=rng, **how)).parameters
        assert not end.buffer[damage.buffer != 0].any()
        left[name] = reference.divergence(end) / reference.divergence(hurt)
    assert left["Adam"] < 0.5 * left["lengths"]
    with pytest.raises(ValueError, match="both given"):
        recovery(reference, hurt, damage, sizes=0.1, optimizer=adam(0.01), rng=rng)


# -------------------- the metric --------------------


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_what_is_projected_out_does_not_depend_on_how_loud_the_outputs_are(factor):
    model, parameters, inputs, rng = perceptron()
    vector = random_like(parameters, rng)
    found, louder = (
        null_space_projection(each, parameters, inputs, vector, ridge=1e-2)
        for each in (model, Louder(model, factor))
    )
    assert louder.buffer == pytest.approx(found.buffer, rel=1e-6, abs=1e-9)


def test_by_default_next_to_nothing_moves_the_outputs():
    model, parameters, inputs, rng = perceptron()
    vector = random_like(parameters, rng)
    flat = null_space_projection(model, parameters, inputs, vector)
    moved, left = (squared_length(model, parameters, inputs, v) for v in (vector, flat))
    assert left < 1e-8 * moved


def test_where_nothing_has_influence_nothing_is_projected_out():
    model, parameters, inputs, rng = perceptron()
    vector = random_like(parameters, rng)
    assert null_space_projection(Louder(model, 0.0), parameters, inputs, vector) == vector


def test_directions_have_length_one_however_many():
    model, parameters, inputs, _ = perceptron()
    for k in (1, 15):
        values, directions = top_directions(model, parameters, inputs, k)
        assert len(values) == len(directions) == k
        for value, direction in zip(values, directions, strict=True):
            assert np.linalg.norm(direction.buffer) == pytest.approx(1.0)
            length = squared_length(model, parameters, inputs, direction)
            assert length == pytest.approx(value, abs=1e-9 * values[0])
    with pytest.raises(ValueError, match="k is 0"):
        top_directions(model, parameters, inputs, 0)
    values, directions = top_directions(Louder(model, 0.0), parameters, inputs, 1)
    assert values.tolist() == [0.0] and not directions[0].buffer.any()


def test_a_mask_of_other_leaves_is_refused():
    tree = VValue({"a": 2.0, "b": 3.0})
    assert masked(tree, None) is tree
    assert masked(tree, VValue({"a": 0.0, "b": 1.0})) == VValue({"b": 3.0})
    with pytest.raises(ValueError, match="parameters and mask have different supports"):
        masked(tree, VValue({"a": 0.0, "c": 1.0}))
