"""Levenberg-Marquardt and compensated removals, on machines whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import text_streams
from dmm.zoo import duplicate_detector
from synthesis.optimize.least_squares import (
    LARGEST_STEP,
    SMOOTHING,
    _solve,
    compensated_removals,
    levenberg_marquardt,
)
from synthesis.optimize.objective import MachineObjective
from synthesis.process.models import MachineModel
from vvalues import VValue, from_buffer


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


# -------------------- sums of squares whose solution is known --------------------


class Linear:
    """Residuals ``A w - b``; keeps the weights at which it was asked."""

    def __init__(self, matrix, answers):
        self.matrix, self.answers = matrix, answers
        self.accepted, self.tried = [], []

    @classmethod
    def drawn(cls, seed, n_residuals=9, n_weights=4):
        rng = np.random.default_rng(seed)
        return cls(rng.standard_normal((n_residuals, n_weights)), rng.standard_normal(n_residuals))

    def residuals(self, parameters):
        self.accepted.append(parameters.buffer)
        return self.matrix @ parameters.buffer - self.answers, self.matrix.T

    def losses(self, support, buffers):
        self.tried += list(buffers)
        return np.sum((buffers @ self.matrix.T - self.answers) ** 2, axis=1)

    def loss_at(self, weights):
        return self.losses(None, weights[None])[0]

    @property
    def solution(self):
        return np.linalg.lstsq(self.matrix, self.answers, rcond=None)[0]

    def without(self, q):
        """Least loss with one weight zero."""
        rest = Linear(np.delete(self.matrix, q, axis=1), self.answers)
        return rest.loss_at(rest.solution)


def tree(weights):
    return VValue({"w": np.array(weights, dtype=float)})


@given(st.integers(0, 2**32 - 1))
def test_a_linear_problem_is_solved(seed):
    problem = Linear.drawn(seed)
    fit = levenberg_marquardt(problem, tree(np.zeros(4)), tolerance=1e-14)
    assert fit.parameters["w"] == pytest.approx(problem.solution, abs=1e-6)
    assert fit.loss == pytest.approx(problem.loss_at(problem.solution), rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.3, 2.0]))
def test_with_a_penalty_it_ends_where_both_slopes_cancel(seed, l1):
    problem = Linear.drawn(seed)
    fit = levenberg_marquardt(
        problem, tree(np.ones(4)), l1=l1, iterations=2000, patience=20, tolerance=1e-15
    )
    w = fit.parameters["w"]
    slope = 2.0 * problem.matrix.T @ (problem.matrix @ w - problem.answers)
    assert slope == pytest.approx(-l1 * w / np.sqrt(w * w + SMOOTHING), abs=1e-4 * (1.0 + l1))
    assert fit.loss == pytest.approx(problem.loss_at(w), rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_the_penalty_is_nearly_the_sum_of_magnitudes(seed):
    """Where residuals do not share weights, each weight shrinks by half the penalty, or to zero."""
    aims = np.random.default_rng(seed).uniform(-2.0, 2.0, 5)
    fit = levenberg_marquardt(
        Linear(np.eye(5), aims), tree(np.ones(5)), l1=1.0, iterations=500, tolerance=1e-12
    )
    shrunk = np.sign(aims) * np.maximum(np.abs(aims) - 0.5, 0.0)
    assert fit.parameters["w"] == pytest.approx(shrunk, abs=0.1)


def test_steps_are_bounded_and_counted():
    problem = Linear(np.eye(3), np.array([40.0, -20.0, 0.1]))
    fit = levenberg_marquardt(problem, tree(np.zeros(3)), iterations=7)
    moves = np.abs(np.diff(problem.accepted, axis=0))
    assert fit.iterations == len(moves) == 7
    assert moves.max(axis=1) == pytest.approx(np.full(7, LARGEST_STEP))
    assert fit.parameters["w"] == pytest.approx(problem.accepted[-1])


@pytest.mark.parametrize("patience", [1, 3])
def test_it_stops_where_little_is_gained(patience):
    problem = Linear(np.eye(2), np.array([40.0, 1.0]))
    far = levenberg_marquardt(problem, tree(np.zeros(2)), patience=patience, tolerance=1e-3)
    assert far.iterations == 60  # every step gains
    lazy = levenberg_marquardt(problem, tree(np.zeros(2)), patience=patience, tolerance=2.0)
    assert lazy.iterations == patience  # no step gains so much


def test_only_idle_steps_that_follow_each_other_count():
    """The loss of many residuals that are small beside one that no step can change."""
    problem = Linear.drawn(3)
    fit = levenberg_marquardt(problem, tree(problem.solution + 3.0), patience=2, tolerance=1e-3)
    losses = np.array([problem.loss_at(w) for w in problem.accepted])
    is_idle = -np.diff(losses) / losses[:-1] < 1e-3
    assert is_idle[-2:].all() and not np.any(is_idle[:-2] & is_idle[1:-1])
    assert fit.iterations == len(is_idle) < 60


def test_what_is_gained_is_measured_by_the_loss():
    problem = Linear.drawn(5)
    small = Linear(problem.matrix / 512.0, problem.answers / 512.0)
    start = tree(problem.solution + 2.0)
    whole, part = (
        levenberg_marquardt(each, start, patience=1, tolerance=1e-3) for each in (problem, small)
    )
    assert whole.iterations == part.iterations > 2


def test_at_the_solution_nothing_is_taken():
    problem = Linear(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))
    fit = levenberg_marquardt(problem, tree([2.0]))
    assert len(problem.accepted) == 1 and fit.parameters["w"].tolist() == [2.0]
    assert levenberg_marquardt(problem, tree([0.0]), iterations=0).iterations == 0


def test_it_stops_at_the_target():
    problem = Linear(np.eye(2), np.array([4.0, 1.0]))
    fit = levenberg_marquardt(problem, tree(np.zeros(2)), target=3.0)
    losses = [problem.loss_at(w) for w in problem.accepted]
    assert fit.loss == losses[-1] <= 3.0 < losses[-2]


def test_where_nothing_is_better_smaller_steps_are_tried_and_none_is_taken():
    class Uphill(Linear):
        def losses(self, support, buffers):
            return super().losses(support, buffers) + 100.0

    problem, start = Uphill(np.eye(2), np.ones(2)), np.array([0.9, 1.2])
    fit = levenberg_marquardt(problem, tree(start), tries=5)
    sizes = np.linalg.norm(np.array(problem.tried) - start, axis=1)
    assert len(sizes) == 5 and np.all(np.diff(sizes) < 0.0)
    assert fit.parameters["w"].tolist() == start.tolist()


def test_a_step_that_many_share_is_the_smallest_one():
    both = np.ones((2, 2))
    step = _solve(both, np.zeros(2), np.array([0.2, 0.2]))
    assert step == pytest.approx([-0.1, -0.1], abs=1e-6)
    assert _solve(np.eye(2), np.ones(2), np.array([0.2, -0.4])) == pytest.approx([-0.1, 0.2])


@given(st.integers(0, 2**32 - 1))
def test_what_is_left_of_a_linear_problem_is_solved_without_each_weight(seed):
    problem = Linear.drawn(seed)
    w = problem.solution
    losses, candidates = compensated_removals(problem, tree(w))
    for q, candidate in enumerate(candidates):
        plain = np.where(np.arange(4) == q, 0.0, w)
        assert candidate[q] == 0.0
        assert losses[q] == pytest.approx(problem.loss_at(candidate), rel=1e-12)
        assert losses[q] <= problem.loss_at(plain)
        if np.abs(w).max() < 1.0:
            assert losses[q] == pytest.approx(problem.without(q), rel=1e-4)


def test_a_large_weight_takes_no_other_along():
    mixed = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0], [1.0, 1.0, 1.0]])
    weights = np.array([5.0, 0.5, -0.4])
    problem = Linear(mixed, mixed @ weights)
    losses, candidates = compensated_removals(problem, tree(weights))
    assert candidates[0].tolist() == [0.0, 0.5, -0.4]
    assert np.all(candidates[1, [0, 2]] != weights[[0, 2]])
    assert losses[1] == pytest.approx(problem.without(1), rel=1e-4)
