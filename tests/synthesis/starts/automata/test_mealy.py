"""Tables of automata: running them, and the smallest of the same behaviour."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.automata.mealy import UNKNOWN, Mealy
from tests.synthesis.starts.automata.tables import automata, drawn, walked

SEEDS = st.integers(0, 10**6)


@given(automaton=automata(), seed=SEEDS)
def test_running_is_one_step_after_another(automaton, seed):
    symbols = drawn(np.random.default_rng(seed), automaton, 4, 12)
    for one, other in zip(automaton.run(symbols), walked(automaton, symbols), strict=True):
        np.testing.assert_array_equal(one, other)


@given(automaton=automata(), seed=SEEDS)
def test_the_smallest_behaves_alike_and_cannot_be_made_smaller(automaton, seed):
    small = automaton.minimal()
    symbols = drawn(np.random.default_rng(seed), automaton, 4, 30)
    np.testing.assert_array_equal(small.run(symbols)[1], automaton.run(symbols)[1])
    assert len(small) <= len(automaton)
    assert len(small.minimal()) == len(small)


@given(automaton=automata(most_states=4))
def test_states_of_the_smallest_can_be_told_apart(automaton):
    small = automaton.minimal()
    told = {state: _behaviour(small, state, 8) for state in range(len(small))}
    assert len(set(told.values())) == len(small)


def _behaviour(automaton, state, depth):
    """All answers to all strings up to a length, from one state."""
    if not depth:
        return ()
    after = (_behaviour(automaton, int(s), depth - 1) for s in automaton.following[state])
    return (tuple(automaton.answers[state]), *after)


def test_nothing_is_known_behind_a_transition_that_no_string_showed():
    automaton = Mealy(np.array([[0, UNKNOWN]]), np.array([[1.0, np.nan]]))
    states, answers = automaton.run(np.array([[0, 1, 0], [0, 0, -1]]))
    np.testing.assert_array_equal(states, [[0, -1, -1], [0, 0, -1]])
    np.testing.assert_array_equal(answers, [[1.0, np.nan, np.nan], [1.0, 1.0, np.nan]])
