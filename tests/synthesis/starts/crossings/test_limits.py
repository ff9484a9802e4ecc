"""Bounds that answers tell of from both sides are where they are, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.data.asked import to_strings
from synthesis.starts.crossings import crossings_of
from tests.synthesis.starts.crossings.programs import debounced, measured, remembered, switched


@given(bound=st.floats(-0.6, 0.4), times=st.integers(1, 3), seed=st.integers(0, 100))
def test_a_bound_lies_in_its_gap(bound, times, seed):
    x = measured(seed)
    strings = to_strings(x, remembered(debounced(bound, times), x))[0]
    (gap,) = crossings_of(strings, ["stream-x"])["stream-x"]
    assert gap.low <= bound <= gap.high and gap.high - gap.low < 0.3


@given(low=st.floats(-0.6, -0.1), width=st.floats(0.2, 0.6), seed=st.integers(0, 100))
def test_both_bounds_of_a_switch_are_found(low, width, seed):
    x = measured(seed)
    strings = to_strings(x, remembered(switched(low, low + width), x))[0]
    first, second = crossings_of(strings, ["stream-x"])["stream-x"]
    assert first.low <= low <= first.high and second.low <= low + width <= second.high


@given(seed=st.integers(0, 1000))
def test_where_there_is_no_bound_none_is_found(seed):
    x = measured(seed)
    answers = np.random.default_rng([seed, 1]).integers(0, 3, x.shape)
    assert crossings_of(to_strings(x, answers)[0], ["stream-x"]) == {"stream-x": []}


def test_changes_of_answers_tell_of_bounds_too():
    x = measured(1)
    strings = to_strings(x, np.cumsum(x > 0.25, axis=1))[0]
    assert len(np.unique(strings.answers)) > 12
    assert [gap.value for gap in crossings_of(strings, ["stream-x"])["stream-x"]] == [0.25]


@given(seed=st.integers(0, 100))
def test_bounds_of_two_streams_that_have_to_meet_are_found(seed):
    x, y = measured(seed), measured([seed, 1])
    both = (x > -0.3) & (y < 0.2)
    twice = both.copy()
    twice[:, 1:] &= both[:, :-1]
    twice[:, 0] = False
    strings = to_strings({"x": x, "y": y}, twice.astype(float))[0]
    found = crossings_of(strings, ["stream-x", "stream-y"])
    for source, bound in (("stream-x", -0.3), ("stream-y", 0.2)):
        (gap,) = found[source]
        assert gap.low <= bound <= gap.high and gap.high - gap.low < 0.3
