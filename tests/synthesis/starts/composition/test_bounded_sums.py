"""Sums with a bound: any short one is recovered, and what is found tells zeros from ones."""

from __future__ import annotations

from itertools import islice

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.starts.composition.thresholds import bounded_sums
from tests.examples import examples
from tests.synthesis.samples import value_of

N_ROWS, SAMPLES = 12, 200


@st.composite
def bounded(draw):
    """Whole numbers in rows, and which sum of one to three of them exceeds a bound."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = rng.integers(-4, 5, (N_ROWS, SAMPLES)).astype(float)
    chosen = sorted(draw(st.permutations(range(N_ROWS)))[: draw(st.integers(1, 3))])
    signs = [draw(st.sampled_from([1.0, -1.0])) for _ in chosen]
    answers = (np.array(signs) @ rows[chosen] > draw(st.integers(-2, 2))).astype(float)
    assume(10 < answers.sum() < SAMPLES - 10)
    return rows, chosen, answers


@given(drawn=bounded())
@examples(30)
def test_a_short_sum_is_recovered(drawn):
    rows, chosen, answers = drawn
    found = next(bounded_sums(rows, answers, np.ones(N_ROWS)), None)
    assert found is not None
    assert sorted(found.rows) == chosen


@given(drawn=bounded())
@examples(15)
def test_all_that_are_found_are_right_and_the_cheap_come_first(drawn):
    rows, _, answers = drawn
    cost = np.arange(1.0, N_ROWS + 1.0)
    found = list(islice(bounded_sums(rows, answers, cost), 12))
    for form in found:
        np.testing.assert_array_equal(value_of(form, rows), answers)
    ranks = [(len(form.rows), cost[list(form.rows)].sum()) for form in found]
    assert ranks == sorted(ranks)


def test_there_is_none_where_no_short_sum_tells():
    rows = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    assert not list(bounded_sums(rows, np.array([0.0, 1.0, 1.0, 0.0]), np.ones(2)))
