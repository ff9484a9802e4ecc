"""Functions of a sum: random piecewise linear ones are recovered."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition import kinks
from synthesis.starts.composition.kinks import functions_of_a_sum
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
