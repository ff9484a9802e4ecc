"""Measured streams as levels: bounds are where they are, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis import Synthesizer
from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Automaton, Crossings
from synthesis.starts.crossings import crossings_of

STRINGS, SAMPLES = 60, 30


def measured(seed, strings=STRINGS, samples=SAMPLES):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (strings, samples))


def remembered(step, x):
    """Answers of a rule with a memory, string by string."""
    out = np.zeros_like(x)
    for row, told in zip(x, out, strict=True):
        state = 0.0
        for t, value in enumerate(row):
            state, told[t] = step(state, value)
    return out


def debounced(bound, times):
    """1 where the last so many samples were all above a bound."""

    def step(count, value):
        count = count + 1.0 if value > bound else 0.0
        return count, float(count >= times)

    return step


def switched(low, high):
    """On above the upper bound, off below the lower one."""

    def step(state, value):
        state = 1.0 if value > high else 0.0 if value < low else state
        return state, state

    return step


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


def test_counted_streams_have_no_levels():
    x = np.random.default_rng(0).integers(0, 5, (STRINGS, SAMPLES))
    problem = Problem.of(to_strings(x, (x > 2).astype(float))[0])
    assert not list(Crossings(Automaton()).propose(problem, VOCABULARY))
    hot = remembered(debounced(0.5, 2), measured(0))
    fine = Problem.of(to_strings(measured(0), hot)[0])
    assert list(Crossings(Automaton()).propose(fine, VOCABULARY))
    assert not list(Crossings(Automaton()).propose(fine, ("accum", "compare")))


@pytest.mark.parametrize("step", [debounced(0.2, 3), switched(-0.3, 0.4)])
def test_an_automaton_of_levels_goes_on_rightly(step):
    x = measured(2)
    problem = Problem.of(to_strings(x, remembered(step, x))[0])
    proposal = next(Crossings(Automaton()).propose(problem, VOCABULARY))
    assert "of levels" in proposal.origin and proposal.gaps
    model = Synthesizer(spaces=(Crossings(Automaton()),)).fit(x, remembered(step, x))
    fresh = measured(3, 400, SAMPLES)
    is_open = np.zeros(fresh.shape, dtype=bool)
    for gap in proposal.gaps:
        is_open |= (fresh >= gap.low) & (fresh <= gap.high)
    settled = fresh[~is_open.any(axis=1)]
    assert len(settled) > 50
    np.testing.assert_array_equal(model.predict(settled), remembered(step, settled))
