"""Regression tasks: tables, quadrature, published formulas, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.architectures.evolving import EvolvingModel
from synthesis.process.models import Task
from synthesis.tasks.formulas import CONSTANTS, NGUYEN, formula_task
from synthesis.tasks.regression import r_squared, small_experiment, table_task
from vvalues import VValue

HALF = {f"Nguyen-{i}": value for i, value in enumerate(
    (0.875, 0.9375, 0.96875, 0.984375, np.sin(0.25) * np.cos(0.5) - 1,
     np.sin(0.5) + np.sin(0.75), np.log(1.5) + np.log(1.25), np.sqrt(0.5),
     np.sin(0.5) + np.sin(0.25), 2 * np.sin(0.5) * np.cos(0.5), 0.5**0.5,
     0.0625 - 0.125 + 0.125 - 0.5), start=1)}  # fmt: skip


@pytest.mark.parametrize("name", NGUYEN)
def test_published_formulas_at_one_half(name):
    formula = NGUYEN[name]
    point = [np.array([0.5])] * formula.n_inputs
    assert formula.function(*point)[0] == pytest.approx(HALF[name], rel=1e-14)


@pytest.mark.parametrize("name", [*NGUYEN, *CONSTANTS])
def test_a_formula_gives_twenty_samples_in_its_range(name):
    formula = {**NGUYEN, **CONSTANTS}[name]
    task = formula_task(formula, np.random.default_rng(0))
    assert task.inputs.shape == (20, formula.n_inputs)
    for table in (task.inputs, task.held_out_inputs):
        assert formula.low <= table.min() < table.max() <= formula.high
    assert not set(task.inputs[:, 0]) & set(task.held_out_inputs[:, 0])
    assert isinstance(task, Task)


def linear(**weights):
    return VValue({"layer-1": {"output": weights}})


def test_the_floor_of_a_linear_model_is_one_per_output():
    task = small_experiment(np.random.default_rng(0), distractors=2)
    model = EvolvingModel(6, 2)
    best = linear(y0={"x2": 1.0}, y1={":number": 0.0})
    assert task.evaluate(model, best)["expected_loss"] == pytest.approx(1.0, rel=1e-12)
    worse = linear(y0={"x2": 1.0, "x0": 0.1, "x5": 0.1}, y1={":number": 0.1})
    assert task.evaluate(model, worse)["expected_loss"] > 1.0


def test_a_right_network_has_no_error():
    task = small_experiment(np.random.default_rng(0))
    tree = {
        "layer-1": {
            "multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}},
            "multiply-2": {"first": {"multiply-1": 1}, "second": {"x3": 1}},
            "output": {"y0": {"multiply-1": 1, "x2": 1}, "y1": {"multiply-2": 1}},
        }
    }
    figures = task.evaluate(EvolvingModel(4, 2), VValue(tree))
    assert figures["held_out_loss"] < 1e-25
    assert figures["held_out_r2"] == pytest.approx(1.0)
    assert figures["expected_loss"] < 1e-25


def test_noise_is_on_training_targets_only():
    clean = small_experiment(np.random.default_rng(0), samples=50)
    noisy = small_experiment(np.random.default_rng(0), samples=50, noise=0.5)
    assert np.array_equal(clean.held_out_targets, noisy.held_out_targets)
    assert 0.2 < np.std(noisy.targets - clean.targets) < 0.8


def test_r_squared():
    y = np.array([[1.0], [2.0], [3.0]])
    assert r_squared(y, y) == 1.0
    assert r_squared(y * 0 + 2.0, y) == 0.0
    assert r_squared(y * np.nan, y) == -np.inf


def test_a_table_of_ones_own_is_split():
    x = np.arange(20.0).reshape(10, 2)
    task = table_task(x, x[:, 0], np.random.default_rng(0), input_names=("a", "b"), held_out=0.3)
    assert (len(task.inputs), len(task.held_out_inputs)) == (7, 3)
    rows = np.concatenate([task.inputs, task.held_out_inputs])
    assert np.array_equal(np.sort(rows, axis=0), x)
    (fit, _), (aside, _) = task.split(np.random.default_rng(1))
    assert (len(fit), len(aside)) == (5, 2)
    assert task.loss(task.targets + 2.0, task.targets) == 4.0


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0], [np.nan]], [1.0, 2.0], "table: inputs: row 1, column x0 is nan"),
        ([[1.0], [2.0]], [1.0, np.inf], "table: targets: row 1, column y0 is inf"),
        ([[1.0], [2.0]], [1.0], "2 rows of inputs and 1 of targets"),
        ([[1.0]], [1.0], "need 2 or more"),
    ],
)
def test_a_bad_table_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        table_task(x, y, np.random.default_rng(0))
