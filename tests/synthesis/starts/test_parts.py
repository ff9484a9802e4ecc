"""The start for strings of several parts: what is met side by side, and its circuit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesis.problems import Problem
from synthesis.starts import Automaton, Composition, Parts
from synthesis.starts.parts import Mark, _Parts, marks_of
from tests.synthesis.samples import said, strings_of

VOCABULARY = (
    *("accum", "norm", "compare", "dot_free", "less_or_equal", "multiplexer"),
    "cells(200)",
)
MARKS = (Mark("stream-x", 3.0, 2.0), Mark("stream-end", 1.0, 0.0))


def written(parts, answers):
    """Parts with a 3 between them and a mark behind, and what is asked in the samples after it."""
    xs, ends, asked = [], [], []
    for words, answer in zip(parts, answers, strict=True):
        string = [symbol for word in words[:-1] for symbol in (*word, 3.0)] + list(words[-1])
        after = 1 + len(answer)
        xs.append([*string, *[0.0] * after])
        ends.append([*[0.0] * len(string), 1.0, *[0.0] * len(answer)])
        asked.append([*[np.nan] * (len(string) + 1), *answer])
    return strings_of({"x": xs, "end": ends}, asked)


def random_parts(rng, strings, longest, most=2):
    return [
        [rng.integers(0, most + 1, rng.integers(1, longest + 1)).tolist() for _ in range(2)]
        for _ in range(strings)
    ]


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_circuit_reads_what_is_met(seed, is_trimmed):
    rng = np.random.default_rng(seed)
    parts = random_parts(rng, 5, 5)
    strings = written(parts, [[0.0] * 7 for _ in parts])
    reader = _Parts("stream-x", MARKS, is_trimmed)
    met = reader.met(strings)
    nothing = strings_of(
        {"x": strings.numbers("stream-x"), "end": strings.numbers("stream-end")},
        *np.zeros((3, *met.shape[1:])),
    )
    found = said(reader.circuit(("stream-x", "stream-end"), "cells(200)"), nothing)
    inside = strings.inside()
    np.testing.assert_array_equal(found[:, inside], met[:, inside])


def test_what_is_met_begins_after_the_last_mark():
    strings = written([[[1, 2, 0], [2]]], [[0.0] * 4])
    whole, trimmed = (_Parts("stream-x", MARKS, is_trimmed) for is_trimmed in (False, True))
    assert whole.met(strings)[:, 0, -4:].tolist() == [[1, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1]]
    assert trimmed.met(strings)[:, 0, -4:].tolist() == [[1, 2, 0, 0], [2, 0, 0, 0], [0, 0, 1, 1]]
    assert not whole.met(strings)[:, 0, :-4].any()


def test_nothing_is_known_of_strings_with_a_mark_too_many():
    strings = written([[[1], [2], [1]]], [[0.0]])
    assert np.isnan(_Parts("stream-x", MARKS, False).met(strings)).all()


# -------------------- marks --------------------


def test_marks_stand_once_in_every_string_and_always_in_order():
    rng = np.random.default_rng(0)
    parts = random_parts(rng, 30, 5)
    strings = written(parts, [[0.0]] * 30)
    assert marks_of(Problem.of(strings, held_out=0.0)) == MARKS
    three = written([[*words, words[0]] for words in parts], [[0.0]] * 30)
    assert marks_of(Problem.of(three, held_out=0.0)) == MARKS[1:]
    x = np.zeros((2, 30, 8))
    x[0, :, 2], x[1, :15, 1], x[1, 15:, 5] = 1.0, 1.0, 1.0
    either = strings_of({"one": x[0], "other": x[1]}, np.zeros((30, 8)))
    assert marks_of(Problem.of(either, held_out=0.0)) == ()


# -------------------- what is found --------------------


def differing(parts):
    """Whether symbols that meet differ, as far as both parts go."""
    return [[float(a != b) for a, b in zip(*words, strict=False)] for words in parts]


def totals(parts):
    """The sum of two binary numbers, the last digit first, and what is carried in the end."""
    answers = []
    for one, other in parts:
        carry, digits = 0, []
        for i in range(max(len(one), len(other))):
            total = carry + sum(word[i] for word in (one, other) if i < len(word))
            digits.append(float(total % 2))
            carry = total // 2
        answers.append([*digits, float(carry)])
    return answers


@pytest.mark.parametrize(
    ("answered", "how"),
    [(differing, "composition"), pytest.param(totals, "automaton", marks=pytest.mark.thorough)],
)
def test_what_is_made_of_symbols_that_meet(answered, how):
    rng = np.random.default_rng(0)
    parts, longer = random_parts(rng, 150, 8, 1), random_parts(rng, 10, 40, 1)
    problem = Problem.of(written(parts, answered(parts)), held_out=0.0)
    fresh = written(longer, answered(longer))
    small = Composition(bank=100, largest=2, is_exact_only=True)
    start = Parts(automaton=Automaton(composition=small), composition=small, per_part=1)
    for proposal in start.propose(problem, VOCABULARY):
        found = said(proposal.circuit, fresh).transpose(0, 2, 1)
        if np.array_equal(found[fresh.asked], fresh.answers[fresh.asked]):
            assert proposal.origin.startswith(f"parts of stream-x; {how}")
            expected = proposal.expected(fresh)
            assert np.array_equal(expected[fresh.asked], fresh.answers[fresh.asked])
            return
    pytest.fail("no proposal is right")


def test_nothing_is_proposed_without_parts_or_without_a_memory():
    rng = np.random.default_rng(0)
    parts = random_parts(rng, 30, 5)
    problem = Problem.of(written(parts, differing(parts)), held_out=0.0)
    assert list(Parts().propose(problem, VOCABULARY[:-1])) == []
    assert list(Parts().propose(problem, ("accum", "cells(200)"))) == []
    alone = Problem.of(written([words[:1] for words in parts], differing(parts)), held_out=0.0)
    assert list(Parts().propose(alone, VOCABULARY)) == []
