"""Random automata, and strings that they answer."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from synthesis.starts.automata.mealy import Mealy

__all__ = ["automata", "drawn", "walked"]


@st.composite
def automata(draw, most_states=5, most_symbols=3, answers=2) -> Mealy:
    """Any table; not every state need be reached, or differ from another."""
    states, symbols = draw(st.integers(1, most_states)), draw(st.integers(1, most_symbols))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    following = rng.integers(0, states, (states, symbols))
    return Mealy(following, rng.integers(0, answers, (states, symbols)).astype(float))


def drawn(rng: np.random.Generator, automaton: Mealy, strings: int, samples: int) -> np.ndarray:
    """Random strings of its symbols."""
    return rng.integers(0, automaton.answers.shape[1], (strings, samples))


def walked(automaton: Mealy, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States and answers, one step after another."""
    states, answers = np.zeros(symbols.shape, dtype=int), np.zeros(symbols.shape)
    for b, row in enumerate(symbols):
        state = 0
        for t, symbol in enumerate(row):
            answers[b, t] = automaton.answers[state, symbol]
            state = states[b, t] = automaton.following[state, symbol]
    return states, answers
