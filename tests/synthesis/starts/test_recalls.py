"""The start for answers that repeat what came before: rules that the data allow, and circuits."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts import Recalls
from synthesis.starts.addressing import Rule, Situations, Stack, Walk, rules
from synthesis.verdicts import Candidate, answers_of
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

VOCABULARY = (
    *("accum", "norm", "compare", "dot", "less_or_equal", "multiplexer", "running_max"),
    "cells(200)",
)


def backwards(string):
    return string[::-1]


def twice(string):
    return [*string, *string]


def every_second_first(string):
    return [*string[1::2], *string[::2]]


def followed(order, strings, longest, seed, most=1):
    """Strings of bits, a mark, and empty samples in which the string is asked in another order."""
    rng = np.random.default_rng(seed)
    inputs, marks, answers = [], [], []
    for _ in range(strings):
        string = rng.integers(0, most + 1, int(rng.integers(1, longest + 1))).astype(float).tolist()
        asked = order(string)
        inputs.append([*string, *[0.0] * (1 + len(asked))])
        marks.append([*[0.0] * len(string), 1.0, *[0.0] * len(asked)])
        answers.append([*[np.nan] * (len(string) + 1), *asked])
    return strings_of({"x": inputs, "end": marks}, answers)


def piles(seed, strings=60, samples=20):
    """A number is put on a pile or the top one is taken off: what lies on the top."""
    rng = np.random.default_rng(seed)
    number = rng.integers(1, 9, (strings, samples)).astype(float)
    move = rng.integers(-1, 2, (strings, samples)).astype(float)
    top = np.zeros(number.shape)
    for s in range(strings):
        pile = []
        for t in range(samples):
            if move[s, t] == 1.0:
                pile.append(number[s, t])
            elif move[s, t] == -1.0:
                pile = pile[:-1]
            top[s, t] = pile[-1] if pile else 0.0
    return strings_of({"number": number, "move": move}, top)


def served(seed, strings=60, samples=24, is_whole=True):
    """Who comes waits; whoever waits longest is called, as long as there is somebody."""
    rng = np.random.default_rng(seed)
    ticket = rng.integers(1, 9, (strings, samples)).astype(float)
    ticket = ticket if is_whole else rng.standard_normal((strings, samples)).round(3)
    turn = rng.integers(0, 3, (strings, samples)).astype(float)  # nothing, one comes, one is called
    called = np.full(ticket.shape, np.nan)
    for s in range(strings):
        queue = []
        for t in range(samples):
            if turn[s, t] == 2.0 and not queue:
                turn[s, t] = 0.0
            if turn[s, t] == 1.0:
                queue.append(ticket[s, t])
            if turn[s, t] == 2.0:
                called[s, t] = queue.pop(0)
    return strings_of({"ticket": ticket, "turn": turn}, called)


def is_right(circuit, strings):
    found = said(circuit, strings).transpose(0, 2, 1)
    return np.allclose(found[strings.asked], strings.answers[strings.asked])


DRAWN = {
    "backwards": (partial(followed, backwards, 60), 8, Stack(is_after=False)),
    "twice": (partial(followed, twice, 60), 8, Walk(step=1, wrap=1)),
    "every second first": (partial(followed, every_second_first, 60), 8, Walk(step=2, wrap=1)),
}


@pytest.mark.parametrize("name", ["backwards", *thorough("twice", "every second first")])
def test_what_follows_a_mark_in_another_order(name):
    draw, longest, kind = DRAWN[name]
    problem = Problem.of(draw(longest, seed=1))
    assert next(rules(problem)).kind == kind
    proposal = next(Recalls().propose(problem, VOCABULARY))
    long = draw(6 * longest, seed=2)
    assert is_right(proposal.circuit, long)


@pytest.mark.parametrize(("draw", "kind"), [(piles, Stack), (served, Walk)])
def test_without_a_mark_other_streams_say_what_is_done(draw, kind):
    problem = Problem.of(draw(3))
    rule = next(rules(problem))
    assert isinstance(rule.kind, kind) and rule.situations.mark is None
    proposal = next(Recalls().propose(problem, VOCABULARY))
    long = draw(4, samples=120)
    assert is_right(proposal.circuit, long)


def test_numbers_that_are_measured_are_recalled_as_they_are():
    problem = Problem.of(served(5, is_whole=False))
    rule = next(rules(problem))
    assert rule.kind == Walk(step=1, wrap=None) and rule.source == "stream-ticket"


def test_the_rule_recalls_what_its_circuit_recalls():
    problem = Problem.of(followed(twice, 60, 8, seed=6))
    start = Recalls()
    proposal = next(start.propose(problem, VOCABULARY))
    training = problem.split.training
    assert proposal.expected is not None
    candidate = Candidate(*proposal.circuit.lowered())
    answers = answers_of(candidate, training, 1)
    expected = proposal.expected(training)
    known = ~np.isnan(expected)
    assert known.mean() > 0.5
    np.testing.assert_allclose(answers[known], expected[known])


def test_a_situation_that_never_came_is_not_guessed():
    problem = Problem.of(followed(backwards, 40, 6, seed=7))
    rule = next(rules(problem))
    strings = strings_of({"x": [[1.0, 0.0, 0.0]], "end": [[0.0, 2.0, 0.0]]}, [[0.0, 0.0, 0.0]])
    assert np.isnan(rule.recalled(strings)).ravel().tolist() == [False, True, True]


def test_nothing_is_told_from_a_zero_that_was_put_down():
    """The answer to an empty stack is 2, which a 0 on top of it is not."""
    problem = Problem.of(followed(lambda string: [*string[::-1], 2.0], 60, 8, seed=8))
    rule = next(rules(problem))
    assert rule.shift == 1.0
    assert isinstance(rule, Rule) and isinstance(rule.situations, Situations)
    long = followed(lambda string: [*string[::-1], 2.0], 20, 60, seed=9)
    proposed = Recalls().propose(problem, VOCABULARY)
    assert any(is_right(proposal.circuit, long) for proposal in proposed)


def test_the_first_strings_may_all_have_the_same_answer():
    some = followed(backwards, 40, 6, seed=12)
    quiet = np.array(some.numbers("stream-x"))
    answers = np.array(some.answers)
    for string in range(3):
        quiet[string], answers[:, :, string] = 0.0, 0.0 * answers[:, :, string]
    marks = some.numbers("stream-end")
    inside = some.inside()
    streams = {
        name: [row[here] for row, here in zip(values, inside, strict=True)]
        for name, values in (("x", quiet), ("end", marks))
    }
    asked = [row[here] for row, here in zip(answers[0].T, inside, strict=True)]
    assert next(rules(Problem.of(strings_of(streams, asked)))).kind == Stack(is_after=False)


def test_constant_answers_follow_no_rule():
    x = np.random.default_rng(13).integers(0, 2, (20, 9)).astype(float)
    assert not list(rules(Problem.of(strings_of({"x": x, "y": 1.0 - x}, np.ones(x.shape)))))


def test_random_answers_follow_no_rule():
    rng = np.random.default_rng(10)
    x, y = rng.integers(0, 2, (2, 40, 15)).astype(float)
    assert not list(rules(Problem.of(strings_of({"x": x}, y))))


@pytest.mark.parametrize("vocabulary", [VOCABULARY[:-1], ("accum", "cells(200)")])
def test_without_its_types_it_proposes_nothing(vocabulary):
    problem = Problem.of(followed(backwards, 40, 6, seed=11))
    assert not list(Recalls().propose(problem, vocabulary))


def test_the_largest_memory_is_taken():
    problem = Problem.of(followed(backwards, 40, 6, seed=11))
    proposal = next(Recalls().propose(problem, (*VOCABULARY, "cells(70)")))
    assert "cells(200)" in proposal.circuit.neurons.values()
