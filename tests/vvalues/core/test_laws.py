"""The laws of V-values as properties: 1,000 cases each in the profile `ci`, 100 by default.

Elements are small integers, so both sides of an equation are exact.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues import strategies as trees
from vvalues.testing import check_vector_space

ARRAYS = {"w": (2,), "m": (2, 3)}
EXACT = {"elements": trees.integers(), "max_leaves": 8}
WITH_ARRAYS = {**EXACT, "arrays": ARRAYS}
SCALARS = trees.integers()


# ---------- vector space ----------


@given(trees.pairs(**WITH_ARRAYS))
def test_addition_is_commutative(pair):
    a, b = pair
    assert a + b == b + a


@given(trees.triples(**WITH_ARRAYS))
def test_addition_is_associative(triple):
    a, b, c = triple
    assert (a + b) + c == a + (b + c)


@given(trees.pairs(**WITH_ARRAYS))
def test_subtraction_is_addition_of_the_inverse(pair):
    a, b = pair
    assert a - b == a + (-1) * b == a + -b
    assert a - a == VValue()
    assert (a + b) - b == a


@given(trees.pairs(**WITH_ARRAYS), SCALARS)
def test_a_number_distributes_over_trees(pair, n):
    a, b = pair
    assert n * (a + b) == n * a + n * b


@given(trees.vvalues(**WITH_ARRAYS), SCALARS, SCALARS)
def test_a_tree_distributes_over_numbers(a, n, p):
    assert (n + p) * a == n * a + p * a
    assert (n * p) * a == n * (p * a)
    assert 1 * a == a
    assert 0 * a == VValue()


@given(trees.triples(**WITH_ARRAYS), SCALARS)
def test_the_inner_product_is_bilinear_and_symmetric(triple, n):
    a, b, c = triple
    assert vv.inner(a, b) == vv.inner(b, a)
    assert vv.inner(n * a + b, c) == n * vv.inner(a, c) + vv.inner(b, c)
    assert (vv.squared_norm(a) > 0) == (a != VValue())


@given(trees.pairs(arrays=ARRAYS))
def test_norms_are_norms(pair):
    a, b = pair
    for norm in (vv.l1_norm, vv.l2_norm, vv.max_norm):
        assert norm(a + b) <= (norm(a) + norm(b)) * (1 + 1e-12)
        assert np.isclose(norm(-3 * a), 3 * norm(a), rtol=1e-12)
        assert (norm(a) > 0) == (a != VValue())
    assert vv.max_norm(a) <= vv.l2_norm(a) * (1 + 1e-12) <= vv.l1_norm(a) * (1 + 1e-12) ** 2


@given(trees.pairs(arrays=ARRAYS, max_leaves=4))
def test_autograd_sees_a_vector_space(pair):
    check_vector_space(*pair)


# ---------- canonical products ----------


@given(trees.vvalues(**EXACT), trees.pairs(**WITH_ARRAYS), SCALARS)
def test_linear_combination_is_linear_in_the_value(mask, pair, n):
    a, b = pair
    try:
        combined = vv.linear_combination(mask, n * a + b)
    except ValueError as error:  # selected leaves of different shapes cannot be summed
        assert "would add a leaf of shape" in str(error)
        return
    parts = vv.linear_combination(mask, a), vv.linear_combination(mask, b)
    assert combined == n * parts[0] + parts[1]


@given(trees.pairs(**EXACT), trees.vvalues(**EXACT), SCALARS)
def test_linear_combination_is_linear_in_the_mask(pair, value, n):
    one, other = pair
    parts = vv.linear_combination(one, value), vv.linear_combination(other, value)
    assert vv.linear_combination(n * one + other, value) == n * parts[0] + parts[1]


@given(trees.vvalues(**EXACT), trees.vvalues(**EXACT))
def test_linear_combination_is_the_sum_of_coefficients_times_subtrees(mask, value):
    total = VValue()
    for path, coefficient in mask.items():
        total = total + coefficient * value.subtree(path)
    assert vv.linear_combination(mask, value) == total


@given(trees.vvalues(**EXACT), trees.pairs(**WITH_ARRAYS), SCALARS)
def test_mask_multiply_is_linear_in_the_value(mask, pair, n):
    a, b = pair
    parts = vv.mask_multiply(mask, a), vv.mask_multiply(mask, b)
    assert vv.mask_multiply(mask, n * a + b) == n * parts[0] + parts[1]


@given(trees.pairs(**EXACT), trees.vvalues(**WITH_ARRAYS), SCALARS)
def test_mask_multiply_is_linear_in_the_mask(pair, value, n):
    one, other = pair
    parts = vv.mask_multiply(one, value), vv.mask_multiply(other, value)
    assert vv.mask_multiply(n * one + other, value) == n * parts[0] + parts[1]


@given(trees.vvalues(**WITH_ARRAYS), SCALARS)
def test_a_mask_of_the_root_alone_scales_everything(value, n):
    mask = VValue({NUMBER: n})
    assert vv.mask_multiply(mask, value) == vv.linear_combination(mask, value) == n * value


@given(trees.vvalues(min_depth=2, max_depth=4, **EXACT), trees.pairs(**EXACT), SCALARS)
def test_apply_matrix_is_linear_in_the_value(matrix, pair, n):
    a, b = pair
    parts = vv.apply_matrix(matrix, a, 2), vv.apply_matrix(matrix, b, 2)
    assert vv.apply_matrix(matrix, n * a + b, 2) == n * parts[0] + parts[1]


@given(trees.pairs(min_depth=2, max_depth=4, **EXACT), trees.vvalues(**EXACT), SCALARS)
def test_apply_matrix_is_linear_in_the_matrix(pair, value, n):
    one, other = pair
    parts = vv.apply_matrix(one, value, 2), vv.apply_matrix(other, value, 2)
    assert vv.apply_matrix(n * one + other, value, 2) == n * parts[0] + parts[1]


@given(trees.vvalues(min_depth=1, max_depth=4, **EXACT), trees.vvalues(**EXACT))
def test_apply_matrix_is_a_linear_combination_per_row(matrix, value):
    result = vv.apply_matrix(matrix, value, 1)
    for row in matrix.support.children():
        assert result.subtree(row) == vv.linear_combination(matrix.subtree(row), value)
    assert {path[0] for path in result} <= set(matrix.support.children())


@given(trees.pairs(**EXACT))
def test_explicit_zeros_change_nothing(pair):
    a, b = pair
    padded = vv.restrict(a, a.support.union(b.support).support)
    assert padded == a and hash(padded) == hash(a)
    assert vv.linear_combination(padded, b) == vv.linear_combination(a, b)
    assert vv.linear_combination(b, padded) == vv.linear_combination(b, a)
    assert vv.mask_multiply(padded, b) == vv.mask_multiply(a, b)
    assert vv.inner(padded, b) == vv.inner(a, b)


# ---------- structure ----------


@given(trees.vvalues(arrays=ARRAYS), st.floats(0, 12))
def test_prune_is_idempotent_and_splits_by_magnitude(a, threshold):
    kept = vv.prune(a, threshold)
    assert vv.prune(kept, threshold) == kept
    assert all(np.max(np.abs(leaf)) >= threshold for _, leaf in kept.items())
    assert len(kept) == sum(np.max(np.abs(leaf)) >= threshold for _, leaf in a.items())


@given(trees.pairs(**WITH_ARRAYS))
def test_restriction_is_a_projection_and_self_adjoint(pair):
    a, b = pair
    once = vv.restrict(a, b.support)
    assert once.support is b.support
    assert vv.restrict(once, b.support) == once
    assert vv.inner(once, b) == vv.inner(a, b)


@given(trees.vvalues(**WITH_ARRAYS), st.randoms(use_true_random=False))
def test_key_order_does_not_matter(a, random):
    items = list(a.items())
    random.shuffle(items)
    assert vv.assemble(dict(items)).support is a.support
    assert vv.assemble(dict(items)) == a


@given(trees.vvalues(**WITH_ARRAYS))
def test_round_trips(a):
    assert VValue(a.to_dict()) == a == VValue.from_dict(a.to_dict())
    assert VValue(a.to_dict()).support is a.support
    assert vv.unravel(vv.ravel(a), a.support) == a
    assert vv.assemble(dict(a.items())) == a


@given(trees.vvalues(**WITH_ARRAYS), trees.paths(), trees.vvalues(**WITH_ARRAYS))
def test_put_then_take(a, path, part):
    whole = a.at(path).set(part)
    assert whole.subtree(path) == part
    assert whole.at(path).remove() == a.at(path).remove()
    assert a.at(path).set(a.subtree(path)) == a


@given(trees.vvalues(**EXACT), trees.paths(), SCALARS)
def test_own_scalars_are_apart_from_subtrees(a, path, x):
    own = (*path, NUMBER)
    changed = a.at(own).set(x)
    assert changed[own] == x and own in changed
    assert changed.at(own).remove() == a.at(own).remove()
    rest = [(p, leaf) for p, leaf in changed.items() if p != path]
    assert rest == [(p, leaf) for p, leaf in a.items() if p != path]
