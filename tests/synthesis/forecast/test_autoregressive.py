"""Threshold autoregressions: found where they made the data, built as one choice of two sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.forecast import FAMILIES, Forecaster
from synthesis.forecast.sums import (
    Below,
    Given,
    Lagged,
    Product,
    Rows,
    Step,
    Sum,
    Values,
    autoregressions,
    held_links,
    kind_of,
    latest,
    threshold_autoregressions,
)
from synthesis.forecast.ways import FreeRun
from synthesis.likelihoods import Gaussian
from tests.synthesis.forecast.machines import assert_the_machine_says_it

Y = Given("y")
REGIMES = tuple(family for family in FAMILIES if family.has_regimes)
CYCLE = ((0.6, 1.25, -0.4), (1.2, 1.6, -1.1))
"""Below and above 3.2, two samples before what comes: a limit cycle like that of lynx."""


def _series(samples, noise, seed):
    rng = np.random.default_rng(seed)
    y = [2.5, 2.7]
    for e in noise * rng.standard_normal(samples + 50):
        constant, first, second = CYCLE[int(y[-2] > 3.2)]
        y.append(constant + first * y[-1] + second * y[-2] + e)
    return np.array(y[-samples:])


def _rows(series, first=7):
    samples = np.arange(first, len(series) - 1)
    places = np.zeros(len(samples), int), samples
    return Rows(Values({"y": series[None]}), series[None], places, horizon=1)


def test_the_regimes_that_made_a_series_are_found():
    rows = _rows(_series(600, 0.1, 0))
    (found,) = (
        one for one in threshold_autoregressions(rows, "y", 8, Gaussian(), 8) if _has_pairs(one)
    )
    step = found.features[0]
    assert step.of == Lagged(Y, 1)
    assert step.bound == pytest.approx(3.2, abs=0.05)
    constant, further, *above_and_below = found.weights[0]
    np.testing.assert_allclose(above_and_below, [*CYCLE[1][1:], *CYCLE[0][1:]], atol=0.1)
    assert constant == pytest.approx(CYCLE[0][0], abs=0.2)
    assert constant + further == pytest.approx(CYCLE[1][0], abs=0.5)


def _has_pairs(one):
    """Whether either side looks at two samples."""
    return len(one.features) == 5


def _least_by_hand(rows, orders, decides):
    """The least squares of all bounds, each side fitted by itself."""
    column, least = rows.column(latest("y", 9)[decides]), np.inf
    for bound in np.unique(column)[:-1]:
        sides = column > bound, column <= bound
        if min(map(np.count_nonzero, sides)) < 0.15 * len(column):
            continue
        left = 0.0
        for side in sides:
            design = rows.matrix(latest("y", orders))[:, side].T
            left += np.linalg.lstsq(design, rows.target[side], rcond=None)[1].sum()
        least = min(least, left)
    return least / len(column)


def test_no_bound_leaves_less():
    series = _series(70, 0.3, 1)
    rows = _rows(series, first=1)
    (found,) = (
        one for one in threshold_autoregressions(rows, "y", 2, Gaussian(), 8) if _has_pairs(one)
    )
    assert found.loss == pytest.approx(min(_least_by_hand(rows, 2, d) for d in (0, 1)), rel=1e-6)


def test_a_series_that_never_divides_has_no_regimes():
    rows = _rows(np.r_[np.zeros(30), 1.0, np.zeros(9)])
    (constant,) = threshold_autoregressions(rows, "y", 4, Gaussian(), 8)
    assert constant.features == ()


def test_autoregressions_are_least_squares_from_the_first_sample_that_serves():
    series = _series(60, 0.3, 2)
    found = autoregressions(_rows(series), "y", 8, Gaussian(), 3)
    assert [one.features for one in found] == [tuple(latest("y", order)) for order in range(4)]
    all_rows = _rows(series, first=1)
    design = all_rows.matrix(latest("y", 2)).T
    wanted = np.linalg.lstsq(design, all_rows.target, rcond=None)[0]
    np.testing.assert_allclose(found[2].weights[0], wanted, rtol=1e-6)


def test_few_rows_have_few_weights():
    few = _rows(_series(16, 0.3, 3))
    assert [len(one.features) for one in autoregressions(few, "y", 8, Gaussian(), 8)] == [
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("samples", [20, 27, 38])
def test_the_first_cuts_of_a_short_series_have_a_constant_at_least(samples):
    y = np.round(np.random.default_rng([samples, 1]).standard_normal(samples))
    plain = [family for family in FAMILIES if family.is_consecutive or family.has_regimes]
    assert np.isfinite(Forecaster(families=plain).fit(y).report_.loss)


# -------------------- as a machine --------------------


@st.composite
def switches(draw):
    side = st.sampled_from([Step, Below])
    lagged = st.sampled_from([Y, Lagged(Y, 1), Lagged(Y, 3), None])
    gate, bound = draw(st.sampled_from([Y, Lagged(Y, 2)])), draw(st.sampled_from([-0.31, 0.42]))
    features = []
    for kind, counted in draw(
        st.lists(st.tuples(side, lagged), min_size=1, max_size=5, unique=True)
    ):
        step = kind(gate, bound)
        features.append(step if counted is None else Product(step, counted))
    return tuple(features)


@given(switches(), st.booleans(), st.integers(0, 1000))
def test_the_machine_chooses_as_the_sum_does(features, has_more, seed):
    rng = np.random.default_rng(seed)
    features += (Lagged(Y, 4),) * has_more
    weights = rng.standard_normal((1, 1 + len(features)))
    data = {"y": rng.standard_normal((1, 30))}
    assert_the_machine_says_it(Sum(features, weights, 0.0), data)


def test_two_regimes_of_two_samples_are_ten_links():
    model = Forecaster(lags=2, families=REGIMES).fit(_series(300, 0.1, 4))
    assert model.equations_.count(" if (y[t-1] > 3.") == model.equations_.count(" else ") == 1
    assert len(model.circuit_.wires) == model.report_.links == 10
    assert sorted(model.circuit_.neurons.values()) == [
        "const_1",
        "less_or_equal",
        "multiplexer",
        "output",
        "stream",
    ]
    assert model.is_stable_


@pytest.mark.thorough
def test_a_short_series_with_two_regimes_is_told_by_them():
    model = Forecaster().fit(_series(100, 0.2, 6))
    assert model.report_.recipe == "threshold autoregression, 5 features"


def test_a_run_pushed_on_by_the_data_is_on_the_side_of_the_data():
    data = {"y": _series(30, 0.3, 5)[None]}
    features = [Step(Lagged(Y, 1), 3.0), Product(Below(Lagged(Y, 1), 3.0), Y)]
    run = FreeRun(features)
    run.begin(data, 0, 20, paths=1)
    for t in range(20, 30):
        run.push({"y": data["y"][:, t]})
    values = Values(data)
    assert run.matrix()[1:, 0].tolist() == [values[feature][0, -1] for feature in features]


def test_each_side_is_a_term_of_its_own_on_resamples():
    gate = Lagged(Y, 1)
    above, below = Product(Step(gate, 3.0), Y), Product(Below(gate, 3.0), Y)
    assert (kind_of(above), kind_of(below)) == ("[y[t-1] > ...] y", "[y[t-1] <= ...] y")
    found = Sum((above, below), np.array([[0.5, 1.0, 2.0]]), 0.0)
    held = {kind_of(above): 0.7, kind_of(below): 0.2}
    shares = held_links(found, lambda one: one.circuit(["y"]), held)
    sides = {path[1]: share for path, share in shares.items() if path[2].startswith("relay")}
    counted = {field: share for field, share in sides.items() if field.startswith("dict")}
    assert counted == {"dict-1": 0.7, "dict-2": 0.2}
