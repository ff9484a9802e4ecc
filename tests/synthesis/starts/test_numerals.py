"""The start that reads samples as digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.problems import Problem
from synthesis.starts import Numerals
from synthesis.starts.numerals import _numerals
from tests.examples import examples
from tests.synthesis.samples import said, strings_of

VOCABULARY = ("accum", "norm", "compare", "dot_free", "less_or_equal")
STRINGS, SAMPLES = 60, 12


def palindromes(x):
    """Whether what has come so far reads the same from its end."""
    asked = [[np.array_equal(row[:t], row[:t][::-1]) for t in range(1, len(row) + 1)] for row in x]
    return np.array(asked, dtype=float)


@given(digits=st.lists(st.integers(0, 6), min_size=1, max_size=12))
@examples(30)
def test_digits_are_numbers_from_either_end(digits):
    first, last = _numerals(np.array([digits], dtype=float), 7.0)[:, 0, -1]
    text = "".join(map(str, digits))
    assert (first, last) == (int(text, 7), int(text[::-1], 7))


@pytest.mark.parametrize("base", [2, 3])
def test_palindromes_are_told(base):
    rng = np.random.default_rng(base)
    x = rng.integers(0, base, (STRINGS, SAMPLES)).astype(float)
    half = x[::2]
    half[:, SAMPLES // 2 :] = half[:, : SAMPLES // 2][:, ::-1]  # some are
    problem = Problem.of(strings_of({"x": x}, palindromes(x)))
    first = next(Numerals().propose(problem, VOCABULARY))
    assert first.origin.startswith("numerals; ")
    fresh = rng.integers(0, base, (200, 8)).astype(float)
    got = said(first.circuit, strings_of({"x": fresh}, fresh))[0]
    np.testing.assert_array_equal(got, palindromes(fresh))


@pytest.mark.parametrize("numbers", [[-1.0, 1.0], [0.25, 0.35, 1.75], [1.0, 30.0]])
def test_what_is_no_digit_has_no_numerals(numbers):
    x = np.random.default_rng(0).choice(numbers, (STRINGS, SAMPLES))
    problem = Problem.of(strings_of({"x": x}, palindromes(x)))
    assert not list(Numerals().propose(problem, VOCABULARY))
