"""Series of symbols, and streams with keys, are forecast class by class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.panel import read_panel
from synthesis.forecast.sums import Given, fitted, weights_of
from synthesis.forecast.ways import rows_of
from synthesis.likelihoods import Categorical

LAGS_ONLY = FAMILIES[:1]
WEATHER = ("fog", "rain", "sun")
NEXT = np.array([[0.1, 0.4, 0.5], [0.3, 0.6, 0.1], [0.1, 0.2, 0.7]])


def weather(seed, days):
    rng = np.random.default_rng(seed)
    seen = [2]
    while len(seen) < days:
        seen.append(rng.choice(3, p=NEXT[seen[-1]]))
    return np.array(seen)


@given(text=st.text("abcd", min_size=1, max_size=12))
def test_symbols_are_numbers_in_alphabetical_order(text):
    panel = read_panel(text)
    assert "".join(panel.shown(code) for code in panel.observed()) == text
    assert list(panel.symbols) == sorted(set(text))
    by_class = panel.by_class(len(panel.symbols))
    for symbol in panel.symbols:
        np.testing.assert_array_equal(
            by_class.streams[f"y/{symbol}"][0], [one == symbol for one in text]
        )


@settings(max_examples=2)
@given(seed=st.integers(0, 1000))
def test_a_markov_chain_gives_its_probabilities(seed):
    codes = weather(seed, 1500)
    words = [WEATHER[k] for k in codes]
    model = Forecaster(likelihood="categorical", families=LAGS_ONLY, lags=1, most=3).fit(words)
    assert model.classes_ == WEATHER
    told = model.predict_proba(words)[0]
    for code in set(codes[-200:-1]):
        after = told[1:][codes[:-1] == code]
        if "y/" + WEATHER[code] in {w.term for w in model.weights_}:
            np.testing.assert_allclose(after[0], NEXT[code], atol=0.15)
    assert model.report_.rivals[1][0] == "Markov chain (the last class)"


def test_answers_are_symbols():
    text = "abc" * 40
    model = Forecaster(likelihood="categorical", families=LAGS_ONLY, lags=2, most=2).fit(text)
    assert model.predict("abcabc").tolist() == [None, None, "c", "a", "b", "c"]
    assert "logit of y[t+1] = b" in model.equations_
    ahead = model.forecast(3).mean
    assert [model.classes_[k] for k in ahead.argmax(axis=1)] == ["a", "b", "c"]
    assert np.asarray(model.predict_proba([list("abcab"), list("bca")])).shape == (2, 5, 3)


@pytest.mark.thorough
def test_intervals_of_logits_are_as_wide_as_estimates_differ():
    features, found = [Given("y/rain"), Given("y/sun")], []
    for seed in range(60):
        panel = read_panel([WEATHER[k] for k in weather(seed, 400)]).by_class(3)
        rows = rows_of(panel, panel.own_names, "none", 1, 1)
        logits = fitted(rows, features, Categorical(), 3)
        found.append(weights_of(rows, logits, Categorical(), 0.9))
    values = np.array([[w.value for w in weights] for weights in found])
    held = np.array(
        [
            [w.low < m < w.high for w, m in zip(weights, values.mean(axis=0), strict=True)]
            for weights in found
        ]
    )
    assert held.mean() == pytest.approx(0.9, abs=0.06)


def test_streams_with_keys_beside_a_series():
    rng = np.random.default_rng(0)
    kinds = rng.choice(["dry", "wet"], 300)
    y = np.concatenate([[0.0], (kinds == "wet")[:-1] * 2.0]) + 0.1 * rng.standard_normal(300)
    model = Forecaster(families=LAGS_ONLY, lags=2, most=1).fit(y, {"kind": [{k: 1} for k in kinds]})
    assert model.weights_[1].term in ("kind/wet", "kind/dry")
    told = model.predict(y[:5], {"kind": [{"dry": 1}] * 5})
    np.testing.assert_allclose(told[2:], 0.0, atol=0.1)


def test_what_is_no_symbol_is_refused():
    with pytest.raises(ValueError, match="likelihood='categorical' forecasts those"):
        Forecaster().fit("ab" * 20)
    with pytest.raises(ValueError, match=r"sample 2 of string 1 .* is not one symbol"):
        read_panel([{"a": 1.0}, {"a": 0.5}, {"a": 1.0}])
    model = Forecaster(likelihood="categorical", families=LAGS_ONLY, lags=2, most=1).fit("ab" * 20)
    with pytest.raises(ValueError, match="there is 'c'; the symbols of fit are 'a', 'b'"):
        model.predict("abc")
    with pytest.raises(ValueError, match="y is a at every sample"):
        Forecaster(likelihood="categorical").fit("a" * 30)
