"""The start that counts symbols: comparisons of counters without a bound."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.problems import Problem
from synthesis.starts import Counts
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "dot", "less_or_equal", "multiplexer", "running_max")
STRINGS, SAMPLES = 60, 18


def most_frequent(x, symbols):
    """The symbol that came most often, the lower one of two."""
    came = np.stack([np.cumsum(x == symbol, axis=1) for symbol in range(symbols)])
    return came.argmax(axis=0).astype(float)


@pytest.mark.parametrize("symbols", [2, *thorough(3)])
def test_the_most_frequent_symbol(symbols):
    x = np.random.default_rng(5).integers(0, symbols, (STRINGS, SAMPLES)).astype(float)
    problem = Problem.of(strings_of({"x": x}, most_frequent(x, symbols)))
    first = next(Counts().propose(problem, VOCABULARY))
    assert first.origin.startswith("counts; ")
    long = np.random.default_rng(6).integers(0, symbols, (5, 10 * SAMPLES)).astype(float)
    strings = strings_of({"x": long}, most_frequent(long, symbols))
    np.testing.assert_allclose(said(first.circuit, strings)[0], most_frequent(long, symbols))


def test_many_symbols_are_not_counted():
    x = np.random.default_rng(5).integers(0, 9, (STRINGS, SAMPLES)).astype(float)
    assert not list(Counts().propose(Problem.of(strings_of({"x": x}, x)), VOCABULARY))
