"""Where gradients live, and what fails loudly instead of being silently wrong."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad, grad, make_jvp, value_and_grad
from autograd.builtins import dict as traced_dict
from autograd.builtins import list as traced_list
from autograd.extend import vspace

import vvalues as vv
from vvalues import NUMBER, Support, VValue
from vvalues.core.autodiff import VValueBox

A = VValue({"a": 1.5, "b": {":number": 5.0, "c": 2.0}})
B = VValue({"b": {"c": 1.5, "d": 3.0}, "e": np.array([1.0, 2.0])})


# ---------- where gradients live ----------


def test_linear_operations_report_components_that_the_argument_lacks():
    assert grad(vv.inner)(A, B) == B
    assert grad(lambda a: a["absent"] * 3.0)(A) == VValue({"absent": 3.0})
    assert grad(lambda a: vv.inner(a.subtree("b"), VValue({"z": 2.0})))(A) == VValue(
        {"b": {"z": 2.0}}
    )
    assert grad(lambda a: vv.squared_norm(a + B) / 2)(A) == A + B


def test_restriction_to_a_larger_support_asks_what_absent_leaves_would_do():
    larger = A.support.union(VValue({"b": {"new": 0.0}}).support).support
    weights = VValue({"b": {"new": 7.0}, "elsewhere": 9.0})
    gradient = grad(lambda a: vv.inner(vv.restrict(a, larger), weights))(A)
    assert gradient == VValue({"b": {"new": 7.0}})


def test_restriction_to_a_smaller_support_keeps_zeros_for_what_it_drops():
    gradient = grad(lambda a: vv.squared_norm(vv.restrict(a, Support.of([("a",)]))))(A)
    assert gradient == VValue({"a": 3.0})
    assert gradient.support is A.support


@pytest.mark.parametrize(
    "product",
    [
        vv.linear_combination,
        vv.mask_multiply,
        lambda mask, value: vv.apply_matrix(vv.assemble({"row": mask}), value, 1),
    ],
)
def test_products_take_a_support_as_wiring(product):
    mask, value = VValue({"b": 2.0}), VValue({"a": 1.0, "b": {"c": 3.0}})
    for i, argument in enumerate((mask, value)):
        gradient = grad(lambda m, v: vv.l1_norm(product(m, v)), i)(mask, value)
        assert gradient.support is argument.support
    wired = vv.restrict(mask, mask.support.union(Support.of([("a",)])).support)
    assert grad(lambda m: vv.l1_norm(product(m, value)))(wired)["b"] == 3.0


def test_an_explicit_zero_in_a_mask_gets_its_gradient():
    mask, value = VValue({"a": 0.0, "b": 2.0}), VValue({"a": 1.0, "b": {"c": 3.0}})
    masked = lambda m: vv.inner(vv.mask_multiply(m, value), VValue({"a": 5.0}))  # noqa: E731
    assert grad(masked)(mask) == VValue({"a": 5.0})


@pytest.mark.parametrize(
    "function",
    [vv.ravel, lambda a: vv.ravel(vv.map_leaves(anp.expm1, a)), lambda a: vv.dense(a, ["a"], [()])],
)
def test_layouts_of_arrays_are_fixed_by_the_support(function):
    gradient = grad(lambda a: anp.sum(function(a)))(A)
    assert set(gradient) <= set(A)


def test_stop_gradient_keeps_the_value_and_drops_the_derivative():
    assert grad(lambda a: vv.inner(a, vv.stop_gradient(a)))(A) == A
    assert grad(lambda x: x * vv.stop_gradient(x))(3.0) == 3.0


def test_stop_gradient_takes_containers_of_what_is_not_traced():
    endless = holding_itself(1.5)
    assert vv.stop_gradient(endless) is endless
    constants = {"a": [1.0, (A, np.ones(2))]}
    assert grad(lambda x: x * vv.stop_gradient(constants)["a"][0])(3.0) == 1.0


@pytest.mark.parametrize("size", [5e-324, 3e-310, 1e-160, 1e-100, 1.0, 1e155, 1e200, 3e307])
def test_the_euclidean_norm_neither_overflows_nor_underflows(size):
    tree = VValue({"a": 3.0 * size, "b": {"c": np.array([-4.0 * size])}})
    assert vv.l2_norm(tree) == pytest.approx(5.0 * size, rel=1e-12, abs=0.0)
    gradient = grad(vv.l2_norm)(tree)
    rounding = max(1e-12, 1e-323 / size)  # subnormal numbers have few digits
    assert gradient["a"] == pytest.approx(0.6, abs=rounding)
    assert gradient["b", "c"] == pytest.approx(np.array([-0.8]), abs=rounding)
    slope = make_jvp(vv.l2_norm)(tree)(VValue({"a": 1.0}))[1]
    assert slope == pytest.approx(0.6, abs=rounding)
    if 1e-300 < size < 1e300:  # beyond, the curvature is not representable
        curvature = grad(lambda t: grad(vv.l2_norm)(t)["a"])(tree)["a"]
        assert curvature * size == pytest.approx(0.64 / 5.0, rel=1e-12)


def test_norms_of_what_is_not_finite():
    inf, nan = float("inf"), float("nan")
    assert vv.l2_norm(VValue({"a": inf, "b": 1.0})) == inf
    assert vv.l2_norm(VValue({"a": 1.7e308, "b": 1.7e308})) == inf
    for norm in (vv.l1_norm, vv.l2_norm, vv.max_norm):
        assert np.isnan(norm(VValue({"a": nan, "b": inf})))
    assert np.isnan(grad(vv.max_norm)(VValue({"a": nan, "b": 1.0}))["a"])


def test_norms_at_zero_have_a_zero_gradient():
    zero = VValue({"a": 0.0, "b": 0.0})
    for norm in (vv.l1_norm, vv.l2_norm, vv.max_norm):
        assert grad(norm)(zero) == VValue()
    tied = VValue({"a": 2.0, "b": -2.0, "c": 1.0})
    assert grad(vv.max_norm)(tied) == VValue({"a": 0.5, "b": -0.5})


# ---------- values in boxes behave like values ----------


def test_a_tree_that_is_differentiated_reads_like_a_tree():
    seen = {}

    def function(a):
        seen.update(
            items=[(path, float(leaf._value)) for path, leaf in a.items()],
            paths=list(a),
            length=len(a),
            size=a.size,
            has=("b" in a, ("b", NUMBER) in a, "z" in a),
            repr=repr(a),
            support=a.support,
            equal=(a == A, a != A, a == a),
        )
        return a.get("a") + a.get("z", 1.0)

    assert grad(function)(A) == VValue({"a": 1.0})
    assert seen["items"] == list(A.items())
    assert seen["paths"] == list(A)
    assert (seen["length"], seen["size"], seen["has"]) == (3, 3, (True, True, False))
    assert seen["repr"] == f"VValueBox({A!r})"
    assert seen["support"] is A.support
    assert seen["equal"] == (True, False, True)


def test_several_trees_at_once():
    value, (in_a, in_b) = value_and_grad(vv.inner, (0, 1))(A, B)
    assert (value, in_a, in_b) == (3.0, B, A)


def test_a_tree_in_autograds_own_containers():
    gradient = grad(lambda d: vv.inner(d["left"], d["right"]))(traced_dict({"left": A, "right": B}))
    assert gradient == {"left": B, "right": A}


def test_all_trees_are_one_space_but_not_the_space_of_arrays():
    assert vspace(A) == vspace(B)
    assert vspace(A) != vspace(np.zeros(3))
    assert repr(vspace(A)) == "VValueSpace()"
    assert vspace(A).randn().support is A.support


# ---------- loud errors ----------


def holding_itself(x):
    endless = []
    endless += [endless, x]
    return endless


FAILURES = {
    "a traced number times a tree": (lambda s: vv.l1_norm(s * A), 2.0, "VValue"),
    "a traced number times a traced tree": (lambda a: vv.l1_norm(a["a"] * a), A, "VValue"),
    "a traced array times a tree": (
        lambda x: vv.l1_norm(x * A),
        np.ones(3),
        "multiplied by one real number",
    ),
    "a tree times an array": (
        lambda a: vv.l1_norm(a * np.ones(3)),
        A,
        "multiplied by one real number",
    ),
    "a tree plus a number": (lambda a: a + 1.0, A, "unsupported operand"),
    "a larger one of two trees, by numpy": (lambda a: anp.maximum(a, B), A, r"vvalues.maximum\("),
    "a sum of a tree": (lambda a: anp.sum(a), A, r"write vvalues.sum_leaves\(v\)"),
    "an array of a tree": (lambda a: anp.array([a, a]), A, r"use vvalues.ravel\(v\)"),
    "a dict of boxes as a tree": (
        lambda x: vv.inner({"a": x}, A),
        1.0,
        "argument left is dict .*wrap it in VValue",
    ),
    "a list of boxes as a leaf": (lambda x: VValue({"a": [x, x]}), 1.0, "leaf at a is list"),
    "an object array of boxes as a leaf": (
        lambda x: VValue({"a": np.array([x, None])}),
        1.0,
        "leaf at a is ndarray",
    ),
    "a list of boxes put": (lambda x: A.at("q").set([x]), 1.0, "leaf at q is list"),
    "a list of boxes assembled": (lambda x: vv.assemble({"a": [x]}), 1.0, "leaf at a is list"),
    "boxes in a list stopped": (
        lambda x: vv.stop_gradient([x])[0],
        1.0,
        "stop_gradient got a list of values that are being differentiated",
    ),
    "boxes deep in containers stopped": (
        lambda x: vv.stop_gradient(({"a": [np.array([x], dtype=object)]},))[0]["a"][0][0],
        1.0,
        "stop_gradient got a tuple of values that are being differentiated",
    ),
    "a box in a list that holds itself stopped": (
        lambda x: vv.stop_gradient(holding_itself(x))[1],
        1.0,
        "stop_gradient got a list of values that are being differentiated",
    ),
    "a traced complex leaf": (
        lambda x: VValue({"a": {"b": x * 1j}}),
        1.0,
        "leaf at a/b is complex",
    ),
    "a traced complex array put": (
        lambda x: A.at("q").set(anp.array([x, 1.0]) * 1j),
        1.0,
        "leaf at q is ndarray",
    ),
    "a traced list as a leaf": (
        lambda x: VValue({"a": traced_list([x, x])}),
        1.0,
        "leaf at a is list",
    ),
    "a mask that is a dict": (
        lambda x: vv.linear_combination({"a": x}, A),
        1.0,
        "argument mask is dict",
    ),
    "a keyword factor": (lambda s: vv.scale(A, factor=s), 1.0, "positional-only"),
    "a keyword tree": (lambda a: vv.inner(A, right=a), A, "positional-only"),
    "a keyword value": (
        lambda a: vv.linear_combination(A, value=a),
        A,
        "positional-only|missing 1 required positional",
    ),
    "a keyword part": (lambda x: vv.put(A, "a", part=x), 1.0, "positional-only|missing 1 required"),
    "a tree to be pruned by key": (lambda a: vv.prune(tree=a, threshold=1), A, "positional-only|m"),
}


def test_numpys_slopes_of_trees_are_exact_or_refused_with_the_remedy():
    assert grad(lambda a: vv.sum_leaves(anp.square(a)))(A) == 2 * A
    with pytest.raises(ValueError, match=r"write vvalues.map_leaves\(anp.tanh, v\)"):
        grad(lambda a: vv.sum_leaves(anp.sin(a)))(A)


@pytest.mark.parametrize("name", FAILURES)
def test_fails_loudly(name):
    function, argument, words = FAILURES[name]
    with pytest.raises(TypeError, match=words):
        grad(function)(argument)


def test_the_buffer_of_a_traced_tree_is_not_for_reading():
    with pytest.raises(AttributeError, match=r"use vvalues.ravel\(v\)"):
        grad(lambda a: a.buffer.sum())(A)


def test_numpy_does_not_wrap_a_tree_as_an_object():
    for function in (np.asarray, np.sum, np.mean, np.dot):
        with pytest.raises(TypeError, match=r"not an array|no V-value apart|missing"):
            function(A)


def test_plain_numbers_multiply_from_either_side():
    assert 2 * A == A * 2 == np.float64(2) * A == A * np.float64(2) == np.array(2.0) * A
    assert grad(lambda a: vv.l1_norm(2.0 * a))(A) == 2 * vv.sign(A)
    assert grad(lambda a: vv.l1_norm(np.float64(2.0) * a))(A) == 2 * vv.sign(A)


def test_elementwise_gradients_of_mapped_functions():
    slope = vv.map_leaves(elementwise_grad(anp.tanh), A, support=A.support)
    assert np.allclose(vv.ravel(slope), 1 - np.tanh(vv.ravel(A)) ** 2)


def test_boxes_are_what_autograd_hands_out():
    seen = []
    grad(lambda a: (seen.append(type(a)), a["a"])[1])(A)
    assert seen == [VValueBox]
