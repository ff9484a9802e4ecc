"""Numbers near the ends of what a double holds, parts of other shapes, and what is no V-value."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from vvalues import VValue
from vvalues.core import kernels, linear
from vvalues.strategies import vvalues

U = VValue({"a": 3.0, "b": {"c": -4.0}, "w": np.array([1.0, -2.0])})
DIRECTION = VValue({"a": -1.0, "b": {"c": 0.5}, "w": np.array([2.0, 1.0])})


# -------------------- norms --------------------


@pytest.mark.parametrize("scale", [1e-307, 1e-250, 1e-160, 1e-130, 1e140, 1e160, 1e250, 1e307])
def test_a_norm_and_its_derivatives_scale_with_the_tree(scale):
    tree = U * scale
    assert vv.l2_norm(tree) == pytest.approx(scale * vv.l2_norm(U), rel=1e-12)
    slope, expected = grad(vv.l2_norm)(tree), grad(vv.l2_norm)(U)
    assert slope.buffer == pytest.approx(expected.buffer, rel=1e-12)

    def along(v):
        return vv.inner(grad(vv.l2_norm)(v), DIRECTION)

    curvature = grad(along)(tree) * scale
    assert curvature.buffer == pytest.approx(grad(along)(U).buffer, rel=1e-9, abs=1e-12)


@given(vvalues())
def test_the_order_is_that_of_all_elements(tree):
    assert vv.is_nonnegative(tree) is all(x >= 0 for x in tree.buffer.tolist())
    assert vv.is_nonnegative(abs(tree)) and vv.is_nonnegative(tree - tree)


@given(st.floats(-3.0, 3.0), st.integers(-2, 12) | st.sampled_from([0.5, 1.5, 7.5]))
def test_powers_by_products_are_powers(x, exponent):
    array = np.array([x, -x, 1.0])
    with np.errstate(all="ignore"):
        expected = array ** float(exponent)
        np.testing.assert_allclose(kernels.power(array, exponent), expected, rtol=1e-13)


@given(vvalues(), vvalues())
def test_a_power_is_meant_where_it_is_said(tree, other):
    found = vv.power(tree, 0, other.support)
    assert found.support is other.support and set(found.buffer) <= {1.0}
    squares = vv.power(tree, 2, other.support)
    assert squares == vv.restrict(tree, other.support) ** 2


def test_a_tree_is_compared_with_one_number():
    above = np.array(2.0) < U
    assert above == vv.restrict(VValue({"a": 1.0, "b": {"c": 0.0}, "w": np.zeros(2)}), U.support)
    with pytest.raises(TypeError, match="VValue or a real number"):
        np.ones(2) < U  # noqa: B015


@given(vvalues(), vvalues())
def test_a_gradient_through_a_flat_array_has_every_leaf(tree, other):
    slope = grad(lambda v: np.sum(vv.ravel(v, other.support) * 3.0))(tree)
    assert slope.support is tree.support.union(other.support).support
    assert vv.restrict(slope, other.support).buffer.tolist() == [3.0] * other.size


def test_nothing_has_no_depth():
    assert VValue().support.depth == 0 and VValue({"": 1.0}).support.depth in (0, 1)


# -------------------- parts --------------------

SHAPES = st.sampled_from([(), (2,)])


@given(st.lists(SHAPES, min_size=5, max_size=5), st.lists(SHAPES, min_size=3, max_size=3))
def test_a_part_that_is_put_has_its_own_shapes(before, after):
    """Also where its paths are those that were there."""
    names = ("a", "m/x", "m/y", "m/z", "z")
    paths = [tuple(name.split("/")) for name in names]
    tree = vv.assemble(
        {p: np.full(shape, 1.0 + i) for i, (p, shape) in enumerate(zip(paths, before, strict=True))}
    )
    part = vv.assemble(
        {
            key: np.full(shape, -1.0 - i)
            for i, (key, shape) in enumerate(zip("xyz", after, strict=True))
        }
    )
    found = tree.at("m").set(part)
    assert found["m"] == part
    for path in (("a",), ("z",)):
        np.testing.assert_array_equal(found[path], tree[path])
    assert found.size == tree.size - tree.subtree("m").size + part.size


# -------------------- what is no V-value --------------------

TAKING_ONE = (
    linear.negative,
    vv.sign,
    vv.l1_norm,
    vv.l2_norm,
    vv.max_norm,
    vv.is_nonnegative,
    vv.ravel,
)
TAKING_TWO = (linear.add, linear.subtract, vv.inner, vv.multiply)


@pytest.mark.parametrize("thing", [{"a": 1.0}, 3.0, np.ones(2)])
def test_what_is_no_tree_is_named(thing):
    for function in TAKING_ONE:
        with pytest.raises(TypeError, match=f"argument tree is {type(thing).__name__}"):
            function(thing)
    for function in TAKING_TWO:
        with pytest.raises(TypeError, match=f"argument left is {type(thing).__name__}"):
            function(thing, U)
        with pytest.raises(TypeError, match=f"argument right is {type(thing).__name__}"):
            function(U, thing)
    with pytest.raises(TypeError, match=f"argument tree is {type(thing).__name__}"):
        vv.scale(thing, 2.0)
    with pytest.raises(TypeError, match=f"argument tree is {type(thing).__name__}"):
        vv.restrict(thing, U.support)
    for argument in ("left", "right"):
        pair = {"left": U, "right": U} | {argument: thing}
        with pytest.raises(TypeError, match=f"argument {argument} is {type(thing).__name__}"):
            vv.divide(pair["left"], pair["right"], U.support)


@pytest.mark.parametrize("exponent", ["2", None, 1j])
def test_what_is_no_exponent_is_named(exponent):
    with pytest.raises(TypeError, match=f"exponent is {type(exponent).__name__}"):
        vv.power(U, exponent)
