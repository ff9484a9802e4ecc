"""Which streams tell anything: hidden states are seen, and chance is told from what is there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.data import to_strings
from synthesis.problems import telling_streams


def _told(streams, answers, seed=0):
    told = telling_streams(to_strings(streams, answers)[0], np.random.default_rng(seed))
    return [source.removeprefix("stream-") for source in told]


def _flags(rng, strings=40, samples=20):
    return rng.integers(0, 2, (strings, samples)).astype(float)


ANSWERS = {
    "an echo, late": lambda a, b: np.pad(a, ((0, 0), (1, 0)))[:, :-1],
    "a count": lambda a, b: a.cumsum(axis=1),
    "a parity": lambda a, b: a.cumsum(axis=1) % 2,
    "a count with a bound": lambda a, b: (a.cumsum(axis=1) > 7).astype(float),
}


@pytest.mark.parametrize("name", ANSWERS)
@given(seed=st.integers(0, 1000))
def test_what_answers_are_made_of_tells_of_them(name, seed):
    rng = np.random.default_rng(seed)
    a, b = _flags(rng), _flags(rng)
    assert "a" in _told({"a": a, "b": b}, ANSWERS[name](a, b), seed)


def test_two_streams_that_tell_only_together_both_tell():
    rng = np.random.default_rng(1)
    a, b = _flags(rng), _flags(rng)
    assert _told({"a": a, "b": b}, (a + b) % 2) == ["a", "b"]


STRANGERS = {
    "measured": lambda rng: rng.normal(size=(12, 8)),
    "counts that rise with time as the answers do": lambda rng: _flags(rng, 12, 8).cumsum(axis=1),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_answers_are_not_made_of_is_taken_for_telling_as_seldom_as_said(name):
    """One in ten by chance: six of sixty; more than fifteen of them is none."""
    told = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        a = _flags(rng, 12, 8)
        told += "b" in _told({"a": a, "b": STRANGERS[name](rng)}, a.cumsum(axis=1), seed)
    assert 1 <= told <= 15


def test_one_long_series_is_shifted_in_time():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 1, 400))
    assert _told({"a": a[0], "b": b[0]}, 2.0 * a[0]) == ["a"]


def test_strings_of_different_lengths_and_answers_that_are_not_asked():
    rng = np.random.default_rng(4)
    lengths = rng.integers(5, 20, 40)
    a, b = ([_flags(rng, 1, n)[0] for n in lengths] for _ in range(2))
    answers = [row.cumsum() for row in a]
    for row in answers:
        row[:2] = np.nan
    assert _told({"a": a, "b": b}, answers) == ["a"]


def test_a_constant_stream_tells_nothing_and_one_of_trees_always_might():
    rng = np.random.default_rng(5)
    a = _flags(rng)
    keys = np.array([["u", "v"][int(value)] for value in a.ravel()], object).reshape(a.shape)
    told = _told({"a": a, "c": np.ones_like(a), "k": keys}, a.cumsum(axis=1))
    assert told == ["a", "k"]


def test_the_same_generator_gives_the_same_streams():
    rng = np.random.default_rng(6)
    streams = {name: _flags(rng) for name in "abcdefgh"}
    answers = streams["a"].cumsum(axis=1)
    assert _told(streams, answers, 7) == _told(streams, answers, 7)
