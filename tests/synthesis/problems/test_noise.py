"""Noise in answers: found where it is, taken off where that can be done, and never where not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.data import to_strings
from synthesis.problems import Problem
from synthesis.problems.noise import is_contradictory, level_spacing, levelled


def _strings(noise, seed=0, count=20, samples=15):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (count, samples))
    y = np.cumsum(x, axis=1) % 3 + noise * rng.standard_normal((count, samples))
    return to_strings({"x": x}, y)[0]


def test_the_same_streams_with_other_answers_contradict():
    assert not is_contradictory(_strings(0.0))
    assert is_contradictory(_strings(0.01))


def test_streams_of_reals_never_contradict():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((10, 8))
    assert not is_contradictory(to_strings({"x": x}, rng.standard_normal((10, 8)))[0])


@given(
    st.sampled_from([0.25, 0.5, 1.0, 3.0, 0.7]),
    st.integers(2, 8),
    st.sampled_from([0.0, 0.05, 0.15]),
    st.integers(0, 1000),
)
def test_the_spacing_of_levels_is_found(spacing, levels, noise, seed):
    rng = np.random.default_rng(seed)
    multiples = rng.integers(0, levels, 600)
    values = spacing * (multiples + noise * rng.standard_normal(600))
    found = level_spacing(values)
    assert found == pytest.approx(spacing, rel=0.01)


@given(st.integers(0, 1000))
def test_there_are_no_levels_in_noise(seed):
    rng = np.random.default_rng(seed)
    assert level_spacing(rng.standard_normal(500)) is None
    assert level_spacing(rng.uniform(0, 10, 500)) is None


def test_answers_between_levels_are_not_asked():
    strings = _strings(0.2)
    levels = levelled(strings)
    kept = levels.asked
    assert np.abs(levels.answers[kept] - strings.answers[kept]).max() <= 0.25
    assert 0.6 < kept.mean() < 0.95


def test_a_problem_without_its_noise():
    clean = Problem.of(_strings(0.1)).cleaned()
    assert clean is not None
    assert clean.is_whole == (True,)
    answers = clean.split.training.answers
    assert set(np.unique(answers[~np.isnan(answers)])) == {0.0, 1.0, 2.0}
    assert Problem.of(_strings(0.0)).cleaned() is None
    assert Problem.of(_strings(1.0)).cleaned() is None
