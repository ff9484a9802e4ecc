"""Likelihoods: what they cost, where they pull, what they draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Censored,
    Gaussian,
    Huber,
    Poisson,
    likelihood_named,
)

CASES = {
    "gaussian": (Gaussian(), lambda rng, n: rng.standard_normal(n)),
    "huber": (Huber(0.7), lambda rng, n: 2.0 * rng.standard_normal(n)),
    "censored": (
        Censored(-0.5, 0.8),
        lambda rng, n: np.clip(2.0 * rng.standard_normal(n), -0.5, 0.8),
    ),
    "poisson": (Poisson(), lambda rng, n: rng.poisson(3.0, n).astype(float)),
    "bernoulli": (Bernoulli(), lambda rng, n: rng.integers(0, 2, n).astype(float)),
    "categorical": (Categorical(), lambda rng, n: rng.integers(0, 3, n).astype(float)),
}


def _case(name: str, seed: int, n: int = 20):
    rng = np.random.default_rng(seed)
    likelihood, draw = CASES[name]
    outputs = 3 if name == "categorical" else 1
    return likelihood, rng.standard_normal((outputs, n)), draw(rng, n)


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10_000))
def test_the_working_residual_is_the_slope_of_the_loss(name, seed):
    likelihood, predictor, observed = _case(name, seed)
    residual, sure = likelihood.working(predictor, observed)
    step = 1e-6
    factor = 2.0 if likelihood.has_noise else 1.0  # squared errors are not halved
    for k in range(len(predictor)):
        ahead, behind = predictor.copy(), predictor.copy()
        ahead[k] += step
        behind[k] -= step
        slope = likelihood.losses(ahead, observed) - likelihood.losses(behind, observed)
        np.testing.assert_allclose(
            -slope / (2 * step), factor * residual[k] * sure[k], atol=1e-5, rtol=1e-5
        )
    assert (sure > 0.0).all()


@pytest.mark.parametrize("name", ["gaussian", "poisson", "bernoulli", "categorical"])
@given(seed=st.integers(0, 10_000))
def test_the_curvature_is_that_of_the_expected_loss(name, seed):
    likelihood, predictor, observed = _case(name, seed, n=5)
    step = 1e-5

    def slope(moved):
        residual, sure = likelihood.working(moved, observed)
        return -residual * sure

    for k in range(len(predictor)):
        moved = predictor.copy()
        moved[k] += step
        told = (slope(moved) - slope(predictor)) / step
        np.testing.assert_allclose(likelihood.curvature(predictor)[k], told, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10_000))
def test_losses_are_never_below_zero(name, seed):
    likelihood, predictor, observed = _case(name, seed)
    assert (likelihood.losses(predictor, observed) >= 0.0).all()


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 10_000))
def test_nothing_costs_less_than_what_is_likeliest(name, seed):
    likelihood, predictor, observed = _case(name, seed)
    likeliest = likelihood.likeliest(predictor)
    least, cost = (likelihood.losses(predictor, one) for one in (likeliest, observed))
    assert (least <= cost + 1e-12).all()
    if likelihood.has_classes:
        likelihood.check(likeliest, "y")


@pytest.mark.parametrize("name", CASES)
def test_what_is_drawn_has_the_mean_that_is_expected(name):
    likelihood, predictor, _ = _case(name, 3, n=4)
    rng = np.random.default_rng(0)
    drawn = np.array([likelihood.drawn(predictor, rng) for _ in range(20_000)])
    if name == "categorical":
        shares = np.array([(drawn == k).mean(axis=0) for k in range(3)])
        np.testing.assert_allclose(shares, likelihood.mean(predictor), atol=0.02)
    elif name == "censored":  # what is cut off leaves the middle where it is, not the mean
        middle = np.median(drawn, axis=0)
        np.testing.assert_allclose(middle, likelihood.mean(predictor)[0], atol=0.06)
    else:
        np.testing.assert_allclose(drawn.mean(axis=0), likelihood.mean(predictor)[0], atol=0.06)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("gaussian", np.inf),
        ("poisson", 1.5),
        ("poisson", -1.0),
        ("bernoulli", 2.0),
        ("categorical", 0.5),
        ("huber", np.nan),
    ],
)
def test_what_cannot_be_observed_is_refused_by_name_and_place(name, wrong):
    observed = np.array([0.0, 1.0, wrong])
    with pytest.raises(ValueError, match="clicks: observation 2"):
        CASES[name][0].check(observed, "clicks")


def test_outliers_weigh_less_under_huber():
    _, sure = Huber(1.0).working(np.zeros((1, 2)), np.array([0.5, 100.0]))
    assert sure[0, 0] == 1.0
    assert sure[0, 1] == pytest.approx(0.01)


def test_the_width_is_read_off_the_middle_of_the_residuals():
    residuals = np.random.default_rng(0).standard_normal(100_000)
    residuals[:1000] = 1e6
    assert Huber().adapted(residuals).width == pytest.approx(1.345, rel=0.03)
    assert Huber(2.0).adapted(residuals).width == 2.0


def test_names():
    assert [likelihood_named(name).name for name in LIKELIHOODS] == list(LIKELIHOODS)
    with pytest.raises(ValueError, match="expected one of gaussian, huber"):
        likelihood_named("cauchy")


def test_bounds_are_seen_where_observations_pile_up():
    rng = np.random.default_rng(0)
    latent = 3.0 * rng.standard_normal(500)
    assert Censored.of(latent) is None
    assert Censored.of(np.minimum(latent, 4.0)) == Censored(high=4.0)
    assert Censored.of(np.clip(latent, -4.0, 4.0)) == Censored(-4.0, 4.0)
    assert Censored.of(np.round(latent)) is None  # every value occurs often
    assert Censored.of(np.minimum(latent[:40], latent[:40].max() - 0.01)) is None  # one sample
    assert Censored.of(np.sort(np.minimum(latent, 4.0))) is None  # it comes there once
    assert Censored.of(rng.integers(0, 2, 100).astype(float)) is None
    with pytest.raises(ValueError, match="expected low < high"):
        Censored(1.0, 1.0)
    with pytest.raises(ValueError, match="observation 0 is 5; expected -inf to 4"):
        Censored(high=4.0).check(np.array([5.0]), "level")
