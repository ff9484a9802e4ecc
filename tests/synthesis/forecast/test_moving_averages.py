"""Forecasts by their own errors: numbers, neurons, fits and intervals, where the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.panel import read_panel
from synthesis.forecast.sums import (
    Given,
    Innovation,
    Lagged,
    Rows,
    Sum,
    Values,
    depth,
    latest,
    moving_averages,
    weights_of,
)
from synthesis.forecast.sums.box_jenkins import EDGE, _pulled
from synthesis.forecast.ways import FreeRun, Search, tried_freely
from synthesis.likelihoods import Gaussian, Huber
from tests.synthesis.forecast.machines import assert_the_machine_says_it

Y = Given("y")
CORRECTED = [family for family in FAMILIES if family.has_errors]

numbers = st.floats(-0.6, 0.6).map(lambda x: round(x, 3) + 0.0007)  # none of them 0
few = st.lists(numbers, min_size=1, max_size=4).map(tuple)
none_or_few = st.lists(numbers, max_size=4).map(tuple)


def corrected(constant, samples, errors):
    """A forecast by samples and by its own errors."""
    error = Innovation(Y, constant, samples, errors)
    late = [Lagged(error, lag) if lag else error for lag in range(len(errors))]
    features = (*latest("y", len(samples)), *late)
    return Sum(features, np.array([[constant, *samples, *errors]]), 0.0)


def _rows(series, lags):
    samples = np.arange(lags - 1, len(series) - 1)
    places = np.zeros(len(samples), int), samples
    return Rows(Values({"y": series[None]}), series[None], places, horizon=1)


def airline(samples, season=4, near=-0.4, far=-0.6, seed=0):
    """Seasons that wander, as those of passengers do."""
    e = np.random.default_rng(seed).standard_normal(samples)
    y = np.zeros(samples)
    for t in range(season + 1, samples):
        y[t] = y[t - 1] + y[t - season] - y[t - season - 1] + e[t] + near * e[t - 1]
        y[t] += far * e[t - season] + near * far * e[t - season - 1]
    return 50.0 + y


def _fitted(series, changes_from, lags=6, season=0, likelihood=None, most=8):
    rows = _rows(series, lags)
    return rows, moving_averages(
        rows, "y", season, changes_from, lags, likelihood or Gaussian(), most
    )


# -------------------- errors as numbers, and as neurons --------------------


@given(numbers, none_or_few, few, st.integers(0, 1000))
def test_an_error_is_what_came_less_what_was_forecast(constant, samples, errors, seed):
    series = 3.0 + np.random.default_rng(seed).standard_normal(25)
    one = corrected(constant, samples, errors)
    rows = _rows(series, lags=1)
    error = rows.values[one.features[len(samples)]][0]
    begun = np.arange(25) >= max(len(samples), 1)
    assert not error[~begun].any()
    missed = rows.target - one.predictor(rows)[0]
    np.testing.assert_allclose(error[1:][begun[1:]], missed[begun[1:]], rtol=1e-9, atol=1e-9)


@given(numbers, none_or_few, few, st.integers(0, 1000))
def test_the_machine_says_what_the_sum_says(constant, samples, errors, seed):
    series = 3.0 + np.random.default_rng(seed).standard_normal((1, 25))
    assert_the_machine_says_it(corrected(constant, samples, errors), {"y": series})


@given(numbers, none_or_few, few, st.integers(0, 1000), st.integers(8, 20))
def test_a_run_pushed_on_by_the_data_makes_the_errors_of_the_data(c, samples, errors, seed, known):
    series = np.random.default_rng(seed).standard_normal((1, 30))
    one = corrected(c, samples, errors)
    run = FreeRun(one.features)
    run.begin({"y": series}, 0, known, paths=2)
    for t in range(known, 30):
        run.push({"y": np.full(2, series[0, t])})
    wanted = [1.0, *(Values({"y": series})[feature][0, -1] for feature in one.features)]
    np.testing.assert_allclose(run.matrix(), np.repeat(np.array(wanted)[:, None], 2, 1), atol=1e-9)


def test_what_runs_free_is_never_surprised():
    one = corrected(0.5, (0.6, 0.3), (-0.4,))
    plain = Sum(one.features[:2], one.weights[:, :3], 0.0)
    assert one.circuit(["y"], feeds_back="y").wires == plain.circuit(["y"], feeds_back="y").wires
    assert depth(Lagged(one.features[2], 3)) == 5


def test_a_forecast_by_errors_costs_a_neuron_for_itself_and_one_for_them():
    one = corrected(0.0, (1.0, 0.0, 0.0, 1.0, -1.0), (-0.4, 0.0, 0.0, -0.6, 0.24))
    circuit = one.circuit(["y"])
    # Three samples, three errors, what makes the error (when, what came, what was said), the sink.
    assert len(circuit.wires) == 3 + 3 + 3 + 1
    assert sorted(circuit.neurons.values()) == [
        "accum",
        "const_1",
        "multiplexer",
        "output",
        "stream",
    ]


# -------------------- fits --------------------


def test_the_errors_that_made_a_series_are_found():
    _, found = _fitted(airline(500), "latest and season", season=4)
    (best,) = (one for one in found if len(one.features) == 6)
    np.testing.assert_allclose(best.weights, [[0, 1, 1, -1, -0.4, -0.6, 0.24]], atol=0.06)
    error = best.features[3]
    assert best.features == (
        Y,
        Lagged(Y, 3),
        Lagged(Y, 4),
        error,
        Lagged(error, 3),
        Lagged(error, 4),
    )
    assert best.fitted == 2


@pytest.mark.parametrize(
    ("seed", "likelihood"), [(0, Gaussian()), (1, Gaussian()), (2, Huber(0.5))]
)
def test_no_other_numbers_leave_less(seed, likelihood):
    rng = np.random.default_rng(seed)
    sign = rng.choice([-1.0, 1.0])  # opposite ones cancel: nothing is to be found
    first, shock = sign * rng.uniform(0.3, 0.8, 2)
    e, y = rng.standard_normal(120), np.zeros(120)
    for t in range(1, 120):
        y[t] = first * y[t - 1] + e[t] + shock * e[t - 1]
    rows, found = _fitted(y, "", lags=3, likelihood=likelihood)
    (best,) = (one for one in found if len(one.features) == 2)

    order = best.features.index(next(f for f in best.features if isinstance(f, Innovation)))

    def left(numbers):
        one = corrected(numbers[0], tuple(numbers[1 : 1 + order]), tuple(numbers[1 + order :]))
        return float(likelihood.losses(one.predictor(rows), rows.target).mean())

    assert best.loss == pytest.approx(left(best.weights[0]))
    for start in ([0.0, -0.4, 0.0], [0.0, 0.4, 0.0]):
        least = minimize(left, start, method="Nelder-Mead", options={"maxfev": 150}).fun
        assert best.loss <= least * (1.0 + 1e-4)


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=2))
def test_what_would_not_fade_is_made_to(given_numbers):
    before = np.array(given_numbers)
    after = _pulled(before)
    roots = {name: np.abs(np.roots(np.r_[1.0, -n])) for name, n in (("b", before), ("a", after))}
    assert roots["a"].max(initial=0.0) <= EDGE * (1.0 + 1e-9)
    if roots["b"].max(initial=0.0) <= EDGE:
        np.testing.assert_array_equal(after, before)


def test_few_samples_have_few_numbers_and_none_has_no_season():
    _, found = _fitted(airline(10), "latest", lags=5)  # five of them are forecast
    assert [one.fitted for one in found] == [1, 2]
    assert _fitted(airline(60), "season", season=0)[1] == []


# -------------------- how sure --------------------


def test_the_interval_of_an_errors_weight_is_as_wide_as_theory_says():
    e = np.random.default_rng(3).standard_normal(2001)
    rows, found = _fitted(e[1:] - 0.6 * e[:-1], "", lags=2)
    (one,) = (one for one in found if one.fitted == 2)
    weight = weights_of(rows, one, Gaussian(), 0.9)[1]
    assert weight.term == "error"
    assert weight.low <= -0.6 <= weight.high
    half = 1.645 * np.sqrt((1.0 - 0.6**2) / len(rows))
    assert weight.high - weight.value == pytest.approx(half, rel=0.05)


def test_what_follows_from_others_is_as_sure_as_they_are():
    rows, found = _fitted(airline(400), "latest and season", season=4)
    one = next(one for one in found if len(one.features) == 6)
    by_term = {w.term: w for w in weights_of(rows, one, Gaussian(), 0.9)}
    assert all(by_term[term].low == by_term[term].high for term in ("1", "y", "y[t-3]", "y[t-4]"))
    near, far, both = (by_term[term] for term in ("error", "error[t-3]", "error[t-4]"))
    reach = [w.high - w.value for w in (near, far, both)]
    # A product moves with either factor; that these are correlated moves it little.
    wanted = np.hypot(reach[0] * far.value, reach[1] * near.value)
    assert reach[2] == pytest.approx(wanted, rel=0.3)


# -------------------- in a forecaster --------------------


def test_a_forecaster_tells_of_its_errors_and_stays_sound():
    family = [one for one in CORRECTED if one.changes_from == "latest and season"]
    y = airline(90)
    model = Forecaster(families=family, transform="none", lags=5).fit(y)
    error, forecast, answer = model.equations_.splitlines()
    assert error == "error = (y - forecast[t-1] if (t >= 5) else 0)"
    assert forecast.startswith("forecast = y + y[t-3] - y[t-4] - 0.")
    assert answer == "y[t+1] = forecast"
    assert model.is_stable_
    low, high = model.interval(y)
    assert np.mean((low <= y) & (y <= high)) > 0.7
    assert len(model.generator().matrix) > 0


@pytest.mark.parametrize("horizon", [2, 3])
def test_further_ahead_there_are_no_errors_yet(horizon):
    search = Search(read_panel(airline(60)), ["y"], horizon, 6, 8, Gaussian(), 4)
    assert list(search.tried(["none"], CORRECTED)) == []


def test_whole_runs_are_not_told_by_errors():
    search = Search(read_panel(airline(60)), ["y"], 1, 6, 8, Gaussian(), 4)
    assert list(tried_freely(search, CORRECTED)) == []
