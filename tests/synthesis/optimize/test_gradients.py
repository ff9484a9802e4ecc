"""Gradient sources against each other, and a neuron that nothing can differentiate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import vvalues as vv
from dmm import text_streams
from dmm.neurons import neuron_type, number
from dmm.zoo import duplicate_detector
from synthesis.loop import Settings, prepare, search_events
from synthesis.optimize.gradients import (
    EvolutionStrategy,
    ExactGradient,
    FiniteDifferences,
    SourcedObjective,
    StoppedPath,
    descend,
)
from synthesis.optimize.least_squares import levenberg_marquardt
from synthesis.optimize.objective import BlackBoxObjective, MachineObjective, ModelObjective
from synthesis.optimize.optimizers import adam, sgd
from synthesis.process.models import MachineModel
from synthesis.tasks import get_task
from vvalues import VValue, from_buffer

STOPPED = (("accum", "dict-1"),)


@neuron_type("closed_compare", reads=["dict-1", "dict-2"], writes=["true/:number"])
def closed_compare(inputs):
    """A comparison that is known by its outputs alone: plain Python, no kernel, no trace."""
    return {"true": max(0.0, float(number(inputs, "dict-1")) - float(number(inputs, "dict-2")))}


def noisy(parameters, scale=0.1, seed=0):
    noise = scale * np.random.default_rng(seed).standard_normal(parameters.size)
    return from_buffer(parameters.support, parameters.buffer + noise)


def squared_error(machine, objective=MachineObjective, stopped=(), texts=("aabb.", "abab.")):
    streams = text_streams(list(texts), 40)
    targets = get_task("duplicate-detector").specification(streams)
    return objective(MachineModel(machine, stopped=stopped), streams, targets)


@pytest.fixture(scope="module")
def detector():
    return duplicate_detector()


@pytest.fixture(scope="module")
def objective(detector):
    return squared_error(detector)


@pytest.fixture(scope="module")
def start(detector):
    return noisy(detector.trainable)


def cosine(a, b):
    return vv.inner(a, b) / (vv.l2_norm(a) * vv.l2_norm(b))


# -------------------- the sources agree where they should --------------------


def test_finite_differences_confirm_the_exact_gradient(objective, start):
    loss, exact = ExactGradient()(objective, start)
    same, differences = FiniteDifferences()(objective, start)
    assert loss == pytest.approx(same, rel=1e-12)
    np.testing.assert_allclose(differences.buffer, exact.buffer, rtol=1e-7, atol=1e-6)


def test_finite_differences_work_in_pieces(objective, start, monkeypatch):
    _, whole = FiniteDifferences()(objective, start)
    monkeypatch.setattr("synthesis.optimize.gradients.ROWS", 6)
    _, pieces = FiniteDifferences()(objective, start)
    np.testing.assert_allclose(pieces.buffer, whole.buffer, rtol=1e-9)


def test_a_stopped_path_is_that_of_a_model_compiled_with_the_stop(detector, objective, start):
    loss, gradient = StoppedPath(STOPPED)(objective, start)
    expected_loss, expected = squared_error(detector, stopped=STOPPED).gradient(start)
    _, exact = objective.gradient(start)
    assert loss == expected_loss
    assert gradient.buffer.tobytes() == expected.buffer.tobytes()
    assert cosine(gradient, exact) < 0.99


def test_a_path_cannot_be_stopped_in_a_model_without_neurons():
    with pytest.raises(TypeError, match="ModelObjective has no neuron inputs"):
        StoppedPath()(ModelObjective(None, None, None, None), VValue({"a": 1.0}))


@pytest.mark.parametrize("use_ranks", [False, True])
def test_an_evolution_strategy_points_along_the_exact_gradient(objective, start, use_ranks):
    source = EvolutionStrategy(pairs=400, scale=0.002, use_ranks=use_ranks)
    loss, estimate = source(objective, start, np.random.default_rng(0))
    exact_loss, exact = objective.gradient(start)
    assert loss == pytest.approx(exact_loss, rel=1e-12)
    assert cosine(estimate, exact) > 0.97


def test_the_estimate_has_no_bias_and_the_size_of_the_gradient(objective, start):
    source = EvolutionStrategy(pairs=2000, scale=0.002)
    _, estimate = source(objective, start, np.random.default_rng(1))
    _, exact = objective.gradient(start)
    assert vv.l2_norm(estimate - exact) < 0.12 * vv.l2_norm(exact)


def test_more_directions_come_closer(objective, start):
    _, exact = objective.gradient(start)

    def mean_cosine(pairs):
        rng = np.random.default_rng(2)
        source = EvolutionStrategy(pairs=pairs, scale=0.002)
        return np.mean([cosine(source(objective, start, rng)[1], exact) for _ in range(30)])

    few, more = mean_cosine(2), mean_cosine(32)
    # sqrt(pairs / (pairs + weights)): 0.45 and 0.89 for the detector's 8 weights.
    assert 0.25 < few < 0.65
    assert 0.80 < more < 0.96


def test_directions_are_those_of_the_generator(objective, start):
    source = EvolutionStrategy(pairs=4)
    one, same, other = (source(objective, start, np.random.default_rng(s))[1] for s in (3, 3, 4))
    assert one == same
    assert one != other


def test_ranks_do_not_mind_the_scale_of_the_losses(objective, start):
    scaled = MachineObjective(objective.model, objective.inputs, objective.targets, weights=1e6)
    source = EvolutionStrategy(pairs=8, use_ranks=True)
    one, same = (source(o, start, np.random.default_rng(0))[1] for o in (objective, scaled))
    assert one == same


class Cliff:
    """Loss ``a`` up to a cliff at 1.05, beyond which it is infinite."""

    def loss(self, parameters):
        return float(self.losses(None, parameters.buffer[None])[0])

    def losses(self, support, weights):
        return np.where(weights[:, 0] > 1.05, np.inf, weights[:, 0])


def test_pairs_that_diverge_are_left_out():
    start = VValue({"a": 1.0})
    _, gradient = EvolutionStrategy(pairs=200, scale=0.1)(Cliff(), start, np.random.default_rng(0))
    assert np.isfinite(gradient.buffer).all()
    assert gradient["a"] > 0
    # Directions with |0.1 e| < 0.05 are left: the mean of e^2 over them is 0.080.
    assert gradient["a"] == pytest.approx(0.080, abs=0.02)


def test_without_any_finite_pair_the_gradient_is_zero():
    _, gradient = EvolutionStrategy(pairs=3)(Cliff(), VValue({"a": 9.0}), np.random.default_rng(0))
    assert gradient["a"] == 0.0


@pytest.mark.parametrize(("name", "value"), [("pairs", 0), ("scale", 0.0)])
def test_impossible_strategies_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        EvolutionStrategy(**{name: value})


def test_a_missing_generator_is_named(objective, start):
    with pytest.raises(ValueError, match="rng is missing"):
        EvolutionStrategy()(objective, start)


def test_evaluations_are_those_that_happen(objective, start, monkeypatch):
    runs = []
    losses = objective.losses
    monkeypatch.setattr(objective, "losses", lambda s, w: (runs.append(len(w)), losses(s, w))[1])
    for source in (EvolutionStrategy(pairs=5), FiniteDifferences()):
        runs.clear()
        source(objective, start, np.random.default_rng(0))
        assert sum(runs) == source.evaluations(start.size)


# -------------------- in a training loop --------------------


def test_descending_gives_losses_before_each_update(objective, start):
    steps = descend(objective, start, sgd(1e-6))
    first, second = next(steps), next(steps)
    assert first.parameters is start
    assert first.loss == objective.loss(start)
    _, gradient = objective.gradient(start)
    assert second.parameters == start + -1e-6 * gradient


def test_an_objective_with_a_source_repeats_itself_at_the_same_parameters(objective, start):
    sourced = SourcedObjective(objective, EvolutionStrategy(pairs=4), seed=1)
    assert sourced.gradient(start)[1] == sourced.gradient(start)[1]
    other = SourcedObjective(objective, EvolutionStrategy(pairs=4), seed=2)
    assert other.gradient(start)[1] != sourced.gradient(start)[1]
    assert sourced.loss(start) == objective.loss(start)
    np.testing.assert_array_equal(sourced.residuals(start)[0], objective.residuals(start)[0])
    assert sourced.living(start.support) is objective.living(start.support)


def test_the_unattended_loop_trains_with_any_source():
    settings = Settings.of(dense={"steps": 20, "unit": 10})
    loop, state = prepare(get_task("duplicate-detector"), 0, settings)
    strategy = EvolutionStrategy(pairs=2, scale=0.005, use_ranks=True)
    objective = SourcedObjective(loop.search.objective, strategy)
    loop = replace(loop, search=replace(loop.search, objective=objective))

    def units(count, state):
        events = search_events(loop, state)
        return [event.state for _, event in zip(range(count), events, strict=False)]

    first, second = units(2, state)
    assert second.loss < first.loss < state.loss
    # Going on from a state repeats the random directions.
    assert units(1, first)[0].parameters == second.parameters


# -------------------- a neuron that nothing can differentiate --------------------


@pytest.fixture(scope="module")
def closed_machine(detector):
    neurons = {**detector.neurons, "compare": "closed_compare"}
    return replace(detector, neurons=neurons)


@pytest.fixture(scope="module")
def closed(closed_machine):
    with pytest.warns(UserWarning, match="reference engine"):
        objective = squared_error(closed_machine, BlackBoxObjective, texts=["aab."])
        objective.loss(closed_machine.trainable)
    return objective


def test_a_closed_neuron_has_the_losses_of_an_open_one(closed, detector, start):
    open_one = squared_error(detector, texts=["aab."])
    assert closed.loss(start) == pytest.approx(open_one.loss(start), rel=1e-12)
    rows = np.stack([start.buffer, np.full(8, np.inf)])
    assert math.isinf(closed.losses(start.support, rows)[1])
    _, gradient = closed.gradient(start)
    _, exact = open_one.gradient(start)
    np.testing.assert_allclose(gradient.buffer, exact.buffer, rtol=1e-6, atol=1e-6)


@pytest.mark.thorough
def test_a_closed_neuron_is_trained_by_an_evolution_strategy(closed, detector):
    source = EvolutionStrategy(pairs=3, scale=0.01)
    start = noisy(detector.trainable, 0.2)
    steps = descend(closed, start, adam(0.03), source, np.random.default_rng(0))
    losses = [step.loss for _, step in zip(range(25), steps, strict=False)]
    assert losses[0] > 1.0
    assert min(losses[-5:]) < 0.1 * losses[0]


@pytest.mark.thorough
def test_a_closed_neuron_is_fitted_by_least_squares(closed, start):
    fit = levenberg_marquardt(closed, start, iterations=30, patience=10)
    assert fit.loss < 1e-12
