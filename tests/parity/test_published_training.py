"""The published training run, followed step by step - and what its gradient had lost.

The 2022 run's gradient lost the path through the accumulators' own state (Zygote does not find the
gradient of a deep-copied dictionary again). With that path stopped we follow its log; with the
exact gradient, the second entry already differs.

Source of the losses: github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3`` (README).
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from dmm import load_machine, text_streams
from synthesis.optimize.objective import MachineObjective
from synthesis.optimize.optimizers import adam, chain, l1
from synthesis.process.models import MachineModel
from synthesis.tasks import get_task

ACCUMULATORS = (("accum", "dict-1"),)
RATE, L1 = 0.001, 0.001


def task_losses(machine, steps, stopped=()):
    """Losses before each update of Adam, as the log has them."""
    streams = text_streams("test string.", 140)
    model = MachineModel(machine, stopped=stopped)
    targets = get_task("duplicate-detector").specification(streams)
    objective = MachineObjective(model, streams, targets)
    optimizer = chain(l1(L1), adam(RATE))
    parameters = machine.trainable
    state = optimizer.init(parameters)
    losses = []
    for _ in range(steps):
        loss, gradient = objective.gradient(parameters)
        losses.append(loss)
        step, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + step
    return np.array(losses)


@pytest.fixture(scope="module")
def initial(julia_data):
    return load_machine(julia_data / "feedforward-initial-matrix.json")


def test_with_the_accumulators_path_stopped_the_log_is_followed(initial, julia_data):
    with open(julia_data / "feedforward-run-3-losses.csv", newline="") as file:
        published = [float(row["task_loss"]) for row in csv.DictReader(file)][:100]
    ours = task_losses(initial, 100, ACCUMULATORS)
    np.testing.assert_allclose(ours, published, rtol=1e-4)


def test_the_exact_gradient_leaves_the_log_at_the_second_step(initial):
    ours = task_losses(initial, 5)
    np.testing.assert_allclose(
        ours, [434.98634, 414.36189, 391.8654, 365.87423, 335.258266], rtol=2e-7
    )


def test_the_log_is_not_reached_by_any_other_single_cut(initial):
    second_entry = 417.8722
    for cut in (("accum", "dict-2"), ("norm", "dict"), ("dot", "dict-1"), ("dot", "dict-2")):
        assert abs(task_losses(initial, 2, (cut,))[1] - second_entry) > 0.1
    for cut in (("compare", "dict-1"), ("compare", "dict-2")):
        assert abs(task_losses(initial, 2, (cut,))[1] - second_entry) > 0.1
    assert task_losses(initial, 2, ACCUMULATORS)[1] == pytest.approx(second_entry, rel=1e-6)
