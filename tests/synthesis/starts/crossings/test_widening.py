"""Bounds are moved as far as all stays right, and no further."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.fit.data.asked import to_strings
from synthesis.starts.composition.thresholds import chosen_between
from synthesis.starts.crossings.widening import values_of, widened

X = "stream-x"


@given(
    low=st.floats(0.05, 0.4),
    width=st.floats(0.05, 0.5),
    at=st.floats(0.1, 0.9),
    seed=st.integers(0, 1000),
)
def test_a_bound_is_moved_to_the_ends_of_where_it_is_right(low, width, at, seed):
    x = np.random.default_rng(seed).uniform(size=(4, 10))
    strings = to_strings(x, np.zeros_like(x))[0]
    values, high = np.unique(strings.numbers(X)), low + width

    def is_right(gaps):
        return low <= gaps[X][0].value < high

    start = low + at * width
    place = int(np.searchsorted(values, start))
    assume(0 < place < len(values))
    gaps = {X: [chosen_between(values[place - 1], values[place])]}
    assume(is_right(gaps))
    (gap,) = widened(gaps, strings, is_right)[X]
    assert is_right({X: [gap]})
    inside = values[(values > gap.low) & (values < gap.high)]
    assert gap.low <= gaps[X][0].low and gap.high >= gaps[X][0].high
    assert np.all((inside >= low) & (inside < high))


def test_bounds_do_not_pass_each_other():
    x = np.arange(1.0, 9.0)[None] / 10.0
    strings = to_strings(x, np.zeros_like(x))[0]
    gaps = {X: [chosen_between(0.3, 0.4), chosen_between(0.5, 0.6)]}
    first, second = values_of(widened(gaps, strings, lambda moved: True))[X]
    assert first < second


def test_bounds_that_hold_nowhere_else_stay():
    x = np.arange(1.0, 9.0)[None] / 10.0
    strings = to_strings(x, np.zeros_like(x))[0]
    gaps = {X: [chosen_between(0.3, 0.4)]}
    value = gaps[X][0].value
    assert widened(gaps, strings, lambda moved: moved[X][0].value == value) == gaps
