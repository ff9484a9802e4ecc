"""Bounds that answers tell of from one side: likely where they are, and none by chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.data.asked import to_strings
from synthesis.starts.crossings import crossings_of, holes_of
from tests.synthesis.starts.crossings.programs import (
    debounced,
    latched,
    measured,
    refractory,
    remembered,
)

X = "stream-x"


def found_by(step, seed, most=3):
    x = measured(seed)
    strings = to_strings(x, remembered(step, x))[0]
    return holes_of(strings, [X], crossings_of(strings, [X]), most)[X]


@given(bound=st.floats(-0.2, 0.5), seed=st.integers(0, 100))
def test_a_bound_that_is_not_always_answered_is_found(bound, seed):
    gaps = found_by(refractory(bound, 3), seed)
    assert min(abs(gap.value - bound) for gap in gaps) < 0.1


@given(low=st.floats(-0.6, -0.3), high=st.floats(0.3, 0.6), seed=st.integers(0, 100))
def test_an_answer_outside_of_two_bounds_tells_of_both(low, high, seed):
    gaps = found_by(latched(low, high, 1), seed, most=2)
    assert len(gaps) == 2
    assert abs(gaps[0].value - low) < 0.15 and abs(gaps[1].value - high) < 0.15


def test_many_in_a_row_tell_of_a_bound_by_few_answers():
    x = measured(3)
    answers = remembered(debounced(0.1, 5), x)
    assert answers.sum() < 40
    (gap,) = found_by(debounced(0.1, 5), 3)
    assert gap.low <= 0.1 <= gap.high


@given(seed=st.integers(0, 1000))
def test_where_there_is_no_bound_none_is_found(seed):
    x = measured(seed)
    answers = np.random.default_rng([seed, 1]).integers(0, 3, x.shape)
    assert holes_of(to_strings(x, answers)[0], [X], {}, most=3) == {X: []}


def test_known_bounds_stay():
    x = measured(1)
    strings = to_strings(x, remembered(debounced(0.2, 2), x))[0]
    known = crossings_of(strings, [X])
    assert len(known[X]) == 1
    assert holes_of(strings, [X], known, most=1) == known
