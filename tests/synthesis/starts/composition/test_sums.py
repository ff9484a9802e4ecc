"""Sums: sparse ones are recovered exactly, and the best of every size where none is exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition.sums import (
    affine_matches,
    best_sums,
    exact_sums,
    simple,
    sum_of_all,
)
from tests.examples import examples
from tests.synthesis.samples import value_of

SAMPLES = 80
WEIGHTS = [-3.0, -1.0, -0.5, 1 / 3, 0.25, 1.0, 2.0, 10.0]


@st.composite
def sparse(draw, widest=3):
    """Random rows, and a sum of few of them."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    is_whole = draw(st.booleans())
    rows = rng.integers(-4, 5, (20, SAMPLES)).astype(float)
    if not is_whole:
        rows = rng.standard_normal((20, SAMPLES))
    chosen = draw(st.lists(st.integers(0, 19), min_size=1, max_size=widest, unique=True))
    weights = [draw(st.sampled_from(WEIGHTS)) for _ in chosen]
    return rows, dict(zip(chosen, weights, strict=True))


@given(drawn=sparse())
@examples(60)
def test_sparse_sums_are_recovered_with_their_weights(drawn):
    rows, terms = drawn
    answers = sum(weight * rows[row] for row, weight in terms.items())
    found = next(exact_sums(rows, answers, 4), None)
    assert found is not None
    assert dict(zip(found.rows, found.weights, strict=True)) == pytest.approx(terms, abs=1e-12)


@given(drawn=sparse())
@examples(30)
def test_whatever_is_called_exact_is(drawn):
    rows, terms = drawn
    answers = sum(weight * rows[row] for row, weight in terms.items())
    scale = np.abs(answers).max()
    for form in exact_sums(rows, answers, 4):
        np.testing.assert_allclose(value_of(form, rows), answers, atol=1e-9 * scale)


@given(drawn=sparse(widest=9))
@examples(30)
def test_sums_of_many_streams_are_recovered_too(drawn):
    rows, terms = drawn
    answers = sum(weight * rows[row] for row, weight in terms.items())
    found = sum_of_all(rows, answers, np.zeros(len(rows)))
    assert dict(zip(found.rows, found.weights, strict=True)) == pytest.approx(terms, abs=1e-12)


def test_the_dear_one_of_two_equal_streams_is_left_out():
    rows = np.random.default_rng(0).standard_normal((3, SAMPLES))
    rows[2] = rows[0]
    assert sum_of_all(rows, rows[0] + rows[1], np.array([0.0, 0.0, 1.0])).rows in ((0, 1), (1, 0))
    assert set(sum_of_all(rows, rows[0] + rows[1], np.array([1.0, 0.0, 0.0])).rows) == {1, 2}
    assert sum_of_all(rows, rows[0] ** 2, np.zeros(3)) is None
    assert sum_of_all(rows[:, :8], rows[0, :8], np.zeros(3)) is None


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_noise_is_no_sum(seed):
    rng = np.random.default_rng(seed)
    rows, noise = rng.standard_normal((20, SAMPLES)), rng.standard_normal(SAMPLES)
    assert list(exact_sums(rows, noise, 4)) == []
    assert list(exact_sums(rows, rows[0] + 1e-6 * noise, 4)) == []


@given(drawn=sparse(), scale=st.sampled_from([1e-6, 1e-3, 1.0, 1e3, 1e6]))
@examples(30)
def test_odd_weights_are_not_rounded_away(drawn, scale):
    rows, terms = drawn
    answers = scale * sum(0.98765 * weight * rows[row] for row, weight in terms.items())
    found = next(exact_sums(rows, answers, 4), None)
    assert found is not None
    for row, weight in zip(found.rows, found.weights, strict=True):
        assert weight == pytest.approx(scale * 0.98765 * terms[row], rel=1e-9)


@given(seed=st.integers(0, 10**6))
@examples(20)
def test_best_sums_get_better_as_they_grow(seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((12, SAMPLES))
    answers = rows[0] - 2.0 * rows[1] + 0.5 * rng.standard_normal(SAMPLES)
    found = list(best_sums(rows, answers, 4))
    assert [len(form.rows) for form in found] == [1, 2, 3, 4]
    misfit = [float(np.sum((value_of(form, rows) - answers) ** 2)) for form in found]
    assert misfit == sorted(misfit, reverse=True)
    assert set(found[1].rows) == {0, 1}
    for form, left in zip(found, misfit, strict=True):  # nothing is left that its rows could tell
        own = rows[list(form.rows)]
        fitted = np.linalg.lstsq(own.T, answers, rcond=None)[0] @ own
        assert left == pytest.approx(float(np.sum((answers - fitted) ** 2)), rel=1e-9)


@given(
    seed=st.integers(0, 10**6),
    slope=st.sampled_from([-2.0, 0.001, 1.0, 500.0]),
    constant=st.sampled_from([-3.0, 0.0, 10.0]),
)
@examples(40)
def test_affine_matches_are_found_on_every_part(seed, slope, constant):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((6, SAMPLES))
    is_first = rng.random(SAMPLES) < 0.5
    answers = np.where(is_first, slope * rows[2] + constant, rows[4])
    parts = np.stack([is_first, ~is_first, np.ones(SAMPLES, dtype=bool)]).astype(float)
    found = affine_matches(rows, answers, parts)
    np.testing.assert_array_equal(np.flatnonzero(found[:, 0]), [2])
    np.testing.assert_array_equal(np.flatnonzero(found[:, 1]), [4])
    assert not found[:, 2].any()


def test_constant_answers_match_no_row():
    rows = np.random.default_rng(0).standard_normal((3, SAMPLES))
    assert not affine_matches(rows, np.full(SAMPLES, 7.0), np.ones((1, SAMPLES))).any()


def test_simple_weights_are_sixtieths():
    np.testing.assert_array_equal(
        simple(np.array([1 / 3, 0.2500001, -1.9999999])), [20 / 60, 0.25, -2.0]
    )
