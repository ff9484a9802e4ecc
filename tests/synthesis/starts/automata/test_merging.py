"""State merging finds the automaton behind its strings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.automata import merging
from synthesis.starts.automata.merging import merged, prefix_tree
from tests.examples import examples
from tests.synthesis.starts.automata.tables import automata, drawn

SEEDS = st.integers(0, 10**6)


@given(automaton=automata(), seed=SEEDS)
@examples(40)
def test_the_automaton_is_found_again(automaton, seed):
    rng = np.random.default_rng(seed)
    symbols = drawn(rng, automaton, 150, 20)
    symbols[0, : automaton.answers.shape[1]] = np.arange(automaton.answers.shape[1])
    _, answers = automaton.run(symbols)
    found = merged(symbols, answers, 20)
    assert found is not None
    assert len(found) <= len(automaton.minimal())
    fresh = drawn(rng, automaton, 20, 60)
    np.testing.assert_array_equal(found.run(fresh)[1], automaton.run(fresh)[1])


@given(automaton=automata(), seed=SEEDS, asked=st.floats(0.1, 1.0))
@examples(40)
def test_what_is_found_gives_every_answer_that_was_asked(automaton, seed, asked):
    rng = np.random.default_rng(seed)
    symbols = drawn(rng, automaton, 60, 12)
    symbols[:30, 8:] = -1
    _, answers = automaton.run(symbols)
    answers[rng.random(answers.shape) > asked] = np.nan
    found = merged(symbols, answers, 40)
    if found is not None:
        _, given_ = found.run(symbols)
        is_asked = ~np.isnan(answers)
        np.testing.assert_array_equal(given_[is_asked], answers[is_asked])


def test_answers_that_no_automaton_gives():
    rng = np.random.default_rng(0)
    symbols = rng.integers(0, 2, (200, 20))
    assert merged(symbols, rng.integers(0, 2, symbols.shape).astype(float), 20) is None
    symbols[1], answers = symbols[0], np.zeros(symbols.shape)
    answers[1, 5] = 1.0
    assert merged(symbols, answers, 20) is None


def test_more_states_than_allowed():
    symbols = np.random.default_rng(1).integers(0, 7, (200, 20))
    answers = (np.cumsum(symbols, axis=1) % 7).astype(float)
    assert len(merged(symbols, answers, 7)) == 7
    assert merged(symbols, answers, 6) is None


def test_the_prefix_tree_has_a_node_per_prefix():
    children, told = prefix_tree(np.array([[0, 1], [0, 0]]), np.array([[1.0, 2.0], [1.0, 3.0]]), 2)
    assert len(children) == 4
    assert told[0] == [1.0, None]
    assert told[children[0][0]] == [3.0, 2.0]
    with pytest.raises(ValueError, match="equal so far"):
        prefix_tree(np.array([[0], [0]]), np.array([[1.0], [2.0]]), 1)


class Forgetful(merging._Fold):
    """Every score is that of the states as they are now."""

    def score(self, parent, symbol, state):
        self._scores.clear()
        return super().score(parent, symbol, state)


@given(automaton=automata(), seed=SEEDS, asked=st.floats(0.1, 1.0))
@examples(40)
def test_scores_that_are_kept_are_those_of_now(automaton, seed, asked):
    rng = np.random.default_rng(seed)
    symbols = drawn(rng, automaton, 30, 10)
    _, answers = automaton.run(symbols)
    answers[rng.random(answers.shape) > asked] = np.nan
    found = merged(symbols, answers, 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "_Fold", Forgetful)
        fresh = merged(symbols, answers, 40)
    assert (fresh is None) == (found is None)
    if found is not None:
        np.testing.assert_array_equal(fresh.following, found.following)
        np.testing.assert_array_equal(fresh.answers, found.answers)
