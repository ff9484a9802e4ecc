"""Features and sums: numbers, neurons and free runs have to agree; fits have to be the best."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import compile_machine
from synthesis.fit.data import SOURCE
from synthesis.forecast.sums import (
    FAMILIES,
    Below,
    Change,
    Given,
    Hinge,
    Lagged,
    Leaky,
    Product,
    Rows,
    Step,
    Sum,
    Values,
    candidates,
    depth,
    fitted,
    grown,
    grown_from,
    kind_of,
    season_of,
    streams_of,
    weights_of,
)
from synthesis.forecast.sums.growing import parent
from synthesis.forecast.sums.resampling import resampled
from synthesis.forecast.ways import FreeRun, Tried, compared
from synthesis.likelihoods import Bernoulli, Categorical, Gaussian, Poisson
from tests.synthesis.forecast.machines import assert_the_machine_says_it

X, U = Given("x"), Given("u")


@st.composite
def features(draw, levels=2):
    if levels == 0:
        return draw(st.sampled_from([X, U]))
    part = features(levels=levels - 1)
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return Lagged(draw(part), draw(st.integers(1, 4)))
    if kind == 1:
        return Leaky(draw(part), draw(st.sampled_from([0.5, 0.9])))
    if kind == 2:
        return Hinge(draw(part), draw(st.sampled_from([-0.3, 0.4])))
    if kind == 3:
        return Step(draw(part), draw(st.sampled_from([-0.31, 0.42])))
    if kind == 4:
        return Below(draw(part), draw(st.sampled_from([-0.31, 0.42])))
    if kind == 5:
        return Product(draw(part), draw(part))
    return draw(part)


def _data(seed, samples=30):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal((1, samples)) for name in ("x", "u")}


@given(st.lists(features(), min_size=1, max_size=3), st.integers(0, 1000))
def test_the_machine_says_what_the_sum_says(chosen, seed):
    weights = np.random.default_rng(seed).standard_normal((1, 1 + len(chosen)))
    assert_the_machine_says_it(Sum(tuple(chosen), weights, 0.0), _data(seed))


@given(st.lists(features(), min_size=1, max_size=3), st.integers(0, 1000), st.integers(8, 20))
def test_a_run_pushed_on_by_the_data_has_the_values_of_the_data(chosen, seed, known):
    data = _data(seed)
    run = FreeRun(chosen)
    run.begin(data, 0, known, paths=2)
    for t in range(known, 30):
        run.push({name: np.full(2, x[0, t]) for name, x in data.items()})
    values = Values(data)
    wanted = [1.0, *(values[feature][0, -1] for feature in chosen)]
    np.testing.assert_allclose(run.matrix(), np.repeat(np.array(wanted)[:, None], 2, 1), atol=1e-9)


def test_depth_and_kinds():
    feature = Product(Step(Lagged(X, 2), 0.5), Lagged(Leaky(U, 0.9), 3))
    assert depth(feature) == 3
    assert kind_of(feature) == "[x[t-2] > ...] leaky(u, 0.9)[t-3]"
    assert kind_of(Hinge(X, 1.0)) == kind_of(Hinge(X, 2.0))


def _rows(data, target, horizon=1, lags=5):
    samples = np.arange(lags - 1, target.shape[1] - horizon)
    return Rows(Values(data), target, (np.zeros(len(samples), int), samples), horizon)


def test_gaussian_weights_are_those_of_least_squares():
    data = _data(0, 80)
    rows = _rows(data, data["x"])
    found = fitted(rows, [X, Lagged(U, 2)], Gaussian())
    wanted = np.linalg.lstsq(rows.matrix([X, Lagged(U, 2)]).T, rows.target, rcond=None)[0]
    np.testing.assert_allclose(found.weights[0], wanted, rtol=1e-7)


@pytest.mark.parametrize(
    "likelihood", [Poisson(), Bernoulli(), Categorical()], ids=lambda one: one.name
)
def test_at_the_most_likely_weights_the_loss_has_no_slope(likelihood):
    rng = np.random.default_rng(1)
    data = {"x": rng.integers(0, 3, (1, 300)).astype(float), "u": rng.standard_normal((1, 300))}
    data["x"] = np.minimum(data["x"], 1.0) if likelihood.name == "bernoulli" else data["x"]
    rows = _rows(data, data["x"])
    outputs = likelihood.outputs(data["x"][0])
    found = fitted(rows, [X, U], likelihood, outputs)
    residual, sure = likelihood.working(found.predictor(rows), rows.target)
    np.testing.assert_allclose((residual * sure) @ rows.matrix([X, U]).T, 0.0, atol=2e-3)


def test_growth_finds_what_made_the_data_and_keeps_parents():
    rng = np.random.default_rng(0)
    x = np.zeros((1, 600))
    u = rng.standard_normal((1, 600))
    for t in range(1, 600):
        x[0, t] = 0.5 * x[0, t - 1] + 0.8 * max(u[0, t - 1] - 0.4, 0.0)
        x[0, t] += 0.01 * rng.standard_normal()
    rows = _rows({"x": x, "u": u}, x)
    (bends,) = (family for family in FAMILIES if family.name == "bends")
    offered = candidates(bends, rows, "x", ["x", "u"], 4)
    sums = grown(rows, offered, Gaussian(), 3)
    assert [len(one.features) for one in sums] == sorted({len(one.features) for one in sums})
    best = sums[-1]
    assert {kind_of(f) for f in best.features} == {"x", "u", "relu(u - ...)"}
    (hinge,) = (f for f in best.features if isinstance(f, Hinge))
    assert hinge.bound == pytest.approx(0.4, abs=0.1)
    for one in sums:
        assert all(parent(f) in (None, *one.features) for f in one.features)


@pytest.mark.parametrize("horizon", [1, 3])
def test_changes_are_added_to_a_sample_of_weight_one(horizon):
    data = _data(3, 90)
    rows = _rows(data, data["x"], horizon)
    for found in grown_from(rows, "x", ["u"], 1, 5, Gaussian(), 4):
        weights = dict(zip(found.features, found.weights[0, 1:], strict=True))
        of_own = [weight for feature, weight in weights.items() if streams_of(feature) == {"x"}]
        assert sum(of_own) == pytest.approx(1.0, abs=1e-12)
        left = found.predictor(rows) - rows.target
        assert np.mean(left**2) == pytest.approx(found.loss, rel=1e-9)


def test_what_is_not_fitted_is_known():
    data = _data(3, 90)
    rows = _rows(data, data["x"])
    found = grown_from(rows, "x", [], 1, 5, Gaussian(), 2)[-1]
    assert found.fitted == 3  # a constant and two changes
    by_term = {w.term: w for w in weights_of(rows, found, Gaussian(), 0.9)}
    reach = {term: w.high - w.value for term, w in by_term.items()}
    assert all(reach.values())
    still = grown_from(rows, "x", [], 1, 5, Gaussian(), 0)[0]
    (_, now) = weights_of(rows, still, Gaussian(), 0.9)
    assert (now.term, now.low, now.high) == ("x", 1.0, 1.0)


def test_a_level_that_wanders_is_smoothed():
    rng = np.random.default_rng(4)
    noise, rate = rng.standard_normal(800), 0.6
    series = np.cumsum(noise) - rate * np.r_[0.0, np.cumsum(noise[:-1])]
    rows = _rows({"x": series[None]}, series[None])
    found = grown_from(rows, "x", [], 1, 5, Gaussian(), 1, remembers=True)[-1]
    now, memory = found.features
    assert (now, memory.parts) == (X, (Change(X, Lagged(X, 1)),))
    assert memory.rate == pytest.approx(rate, abs=0.1)
    np.testing.assert_allclose(found.weights, [[0.0, 1.0, -rate]], atol=0.1)


def test_a_season_of_changes_begins_a_season_before_what_is_forecast():
    series = np.tile([1.0, 5.0, 2.0, 2.5], 15)[None] + 0.25 * (np.arange(60) // 4)
    places = (np.zeros(48, dtype=int), np.arange(8, 56))
    rows = Rows(Values({"x": series}), series, places, horizon=2)
    first = grown_from(rows, "x", [], 4, 6, Gaussian(), 2)[0]
    assert first.features == (Lagged(X, 2),)
    np.testing.assert_allclose(first.weights, [[0.25, 1.0]], atol=1e-9)
    assert grown_from(rows, "x", [], 9, 6, Gaussian(), 2) == []


def test_seasons():
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(120) * 2 * np.pi / 12) + 0.02 * np.arange(120)
    assert season_of(wave + 0.1 * rng.standard_normal(120), 30) == 12
    assert season_of(np.ones(50), 10) == 0


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        u = rng.standard_normal((1, 80))
        x = np.roll(0.7 * u, 1, axis=1) + 0.5 * rng.standard_normal((1, 80))
        rows = _rows({"x": x, "u": u}, x)
        weight = weights_of(rows, fitted(rows, [U], Gaussian()), Gaussian(), 0.9)[1]
        held.append(weight.low <= 0.7 <= weight.high)
    assert 0.83 <= np.mean(held) <= 0.96  # three standard errors about 0.9


def test_resamples_are_blocks_inside_strings():
    data = {"x": np.arange(40.0).reshape(2, 20)}
    string, sample = np.repeat([0, 1], 15), np.tile(np.arange(4, 19), 2)
    rows = Rows(Values(data), data["x"], (string, sample), 1)
    again = resampled(rows, np.random.default_rng(0))
    assert len(again) == len(rows)
    steps = np.diff(again.column(X))
    assert np.mean(steps == 1.0) > 0.7


def test_program_of_a_sum_compiles_with_every_output():
    one = Sum((X,), np.array([[0.5, 1.0], [0.0, -1.0]]), 0.0)
    machine, _ = one.circuit(("x",)).lowered()
    assert SOURCE + "x" in machine.neurons
    compile_machine(machine, [("output", "dict-1"), ("output", "dict-2")])


def test_the_same_forecast_is_neither_better_nor_worse():
    losses = np.random.default_rng(0).random(50)
    one, other = Tried("one", 3, losses), Tried("other", 3, losses * (1.0 + 1e-12))
    assert compared(one, other) == compared(other, one) == "about as good as"
    assert compared(one, Tried("worse", 3, losses * 1.5)) == "better than"
