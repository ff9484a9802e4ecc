"""Functions of a sum: random piecewise linear ones are recovered."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition import kinks
from synthesis.starts.composition.forms import Kinked
from synthesis.starts.composition.kinks import function_of, functions_of_a_sum
from tests.examples import examples
from tests.synthesis.samples import value_of

N_ROWS, SAMPLES = 6, 300
SIGNS = st.sampled_from([1.0, -1.0])
CHANGES = st.sampled_from([-3.0, -1.0, -0.5, 1.0, 2.0])


@st.composite
def functions(draw):
    """Whole numbers in rows, and a function of a sum of one to three of them."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = rng.integers(-3, 4, (N_ROWS, SAMPLES)).astype(float)
    width = draw(st.integers(1, 3))
    chosen = draw(st.permutations(range(N_ROWS)))[:width]
    total = sum(draw(SIGNS) * rows[row] for row in chosen)
    places = draw(st.lists(st.integers(-2, 2), min_size=1, max_size=3, unique=True))
    kinks = [(float(place), draw(CHANGES)) for place in places]
    slope, constant = draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0])), draw(st.integers(-2, 2))
    bent = sum(change * np.maximum(0.0, total - place) for place, change in kinks)
    return rows, sorted(chosen), slope * total + constant + bent


@given(drawn=functions())
@examples(50)
def test_random_functions_of_a_sum_are_recovered(drawn):
    rows, chosen, answers = drawn
    found = next(functions_of_a_sum(rows, answers, (1, 2, 3)), None)
    assert found is not None
    assert sorted(found.rows) == chosen
    assert len(found.kinks) <= 3
    np.testing.assert_allclose(value_of(found, rows), answers, atol=1e-9)


@given(drawn=functions())
@examples(10)
def test_all_that_are_found_are_right(drawn):
    rows, _, answers = drawn
    for form in islice(functions_of_a_sum(rows, answers, widths=(1, 2)), 10):
        np.testing.assert_allclose(value_of(form, rows), answers, atol=1e-9)


@st.composite
def problems(draw):
    """Whole and measured numbers, alike and not, and a function of a sum, unsound or not."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    samples = draw(st.sampled_from([20, 90, 400]))
    rows = rng.standard_normal((N_ROWS, samples)) * draw(st.sampled_from([1e-3, 1.0, 1e6]))
    rows[:2] = np.round(2.0 * rows[:2])
    rows[2] = rows[3] + draw(st.sampled_from([0.0, 1e-10, 1e-3])) * rows[4]
    total = rows[draw(st.integers(0, 3))] + draw(SIGNS) * rows[draw(st.integers(2, 5))]
    places = draw(st.lists(st.floats(-2.0, 2.0), max_size=6))
    bent = sum(draw(CHANGES) * np.maximum(0.0, total - x * np.std(total)) for x in places)
    noise = draw(st.sampled_from([0.0, 1e-10, 1e-7, 1e-3])) * rng.standard_normal(samples)
    return rows, draw(st.sampled_from([0.0, 1.0])) * total + bent + noise * np.std(total)


@given(drawn=problems())
@examples(60)
def test_nothing_is_lost_by_a_first_look_at_some_samples(drawn):
    rows, answers = drawn
    found = list(functions_of_a_sum(rows, answers, (1, 2, 3)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinks._Screen, "passed", lambda self, sums: range(len(sums)))
        assert found == list(functions_of_a_sum(rows, answers, (1, 2, 3)))


@given(seed=st.integers(0, 10**6))
@examples(10)
def test_answers_of_their_own_are_no_function(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (N_ROWS, SAMPLES)).astype(float)
    assert not list(functions_of_a_sum(rows, rng.integers(-3, 4, SAMPLES).astype(float), (1, 2, 3)))


def test_more_kinks_than_allowed_are_no_function():
    row = np.repeat(np.arange(12.0), 5)
    zigzag = row % 2
    assert not list(functions_of_a_sum(row[None], zigzag, (1,), most_kinks=4))
    found = next(functions_of_a_sum(row[None], zigzag, (1,), most_kinks=10))
    assert len(found.kinks) == 10
    np.testing.assert_array_equal(value_of(found, row[None]), zigzag)


def test_two_values_of_a_sum_tell_no_function():
    flag = np.array([0.0, 1.0, 1.0, 0.0])
    assert not list(functions_of_a_sum(flag[None], 1.0 - flag, (1,)))


# -------------------- steps and folds --------------------


@given(
    places=st.lists(st.integers(-3, 3), min_size=1, max_size=3, unique=True),
    slope=st.sampled_from([-1.0, 0.0, 0.5, 2.0]),
    seed=st.integers(0, 10**6),
)
def test_steps_on_a_grid_are_found(places, slope, seed):
    rng = np.random.default_rng(seed)
    total = rng.integers(-5, 6, SAMPLES).astype(float)
    changes = rng.choice([-4.0, -1.0, 3.0], len(places))
    answers = slope * total + sum(
        change * (total > place + 0.5) for place, change in zip(places, changes, strict=True)
    )
    found = function_of(total, answers, most=9, has_steps=True)
    np.testing.assert_allclose(value_of(Kinked((0,), (1.0,), *found), total[None]), answers)
    assert found.neurons <= len(places) or found.wires(1) <= 3 * len(places) + 2
    without = function_of(total, answers, most=99)
    assert not without.steps
    np.testing.assert_allclose(value_of(Kinked((0,), (1.0,), *without), total[None]), answers)


@given(seed=st.integers(0, 10**6), values=st.integers(2, 12), folds=st.integers(0, 4))
def test_any_table_is_a_function_and_folds_never_cost_wires(seed, values, folds):
    rng = np.random.default_rng(seed)
    total = np.concatenate([np.arange(values + 1.0), rng.integers(0, values, 50)])
    answers = rng.integers(0, 3, values + 1)[total.astype(int)].astype(float)
    found = function_of(total, answers, most=99, has_steps=True, folds=folds)
    plain = function_of(total, answers, most=99, has_steps=True)
    np.testing.assert_allclose(value_of(Kinked((0,), (1.0,), *found), total[None]), answers)
    assert len(found.folds) <= folds
    assert found.wires(1) <= plain.wires(1)


def test_parity_folds():
    total = np.tile(np.arange(5.0), 3)
    found = function_of(total, total % 2, most=3, folds=4, rows=4)
    assert found.folds[0] == 2.0
    np.testing.assert_allclose(value_of(Kinked((0,), (1.0,), *found), total[None]), total % 2)
    assert found.wires(4) == 9 < function_of(total, total % 2, most=3, rows=4).wires(4)


def test_steps_between_numbers_that_are_no_neighbours_are_not_believed():
    total = np.tile([0.0, 1.0, 2.0, 7.0, 8.0, 9.0], 3)
    found = function_of(total, (total > 4).astype(float), most=9, has_steps=True)
    assert not found.steps
