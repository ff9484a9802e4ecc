"""Bounds of measured streams: those that were crossed are found, no more and no fewer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition.functions.cuts import SAMPLES, cuts_of
from tests.examples import examples

BOUNDS = st.lists(st.integers(-8, 8), min_size=1, max_size=4, unique=True)


@given(bounds=BOUNDS, cases=st.integers(1, 4), seed=st.integers(0, 10**6))
@examples(50)
def test_all_bounds_are_found(bounds, cases, seed):
    rng = np.random.default_rng(seed)
    values, case = rng.uniform(-10.0, 10.0, 3_000), rng.integers(0, cases, 3_000)
    steps = sum((values > bound).astype(float) for bound in bounds)
    wanted = steps * (1.0 + case)
    found = cuts_of(values, case, wanted)
    assert len(found) == len(bounds)
    for gap, bound in zip(found, sorted(bounds), strict=True):
        assert gap.low <= bound < gap.high


@pytest.mark.parametrize("n", [SAMPLES - 1, SAMPLES])
def test_a_bound_needs_some_samples(n):
    values = np.linspace(0.0, 1.0, n)
    assert len(cuts_of(values, np.zeros(n, dtype=int), (values > 0.52).astype(float))) == (
        n >= SAMPLES
    )


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_answers_without_a_rule_have_no_bounds(seed):
    rng = np.random.default_rng(seed)
    values, answers = rng.uniform(0.0, 1.0, 100), rng.integers(0, 2, 100).astype(float)
    assert cuts_of(values, np.zeros(100, dtype=int), answers) == []


def test_answers_that_change_with_every_number_have_no_bounds():
    values, cases = np.tile(np.linspace(0.0, 1.0, 50), 6), np.repeat(np.arange(6), 50)
    assert cuts_of(values, cases, values) == []


def test_an_answer_that_the_number_does_not_tell_has_no_bounds():
    values, cases = np.zeros(40), np.zeros(40, dtype=int)
    assert cuts_of(values, cases, np.arange(40.0) % 2) == []
