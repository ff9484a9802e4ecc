"""Every public operation: reverse and forward mode to second order, jointly in its trees.

Twice over: autograd's own checker, and ours, which probes each coordinate of the union of supports.
"""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_hvp, make_jvp
from autograd.test_util import check_grads
from hypothesis import given

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues import strategies as trees
from vvalues.testing import assert_trees_close, check_tree_gradients

A = VValue({"a": 1.5, "b": {":number": 5.0, "c": 2.0}})
B = VValue({"b": {"c": 1.5, "d": 3.0}, "e": np.arange(1.0, 7.0).reshape(2, 3)})
C = VValue({"a": 0.6, "b": {"c": 2.8, "d": -1.0}})
MASK = VValue({"b": {":number": 2.0, "c": 3.0}, "a": 4.0})
MATRIX = VValue({"x": {"a": 8.0}, "y": {"b": 10.0}, "z": {"a": 2.0, "b": 4.0}})
UNION = A.support.union(B.support).support


def compat(operation):
    return lambda *arguments: operation(*arguments, mode="compat")


def rewrapped(tree, number):
    parameters, unwrap = vv.wrap({"p": [tree, number], "q": "constant"})
    inside = unwrap(parameters * parameters)["p"]
    return inside[0] * inside[1]


CASES = {
    "+": (lambda a, b: a + b, A, B),
    "add": (vv.add, A, B),
    "-": (lambda a, b: a - b, A, B),
    "negative": (lambda a: -a, A),
    "scale": (vv.scale, A, 2.0),
    "*": (lambda a, s: a * s, A, 2.0),
    "/": (lambda a, s: a / s, A, 2.0),
    "multiply": (lambda a, b: a * b, A, C),
    "multiply, arrays": (vv.multiply, B, B * 0.5),
    "multiply by itself": (lambda a: a * a, A),
    "power": (lambda a: a**2.5, A),
    "power, whole": (lambda a: a**4 + a**1 - a**2, A),
    "power, negative": (lambda a: vv.power(a, -1.5, a.support), A),
    "power on another support": (lambda a: vv.power(a, 2, UNION), A),
    "divide": (lambda a, b: vv.divide(a, b, A.support), A + B, A * 0.7),
    "absolute": (lambda a: abs(a) * a, A - C),
    "full": (lambda s: vv.full(UNION, s), 2.0),
    "maximum": (lambda a, b: vv.maximum(a, b, 0.5, support=UNION) * a, A, C),
    "minimum": (lambda a, b: vv.minimum(a, b), A, C),
    "clip": (lambda a, b: vv.clip(a, -3, b) * a, A, C),
    "where": (lambda a, b: vv.where(a > b, a * a, b), A, C),
    "where with a number": (lambda a: vv.where(a > 1.7, a * a, 3, support=UNION), A),
    "sum_leaves": (lambda a: vv.sum_leaves(a * a), B),
    "sum_leaves, level": (lambda a: vv.sum_leaves(a * a, 1), A + B),
    "sum_leaves, level from the end": (lambda a: vv.sum_leaves(a * a, -1), A + B),
    "mean_leaves": (lambda a: vv.mean_leaves(a * a), B),
    "mean_leaves, level": (lambda a: vv.mean_leaves(a * a, 1), A + B),
    "max_leaves": (lambda a: vv.max_leaves(a * a), B),
    "max_leaves, level": (lambda a: vv.max_leaves(a * a, 1), A + B),
    "min_leaves": (lambda a: vv.min_leaves(a * a), B),
    "min_leaves, level": (lambda a: vv.min_leaves(a * a, -1), A + B),
    "numpy's functions": (lambda a: np.square(a) - np.negative(np.absolute(a)), A),
    "inner": (vv.inner, A, B),
    "inner with itself": (lambda a: vv.inner(a, a), A),
    "l1_norm": (vv.l1_norm, A),
    "l2_norm": (vv.l2_norm, B),
    "squared_norm": (vv.squared_norm, B),
    "max_norm": (vv.max_norm, A),
    "sign": (lambda a: vv.inner(vv.sign(a), a), A),
    "linear_combination": (vv.linear_combination, MASK, A + B),
    "linear_combination, compat": (compat(vv.linear_combination), MASK, A + B),
    "linear_combination with itself": (lambda m: vv.linear_combination(m, m), MASK),
    "mask_multiply": (vv.mask_multiply, MASK, A + B),
    "mask_multiply, compat": (compat(vv.mask_multiply), MASK, A + B),
    "apply_matrix": (lambda m, v: vv.apply_matrix(m, v, 1), MATRIX, A),
    "apply_matrix, compat": (lambda m, v: vv.apply_matrix(m, v, 1, mode="compat"), MATRIX, A),
    "restrict to a larger support": (lambda a: vv.restrict(a, UNION), B),
    "restrict to a smaller support": (lambda a: vv.restrict(a, B.support), A + B),
    "prune": (lambda a: vv.prune(a, 1.7), A),
    "stop_gradient": (lambda a: a * vv.inner(a, vv.stop_gradient(B)), A),
    "take and construct": (lambda a, b: VValue({"q": a["b"], "r": b["e"], "s": a["a"]}), A, B),
    "take own scalar": (lambda a: a["b", NUMBER] ** 2, A),
    "take an absent leaf": (lambda a: a["nothing"] * a["a"], A),
    "get": (lambda a: a.get("a") * a.get("b", 0.0)["c"], A),
    "items": (lambda a: sum(leaf**2 for _, leaf in a.items()), A),
    "subtree": (lambda a: a.subtree("b"), A),
    "subtree function": (lambda a: vv.subtree(a, ("b", "c")), A),
    "assemble": (lambda a, x: vv.assemble({"p": a, ("q", "r"): x}), A, 3.0),
    "put number": (lambda a, x: a.at("b").set(x), A, 2.0),
    "put own scalar": (lambda a, x: a.at(("b", NUMBER)).set(x), A, 2.0),
    "put tree": (lambda a, b: a.at("b").set(b), A, B),
    "put array": (lambda a, x: a.at(("b", "c")).set(x), A, np.ones(3)),
    "put mapping": (lambda a, x: a.at("b").set({"u": x, "v": {"w": x}}), A, 2.0),
    "at add": (lambda a, b: a.at("b").add(b), A, B),
    "at remove": (lambda a: a.at("b").remove(), A),
    "ravel": (vv.ravel, B),
    "ravel on a larger support": (lambda a: vv.ravel(a, UNION), A),
    "ravel on a smaller support": (lambda a: vv.ravel(a, B.support), A + B),
    "unravel": (lambda x: vv.unravel(x, A.support), np.arange(3.0)),
    "map_leaves": (lambda a: vv.map_leaves(anp.tanh, a), A),
    "map_leaves, two trees": (lambda a, b: vv.map_leaves(lambda x, y: x * anp.sin(y), a, b), A, B),
    "map_leaves on a support": (lambda a: vv.map_leaves(anp.cos, a, support=UNION), A),
    "select": (lambda a: vv.select(a, "b/c", "e") * a, A + B),
    "drop": (lambda a: vv.drop(a, "b/**/c") * a, A + B),
    "partition": (lambda a: vv.inner(*vv.partition(a * 2.0 + a * a, "b")), A + B),
    "update": (lambda a: vv.update(a, "b", lambda part: part * part), A + B),
    "map_with_path": (
        lambda a, b: vv.map_with_path(lambda path, x, y: x * y * len(path) + y**2, a, b),
        *(A, C),
    ),
    "relabel": (lambda a: vv.relabel(a * a, {"b": "a", ("b", "d"): ("f", "g")}, add=True), A + C),
    "drop_level": (lambda a: vv.drop_level(a * a, 1, add=True), A + C),
    "swap_levels": (lambda a: vv.swap_levels(a * a, 0, 1), A + C),
    "merge_levels": (lambda a: vv.merge_levels(a * a, 0), A + C),
    "split_level": (lambda a: vv.split_level(a * a, 0, "-"), VValue({"b-c": 2.0, "d": -1.0})),
    "gradient": (lambda a: vv.gradient(lambda v: vv.sum_leaves(v**3), "b")(a), A),
    "jacobian": (lambda a: vv.jacobian(lambda v: v * v["a"])(a).dense(), A),
    "hessian": (lambda a: vv.hessian(lambda v: vv.sum_leaves(v**3) * v["a"])(a) @ a, A),
    "jacobian_vector_product": (
        lambda a, b: vv.jacobian_vector_product(lambda v: v**3)(a)(b),
        *(A, C),
    ),
    "vector_jacobian_product": (
        lambda a, b: vv.vector_jacobian_product(lambda v: v**3)(a)(b),
        *(A, C),
    ),
    "hessian_vector_product": (
        lambda a, b: vv.hessian_vector_product(lambda v: vv.sum_leaves(v**3))(a)(b),
        *(A, C),
    ),
    "gauss_newton_product": (
        lambda a, b: vv.gauss_newton_product(lambda v: v**2, lambda y: vv.sum_leaves(y**2))(a)(b),
        *(A, C),
    ),
    "fisher_product": (
        lambda a, b: vv.fisher_product(lambda v: v * 0.1, "poisson")(a)(b),
        *(A, C),
    ),
    "wrap": (rewrapped, A + B, 2.0),
    "stack, unstack, mean": (
        lambda a, b: vv.mean(vv.unstack(vv.stack([a * b, b]) ** 2)),
        *(A, C),
    ),
    "vmap": (lambda a, b: vv.vmap(lambda v: v * v["a"], vv.stack([a, b])), A, C),
    "covariance": (lambda a, b: vv.covariance([a, b, a * b]).dense(), A, C),
    "dense": (lambda m: vv.dense(m, ["x", "y"], ["a", "b"]), MATRIX),
    "from_dense": (lambda x: vv.from_dense(x, "xy", "ba"), np.arange(4.0).reshape(2, 2)),
}

# What cannot carry a derivative: structure, orders, spellings, files.
WITHOUT_DERIVATIVE = {
    *("NUMBER", "Path", "Support", "VValue", "as_path", "format_path", "natural_key"),
    *("labels", "positions"),
    *("LinearMap", "detect_sparsity", "jacobian_operator"),
    *("Pattern", "escape_pattern", "sorted_items", "diff"),
    *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
    *("parse_path", "from_buffer", "from_json", "to_json", "load", "save", "is_nonnegative"),
}


@pytest.mark.parametrize("name", CASES)
def test_both_modes_to_second_order_by_autograds_checker(name):
    function, *arguments = CASES[name]
    np.random.seed(0)  # noqa: NPY002  (autograd's checker draws its probes from here)
    check_grads(function, tuple(range(len(arguments))))(*arguments)


@pytest.mark.parametrize("name", CASES)
def test_both_modes_to_second_order_coordinate_by_coordinate(name):
    function, *arguments = CASES[name]
    is_tree = [isinstance(argument, VValue) for argument in arguments]

    def of_trees(*tree_arguments):
        unwrapped = zip(tree_arguments, is_tree, strict=True)
        return function(*[tree if keep else tree["argument"] for tree, keep in unwrapped])

    wrapped = zip(arguments, is_tree, strict=True)
    check_tree_gradients(of_trees, *[x if keep else VValue({"argument": x}) for x, keep in wrapped])


def test_every_public_operation_has_a_gradient_test():
    mentioned = " ".join(CASES)
    untested = set(vv.__all__) - WITHOUT_DERIVATIVE
    assert {name for name in untested if name not in mentioned} == set()


@given(trees.pairs(max_leaves=4, arrays={"m": (2,)}))
def test_a_composite_of_linear_operations_is_right_at_any_point(pair):
    def function(a, b):
        both = a * vv.inner(a, b) - b.at("a").remove() / 3.0
        return vv.inner(both, both) + both["a", NUMBER]

    check_tree_gradients(function, *pair, order=1)


@given(trees.vvalues(max_leaves=4), trees.pairs(max_leaves=4))
def test_a_composite_of_products_is_right_on_the_supports_at_any_point(mask, pair):
    def function(mask, value):
        product = vv.linear_combination(mask, vv.mask_multiply(mask, value))
        return vv.squared_norm(product)

    check_tree_gradients(function, mask, pair[0], order=1)


def test_joint_derivatives_of_second_order_are_symmetric():
    def function(a, b):
        return vv.inner(a, b) ** 2 + vv.squared_norm(a) * b["b", "c"]

    def mixed(first, second, u, v):
        inside = grad(lambda a, b: vv.inner(grad(function, first)(a, b), u), second)
        return vv.inner(inside(A, B), v)

    assert mixed(0, 1, A, B) == pytest.approx(mixed(1, 0, B, A), rel=1e-12)


def test_hessian_vector_products_agree_with_forward_over_reverse():
    def function(a):
        return vv.squared_norm(vv.map_leaves(anp.sin, a)) * a["a"]

    direction = A * 0.5
    reverse = make_hvp(function)(A)[0](direction)
    forward = make_jvp(grad(function))(A)(direction)[1]
    assert_trees_close(reverse, forward)
