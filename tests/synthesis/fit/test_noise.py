"""Noise is the normal case: no worse than least squares on lags, never exact, and said so."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.fit import ConvergenceWarning
from tests.marks import thorough
from tests.synthesis.fit.programs import quick

STRINGS, SAMPLES = 30, 40
NOISE = 0.05


def lags(x, most):
    """Earlier samples as rows, (lags, strings, samples)."""
    n = x.shape[1]
    return np.stack([np.pad(x, ((0, 0), (k, 0)))[:, :n] for k in range(most)])


def least_squares(x, y, most, training):
    """Squared errors of the best sum of lags, (strings, samples)."""
    rows = lags(x, most)
    weights = np.linalg.lstsq(
        rows[:, training].reshape(most, -1).T, y[training].ravel(), rcond=None
    )
    return (np.tensordot(weights[0], rows, 1) - y) ** 2


def drawn(name, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((STRINGS, SAMPLES))
    y = lags(x, 2).sum(axis=0) / 2.0
    if name == "moving mean of 4":
        y = lags(x, 4).sum(axis=0) / 4.0
    elif name == "leaky mean":
        y = np.tensordot(0.2 * 0.8 ** np.arange(SAMPLES), lags(x, SAMPLES), 1)
    elif name == "running sum":
        y = np.cumsum(x, axis=1)
    return x, y + NOISE * rng.standard_normal(x.shape)


PROGRAMS = [
    "mean of 2",
    *thorough("leaky mean", "running sum", "moving mean of 4"),
]


@pytest.mark.parametrize("name", PROGRAMS)
def test_noisy_programs_are_no_worse_than_least_squares_on_lags(name):
    """Within a standard error of the strings that decide, as the smallest may be."""
    x, y = drawn(name, 0)
    with pytest.warns(ConvergenceWarning):
        model = quick().fit({"x": x}, y)
    assert not model.verdict_.is_exact
    rival = least_squares(x, y, 8, slice(0, 18))[18:24].mean(axis=1)
    limit = rival.mean() + rival.std(ddof=1) / np.sqrt(len(rival))
    assert model.figures_["validation"].mean_square <= limit


@pytest.mark.parametrize("name", ["mean of 2", *thorough("running sum")])
def test_noise_is_not_learned(name):
    """The machine is small, and its error on strings that decided nothing is the noise."""
    x, y = drawn(name, 5)
    with pytest.warns(ConvergenceWarning):
        model = quick().fit({"x": x}, y)
    assert model.front_.best.links <= 4
    assert model.figures_["report"].mean_square == pytest.approx(NOISE**2, rel=0.25)


def test_a_series_is_forecast_no_worse_than_by_autoregression():
    rng = np.random.default_rng(0)
    s = np.zeros(401)
    for t in range(2, 401):
        s[t] = 1.2 * s[t - 1] - 0.5 * s[t - 2] + 0.3 * rng.standard_normal()
    x, y = s[:-1], s[1:]
    with pytest.warns(ConvergenceWarning):
        model = quick().fit({"x": x}, y)
    assert not model.verdict_.is_exact
    training = lags(x[None, :240], 2)[:, 0]
    weights = np.linalg.lstsq(training.T, y[:240], rcond=None)[0]
    rival = (weights @ lags(x[None], 2)[:, 0] - y)[328:] ** 2
    assert model.figures_["report"].asked == len(rival)
    assert model.figures_["report"].mean_square <= rival.mean() + rival.std() / np.sqrt(len(rival))


def test_noise_alone_ends_in_a_small_machine():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, STRINGS, SAMPLES))
    with pytest.warns(ConvergenceWarning):
        model = quick().fit({"x": x}, y)
    assert model.front_.best.links <= 2
    assert abs(model.figures_["report"].determination) < 0.05


@pytest.mark.thorough
def test_a_program_of_levels_is_found_behind_its_noise():
    """No sum of streams is a sum modulo 3; without the noise it is found, in the user's units."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (STRINGS, SAMPLES))
    clean = 0.7 * (np.cumsum(x, axis=1) % 3)
    with pytest.warns(ConvergenceWarning, match="Not exact"):
        model = quick().fit({"x": x}, clean + 0.1 * rng.standard_normal(clean.shape))
    np.testing.assert_allclose(model.predict({"x": x}), clean, atol=1e-9)
    assert not model.verdict_.is_exact
    assert "no machine can be on these streams" in model.verdict_.sentence
