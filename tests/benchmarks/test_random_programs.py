"""Random programs do what their texts say, come again with their seeds, and hide no idle part."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hidden_state.random_parts import NEVER, Answer
from benchmarks.hidden_state.random_programs import (
    RANDOM,
    is_worth_learning,
    program_of_seed,
    random_program,
)
from tests.examples import examples

STRINGS, SAMPLES = 6, 40

# -------------------- what a text says --------------------


def scalar(number):
    """A whole number as int, so that it can be a place in a table."""
    return int(number) if number == int(number) else float(number)


def told(text: str, columns: dict[str, np.ndarray], s: int) -> list[float]:
    """The answers to one string by the text alone, which is Python."""
    assignments, now = [], {"min": min, "max": max, "__builtins__": {}}
    for part in text.split("; ")[1:]:
        name, right = part.split(" = ", 1)
        start = re.search(rf" \({name} = (\S+) at first\)$", right)
        now[name] = scalar(float(start[1])) if start else 0
        assignments.append((name, right[: start.start()] if start else right))
    answers = []
    for t in range(SAMPLES):
        now |= {name: scalar(column[s, t]) for name, column in columns.items()}
        for name, right in assignments:
            now[name] = scalar(eval(right, now))
        answers.append(now["y"])
    return answers


@given(seed=st.integers(0, 10**6), n_states=st.integers(1, 3))
@examples(100)
def test_a_program_does_what_its_text_says(seed, n_states):
    program = random_program(np.random.default_rng(seed), n_states)
    columns, answers = program(np.random.default_rng([seed, 1]), STRINGS, SAMPLES)
    assert answers.shape == (STRINGS, SAMPLES)
    for s in range(STRINGS):
        np.testing.assert_allclose(answers[s], told(str(program), columns, s), rtol=1e-12, atol=0)


# -------------------- seeds --------------------


@pytest.mark.parametrize("seed", (0, 7, 23))
def test_the_same_seed_is_the_same_program_and_the_same_strings(seed):
    first, again = program_of_seed(seed), program_of_seed.__wrapped__(seed)
    assert str(first) == str(again)
    one = RANDOM[f"random_{seed:02d}"](np.random.default_rng(5), STRINGS, SAMPLES)
    other = again(np.random.default_rng(5), STRINGS, SAMPLES)
    np.testing.assert_array_equal(one[1], other[1])
    assert all(np.array_equal(one[0][name], column) for name, column in other[0].items())


@pytest.mark.thorough
def test_all_programs_of_the_group_differ():
    texts = {str(program_of_seed(seed)) for seed in range(len(RANDOM))}
    assert len(texts) == len(RANDOM) == 40


# -------------------- what is not worth learning --------------------


def worth(program) -> bool:
    """Whether other strings than those that it was chosen by show all of it."""
    return is_worth_learning(program, np.random.default_rng(1))


def with_answer(program, text, value):
    """The program with another answer and no condition on it."""
    return replace(program, answer=Answer("state", text, (), value))


def test_an_answer_that_never_changes_is_not_worth_learning():
    program = program_of_seed(0)
    assert worth(program)
    assert not worth(with_answer(program, "1", lambda now: np.ones_like(now["a"])))


def test_an_answer_that_is_a_stream_is_not_worth_learning():
    assert not worth(with_answer(program_of_seed(0), "a", lambda now: now["a"]))


@pytest.mark.parametrize("seed", (0, 2, 20, 38))
def test_a_program_with_an_idle_part_is_not_worth_learning(seed):
    program = program_of_seed(seed)
    first = program.states[0]
    idle = replace(first, conditions=(NEVER, *first.conditions[1:]))
    assert not worth(replace(program, states=(idle, *program.states[1:])))
