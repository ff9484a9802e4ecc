"""Forecasts: right where the truth is known, never from the future, honest where there is none."""

import numpy as np
import pytest

from synthesis.fit import Fitted
from synthesis.fit.data import SOURCE, read_streams
from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.panel import read_panel
from synthesis.forecast.transforms import TRANSFORMS, transforms_for
from synthesis.forecast.ways import (
    Search,
    is_bounded,
)
from synthesis.forecast.ways.choice import parts
from synthesis.likelihoods import Gaussian
from synthesis.problems import Strings
from synthesis.verdicts.trial import Candidate, answers_of
from tests.marks import thorough

LAGS_ONLY = FAMILIES[:1]


def autoregression(seed, samples=300, weights=(1.2, -0.5), noise=1.0):
    rng = np.random.default_rng(seed)
    y = [0.0] * len(weights)
    for _ in range(samples):
        past = sum(w * y[-1 - k] for k, w in enumerate(weights))
        y.append(past + noise * rng.standard_normal())
    return np.array(y[len(weights) :])


@pytest.fixture(
    scope="module", params=[LAGS_ONLY, *thorough(FAMILIES)], ids=["lags only", "all families"]
)
def model(request):
    return Forecaster(families=request.param).fit(autoregression(0))


def test_an_autoregression_is_found_with_its_weights_in_their_intervals(model):
    assert [weight.term for weight in model.weights_] == ["1", "y", "y[t-1]"]
    truth = {"1": 0.0, "y": 1.2, "y[t-1]": -0.5}
    assert all(w.low - 0.1 <= truth[w.term] <= w.high + 0.1 for w in model.weights_)
    assert model.is_stable_
    assert "[t+1] = " in model.equations_


def test_a_forecast_never_looks_at_what_it_forecasts(model):
    y = autoregression(1, 100)
    told = model.predict(y)
    for cut in (40, 70):
        changed = y.copy()
        changed[cut:] = 1e3
        np.testing.assert_array_equal(model.predict(changed)[: cut + 1], told[: cut + 1])


def test_the_machine_forecasts_what_predict_tells(model):
    y = autoregression(2, 60)
    streams = read_streams({"y": y}).streams
    strings = Strings(streams, np.full((1, 60, 1), np.nan), np.array([60]))
    machine, pace = model.circuit_.lowered()
    answers = answers_of(Candidate(machine, pace), strings, 1)[0, :, 0]
    told = model.predict(y)
    np.testing.assert_allclose(told[model.lags_ :], answers[model.lags_ - 1 : -1], rtol=1e-9)


def test_a_run_without_noise_goes_on_as_the_equations_say(model):
    y = autoregression(3, 50)
    calm = model.forecast(5, series=y, draws=0).mean
    again = y
    for _ in range(5):
        again = np.append(again, model.predict(np.append(again, 0.0))[-1])
    np.testing.assert_allclose(calm, again[50:], rtol=1e-9)


def test_intervals_hold_new_samples_about_as_often_as_they_say(model):
    y = autoregression(4, 2000)
    low, high = model.interval(y)
    inside = (low <= y) & (y <= high)
    assert 0.85 <= inside[model.lags_ :].mean() <= 0.95
    ahead = [model.forecast(1, series=y[:n], draws=400) for n in range(100, 400, 5)]
    held = [f.low[0] <= y[n] <= f.high[0] for f, n in zip(ahead, range(100, 400, 5), strict=True)]
    assert np.mean(held) >= 0.75


@pytest.mark.thorough
def test_same_seed_same_result_to_the_bit(model):
    again = Forecaster(families=model.families).fit(autoregression(0))
    one, other = (m.forecast(4, draws=50) for m in (model, again))
    np.testing.assert_array_equal(one.low, other.low)
    assert str(model.report_) == str(again.report_)


def test_an_unstable_machine_is_found_out_and_said():
    y = 1.02 ** np.arange(80.0) + 0.01 * np.random.default_rng(0).standard_normal(80)
    model = Forecaster(transform="none", families=LAGS_ONLY).fit(y)
    assert model.is_stable_ is False
    assert "leaves the range of the data" in str(model.report_)


def test_noise_is_no_better_forecast_than_its_mean_and_the_report_says_so():
    y = np.random.default_rng(0).standard_normal(120)
    model = Forecaster(families=LAGS_ONLY).fit(y)
    assert len(model.weights_) == 1
    assert "about as good as" in model.report_.sentence


@pytest.mark.thorough
def test_something_is_seldom_found_in_noise():
    found = []
    for seed in range(10):
        model = Forecaster().fit(np.random.default_rng([seed, 7]).standard_normal(150))
        found.append(len(model.weights_) > 1)
    assert sum(found) <= 2


def test_streams_beside_the_series_are_found():
    rng = np.random.default_rng(0)
    u, v = rng.standard_normal((2, 400))
    y = np.concatenate([[0, 0], 0.9 * u[:-2]]) + 0.1 * rng.standard_normal(400)
    model = Forecaster(families=LAGS_ONLY).fit(y, {"u": u, "v": v})
    assert [weight.term for weight in model.weights_][1:] == ["u[t-1]"]
    assert model.score(y, {"u": u, "v": v}) > 0.9
    with pytest.raises(ValueError, match="expected u, v, as in fit"):
        model.predict(y, {"u": u})
    with pytest.raises(ValueError, match="X lacks u"):
        model.forecast(3)
    assert model.forecast(3, {"u": np.zeros(3)}, draws=0).mean.shape == (3,)


def test_counts():
    rng = np.random.default_rng(0)
    u = rng.standard_normal(800)
    y = rng.poisson(np.exp(0.5 + 0.8 * np.concatenate([[0.0], u[:-1]])))
    model = Forecaster(likelihood="poisson", families=LAGS_ONLY, level=0.99).fit(y, {"u": u})
    told = {weight.term: weight for weight in model.weights_}
    assert set(told) == {"1", "u"}
    assert told["u"].low <= 0.8 <= told["u"].high
    assert told["1"].low <= 0.5 <= told["1"].high
    assert "log of the mean of y" in model.equations_


def test_choices_and_their_probabilities():
    rng = np.random.default_rng(0)
    y = [0.0]
    for _ in range(1500):
        y.append(float(rng.random() < (0.85 if y[-1] else 0.2)))
    model = Forecaster(likelihood="bernoulli", families=LAGS_ONLY, lags=3).fit(y)
    told = model.predict_proba(y)[0]
    np.testing.assert_allclose(told[3:].sum(axis=1), 1.0)
    last = np.array(y[2:-1])
    assert told[3:][last == 1.0, 1].mean() == pytest.approx(0.85, abs=0.03)
    assert told[3:][last == 0.0, 1].mean() == pytest.approx(0.2, abs=0.03)


def test_a_detector_goes_on_from_its_own_decisions():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(400)
    y = np.zeros(400)
    for t in range(1, 400):  # a 1 where x was high, never twice running
        y[t] = float(x[t - 1] > 0.5 and not y[t - 1])
    model = Forecaster(likelihood="bernoulli", families=LAGS_ONLY, lags=3)
    model.fit(y[:300], {"x": x[:300]})
    run = model.forecast(100, {"x": x[300:]}, draws=0).mean
    assert set(run) == {0.0, 1.0} and not (run[1:] * run[:-1]).any()
    assert (run != y[300:]).mean() < 0.05
    # What the machine answers at a sample is what it forecasts for the next one.
    easily, evenly, hardly = (
        model.simulator(above).predict({"x": x})[299:-1] for above in (1e-9, 0.5, 1 - 1e-9)
    )
    np.testing.assert_array_equal(evenly, run)
    assert easily.sum() > run.sum() > hardly.sum()
    with pytest.raises(ValueError, match=r"above is 1; expected a probability"):
        model.generator(above=1.0)


def test_a_simulator_is_kept_in_files_and_needs_streams(model, tmp_path):
    with pytest.raises(ValueError, match=r"no streams beside y"):
        Forecaster(families=LAGS_ONLY, transform="none").fit(autoregression(1)).simulator()
    u = np.random.default_rng(0).standard_normal(200)
    level = np.r_[0.0, np.convolve(u, 0.5 ** np.arange(40))[:199]]
    tank = Forecaster(families=LAGS_ONLY, lags=2, transform="none").fit(level, {"u": u}).simulator()
    tank.save(tmp_path / "new" / "tank")
    again = Fitted.load(tmp_path / "new" / "tank")
    np.testing.assert_array_equal(again.predict({"u": u}), tank.predict({"u": u}))
    np.testing.assert_allclose(tank.predict({"u": u})[:-1], level[1:], atol=1e-6)


def test_classes():
    rng = np.random.default_rng(1)
    y = [0]
    for _ in range(900):
        y.append((y[-1] + 1) % 3 if rng.random() < 0.9 else int(rng.integers(0, 3)))
    model = Forecaster(likelihood="categorical", families=LAGS_ONLY, lags=2).fit(
        np.array(y, dtype=float)
    )
    told = model.predict(np.array(y, dtype=float))
    assert np.mean(told[2:] == y[2:]) > 0.85
    assert model.equations_.count("logit of y[t+1]") == 3


def test_outliers_do_not_pull_under_huber():
    u = autoregression(7, 400, (0.0,))
    y = np.concatenate([[0.0], 2.0 * u[:-1]]) + 0.3 * autoregression(8, 400, (0.0,))
    y[::23] += 40.0
    told = {}
    for name in ("huber", "gaussian"):
        model = Forecaster(likelihood=name, families=LAGS_ONLY, lags=2, most=1, transform="none")
        told[name] = {w.term: w.value for w in model.fit(y, {"u": u}).weights_}
    assert told["huber"]["1"] == pytest.approx(0.0, abs=0.1)
    assert told["huber"]["u"] == pytest.approx(2.0, abs=0.1)
    assert told["gaussian"]["1"] > 1.0


@pytest.mark.thorough
def test_a_free_run_is_refined_by_runs():
    rng = np.random.default_rng(0)
    u = np.repeat(rng.uniform(0, 2, 40), 10)
    hidden = level = 0.0
    y = []
    for pump in u:
        hidden += 0.2 * (pump - hidden)
        level += 0.3 * (hidden - level)
        y.append(level)
    y = np.array(y) + 0.02 * rng.standard_normal(400)
    model = Forecaster(aim="free run", families=LAGS_ONLY, lags=3, most=4).fit(
        y[:300], {"u": u[:300]}
    )
    run = model.forecast(100, {"u": u[300:]}, draws=0).mean
    assert np.sqrt(np.mean((run - y[300:]) ** 2)) < 0.05


def test_strings_are_kept_apart():
    strings = [autoregression(seed, 60) for seed in range(6)]
    model = Forecaster(families=LAGS_ONLY).fit(strings)
    told = model.predict(strings)
    assert [len(one) for one in told] == [60] * 6
    alone = model.predict(strings[2])
    np.testing.assert_allclose(told[2], alone)


def test_the_generator_runs_free():
    y = autoregression(0, noise=0.3) + 5.0
    model = Forecaster(families=LAGS_ONLY, transform="none").fit(y)
    assert not any(neuron.startswith(SOURCE) for neuron in model.generator().neurons)


def test_resamples_tell_how_sure_a_term_is(model):
    weights = model.bootstrap(20)
    assert {w.held for w in weights if w.term == "y"} == {1.0}
    assert "of 20 resamples" in str(model.report_)
    assert set(model.held_) == set(model.machine_.trainable)
    shares = sorted(w.held for w in weights if w.value)
    assert (min(model.held_.values()), max(model.held_.values())) == (shares[0], shares[-1])


@pytest.mark.parametrize(
    ("arguments", "series", "message"),
    [
        ({"horizon": 0}, np.arange(30.0), "horizon is 0"),
        ({"aim": "both"}, np.arange(30.0), "'one step' or 'free run'"),
        ({"level": 1.0}, np.arange(30.0), "level is 1.0"),
        ({"lags": 40}, np.arange(30.0), "the shortest string has 30 samples"),
        ({}, np.arange(10.0), "needs 20 at least"),
        ({}, np.ones(30), "nothing to forecast"),
        ({"transform": "log"}, np.arange(30.0) - 3.0, "goes down to -3"),
        ({"transform": "cube"}, np.arange(30.0), "expected 'auto' or one of none, sqrt, log"),
        ({"uses_own_past": False}, np.arange(30.0), "needs streams beside"),
        ({"aim": "free run", "horizon": 2}, np.arange(30.0), "aim 'free run' is for one string"),
        ({"likelihood": "poisson"}, np.arange(30.0) + 0.5, "counts are whole"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(arguments, series, message):
    with pytest.raises(ValueError, match=message):
        Forecaster(**arguments).fit(series)


def test_before_fit_there_is_nothing():
    with pytest.raises(AttributeError, match="not fitted yet"):
        Forecaster().predict([1.0])
    assert repr(Forecaster(horizon=2)) == "Forecaster(horizon=2)"


def test_panels():
    pd = pytest.importorskip("pandas")
    named = pd.Series(np.arange(5.0), name="level")
    frame = pd.DataFrame({"u": np.arange(5.0)})
    panel = read_panel(named, frame)
    assert panel.own == "level"
    assert list(panel.streams) == ["level", "u"]
    with pytest.raises(ValueError, match="leave it out of X"):
        read_panel([1.0, 2.0], {"y": [1.0, 2.0]})
    with pytest.raises(ValueError, match="mapping name -> stream"):
        read_panel([1.0, 2.0], [1.0, 2.0])


def test_scales():
    x = np.array([0.5, 2.0])
    for scale in TRANSFORMS.values():
        np.testing.assert_allclose(scale.back(scale.there(x)), x)
    assert transforms_for("auto", np.array([-1.0, 2.0]), True) == ["none"]
    assert transforms_for("auto", x, False) == ["none"]


def test_nothing_is_fitted_to_what_comes_after():
    told = np.arange(10, 100)
    for part in parts(np.zeros(90, int), told):
        assert told[part.fit].max() < told[part.forecast].min()
    string = np.repeat(np.arange(7), 10)
    for part in parts(string, np.tile(told[:10], 7)):
        assert not set(string[part.fit]) & set(string[part.forecast])


@pytest.mark.thorough
def test_of_ways_as_good_one_is_taken_that_does_not_run_away():
    rng = np.random.default_rng(40)
    t = np.arange(100)
    y = 0.05 * t + 2.0 * np.sin(t * np.pi / 6.0) + 0.6 * rng.standard_normal(100)
    model = Forecaster().fit(y)
    assert model.is_stable_
    tried = list(model._search.tried(["none"], FAMILIES))
    judged = [model._search.on_scale(one) for one in tried]
    sound = model._sound(model._search, judged)
    assert 0 < len(sound) < len(judged)


def test_ways_are_judged_on_the_scale_on_which_they_are_sums():
    y = np.exp(np.cumsum(0.1 * np.random.default_rng(0).standard_normal(60)))
    search = Search(read_panel(y), ["y"], horizon=1, lags=2, most=1, likelihood=Gaussian())
    *_, tried = search.tried(["log"], FAMILIES[:1])
    judged = search.on_scale(tried)
    told = [
        found.predictor(after)[0]
        for found, (_, after) in zip(tried.key.by_cut, search.cuts("log"), strict=True)
    ]
    off = np.concatenate(told) - np.log(y[-len(judged.losses) :])
    np.testing.assert_allclose(judged.losses, off**2, rtol=1e-9)
    assert judged.key is tried
    assert not np.allclose(judged.losses, tried.losses)


@pytest.mark.thorough
def test_a_walk_is_told_as_one():
    y = np.cumsum(0.5 + np.random.default_rng(3).standard_normal(120))
    model = Forecaster().fit(y)
    assert [weight.term for weight in model.weights_] == ["1", "y"]
    assert model.weights_[1].value == 1.0


def test_a_choice_is_known():
    with pytest.raises(
        ValueError,
        match="choice is 'best'; expected 'third of standard error' or 'standard error' or",
    ):
        Forecaster(choice="best").fit(np.arange(40.0) % 7)


def test_free_runs_are_bounded_by_the_data():
    assert is_bounded(np.array([0.5]), np.array([0.0, 1.0]))


def test_a_free_run_does_not_depend_on_the_units_of_the_series():
    rng = np.random.default_rng(2)
    u = np.repeat(rng.uniform(0, 2, 30), 8)
    y = [0.0]
    for pump in u[:-1]:
        y.append(0.8 * y[-1] + pump)
    y = np.array(y) + 0.05 * rng.standard_normal(240)
    runs = []
    for unit in (1.0, 1e7):
        model = Forecaster(aim="free run", families=LAGS_ONLY, lags=2, most=2)
        model.fit(unit * y[:200], {"u": u[:200]})
        runs.append(model.forecast(40, {"u": u[200:]}, draws=0).mean / unit)
        with pytest.raises(AttributeError, match="forecast"):
            model.interval()
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-4)
    assert np.sqrt(np.mean((runs[0] - y[200:]) ** 2)) < 0.1


@pytest.mark.parametrize("aim", ["one step", "free run"])
def test_a_series_that_is_cut_off_is_forecast_as_one(aim):
    rng = np.random.default_rng(0)
    u = np.repeat(rng.uniform(0.0, 2.0, 60), 8)
    latent = [0.0]
    for flow in u[:-1]:  # a level that goes on behind a sensor that ends at 1.3
        latent.append(0.7 * min(latent[-1], 1.3) + 0.3 * flow)
    y = np.clip(latent + 0.02 * rng.standard_normal(480), None, 1.3)
    model = Forecaster(aim=aim, families=LAGS_ONLY, lags=2, most=2).fit(y[:320], {"u": u[:320]})
    told = {w.term: w.value for w in model.weights_}
    assert told["u"] == pytest.approx(0.3, abs=0.03) and told["y"] == pytest.approx(0.7, abs=0.05)
    assert "1.3 - r" in model.equations_
    run = model.forecast(160, {"u": u[320:]}, draws=0).mean
    assert run.max() == 1.3
    assert np.sqrt(np.mean((run - y[320:]) ** 2)) < 0.04
    simulated = model.simulator().predict({"u": u})
    np.testing.assert_allclose(simulated[419:-1], run[100:], atol=1e-6)  # the start is forgotten


def test_what_runs_free_says_what_it_forecasts():
    counts = np.random.default_rng(0).poisson(3.0, 200)
    model = Forecaster(likelihood="poisson", families=LAGS_ONLY, lags=2).fit(counts)
    with pytest.raises(ValueError, match="forecasts a number itself"):
        model.generator()
    with pytest.raises(ValueError, match="knows no other scale"):
        Forecaster(aim="free run", transform="log").fit(counts + 1.0)


def test_forecasts_of_classes_are_shares():
    y = np.tile([0.0, 1.0, 2.0], 40)
    y[::17] = 0.0
    model = Forecaster(likelihood="categorical", families=LAGS_ONLY, lags=2, most=2).fit(y)
    ahead = model.forecast(4, draws=200).mean
    assert ahead.shape == (4, 3)
    np.testing.assert_allclose(ahead.sum(axis=1), 1.0)


def test_short_strings_have_intervals_and_resamples():
    strings = [autoregression(seed, 25) for seed in range(20)]
    model = Forecaster(families=LAGS_ONLY, lags=2, most=2).fit(strings)
    low, high = model.interval(strings)
    assert [len(one) for one in low] == [25] * 20
    assert (np.concatenate(high)[3:5] > np.concatenate(low)[3:5]).all()
    assert len(model.bootstrap(5)) == len(model.weights_)


def test_columns_are_series():
    y = autoregression(1, 120)
    flat = Forecaster(families=LAGS_ONLY).fit(y).predict()
    column = Forecaster(families=LAGS_ONLY).fit(y[:, None]).predict()
    np.testing.assert_array_equal(flat, column)
    with pytest.raises(ValueError, match="needs 3 at least"):
        Forecaster().fit(list(np.arange(30.0)[:, None]))


def test_scikit_learn_cuts_a_series_in_time():
    selection = pytest.importorskip("sklearn.model_selection", reason="needs scikit-learn")
    y = autoregression(3, 200, (0.8,))
    cuts = selection.TimeSeriesSplit(2)
    scores = selection.cross_val_score(Forecaster(families=LAGS_ONLY, most=1), y, cv=cuts)
    assert scores.shape == (2,) and (scores > 0.2).all()
