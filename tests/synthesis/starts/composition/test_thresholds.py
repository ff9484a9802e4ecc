"""Thresholds really tell zeros from ones, and bounds lie in the gap that the data leave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from synthesis.starts.composition.thresholds import (
    chosen_between,
    separations,
    single_thresholds,
    with_bound,
)
from tests.examples import examples
from tests.synthesis.samples import value_of

N_ROWS, SAMPLES = 12, 120
NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)


# -------------------- bounds --------------------


@given(ends=st.tuples(NUMBERS, NUMBERS), is_grid=st.booleans())
@examples(100)
def test_a_chosen_bound_lies_in_the_gap(ends, is_grid):
    low, high = sorted(ends)
    assume(low < high)
    gap = chosen_between(low, high, is_grid)
    assert (gap.low, gap.high) == (low, high)
    assert low <= gap.value < high


@given(low=NUMBERS, steps=st.integers(1, 4))
@examples(60)
def test_neighbouring_floats_leave_room_for_a_bound(low, steps):
    high = low
    for _ in range(steps):
        high = float(np.nextafter(high, np.inf))
    assert low <= chosen_between(low, high).value < high


@given(seed=st.integers(0, 10**6), digits=st.integers(0, 2))
@examples(50)
def test_a_number_of_few_digits_is_found_in_a_narrow_gap(seed, digits):
    rng = np.random.default_rng(seed)
    meant = round(float(rng.uniform(-5.0, 5.0)), digits)
    width = 0.02 * 10.0**-digits
    low, high = meant - width * rng.uniform(0.1, 1.0), meant + width * rng.uniform(0.1, 1.0)
    gap = chosen_between(low, high)
    assert gap.value == meant
    assert gap.is_settled


@given(low=st.floats(-5.0, 5.0), width=st.floats(0.2, 3.0))
@example(low=-0.5, width=1.0)  # zero has few digits, but the gap is as wide as the numbers
@examples(50)
def test_a_wide_gap_settles_nothing(low, width):
    assert not chosen_between(low, low + width).is_settled
    assert chosen_between(low, low + width, is_grid=True).is_settled


# -------------------- single rows --------------------


@given(seed=st.integers(0, 10**6))
@examples(50)
def test_single_rows_tell_zeros_from_ones(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((4, SAMPLES))
    answers = (rows[1] > 0.1).astype(float)
    rows[3] = -rows[1]
    assert single_thresholds(rows, answers).tolist() == [0, 1, 0, -1]


def test_a_tie_tells_nothing():
    rows = np.array([[0.0, 1.0, 1.0]])
    assert single_thresholds(rows, np.array([0.0, 0.0, 1.0])).tolist() == [0]


# -------------------- sums --------------------


@st.composite
def separable(draw):
    """Random rows, and answers that a sum of one to three of them exceeds a bound."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = rng.integers(-4, 5, (N_ROWS, SAMPLES)).astype(float)
    if draw(st.booleans()):
        rows = rng.standard_normal((N_ROWS, SAMPLES))
    chosen = draw(st.lists(st.integers(0, N_ROWS - 1), min_size=1, max_size=3, unique=True))
    weights = [draw(st.sampled_from([-2.0, -1.0, 1.0, 3.0])) for _ in chosen]
    total = sum(weight * rows[row] for row, weight in zip(chosen, weights, strict=True))
    answers = (total > draw(st.sampled_from([-1.5, 0.5, 2.5]))).astype(float)
    assume(np.ptp(answers) > 0)
    return rows, chosen, np.array(weights), answers


def holds(form, rows, answers):
    """Whether a threshold gives the answers, and its bound lies in its gap."""
    np.testing.assert_array_equal(value_of(form, rows), answers)
    for gap in form.gaps:
        assert gap.low <= gap.value < gap.high
    return True


@given(drawn=separable())
@examples(15)
def test_separations_separate(drawn):
    rows, chosen, _, answers = drawn
    found = list(separations(rows, answers, np.ones(N_ROWS)))
    assert all(holds(form, rows, answers) for form in found)
    assert found and len(found[0].rows) <= max(4, len(chosen))


@given(seed=st.integers(0, 10**6))
@examples(5)
def test_what_no_sum_separates_has_no_separation(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 2, (2, SAMPLES)).astype(float)
    assert not list(separations(rows, (rows[0] != rows[1]).astype(float), np.ones(2)))


def test_cheap_rows_are_taken_first():
    rng = np.random.default_rng(0)
    row = rng.standard_normal(SAMPLES)
    rows = np.stack([row, 2.0 * row, rng.standard_normal(SAMPLES)])
    answers = (row > 0.0).astype(float)
    assert next(separations(rows, answers, np.array([1.0, 9.0, 1.0]))).rows == (0,)
    assert next(separations(rows, answers, np.array([9.0, 1.0, 1.0]))).rows == (1,)


@given(drawn=separable(), factor=st.sampled_from([0.1, 1.0, 7.3]))
@examples(30)
def test_a_bound_for_known_weights_separates(drawn, factor):
    """Whatever simpler weights were taken instead of those that were given."""
    rows, chosen, weights, answers = drawn
    form = with_bound(rows[chosen], answers, chosen, factor * weights)
    assert form is not None
    assert form.rows == tuple(chosen)
    assert holds(form, rows, answers)


def test_weights_that_do_not_separate_have_no_bound():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((1, SAMPLES))
    answers = (rng.random(SAMPLES) < 0.5).astype(float)
    assert with_bound(rows, answers, [0], np.array([1.0])) is None


@given(seed=st.integers(0, 10**6), sense=st.sampled_from([1.0, -1.0]), is_first=st.booleans())
@examples(40)
def test_hysteresis_has_a_bound_for_each_state(seed, sense, is_first):
    """On above 6, off below 4: what was on before counts as a flag."""
    rng = np.random.default_rng(seed)
    flag = rng.integers(0, 2, 400).astype(float)
    measured = rng.uniform(0.0, 10.0, 400)
    answers = (measured > np.where(flag > 0.5, 4.0, 6.0)).astype(float)
    rows = np.stack([flag, sense * measured] if is_first else [sense * measured, flag])
    form = with_bound(rows, answers, [0, 1], np.array([1.0, 1.0]))
    assert form is not None
    assert holds(form, rows, answers)
    assert len(form.gaps) == 2
    for gap, meant in zip(form.gaps, (6.0, 4.0), strict=True):
        assert gap.low <= sense * meant <= gap.high or gap.low <= meant <= gap.high


def test_whole_numbers_that_are_neighbours_settle_a_bound():
    row = np.tile(np.arange(6.0), 10)
    form = with_bound(row[None], (row >= 3.0).astype(float), [0], np.array([1.0]))
    assert form is not None
    assert (form.bound, form.weights) == (2.5, (1.0,))
    assert form.gaps[0].is_settled


@pytest.mark.parametrize("missing", [2.0, 3.0])
def test_a_number_that_the_data_lack_leaves_the_bound_open(missing):
    row = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0] * 10)
    row = row[row != missing]
    form = with_bound(row[None], (row >= 3.0).astype(float), [0], np.array([1.0]))
    assert form is not None
    assert not form.gaps[0].is_settled
