"""Layered networks of elastic width and depth: gradient, edits, and that they adapt."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis import Model
from synthesis.architectures.elastic.residual import (
    Lesson,
    ResidualNetwork,
    ResidualSettings,
    ResidualTraining,
    train_residual,
)
from synthesis.edits.neurons import add_neuron, delete_neuron
from synthesis.optimize.optimizers import adagrad
from synthesis.process.process import carried_out
from synthesis.tasks.digits import Digits
from tests.examples import examples
from vvalues import from_buffer

MODEL = ResidualNetwork(6, 3, 5)


def network(seed, blocks=2, units=1):
    """Random parameters with some blocks, the first with some units more."""
    rng = np.random.default_rng(seed)
    tree = MODEL.initial(rng)
    for _ in range(blocks - 1):
        tree, _ = add_neuron(tree, (), MODEL.depth, rng)
    for _ in range(units):
        tree, _ = add_neuron(tree, (), MODEL.units("block-1"), rng)
    return from_buffer(tree.support, rng.standard_normal(tree.size)), rng


def toy(seed=0, n=400):
    """Three kinds of little pictures with noise; only the first two differ at a glance."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n)
    patterns = np.array([[9, 0, 0, 9, 0, 0], [0, 9, 9, 0, 0, 0], [0, 9, 0, 0, 9, 0]])
    images = np.clip(patterns[labels] + rng.integers(-3, 4, size=(n, 6)), 0, 16).astype(np.uint8)
    half = n // 2
    return Digits("toy", images[:half], labels[:half], images[half:], labels[half:], 3, 20, 16.0)


@given(seed=st.integers(0, 10**6), blocks=st.integers(1, 4), units=st.integers(0, 5))
@examples(25)
def test_the_gradient_by_hand_is_plain_autograd(seed, blocks, units):
    tree, rng = network(seed, blocks, units)
    inputs, labels = rng.standard_normal((7, 6)), rng.integers(3, size=7)
    loss, gradient = MODEL.loss_and_gradient(tree, inputs, labels)
    value, expected = value_and_grad(lambda p: TASK.loss(MODEL(p, inputs), labels))(tree)
    scale = 1.0 + np.abs(expected.buffer).max()
    assert gradient.support is tree.support
    np.testing.assert_allclose(loss, value, rtol=1e-10)
    np.testing.assert_allclose(gradient.buffer, expected.buffer, atol=1e-10 * scale)


TASK = toy()


def test_a_block_or_unit_with_multiplier_zero_goes_for_nothing():
    tree, rng = network(1, 3, 2)
    inputs = rng.standard_normal((4, 6))
    without = tree.at(("block-2", "multiplier")).set(0.0)
    fewer, _ = delete_neuron(without, (), MODEL.depth, names=["block-2"])
    assert MODEL.blocks(fewer) == ("block-1", "block-3")
    np.testing.assert_allclose(MODEL(fewer, inputs), MODEL(without, inputs), atol=1e-12)
    multipliers = np.array(tree["block-1", "multipliers"])
    multipliers[1] = 0.0
    without = tree.at(("block-1", "multipliers")).set(multipliers)
    fewer, _ = delete_neuron(without, (), MODEL.units("block-1"), names=["1"])
    assert MODEL.widths(fewer)["block-1"] == len(multipliers) - 1
    np.testing.assert_allclose(MODEL(fewer, inputs), MODEL(without, inputs), atol=1e-12)


def test_a_new_block_hardly_changes_the_outputs_and_memory_follows():
    tree, rng = network(2, 1)
    optimizer = adagrad(0.1)
    state = optimizer.init(tree)
    _, state = optimizer.update(tree, state, tree)
    larger, followed = add_neuron(tree, state, MODEL.depth, rng)
    assert larger["block-2", "multiplier"] == MODEL.settings.threshold
    assert followed.memory.support is larger.support
    assert not np.any(followed.memory["block-2", "weights"])
    assert followed.memory["block-1"] == state.memory["block-1"]


@pytest.mark.thorough
def test_width_and_depth_follow_the_task():
    pytest.importorskip("sklearn", reason="the small digits come with scikit-learn")
    from synthesis.tasks.digits import small_digits

    task = small_digits()
    model = ResidualNetwork(64, 10, 32)
    rng = np.random.default_rng(0)
    parameters, units, accuracy = None, [], []
    for part in (task.only([0, 1]), task, task.only([0, 1])):
        *_, (parameters, record) = train_residual(model, part, rng, 1000, parameters)
        units.append(sum(record.widths.values()))
        accuracy.append(part.accuracy(model, parameters))
    assert units[1] >= 2 * units[0] and units[2] <= units[0]
    assert len(record.widths) <= 2
    assert accuracy[0] >= 98 and accuracy[1] >= 88 and accuracy[2] >= 98


def test_training_is_reproducible_and_edits_both_units_and_blocks():
    busy = ResidualSettings(
        add_probability=0.5, block_add_probability=0.5, block_delete_probability=0.5, penalty=2e-3
    )
    model = ResidualNetwork(6, 3, 5, busy)
    assert isinstance(model, Model)
    runs = [
        [record for _, record in train_residual(model, TASK, np.random.default_rng(3), 400)]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    names = {name for record in runs[0] for name in record.widths}
    widths = [record.widths["block-1"] for record in runs[0]]
    assert len(names) > 2 and max(np.diff(widths)) > 0 > min(np.diff(widths))
    assert np.mean([r.loss for r in runs[0][-30:]]) < runs[0][0].loss
    assert all(min(record.widths.values()) >= 1 for record in runs[0])


@pytest.mark.thorough
def test_memory_is_carried_from_lesson_to_lesson_if_asked():
    busy = ResidualSettings(add_probability=0.5, protection=30.0, penalty=2e-3)
    model = ResidualNetwork(6, 3, 5, busy)
    whole = ResidualTraining(model, (Lesson(TASK, 300),), 3)
    halves = (Lesson(TASK, 120), Lesson(TASK, 180))
    state, records = carried_out(whole, whole.rng)
    carried, ends = carried_out(ResidualTraining(model, halves, 3, carries=True), whole.rng)
    assert carried.parameters == state.parameters and carried.ages == state.ages
    lessons = [record.details for record in ends if record.event == "lesson"]
    assert [lesson["number"] for lesson in lessons] == [0, 1]
    assert lessons[1]["accuracy"] == records[-1].details["accuracy"]
    anew, _ = carried_out(ResidualTraining(model, halves, 3), whole.rng)
    assert max(max(lived) for lived in anew.ages.values()) == 180.0
    assert anew.parameters != state.parameters


def test_two_lessons_are_what_the_helper_does_twice():
    model, parameters, rng = MODEL, None, np.random.default_rng(3)
    for _ in range(2):
        *_, (parameters, _) = train_residual(model, TASK, rng, 40, parameters)
    training = ResidualTraining(model, (Lesson(TASK, 40),) * 2, 3, every=7)
    assert carried_out(training, training.rng)[0].parameters == parameters


INPUTS = np.zeros((2, MODEL.n_inputs))
TREE = MODEL.initial(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MODEL(TREE, INPUTS[:0]), r"inputs are of shape \(0, .*at least one"),
        (lambda: MODEL(TREE, INPUTS[:, 1:]), "inputs are of shape"),
        (
            lambda: MODEL.loss_and_gradient(TREE, INPUTS, np.array([0])),
            r"labels are of shape \(1,\)",
        ),
        (lambda: MODEL.loss_and_gradient(TREE, INPUTS, np.array([0, -1])), "labels are -1 to 0"),
        (lambda: ResidualSettings(spare=1.5), r"spare is 1\.5"),
        (lambda: ResidualSettings(smallest=0.2), r"smallest is 0\.2, above threshold = 0\.05"),
        (lambda: ResidualSettings(block_add_probability=2), "block_add_probability is 2"),
        (lambda: ResidualSettings(penalty=-1e-3), r"penalty is -0\.001"),
        (lambda: ResidualSettings(first_units=0), "first_units is 0"),
        (lambda: ResidualNetwork(0, 2), "n_inputs is 0"),
        (lambda: list(train_residual(MODEL, TASK, np.random.default_rng(0), 0)), "steps is 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
