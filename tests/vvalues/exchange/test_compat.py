"""Where the Clojure core and the canonical algebra part, and that compat mode follows the core."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues import strategies as trees
from vvalues.exchange import compat

EXACT = {"elements": trees.integers(), "max_leaves": 8}
RAW = st.recursive(
    st.integers(-3, 3) | st.none() | st.just("foreign"),
    lambda inside: st.dictionaries(st.sampled_from([NUMBER, "a", "b"]), inside, max_size=3).map(
        lambda d: {k: v for k, v in d.items() if k != NUMBER or not isinstance(v, dict)}
    ),
    max_leaves=8,
).filter(lambda x: isinstance(x, dict))


def plain(tree):
    """The Clojure representation of a V-value in normal form (explicit zeros included)."""
    return tree.to_dict()


# ---------- the traced products in compat mode are the core's, on normal forms ----------


@given(trees.vvalues(**EXACT), trees.vvalues(**EXACT))
def test_linear_combination_is_the_cores(mask, value):
    expected = VValue(compat.lin_comb(plain(mask), plain(value)))
    assert vv.linear_combination(mask, value, mode="compat") == expected


@given(trees.vvalues(**EXACT), trees.vvalues(**EXACT))
def test_mask_multiply_is_the_cores(mask, value):
    expected = VValue(compat.mult_mask(plain(mask), plain(value)))
    assert vv.mask_multiply(mask, value, mode="compat") == expected


@given(trees.vvalues(min_depth=3, max_depth=5, **EXACT), trees.vvalues(**EXACT), st.integers(0, 2))
def test_apply_matrix_is_the_cores(matrix, value, level):
    expected = VValue(compat.apply_matrix(plain(matrix), plain(value), level))
    assert vv.apply_matrix(matrix, value, level, mode="compat") == expected


@given(RAW, RAW)
def test_sum_is_the_cores_on_any_representation(left, right):
    total = VValue(compat.normal_form(left)) + VValue(compat.normal_form(right))
    assert VValue(compat.normal_form(compat.sum_maps(left, right))) == total


@given(RAW, st.integers(-3, 3))
def test_multiples_norm_and_order_are_the_cores(tree, n):
    value = VValue(compat.normal_form(tree))
    assert VValue(compat.normal_form(compat.mult(n, tree))) == n * value
    assert vv.max_norm(value) == compat.max_norm(tree)
    assert vv.is_nonnegative(value) == compat.is_nonnegative(tree)


@given(RAW)
def test_normal_form_is_a_projection(tree):
    once = compat.normal_form(tree)
    assert compat.normal_form(once) == once
    assert VValue(once).to_dict() == once


# ---------- laws of the core that hold modulo normal form ----------


@given(RAW, RAW)
def test_sum_of_maps_is_commutative_modulo_normal_form(left, right):
    one, other = compat.sum_maps(left, right), compat.sum_maps(right, left)
    assert compat.normal_form(one) == compat.normal_form(other)


@given(RAW, RAW, RAW)
def test_sum_of_maps_is_associative_modulo_normal_form(a, b, c):
    one = compat.sum_maps(compat.sum_maps(a, b), c)
    other = compat.sum_maps(a, compat.sum_maps(b, c))
    assert compat.normal_form(one) == compat.normal_form(other)


@given(trees.pairs(alphabet=["a", "b"], **EXACT), st.integers(-4, 4), st.integers(-4, 4))
def test_multiples_of_maps_distribute(pair, n, p):
    a, b = (compat.normal_form(plain(tree)) for tree in pair)
    assert compat.sum_maps(a, compat.mult(-1, a)) == {}
    scaled = compat.sum_maps(compat.mult(n, a), compat.mult(n, b))
    assert compat.mult(n, compat.sum_maps(a, b)) == scaled
    both = compat.sum_maps(compat.mult(n, a), compat.mult(p, a))
    assert compat.normal_form(both) == compat.normal_form(compat.mult(n + p, a))


# ---------- counterexamples: false in compat mode, true in canonical mode ----------


def additive_in_value(mask, one, other, mode):
    parts = [vv.linear_combination(mask, value, mode=mode) for value in (one, other)]
    return vv.linear_combination(mask, one + other, mode=mode) == parts[0] + parts[1]


def additive_in_mask(one, other, value, mode):
    parts = [vv.linear_combination(mask, value, mode=mode) for mask in (one, other)]
    return vv.linear_combination(one + other, value, mode=mode) == parts[0] + parts[1]


@pytest.mark.parametrize("mode", ["compat", "canonical"])
def test_linearity_in_the_value_when_the_mask_has_a_number_at_an_inner_node(mode):
    mask = VValue({"k": {NUMBER: 2, "x": 1}})
    one, other = VValue({"k": 5}), VValue({"k": {"x": 1}})
    assert additive_in_value(mask, one, other, mode) is (mode == "canonical")


@pytest.mark.parametrize("mode", ["compat", "canonical"])
def test_additivity_in_the_mask_for_masks_of_mixed_depth(mode):
    value = VValue({"k": {NUMBER: 5, "a": 1}})
    one, other = VValue({"k": 2}), VValue({"k": {"a": 3}})
    assert additive_in_mask(one, other, value, mode) is (mode == "canonical")


def test_one_vector_with_two_representations_gives_two_results_in_the_core_only():
    mask = {"k": {NUMBER: 2}}
    bare, wrapped = {"k": 5}, {"k": {NUMBER: 5}}
    assert compat.lin_comb(mask, bare) == {}
    assert compat.lin_comb(mask, wrapped) == {NUMBER: 10}
    assert VValue(bare) == VValue(wrapped)
    result = vv.linear_combination(VValue(mask), VValue(wrapped))
    assert result == vv.linear_combination(VValue(mask), VValue(bare)) == VValue({NUMBER: 10})


def test_sums_leave_needless_representations_behind_in_the_core_only():
    maps = {"k": 1}, {"k": {"a": 1}}, {"k": {"a": -1}}
    strict = compat.sum_maps(*maps)
    assert strict == {"k": {NUMBER: 1}}
    assert strict != compat.sum_maps(maps[0], compat.sum_maps(*maps[1:]))
    one, two, three = map(VValue, maps)
    assert (one + two) + three == one + (two + three) == VValue({"k": 1})


def test_multiplication_by_one_does_not_normalise_in_the_core_only():
    tree = {"a": 0, "b": {"c": "foreign"}}
    assert compat.mult(1, tree) is tree
    assert compat.mult(2, tree) == {}
    zero = VValue({"a": 0})
    assert 1 * zero == 2 * zero == VValue()


def test_an_explicit_zero_changes_the_core_but_not_the_canonical_product():
    mask, value = VValue({"k": 2}), VValue({"k": 5})
    with_zero = mask + VValue({"k": {"a": 0}})
    assert with_zero == mask
    canonical = vv.linear_combination(with_zero, value)
    assert canonical == vv.linear_combination(mask, value) == VValue({NUMBER: 10})
    assert vv.linear_combination(with_zero, value, mode="compat") == VValue()


@pytest.mark.parametrize("mode", ["compat", "canonical"])
def test_mask_multiply_is_not_commutative_in_either_mode(mode):
    shallow, deep = VValue({"c": 7}), VValue({"c": {"x": 2}})
    assert vv.mask_multiply(shallow, deep, mode=mode) == VValue({"c": {"x": 14}})
    assert vv.mask_multiply(deep, shallow, mode=mode) == VValue()


def test_a_bare_number_cannot_be_summed_at_the_top_of_the_core():
    with pytest.raises(
        TypeError, match=r"sum_maps is int 5; expected a map: write \{':number': 5\}"
    ):
        compat.sum_maps(5, {"a": 1})
    with pytest.raises(TypeError, match="expected a map"):
        compat.sum_maps({"a": 1}, 5)
    assert compat.sum_maps(None, {"a": 1}) == compat.sum_maps({"a": 1}, None) == {"a": 1}
