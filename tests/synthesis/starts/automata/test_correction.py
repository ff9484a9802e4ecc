"""Automata that are nearly right are corrected; others are left alone."""

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from synthesis.starts.automata.correction import corrected
from synthesis.starts.automata.mealy import Mealy


def drawn(seed, states, symbols):
    """A random automaton and strings."""
    rng = np.random.default_rng(seed)
    following = rng.integers(0, states, (states, symbols))
    answers = rng.integers(0, 3, (states, symbols)).astype(float)
    return Mealy(following, answers).minimal(), rng.integers(0, symbols, (40, 25)), rng


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # most changes change much
@given(seed=st.integers(0, 10_000), states=st.integers(3, 6), symbols=st.integers(2, 3))
def test_one_wrong_transition_is_found(seed, states, symbols):
    right, strings, rng = drawn(seed, states, symbols)
    _, answers = right.run(strings)
    state, symbol = rng.integers(len(right)), rng.integers(symbols)
    following = right.following.copy()
    following[state, symbol] = (following[state, symbol] + 1) % len(right)
    wrong = Mealy(following, right.answers)
    share = (wrong.run(strings)[1] != answers).mean()
    assume(0.0 < share < 0.3)
    found = corrected(wrong, strings, answers)
    assert found is not None and len(found) <= len(right)
    np.testing.assert_array_equal(found.run(strings)[1], answers)


@given(seed=st.integers(0, 10_000))
def test_an_automaton_that_is_right_stays(seed):
    right, strings, _ = drawn(seed, 4, 2)
    _, answers = right.run(strings)
    found = corrected(right, strings, answers)
    np.testing.assert_array_equal(found.run(strings)[1], answers)


def test_what_no_string_tells_stays_unknown():
    """Never two ones in a row: where a second one would lead is nothing that is known."""
    rng = np.random.default_rng(0)
    strings = rng.integers(0, 2, (40, 25))
    for t in range(1, 25):
        strings[:, t] *= 1 - strings[:, t - 1]
    answers = np.cumsum(strings, axis=1) % 2.0
    following = np.array([[0, 1], [2, -1], [2, 3], [0, -1]])
    told = np.array([[0.0, 1.0], [1.0, np.nan], [1.0, 0.0], [0.0, np.nan]])
    found = corrected(Mealy(following, told), strings, answers)
    assert (found.following == -1).sum() == 2
    assert np.isnan(found.answers[found.following == -1]).all()
    np.testing.assert_array_equal(found.run(strings)[1], answers)


def test_answers_that_are_not_asked_tell_nothing():
    right, strings, rng = drawn(3, 4, 2)
    _, answers = right.run(strings)
    asked = np.where(rng.random(answers.shape) < 0.5, answers, np.nan)
    strings = np.where(np.arange(25) < rng.integers(5, 26, (40, 1)), strings, -1)
    found = corrected(right, strings, np.where(strings >= 0, asked, np.nan))
    given = found.run(strings)[1]
    is_asked = ~np.isnan(asked) & (strings >= 0)
    np.testing.assert_array_equal(given[is_asked], asked[is_asked])


def test_what_is_far_from_right_is_left_alone():
    right, strings, rng = drawn(0, 4, 2)
    assert corrected(right, strings, rng.integers(0, 3, strings.shape).astype(float)) is None


def test_there_is_nothing_to_change_about_one_state():
    single = Mealy(np.zeros((1, 2), dtype=int), np.zeros((1, 2)))
    answers = np.where(np.arange(15).reshape(3, 5) == 7, 1.0, 0.0)
    assert corrected(single, np.zeros((3, 5), dtype=int), answers) is None


def test_large_automata_are_left_alone():
    following = (np.arange(60)[:, None] + np.array([0, 1])) % 60
    large = Mealy(following, np.zeros((60, 2)))
    assert corrected(large, np.zeros((3, 5), dtype=int), np.zeros((3, 5))) is None
