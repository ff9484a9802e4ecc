"""Linear algebra modulo a prime."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.residues.field import independent, inverse, next_prime, reduced, solved

PRIMES = st.sampled_from([2, 3, 5, 7, 31])
SEEDS = st.integers(0, 2**32 - 1)


def random(seed, prime, *shape):
    return np.random.default_rng(seed).integers(0, prime, shape)


@given(SEEDS, PRIMES, st.integers(1, 5))
def test_an_inverse_undoes_and_only_singular_matrices_have_none(seed, prime, size):
    matrix = random(seed, prime, size, size)
    back = inverse(matrix, prime)
    assert (back is None) == (len(independent(matrix, prime)) < size)
    if back is not None:
        assert np.array_equal(back @ matrix % prime, np.eye(size, dtype=int))


@given(SEEDS, PRIMES, st.integers(1, 6), st.integers(1, 4))
def test_a_solution_is_found_where_there_is_one(seed, prime, equations, unknowns):
    matrix = random(seed, prime, equations, unknowns)
    right = matrix @ random(seed + 1, prime, unknowns, 2) % prime
    found, is_only = solved(matrix, right, prime)
    assert np.array_equal(matrix @ found % prime, right)
    assert is_only == (len(independent(matrix.T, prime)) == unknowns)


@given(SEEDS, PRIMES)
def test_no_solution_is_found_where_the_rank_grows(seed, prime):
    matrix, right = random(seed, prime, 5, 3), random(seed + 1, prime, 5)
    rank = len(independent(matrix.T, prime))
    more = len(independent(np.column_stack([matrix, right]).T, prime))
    assert (solved(matrix, right, prime) is None) == (more > rank)


@given(SEEDS, PRIMES, st.integers(1, 5), st.integers(1, 5))
def test_rows_that_are_left_out_are_combinations_of_those_before(seed, prime, rows, columns):
    matrix = random(seed, prime, rows, columns)
    kept = independent(matrix, prime)
    for row in set(range(rows)) - set(kept):
        before = matrix[[i for i in kept if i < row]].reshape(-1, columns)
        assert solved(before.T, matrix[row], prime) is not None


def test_the_echelon_form_has_unit_columns_at_its_pivots():
    form, pivots = reduced(np.array([[0, 2, 4, 1], [0, 1, 2, 3], [0, 3, 1, 1]]), 5)
    assert pivots == [1, 3]
    assert np.array_equal(form[:, pivots], np.eye(3, 2, dtype=int))


def test_primes():
    assert [next_prime(n) for n in (1, 2, 8, 90, 97)] == [2, 2, 11, 97, 97]
