"""Answers that are wrong now and then are told from those that are right."""

import numpy as np
import pytest

from synthesis.fit.data import to_strings
from synthesis.problems import Problem
from synthesis.starts import without_slips
from tests.marks import thorough

SHAPE = 45, 15


def light(rng):
    press = rng.integers(0, 2, SHAPE)
    return {"press": press}, np.cumsum(press, axis=1) % 2


def thirds(rng):
    coin = rng.integers(0, 2, SHAPE)
    return {"coin": coin}, np.cumsum(coin, axis=1) % 3


def stock(rng):
    """Between nothing and four."""
    streams = {"bring": rng.integers(0, 2, SHAPE), "take": rng.integers(0, 2, SHAPE)}
    left = np.zeros(SHAPE[0], dtype=int)
    answers = []
    for come, go in zip(streams["bring"].T, streams["take"].T, strict=True):
        left = np.clip(left + come - go, 0, 4)
        answers.append(left)
    return streams, np.stack(answers, axis=1)


def total(rng):
    """Without bound: only its changes are an automaton's."""
    x = rng.integers(0, 4, SHAPE)
    return {"x": x}, np.cumsum(x, axis=1)


def spoiled(answers, share, rng):
    """Some other answer in the place of a few."""
    numbers = np.unique(answers)
    wrong = rng.random(answers.shape) < share
    other = numbers[rng.integers(1, len(numbers), answers.shape)]
    found = np.where(wrong, np.where(other == answers, numbers[0], other), answers)
    return found, found != answers


@pytest.mark.parametrize("program", [light, total, *thorough(thirds, stock)])
@pytest.mark.parametrize("seed", [0, *thorough(1)])
def test_only_what_is_wrong_is_taken_back(program, seed):
    rng = np.random.default_rng(seed)
    streams, answers = program(rng)
    given, is_wrong = spoiled(answers, 0.015, rng)
    assert is_wrong.any()
    problem = Problem.of(to_strings(streams, given)[0], held_out=0.0)
    taken_back = without_slips(problem, rng)
    left = taken_back(problem.split.training)
    unit = problem.answer_units[0]
    of_whom = [
        tuple(np.round(row * unit).astype(int)) for row in problem.split.training.answers[0].T
    ]
    order = [list(map(tuple, given)).index(row) for row in of_whom]
    np.testing.assert_array_equal(np.isnan(left.answers[0]).T, is_wrong[order])


@pytest.mark.parametrize("program", [light, *thorough(stock)])
def test_where_nobody_was_wrong_nothing_is_taken_back(program):
    rng = np.random.default_rng(0)
    problem = Problem.of(to_strings(*program(rng))[0])
    assert without_slips(problem, rng) is None


def test_where_answers_are_chance_nothing_is_taken_back():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, (2, *SHAPE))
    assert without_slips(Problem.of(to_strings({"x": x}, y)[0]), rng) is None


def test_of_measured_streams_nothing_is_said():
    rng = np.random.default_rng(0)
    x = rng.normal(size=SHAPE)
    assert without_slips(Problem.of(to_strings({"x": x}, x > 0)[0]), rng) is None


def test_the_same_seed_gives_the_same():
    rng = np.random.default_rng(0)
    streams, answers = thirds(rng)
    problem = Problem.of(to_strings(streams, spoiled(answers, 0.02, rng)[0])[0])
    one, other = (without_slips(problem, np.random.default_rng(5)) for _ in range(2))
    training = problem.split.training
    np.testing.assert_array_equal(one(training).answers, other(training).answers)
