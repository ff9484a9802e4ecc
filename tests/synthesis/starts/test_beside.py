"""A multiple of a stream is taken off the answers, where few numbers are left."""

import numpy as np
import pytest

from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Beside, Composition
from synthesis.verdicts import answers_of
from tests.synthesis.samples import candidate_of, strings_of

SMALL = Composition(bank=150, largest=2, is_exact_only=True)
STRINGS, SAMPLES = 40, 20


def problem_of(streams, *answers):
    return Problem.of(strings_of(streams, *answers))


def runs_of(flags):
    """How many ones there were in a row."""
    count, found = np.zeros(len(flags)), []
    for flag in flags.T:
        count = (count + 1.0) * flag
        found.append(count)
    return np.stack(found, axis=1)


@pytest.mark.parametrize("unit", [1.0, 0.37, 2000.0])
@pytest.mark.parametrize("factor", [-1.0, 2.5])
def test_what_is_left_is_explained(factor, unit):
    rng = np.random.default_rng(0)
    x = unit * rng.uniform(1.0, 9.0, (STRINGS, SAMPLES))
    press = rng.integers(0, 2, x.shape)
    problem = problem_of({"x": x, "press": press}, factor * x + 3.0 * unit * runs_of(press))
    proposal = next(Beside(SMALL).propose(problem, VOCABULARY))
    assert proposal.origin.endswith("beside x")
    report = problem.split.report
    given = answers_of(candidate_of(proposal.circuit), report, 1)
    np.testing.assert_allclose(given, report.answers, atol=1e-9)


def test_answers_that_are_not_asked_tell_nothing():
    rng = np.random.default_rng(1)
    x, press = rng.normal(size=(STRINGS, SAMPLES)), rng.integers(0, 2, (STRINGS, SAMPLES))
    answers = x + 4.0 * runs_of(press)
    answers[:, ::5] = np.nan
    problem = problem_of({"x": x, "press": press}, answers)
    proposal = next(Beside(SMALL).propose(problem, VOCABULARY))
    report = problem.split.report
    given = answers_of(candidate_of(proposal.circuit), report, 1)
    np.testing.assert_allclose(given[report.asked], report.answers[report.asked], atol=1e-9)


@pytest.mark.parametrize(
    "answers",
    [
        lambda x, press: x * press.cumsum(axis=1),
        lambda x, press: (press.cumsum(axis=1) % 2).astype(float),
        lambda x, press: np.zeros(x.shape),
    ],
    ids=["a product", "few answers", "one answer"],
)
def test_where_no_multiple_leaves_few_numbers_nothing_is_proposed(answers):
    rng = np.random.default_rng(2)
    x, press = rng.uniform(-1.0, 1.0, (STRINGS, SAMPLES)), rng.integers(0, 2, (STRINGS, SAMPLES))
    problem = problem_of({"x": x, "press": press}, answers(x, press))
    assert not list(Beside(SMALL).propose(problem, VOCABULARY))


def test_of_two_answers_nothing_is_taken_off():
    x = np.random.default_rng(3).uniform(size=(STRINGS, SAMPLES))
    problem = problem_of({"x": x}, x + 1.0, x)
    assert not list(Beside(SMALL).propose(problem, VOCABULARY))
