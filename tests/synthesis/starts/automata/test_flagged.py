"""Codes by a flag: each value of it has a function of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.automata.codes import ALL_ORDERS
from synthesis.starts.automata.flagged import flagged_codings
from synthesis.starts.automata.mealy import Mealy
from tests.examples import examples
from tests.synthesis.starts.automata.tables import automata

FLAG = np.array([[0.0], [1.0]])
BESIDE = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])


@pytest.mark.thorough
@given(st.data())
@examples(20)
def test_on_either_side_of_the_flag_the_sum_tells_what_follows(data):
    values = data.draw(st.sampled_from([FLAG, BESIDE]))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    states = data.draw(st.integers(2, 4))
    shape = (states, len(values))
    automaton = Mealy(rng.integers(0, states, shape), rng.integers(0, 2, shape).astype(float))
    for coding in flagged_codings(automaton, values, most=3):
        assert coding.codes[0] == 0.0 and len(set(coding.codes)) == states
        for is_on, weights in ((1.0, coding.weights), (0.0, coding.weights_off)):
            assert weights[coding.flag] == 0.0
            here = values[:, coding.flag] == is_on
            sums = coding.codes[:, None] + values[here] @ np.array(weights)
            following = coding.codes[automaton.following[:, here]]
            told = dict(zip(sums.ravel(), following.ravel(), strict=True))
            assert all(told[s] == f for s, f in zip(sums.flat, following.flat, strict=True))


def test_what_one_value_keeps_and_the_other_moves_takes_one_piece():
    ring = np.array([[0, 1], [1, 2], [2, 0]])
    best = flagged_codings(Mealy(ring, ring.astype(float)), FLAG, most=1)[0]
    assert best.pieces <= 2  # one for the way round, one for the answer


@given(automaton=automata(most_states=5, most_symbols=1))
@examples(5)
def test_where_no_input_is_a_flag_there_are_none(automaton):
    assert flagged_codings(automaton, np.zeros((1, 1)), most=2) == []


def test_many_states_are_left_to_others():
    ring = (np.arange(ALL_ORDERS + 1)[:, None] + np.arange(2)) % (ALL_ORDERS + 1)
    assert flagged_codings(Mealy(ring, ring.astype(float)), FLAG, most=2) == []
