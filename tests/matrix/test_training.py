"""Derivatives, evolution, files, and learning, on every architecture."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd import grad, make_jvp

from synthesis.optimize import EvolutionStrategy, adam
from synthesis.optimize.least_squares import levenberg_marquardt
from synthesis.optimize.objective import ModelObjective
from synthesis.process.linearization import TracedLinearization, linearize
from synthesis.weight_space import learn
from tests.matrix.cells import works_on_all
from vvalues import from_buffer, inner, load, restrict, save


def objective(case):
    task = case.task
    return ModelObjective(case.model, task, *task.batch(None))


def direction(case, rng):
    return from_buffer(
        case.parameters.support, rng.standard_normal(case.parameters.size) * case.is_trained
    )


@works_on_all("gradient, order 2")
def test_gradients_are_those_of_finite_differences_to_order_2(case):
    rng, step = np.random.default_rng(1), 1e-5
    at, along = case.parameters, direction(case, np.random.default_rng(0))
    weights = rng.standard_normal(np.shape(case.model(at, case.inputs)))

    def loss(parameters):
        return anp.sum(weights * anp.tanh(case.model(parameters, case.inputs)))

    gradient = grad(loss)
    slope = inner(gradient(at), along)
    ahead, behind = (at + sign * step * along for sign in (1, -1))
    np.testing.assert_allclose(slope, (loss(ahead) - loss(behind)) / (2 * step), rtol=1e-5)
    np.testing.assert_allclose(make_jvp(loss)(at)(along)[1], slope, rtol=1e-9)
    curved = restrict(grad(lambda p: inner(gradient(p), along))(at), at.support).buffer
    differences = (gradient(ahead) - gradient(behind)) / (2 * step)
    expected = restrict(differences, at.support).buffer
    np.testing.assert_allclose(curved, expected, atol=2e-5 * (1.0 + np.abs(expected).max()))


@works_on_all("gradient, order 2")
def test_linearize_means_values_and_jacobian_products(case):
    rng, at = np.random.default_rng(2), case.parameters
    here, plain = (make(case.model, at, case.inputs) for make in (linearize, TracedLinearization))
    along = from_buffer(at.support, rng.standard_normal(at.size))
    np.testing.assert_allclose(here.values, plain.values, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(here.push(along), plain.push(along), rtol=1e-9, atol=1e-10)
    rows = here.rows()
    assert rows.shape == (here.values.size, at.size)
    np.testing.assert_allclose(rows @ along.buffer, here.push(along).ravel(), atol=1e-9)
    cotangent = rng.standard_normal(here.values.shape)
    np.testing.assert_allclose(here.pull(cotangent).buffer, rows.T @ cotangent.ravel(), atol=1e-9)


@works_on_all("evolution strategies", thorough=("manifold, link weights", "manifold over time"))
def test_an_evolution_strategy_goes_down(case):
    judged, rng = objective(case), np.random.default_rng(3)
    source, at, losses = EvolutionStrategy(pairs=25, scale=0.02), case.moved, []
    if "scores" in str(case.parameters.support.paths[0]):
        source = EvolutionStrategy(pairs=25, scale=0.5, use_ranks=True)
    for _ in range(8):
        loss, gradient = source(judged, at, rng)
        losses.append(loss)
        step = 0.15 if source.use_ranks else 0.02 * np.sqrt(at.size) / 6
        at = at - gradient * (step / max(np.linalg.norm(gradient.buffer), 1e-12))
    assert min(losses) < 0.9 * losses[0]


@works_on_all("save and load")
def test_files_keep_every_bit(case, folder):
    for name in ("network.npz", "network.json"):
        save(case.moved, folder / name)
        again = load(folder / name)
        assert again.support is case.moved.support
        np.testing.assert_array_equal(again.buffer, case.moved.buffer)
    np.testing.assert_array_equal(
        case.model(again, case.inputs), case.model(case.moved, case.inputs)
    )


@works_on_all("learn", thorough=("manifold over time",))
def test_learning_reaches_what_it_imitates(case):
    before = case.task.evaluate(case.model, case.moved)["loss"]
    learned = learn(case.model, case.task, case.moved, adam(0.01), 40, np.random.default_rng(4))
    assert case.task.evaluate(case.model, learned)["loss"] < 0.3 * before


@works_on_all(
    "least squares", thorough=("elastic network", "modulated network", "manifold over time")
)
def test_least_squares_find_what_is_imitated(case):
    judged = objective(case)
    before, gradient = judged.gradient(case.moved)
    r, jacobian = judged.residuals(case.moved)
    np.testing.assert_allclose(r @ r, before, rtol=1e-10)
    np.testing.assert_allclose(
        2.0 * jacobian @ r, restrict(gradient, case.moved.support).buffer, atol=1e-9
    )
    fit = levenberg_marquardt(judged, case.moved, iterations=20, target=0.02 * before)
    assert fit.loss <= 0.02 * before
