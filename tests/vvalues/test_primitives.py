"""Every primitive: reverse and forward mode to second order (autograd's own checker)."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd.test_util import check_grads

import vvalues as vv
from vvalues import VValue

A = VValue({"a": 1.5, "b": {":number": 5.0, "c": 2.0}})
B = VValue({"b": {"c": 1.5, "d": 3.0}, "e": np.arange(1.0, 7.0).reshape(2, 3)})
MASK = VValue({"b": {":number": 2.0, "c": 3.0}, "a": 4.0})
MATRIX = VValue({"x": {"a": 8.0}, "y": {"b": 10.0}, "z": {"a": 2.0, "b": 4.0}})

CASES = {
    "add": (lambda a, b: a + b, A, B),
    "subtract": (lambda a, b: a - b, A, B),
    "negative": (lambda a: -a, A),
    "scale": (lambda a, s: a * s, A, 2.0),
    "divide": (lambda a, s: a / s, A, 2.0),
    "inner": (vv.inner, A, B),
    "l1_norm": (vv.l1_norm, A),
    "l2_norm": (vv.l2_norm, B),
    "squared_norm": (vv.squared_norm, B),
    "max_norm": (vv.max_norm, A),
    "linear_combination": (vv.linear_combination, MASK, A + B),
    "linear_combination compat": (
        lambda m, v: vv.linear_combination(m, v, mode="compat"),
        MASK,
        A + B,
    ),
    "mask_multiply": (vv.mask_multiply, MASK, A + B),
    "mask_multiply compat": (lambda m, v: vv.mask_multiply(m, v, mode="compat"), MASK, A + B),
    "apply_matrix": (lambda m, v: vv.apply_matrix(m, v, 1), MATRIX, A),
    "restrict": (lambda a: vv.restrict(a, (A + B).support), B),
    "prune": (lambda a: vv.prune(a, 1.7), A),
    "take and assemble": (lambda a, b: VValue({"q": a["b"], "r": b["e"], "s": a["a"]}), A, B),
    "assemble": (lambda a, x: vv.assemble({"p": a, ("q", "r"): x}), A, 3.0),
    "subtree": (lambda a: a.subtree("b"), A),
    "put number": (lambda a, x: a.at("b").set(x), A, 2.0),
    "put tree": (lambda a, b: a.at("b").set(b), A, B),
    "put array": (lambda a, x: a.at(("b", "c")).set(x), A, np.ones(3)),
    "ravel": (vv.ravel, B),
    "unravel": (lambda x: vv.unravel(x, A.support), np.arange(3.0)),
    "map_leaves": (lambda a: vv.map_leaves(anp.tanh, a), A),
    "dense": (lambda m: vv.dense(m, ["x", "y"], ["a", "b"]), MATRIX),
    "from_dense": (
        lambda x: vv.from_dense(x, ["x", "y"], ["b", "a"]),
        np.arange(4.0).reshape(2, 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_both_modes_to_second_order(name):
    function, *arguments = CASES[name]
    np.random.seed(0)  # noqa: NPY002  (autograd's checker draws its probes from here)
    check_grads(function, tuple(range(len(arguments))))(*arguments)


def test_stop_gradient_keeps_the_value_and_drops_the_derivative():
    from autograd import grad

    gradient = grad(lambda a: vv.inner(a, vv.stop_gradient(a)))(A)
    assert gradient == A


def test_gradient_of_an_inner_product_lives_on_the_other_support():
    from autograd import grad

    assert grad(vv.inner)(A, B) == B


def test_a_traced_number_from_the_left_fails_loudly():
    from autograd import grad

    with pytest.raises(TypeError, match="VValue"):
        grad(lambda s: vv.l1_norm(s * A))(2.0)
