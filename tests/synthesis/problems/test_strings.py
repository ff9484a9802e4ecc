"""Strings: parts of them are parts, and strung together they are strings end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.problems import strung_together
from tests.examples import examples
from tests.synthesis.samples import strings_of


@st.composite
def strings(draw, least=1):
    """Random strings of unequal length, of numbers and of letters, two answers."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=least, max_size=6))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    streams = {
        "x": [rng.standard_normal(n) for n in lengths],
        "letter": ["".join(rng.choice(list("abc"), n)) for n in lengths],
    }
    asked = [[rng.standard_normal(n) for n in lengths] for _ in range(2)]
    return strings_of(streams, *asked)


def same(one, other):
    assert list(one.inputs.arrays) == list(other.inputs.arrays)
    for name, array in one.inputs.arrays.items():
        np.testing.assert_array_equal(array, other.inputs.arrays[name])
    np.testing.assert_array_equal(one.answers, other.answers)
    np.testing.assert_array_equal(one.lengths, other.lengths)


def nothing_beyond_the_end(some):
    outside = ~some.inside().T
    assert not any(array[outside].any() for array in some.inputs.arrays.values())
    assert np.isnan(some.answers[:, outside]).all()


# -------------------- parts --------------------


@given(some=strings(), data=st.data())
@examples(30)
def test_selected_strings_are_the_strings(some, data):
    chosen = data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=4))
    part = some.select(chosen)
    assert part.samples == part.lengths.max()
    for k, b in enumerate(chosen):
        n = int(some.lengths[b])
        assert part.lengths[k] == n
        np.testing.assert_array_equal(part.answers[:, :n, k], some.answers[:, :n, b])
        np.testing.assert_array_equal(
            part.numbers("stream-x")[k, :n], some.numbers("stream-x")[b, :n]
        )
    nothing_beyond_the_end(part)


@given(some=strings(), share=st.floats(0.05, 1.0))
@examples(30)
def test_prefixes_are_beginnings(some, share):
    begun = some.prefixes(share)
    expected = np.maximum(1, np.round(share * some.lengths)).astype(int)
    np.testing.assert_array_equal(begun.lengths, np.minimum(expected, some.lengths))
    nothing_beyond_the_end(begun)
    for b, n in enumerate(begun.lengths):
        np.testing.assert_array_equal(begun.answers[:, :n, b], some.answers[:, :n, b])
        np.testing.assert_array_equal(
            begun.trees("stream-letter")[b, :n], some.trees("stream-letter")[b, :n]
        )


@given(some=strings())
@examples(30)
def test_a_prefix_of_everything_is_everything(some):
    same(some.prefixes(1.0), some)


@given(some=strings(), samples=st.integers(0, 4))
@examples(30)
def test_what_is_padded_is_cut_again(some, samples):
    long = some.padded(some.samples + samples)
    nothing_beyond_the_end(long)
    assert long.samples == some.samples + samples
    same(long.cut(some.samples), some)


@given(some=strings(), late=st.integers(0, 3))
@examples(30)
def test_later_answers_are_asked_so_many_samples_later(some, late):
    waited = some.later(late)
    np.testing.assert_array_equal(waited.lengths, some.lengths + late)
    assert np.isnan(waited.answers[:, :late]).all()
    np.testing.assert_array_equal(waited.answers[:, late:], some.answers)
    nothing_beyond_the_end(waited)


@given(some=strings(least=2))
@examples(30)
def test_what_is_taken_apart_is_joined_again(some):
    half = len(some) // 2
    parts = some.select(range(half)), some.select(range(half, len(some)))
    same(parts[0].joined(parts[1]), some)


@given(some=strings(), first=st.integers(0, 9))
@examples(30)
def test_nothing_is_asked_before_a_sample(some, first):
    rest = some.asked_from(first)
    assert not rest.asked[:, :first].any()
    np.testing.assert_array_equal(rest.asked[:, first:], some.asked[:, first:])
    assert np.array_equal(some.asked.sum(axis=0) == 2, some.inside().T)  # nothing was changed


# -------------------- end to end --------------------


@given(some=strings(), seed=st.integers(0, 99), times=st.integers(1, 12))
@examples(60)
def test_strung_together_strings_are_whole_ones_end_to_end(some, seed, times):
    long = strung_together(some, np.random.default_rng(seed), times)
    assert len(long) == len(some)
    assert long.samples == times * some.samples
    assert (long.lengths == long.samples).all()
    assert not long.asked.any()
    whole = {
        row[:n].tobytes() for row, n in zip(some.numbers("stream-x"), some.lengths, strict=True)
    }
    beginnings = {piece[: 8 * n] for piece in whole for n in range(1, 10) if 8 * n <= len(piece)}
    for row in long.numbers("stream-x"):
        ends = {0}  # samples at which a string may end
        for end in range(1, long.samples + 1):
            allowed = beginnings if end == long.samples else whole
            if any(row[start:end].tobytes() in allowed for start in ends):
                ends.add(end)
        assert long.samples in ends


def test_strung_together_is_the_generators():
    some = strings_of({"x": np.arange(12.0).reshape(4, 3)})
    one, same_one, other = (
        strung_together(some, np.random.default_rng(seed), 10).numbers("stream-x")
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same_one)
    assert not np.array_equal(one, other)


def test_strings_are_numbers_or_trees():
    some = strings_of({"x": [[1.0, 2.0], [3.0]], "letter": ["ab", "c"]})
    assert some.numbers("stream-x").tolist() == [[1.0, 2.0], [3.0, 0.0]]
    assert some.trees("stream-letter").shape[:2] == (2, 2)
    assert len(some) == 2 and some.samples == 2


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_a_prefix_has_a_sample_at_least(share):
    assert strings_of({"x": [[1.0], [2.0, 3.0]]}).prefixes(share).lengths.tolist() == [1, 1]
