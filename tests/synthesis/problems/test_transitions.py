"""Evened out strings: nothing follows that never followed, and what is rare is frequent."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.problems import evened_out
from synthesis.problems.transitions import FEW
from tests.examples import examples
from tests.synthesis.samples import strings_of


@st.composite
def strings(draw):
    """Random strings of unequal length of small numbers, letters and measured numbers."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=3, max_size=6).filter(lambda n: sum(n) > 8))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    streams = {
        "flag": [rng.integers(0, 3, n).astype(float) for n in lengths],
        "letter": ["".join(rng.choice(list("ab"), n)) for n in lengths],
        "x": [rng.standard_normal(n) for n in lengths],
    }
    return strings_of(streams, [rng.standard_normal(n) for n in lengths])


def samples(some):
    """Every string as a list of samples, the measured number of each apart."""
    alike = zip(some.numbers("stream-flag"), some.trees("stream-letter").tolist(), strict=True)
    return [
        [(flag, *letter) for flag, letter in zip(flags[:n], letters[:n], strict=True)]
        for (flags, letters), n in zip(alike, some.lengths, strict=True)
    ]


@given(some=strings(), seed=st.integers(0, 99), times=st.integers(1, 12))
@examples(60)
def test_a_sample_follows_where_its_like_did(some, seed, times):
    number = min(3, len(some))
    long = evened_out(some, np.random.default_rng(seed), number, times)
    assume(long is not None)  # unless none is rare
    seen = samples(some)
    assert len(long) == number and not long.asked.any()
    assert (long.lengths == times * some.samples).all()
    first = {string[0] for string in seen}
    pairs = {pair for string in seen for pair in pairwise(string)}
    leading = {one for one, _ in pairs}
    for string in samples(long):
        assert string[0] in first
        for one, other in pairwise(string):
            assert (one, other) in pairs if one in leading else other in first


@given(some=strings(), seed=st.integers(0, 99))
@examples(30)
def test_samples_stay_whole(some, seed):
    """What other streams have at a sample comes along with it."""
    long = evened_out(some, np.random.default_rng(seed), 1, 5)
    assume(long is not None)
    seen = dict(_with_numbers(some))
    assert all(seen[x] == sample for x, sample in _with_numbers(long))


def _with_numbers(some):
    numbers = (row[:n] for row, n in zip(some.numbers("stream-x"), some.lengths, strict=True))
    for row, string in zip(numbers, samples(some), strict=True):
        yield from zip(row.tolist(), string, strict=True)


def test_what_is_rare_is_frequent():
    flag = np.zeros((20, 30))
    flag[:, 3] = flag[:2, 4] = 1.0  # twice in a row in two strings only
    long = evened_out(strings_of({"x": flag}), np.random.default_rng(0), 20, 10).numbers("stream-x")
    three = long[:, 2:] * long[:, 1:-1] * long[:, :-2]
    assert 0.4 < long.mean() < 0.6
    assert 0.05 < three.mean() < 0.2


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).standard_normal((4, 6)),
        np.arange(24.0).reshape(4, 6),
        np.ones((4, 6)),
        np.random.default_rng(0).permuted([[0.0, 0.0, 1.0, 1.0, 2.0, 2.0]] * 4, axis=1),
        np.arange(FEW + 1.0)[None].repeat(9, axis=0) * (np.arange(9) > 5)[:, None],
    ],
    ids=["measured", "all different", "all the same", "equally often", "too many different ones"],
)
def test_where_nothing_is_rare_there_is_nothing_to_even_out(x):
    assert evened_out(strings_of({"x": x}), np.random.default_rng(0), 2, 10) is None


def test_evened_out_strings_are_the_generators():
    flag = (np.random.default_rng(0).random((6, 9)) < 0.2).astype(float)
    some = strings_of({"x": flag})
    one, same, other = (
        evened_out(some, np.random.default_rng(seed), 4, 10).numbers("stream-x")
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
