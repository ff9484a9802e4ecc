"""Levenberg-Marquardt and compensated removals, on machines whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from dmm import text_streams
from dmm.zoo import duplicate_detector
from synthesis.optimize.least_squares import compensated_removals, levenberg_marquardt
from synthesis.optimize.objective import MachineObjective
from synthesis.process.models import MachineModel
from vvalues import from_buffer


@pytest.fixture(scope="module")
def objective():
    detector = duplicate_detector()
    streams = text_streams(["aabb.", "abab.b", "..a.a"], 60)
    model = MachineModel(detector)
    return MachineObjective(model, streams, model(detector.trainable, streams))


def perturbed(scale, seed=0):
    parameters = duplicate_detector().trainable
    noise = scale * np.random.default_rng(seed).standard_normal(parameters.size)
    return from_buffer(parameters.support, parameters.buffer * (1.0 + noise))


def test_the_detector_is_recovered_to_rounding(objective):
    fit = levenberg_marquardt(
        objective, perturbed(0.2), iterations=100, patience=30, tolerance=1e-9
    )
    assert fit.loss < 1e-20


def test_residuals_and_gradient_describe_the_same_loss(objective):
    parameters = perturbed(0.1)
    r, jacobian = objective.residuals(parameters)
    loss, gradient = objective.gradient(parameters)
    assert loss == pytest.approx(r @ r, rel=1e-12)
    assert loss == pytest.approx(objective.loss(parameters), rel=1e-12)
    np.testing.assert_allclose(2.0 * jacobian @ r, gradient.buffer, rtol=1e-9, atol=1e-9)


def test_an_empty_machine_is_left_alone(objective):
    nothing = duplicate_detector().trainable.support.where(np.zeros(8, dtype=bool))
    empty = from_buffer(nothing, np.zeros(0))
    fit = levenberg_marquardt(objective, empty)
    assert fit.iterations == 0
    assert fit.loss > 1.0


def test_no_link_of_the_detector_can_be_removed(objective):
    losses, candidates = compensated_removals(objective, duplicate_detector().trainable)
    assert losses.min() > 1.0
    assert np.all(np.diag(candidates) == 0.0)


def test_a_superfluous_link_is_found_free_of_charge():
    detector = duplicate_detector()
    # A second norm -> compare link on the other side: a copy of a relation, weight tiny.
    doubled = detector.trainable.at(("compare", "dict-2", "norm", "norm")).set(1e-9)
    model = MachineModel(detector.with_trainable(doubled))
    streams = text_streams(["aabb.", "abab.b"], 60)
    objective = MachineObjective(model, streams, model(detector.trainable, streams))
    losses, _ = compensated_removals(objective, doubled)
    assert doubled.support.paths[int(np.argmin(losses))] == ("compare", "dict-2", "norm", "norm")
