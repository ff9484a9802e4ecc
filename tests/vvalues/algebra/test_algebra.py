"""Elementwise algebra: its laws, against numpy on one common support, and what is refused."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from tests.vvalues.laws import laws
from vvalues import VValue
from vvalues import strategies as trees

EXACT = {"elements": trees.integers(), "max_leaves": 8, "arrays": {"w": (2,), "m": (2, 3)}}
PAIRS, TRIPLES = trees.pairs(**EXACT), trees.triples(**EXACT)
TREES = trees.vvalues(**EXACT)
LEVELS = st.integers(-2, 3)
V = VValue({"a": 2.0, "b": {"c": -3.0}})


def both(a, b):
    return a.support.union(b.support).support


def on(tree, support):
    return vv.ravel(tree, support)


# ---------- laws ----------


@laws
@given(TRIPLES, trees.integers())
def test_the_product_is_bilinear_commutative_and_associative(triple, n):
    a, b, c = triple
    assert (n * a + b) * c == n * (a * c) + b * c
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert vv.inner(a, b * c) == vv.inner(a * b, c)


@laws
@given(PAIRS)
def test_a_product_has_what_both_have_and_a_choice_what_either_has(pair):
    a, b = pair
    common = set(a.support.paths) & set(b.support.paths)
    assert set((a * b).support.paths) == common
    for combined in (vv.maximum(a, b), vv.minimum(a, b), vv.map_leaves(np.add, a, b), a > b):
        assert combined.support is both(a, b)


@laws
@given(PAIRS, st.integers(1, 5))
def test_elementwise_operations_are_numpys_on_a_common_support(pair, n):
    a, b = pair
    support = both(a, b)
    x, y = on(a, support), on(b, support)
    expected = {
        "product": (a * b, x * y),
        "power": (a**n, x**n),
        "magnitude": (abs(a), abs(x)),
        "maximum": (vv.maximum(a, b, 0), np.maximum(np.maximum(x, y), 0)),
        "minimum": (vv.minimum(a, b), np.minimum(x, y)),
        "clip": (vv.clip(a, -abs(b), abs(b)), np.clip(x, -abs(y), abs(y))),
        "where": (vv.where(a > b, a, b), np.where(x > y, x, y)),
        "less": (a < b, x < y),
        "not equal": (vv.not_equal(a, b), x != y),
        "at least": (vv.greater_equal(a, b, support), x >= y),
        "at most": (vv.less_equal(a, b, support), x <= y),
        "equal": (vv.equal(a, b, support), x == y),
        "function": (vv.map_leaves(lambda u, v: u * v + u, a, b), x * y + x),
        "root": (np.sqrt(abs(a)), np.sqrt(abs(x))),
    }
    for name, (ours, numpys) in expected.items():
        assert np.array_equal(on(ours, support), numpys), name


@laws
@given(PAIRS)
def test_order_and_magnitude_belong_together(pair):
    a, b = pair
    assert vv.maximum(a, b) + vv.minimum(a, b) == a + b
    assert vv.maximum(a, b) - vv.minimum(a, b) == abs(a - b)
    assert vv.sign(a) * abs(a) == a
    assert vv.where(a > 0, a, 0) - vv.where(a < 0, -a, 0) == a
    assert vv.clip(a, a, a) == a


@laws
@given(PAIRS, LEVELS, trees.integers())
def test_sums_are_linear_and_sums_of_sums(pair, level, n):
    a, b = pair
    support = both(a, b)
    a, b = vv.restrict(a, support), vv.restrict(b, support)  # or leaves of two shapes may meet
    try:
        ours = vv.sum_leaves(n * a + b, level)
    except ValueError as error:
        assert "shape" in str(error)
        return
    assert ours == n * vv.sum_leaves(a, level) + vv.sum_leaves(b, level)
    assert vv.sum_leaves(vv.sum_leaves(a, level)) == vv.sum_leaves(a) == vv.ravel(a).sum()


@laws
@given(trees.vvalues(**EXACT, min_leaves=1), LEVELS)
def test_means_and_extremes_are_those_of_the_groups(a, level):
    groups: dict = {}
    for path, leaf in a.items():
        node = path[:level] if level >= 0 or len(path) >= -level else ()
        groups.setdefault(node, []).extend(np.ravel(leaf))
    for reduction, expected in (
        (vv.mean_leaves, np.mean),
        (vv.max_leaves, np.max),
        (vv.min_leaves, np.min),
    ):
        ours = dict(reduction(a, level).items())
        assert set(ours) == set(groups)
        assert all(np.isclose(ours[node], expected(x)) for node, x in groups.items())
        assert np.isclose(reduction(a), expected(vv.ravel(a)))


# ---------- where gradients live ----------


def test_the_product_has_an_exact_gradient_where_nothing_is():
    other = VValue({"a": 5.0, "z": 7.0})
    gradient = grad(lambda v: vv.sum_leaves(v * other))(V)
    assert gradient == VValue({"a": 5.0})  # the sum looks at the product's support
    gradient = grad(lambda v: vv.inner(v * other, VValue({"a": 1, "z": 1})))(V)
    assert gradient == other  # an inner product looks everywhere, and so does the product


def test_other_gradients_live_on_the_support_of_the_result():
    other = VValue({"z": 7.0})
    for choose in (vv.maximum, lambda v, w: vv.where(w, v, w)):
        gradient = grad(lambda v, choose=choose: vv.sum_leaves(choose(v, other)))(V)
        assert set(gradient.support.paths) <= set(both(V, other).paths)


def test_ties_share_the_derivative():
    gradient = grad(lambda v: vv.sum_leaves(vv.maximum(v, v + V - V)))(V)
    assert gradient == VValue({"a": 1, "b": {"c": 1}})
    assert grad(vv.max_leaves)(VValue({"a": 1, "b": 1})) == VValue({"a": 0.5, "b": 0.5})


# ---------- what is refused ----------

REFUSED = {
    "exp without a support": (lambda: vv.map_leaves(np.exp, V), r"support=v.support"),
    "numpy's cos": (lambda: np.cos(V), r"map_leaves\(cos, v, support=v.support\)"),
    "a number added": (lambda: V + 1.0, r"full\(v.support, number\)"),
    "a number first": (lambda: 1.0 - V, r"full\(v.support, number\)"),
    "an array added": (lambda: np.ones(2) + V, r"full\(v.support, number\)"),
    "a quotient of trees": (lambda: V / V, r"divide\(v, w, support=v.support\)"),
    "a number over a tree": (lambda: 1.0 / V, r"power\(v, -1, support=v.support\)"),
    "the power 0": (lambda: V**0, r"power\(v, 0, support=v.support\)"),
    "a negative power": (lambda: V**-2, r"power\(v, -2, support=v.support\)"),
    "a number to the power of a tree": (lambda: 2.0**V, "base"),
    "a tree to the power of a tree": (lambda: V**V, r"anp.power, v, w"),
    "ties of trees": (lambda: V >= V, r"greater_equal\(v, w, support=v.support\)"),
    "more than a negative number": (lambda: V > -1, r"support=v.support"),
    "where with another number": (lambda: vv.where(V, V, 1.0), r"support=v.support"),
    "a maximum with a positive number": (lambda: vv.maximum(V, 1.0), r"support=v.support"),
    "a maximum of numbers": (lambda: vv.maximum(1.0, 2.0), "no V-value"),
    "a text": (lambda: vv.minimum(V, "x"), "VValue or a real number"),
    "a comparison with a text": (lambda: V > "x", "VValue or a real number"),
    "bounds the wrong way round": (lambda: vv.clip(V, 1, -1), "above the upper"),
    "the mean of nothing": (lambda: vv.mean_leaves(VValue()), "without elements"),
    "the largest of nothing": (lambda: vv.max_leaves(VValue(), 1), "without elements"),
    "numpy's sum": (lambda: np.add.reduce(V), r"sum_leaves\(v\)"),
    "numpy's maximum": (lambda: np.maximum(V, V), r"maximum\(v, w\)"),
    "an option of numpy": (lambda: np.square(V, where=True), "where"),
    "a function of two results": (lambda: np.modf(V), "map_leaves"),
    "a tree and an array": (lambda: np.arctan2(V, np.ones(2)), "map_leaves"),
    "a function that changes the shape": (lambda: vv.map_leaves(lambda x: x[:0], V), "shape"),
    "a dict": (lambda: vv.map_leaves(np.tanh, {"a": 1.0}), "VValue"),
    "shapes that differ": (lambda: V * VValue({"a": np.ones(2)}), r"leaf at a has shape"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_the_remedies_are_right():
    one = vv.full(V.support)
    assert V + one == VValue({"a": 3, "b": {"c": -2}})
    assert vv.map_leaves(np.exp, V, support=V.support)["a"] == np.exp(2.0)
    assert vv.power(V, -1, V.support) * V == one == vv.divide(V, V, V.support)
    assert vv.power(V, 0, V.support) == one
    assert vv.map_leaves(lambda x: 2.0**x, V, support=V.support)["a"] == 4.0
    assert vv.maximum(V, 1.0, support=V.support) == VValue({"a": 2, "b": {"c": 1}})
    assert np.float64(2.0) * V == V * 2 == np.multiply(V, 2.0)
    assert V + 0 == V == 0 + V == +V and 0 - V == -V
    assert sum([V, V]) == 2 * V


def test_functions_that_close_over_a_traced_number():
    gradient = grad(lambda s: vv.sum_leaves(vv.map_leaves(lambda x: anp.sin(x * s), V)))(0.5)
    assert gradient == pytest.approx(2 * np.cos(1.0) - 3 * np.cos(-1.5))
