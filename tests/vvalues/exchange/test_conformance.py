"""The conformance table of the Clojure core (test/dmm/core_test.clj), in every mode.

Every row of the table holds literally in `vvalues.exchange.compat`, and on V-values in both product
modes. Where the modes part is shown in `test_compat.py`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import islice

import numpy as np
import pytest

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues.exchange import compat
from vvalues.testing import assert_trees_close

T = {"a": 1, "b": 2, "c": {"a": 1, "b": 2, "c": {"x": 1, "y": 3}}}
K = {"c": 7}
A = {"x": {"a": 8}, "y": {"b": 10}, "z": {"a": 2, "b": 4}}
SUMMED = {"a": 8, "b": 16, "c": {"x": 8, "y": 24}}


def nested(x, y, z=None):
    """T with x, y at both upper levels and x, z at the lowest."""
    return {"a": x, "b": y, "c": {"a": x, "b": y, "c": {"x": x, "y": z}}}


PRODUCTS = {
    "mult-mask T T": ("mult_mask", (T, T), nested(1, 4, 9)),
    "mult-mask K T": (
        "mult_mask",
        (K, T),
        {"c": {"a": 7, "b": 14, "c": {"x": 7, "y": 21}}},
    ),
    "lin-comb K K": ("lin_comb", (K, K), {NUMBER: 49}),
    "lin-comb K T": ("lin_comb", (K, T), {"a": 7, "b": 14, "c": {"x": 7, "y": 21}}),
    "lin-comb T T": ("lin_comb", (T, T), {NUMBER: 20}),
    "lin-comb T K": ("lin_comb", (T, K), {}),
    "apply-matrix to numbers": (
        "apply_matrix",
        (A, {"a": 3.0, "b": 5}, 1),
        {"x": {NUMBER: 24.0}, "y": {NUMBER: 50}, "z": {NUMBER: 26.0}},
    ),
    "apply-matrix to maps": (
        "apply_matrix",
        (A, {"a": {"v": 3}, "b": {"v": 5, "w": {"v": 8}}}, 1),
        {"x": {"v": 24}, "y": {"v": 50, "w": {"v": 80}}, "z": {"v": 26, "w": {"v": 32}}},
    ),
}
ON_TREES = {
    "mult_mask": vv.mask_multiply,
    "lin_comb": vv.linear_combination,
    "apply_matrix": vv.apply_matrix,
}


def on_trees(operation, arguments, mode):
    trees = [VValue(x) if isinstance(x, dict) else x for x in arguments]
    return ON_TREES[operation](*trees, mode=mode)


@pytest.mark.parametrize("row", PRODUCTS)
def test_products_on_plain_maps(row):
    operation, arguments, expected = PRODUCTS[row]
    assert getattr(compat, operation)(*arguments) == expected


@pytest.mark.parametrize("mode", ["canonical", "compat"])
@pytest.mark.parametrize("row", PRODUCTS)
def test_products_on_trees(row, mode):
    operation, arguments, expected = PRODUCTS[row]
    assert on_trees(operation, arguments, mode) == VValue(expected)


@pytest.mark.parametrize("mode", ["canonical", "compat"])
def test_sums_and_accumulators(mode):
    terms = compat.lin_comb(K, T), compat.lin_comb({"c": 1}, T)
    assert compat.sum_maps(*terms) == SUMMED
    assert compat.accum({"accum": terms[0], "delta": terms[1]}) == {"single": SUMMED}
    trees = [vv.linear_combination(VValue(mask), VValue(T), mode=mode) for mask in (K, {"c": 1})]
    assert trees[0] + trees[1] == VValue(SUMMED)


@pytest.mark.parametrize(
    ("tree", "norm"),
    [({}, 0), ({"a": 1, "c": 1}, 1), ({"a": 1, "c": 2}, 2), ({"c": -2, "a": 1}, 2)],
)
def test_max_norm(tree, norm):
    assert compat.max_norm_neuron(tree) == {NUMBER: norm}
    assert vv.max_norm(VValue(tree)) == norm


@pytest.mark.parametrize(
    ("left", "right", "holds"), [(2, 1, False), (1, 2, True), (1, 1, True), (0, 0, True)]
)
def test_order(left, right, holds):
    maps = {NUMBER: left}, {NUMBER: right}
    assert compat.is_less_or_equal(*maps) is holds
    channels = {"true-channel": int(holds), "false-channel": int(not holds)}
    assert compat.less_or_equal({"left": maps[0], "right": maps[1]}) == channels
    assert vv.is_nonnegative(VValue(maps[1]) - VValue(maps[0])) is holds


def g(tree):
    return compat.mult(2, tree)


def h(tree):
    return compat.add_number(3, tree)


def f(tree):
    return compat.divide(Fraction(7), tree)


def test_iterated_functions():
    first = list(islice(compat.iter_apply_fns(T, g, h), 10))
    assert first[:3] == [T, nested(2, 4, 6), nested(5, 7, 9)]
    assert first[9] == nested(122, 154, 186)


def test_iterated_functions_with_a_division_are_exact_rationals():
    item = next(islice(compat.iter_apply_fns(T, g, h, f), 9, None))
    assert item == nested(Fraction(209, 343), Fraction(31, 49), Fraction(225, 343))


def test_iterated_functions_on_trees():
    on_tree = [lambda v: 2 * v, lambda v: v + vv.full(v.support, 3), lambda v: v / 7]
    first = list(islice(compat.iter_apply_fns(VValue(T), *on_tree[:2]), 10))
    assert first[2] == VValue(nested(5, 7, 9))
    assert first[9] == VValue(nested(122, 154, 186))
    item = next(islice(compat.iter_apply_fns(VValue(T), *on_tree), 9, None))
    assert_trees_close(item, VValue(nested(209 / 343, 31 / 49, 225 / 343)), rtol=1e-15)


def test_functions_of_every_nth_item():
    assert list(compat.map_every_nth(3, str, range(1, 7))) == [None, None, "3", None, None, "6"]
    assert list(compat.map_every_other(str, "abcd")) == [None, "b", None, "d"]


# ---------- the variant of the JAX ports, which agrees on the vectors ----------

FLAT = {"a": 2, "b": 3, "c": 2.5}
DEEP = {"a": 2, "b": 3, "c": {NUMBER: 6, "u": 1}}


@pytest.mark.parametrize(
    ("mask", "tree", "compat_result", "canonical_result"),
    [
        (FLAT, FLAT, {NUMBER: 19.25}, {NUMBER: 19.25}),
        (FLAT, DEEP, {NUMBER: 28, "u": 2.5}, {NUMBER: 28, "u": 2.5}),
        (DEEP, DEEP, {NUMBER: 50}, {NUMBER: 50, "u": 6}),
        (DEEP, FLAT, {NUMBER: 13}, {NUMBER: 28}),
    ],
)
def test_mixed_depth(mask, tree, compat_result, canonical_result):
    assert compat.lin_comb(mask, tree) == compat_result
    assert on_trees("lin_comb", (mask, tree), "compat") == VValue(compat_result)
    assert on_trees("lin_comb", (mask, tree), "canonical") == VValue(canonical_result)


def test_published_gradient_of_a_linear_combination_with_itself():
    from autograd import grad

    gradient = grad(lambda x: vv.linear_combination(x, x, mode="compat")[NUMBER])(VValue(DEEP))
    assert gradient == VValue({"a": 4, "b": 6, "c": {NUMBER: 12, "u": 2}})


# ---------- the two strokes ----------


def test_one_cycle_of_two_strokes_on_plain_maps():
    source = lambda inputs: {"out": {"v": 3}}  # noqa: E731
    matrix = {
        compat.accum: {
            "self": {
                "accum": {compat.accum: {"self": {"single": 1}}},
                "delta": {source: {"s": {"out": 2}}},
            }
        },
        source: {"s": {}},
    }
    outputs = {compat.accum: {"self": {"single": matrix}}, source: {"s": {"out": {"v": 3}}}}
    inputs = compat.down_movement(outputs)
    assert inputs[compat.accum]["self"]["accum"] == matrix
    assert inputs[compat.accum]["self"]["delta"] == {"v": 6}
    assert compat.up_movement(inputs)[source] == {"s": {"out": {"v": 3}}}


def test_neurons_that_multiply():
    inputs = {"mask": K, "main": T}
    assert compat.mult_mask_neuron(inputs) == {"single": compat.mult_mask(K, T)}
    assert compat.lin_comb_neuron(inputs) == {"single": compat.lin_comb(K, T)}
    assert compat.identity(inputs) is inputs
    assert reduce(compat.sum_maps, [K, K, None]) == {"c": 14}
    assert np.isclose(compat.max_norm(compat.rec_map_op(lambda x, n: x**n, 2, T)), 9)
