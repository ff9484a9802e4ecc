"""Codes of states: what is counted is what is there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from synthesis.starts.automata.codes import NONE, SLOPES, codings
from synthesis.starts.automata.mealy import Mealy
from tests.examples import examples
from tests.marks import thorough
from tests.synthesis.starts.automata.tables import automata


def counter(base, digits, carry=lambda total, base: total % base, answer=None):
    """States that go from ``s`` to a function of ``s + x``."""
    total = np.arange(base)[:, None] + np.arange(digits)
    told = carry(total, base) if answer is None else answer(total, base)
    return Mealy(carry(total, base), told.astype(float))


@pytest.mark.parametrize("base", [3, 5, *thorough(7, 9)])
def test_counters_take_one_step_for_the_state_and_one_for_the_answer(base):
    values = np.arange(float(base))[:, None]
    best = codings(counter(base, base), values)[0]
    assert best.pieces == 2
    assert sorted(np.abs(best.codes)) == list(np.abs(best.codes[1]) * np.arange(base))


@pytest.mark.parametrize("divisor", [3, 5, *thorough(7)])
def test_long_division_takes_two_steps(divisor):
    total = 2 * np.arange(divisor)[:, None] + np.arange(2)
    division = Mealy(total % divisor, (total // divisor).astype(float))
    assert codings(division, np.array([[0.0], [1.0]]))[0].pieces == 2


@given(automaton=automata(most_states=5, most_symbols=3))
@examples(30)
def test_pieces_are_those_of_the_functions(automaton):
    values = np.arange(float(automaton.answers.shape[1]))[:, None]
    for coding in codings(automaton, values):
        assert coding.codes[0] == 0.0
        assert len(set(coding.codes)) == len(automaton)
        if coding.pieces == NONE:
            continue
        state = coding.codes[:, None] + values[:, 0] * coding.weights[0]
        answer = coding.codes[:, None] + values[:, 0] * coding.answer_weights[0]
        following = coding.codes[automaton.following]
        needed = pieces(state, following) + pieces(answer, automaton.answers)
        assert coding.pieces == needed


def pieces(sums, goals):
    """Kinks, or steps on lines of one slope, through the points of a function."""
    points = sorted(set(zip(sums.ravel().tolist(), goals.ravel().tolist(), strict=True)))
    assert len({place for place, _ in points}) == len(points)
    slopes = [(d - b) / (c - a) for (a, b), (c, d) in pairwise(points)]
    kinks = sum(one != other for one, other in pairwise(slopes))
    return min([kinks, *(sum(slope != line for slope in slopes) for line in SLOPES)])


@given(automaton=automata(most_states=9, most_symbols=4))
@examples(20)
def test_the_last_code_always_works(automaton):
    values = np.arange(float(automaton.answers.shape[1]))[:, None]
    last = codings(automaton, values)[-1]
    sums = last.codes[:, None] + values[:, 0] * last.weights[0]
    assert len(np.unique(sums)) == sums.size
