"""The start with a clock."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts import Clocks
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "less_or_equal", "multiplexer")
STRINGS, SAMPLES = 30, 24


def held_every(x, period):
    """The last of so many samples, until as many have gone by again."""
    held, kept = np.zeros(x.shape), np.zeros(len(x))
    for t in range(x.shape[1]):
        kept = x[:, t] if t % period == period - 1 else kept
        held[:, t] = kept
    return held


@pytest.mark.parametrize("period", [3, 5, *thorough(7)])
def test_what_is_held_from_one_period_to_the_next(period):
    x = np.random.default_rng(period).integers(-3, 4, (STRINGS, SAMPLES)).astype(float)
    problem = Problem.of(strings_of({"x": x}, held_every(x, period)))
    first = next(Clocks(periods=(3, 4, 5, 6, 7)).propose(problem, VOCABULARY))
    assert first.origin.startswith(f"a clock of {period}; ")
    long = np.random.default_rng(1).integers(-3, 4, (4, 10 * SAMPLES)).astype(float)
    got = said(first.circuit, strings_of({"x": long}, long))[0]
    np.testing.assert_allclose(got, held_every(long, period), atol=1e-9)


def test_strings_shorter_than_two_periods_tell_of_no_clock():
    x = np.random.default_rng(0).integers(-3, 4, (STRINGS, 8)).astype(float)
    problem = Problem.of(strings_of({"x": x}, held_every(x, 7)))
    assert not list(Clocks(periods=(7,)).propose(problem, VOCABULARY))


def test_a_period_of_two_needs_no_clock():
    with pytest.raises(ValueError, match=r"periods is \(2, 3\); expected 3 or more each"):
        Clocks(periods=(2, 3))
