"""The checkers catch what they are for: planted wrong derivatives, each of which is plausible."""

from __future__ import annotations

import numpy as np
import pytest
from autograd.extend import defjvp, defvjp, primitive
from autograd.test_util import check_grads

import vvalues as vv
from vvalues import VValue
from vvalues.core.autodiff import VValueSpace
from vvalues.testing import (
    assert_trees_close,
    check_fused,
    check_tree_gradients,
    check_vector_space,
    keep_clear,
)

POINT = VValue({"n1": {"in": 1.5, "out": -2.0}, "n2": 0.5})


def planted(vjp):
    """The sum of squares with a given rule for its gradient, and the right forward mode."""

    @primitive
    def sum_of_squares(tree):
        return float(tree.buffer @ tree.buffer)

    defvjp(sum_of_squares, lambda ans, tree: lambda g: vjp(tree) * g)
    defjvp(sum_of_squares, lambda g, ans, tree: 2.0 * vv.inner(g, tree))
    return sum_of_squares


def test_a_right_rule_passes():
    check_tree_gradients(planted(lambda tree: tree * 2.0), POINT)


def off_support(tree):
    return tree * 2.0 + VValue({"ghost": {"in": 0.25}})


def test_garbage_off_the_support_is_caught_where_autograds_checker_is_blind():
    function = planted(off_support)
    np.random.seed(0)  # noqa: NPY002
    check_grads(function, modes=["rev"], order=1)(POINT)
    message = (
        r"order 1 with respect to argument 0 \(1 of 4 coordinates\)\n"
        r"  ghost/in: reverse mode gives 0.25, differences give 0.0$"
    )
    with pytest.raises(AssertionError, match=message):
        check_tree_gradients(function, POINT)


def test_a_wrong_sign_on_one_path_is_caught_and_named():
    function = planted(lambda tree: tree * 2.0 - VValue({"n1": {"out": 4 * tree["n1", "out"]}}))
    with pytest.raises(AssertionError, match=r"n1/out: reverse mode gives 4.0, .* give -4.0"):
        check_tree_gradients(function, POINT)


def accumulated(weights, is_dropped):
    """Loss of an accumulator over three ticks; the published run lost its own path."""
    state = VValue()
    for tick in range(1, 4):
        own = vv.stop_gradient(state) if is_dropped else state
        state = own + vv.mask_multiply(weights, VValue({"n1": 0.5 * tick, "n2": -0.25}))
    return vv.squared_norm(state)


def test_a_dropped_accumulator_path_is_caught():
    weights = VValue({"n1": 0.7, "n2": -0.4})

    @primitive
    def loss(weights):
        return accumulated(weights, is_dropped=False)

    from autograd import grad

    defvjp(loss, lambda ans, w: lambda g: grad(accumulated)(w, True) * g)
    check_tree_gradients(lambda w: accumulated(w, False), weights)
    with pytest.raises(AssertionError, match=r"\(2 of 2 coordinates\)\n  n1: reverse mode gives"):
        check_tree_gradients(loss, weights, modes=["reverse"], order=1)


def test_a_wrong_tiny_gradient_is_caught_where_autograds_absolute_tolerance_is_blind():
    @primitive
    def tiny(tree):
        return 1e-9 * float(tree.buffer @ tree.buffer)

    defvjp(tiny, lambda ans, tree: lambda g: tree * (3e-9 * g))
    np.random.seed(0)  # noqa: NPY002
    check_grads(tiny, modes=["rev"], order=1)(POINT)
    with pytest.raises(AssertionError, match=r"reverse mode gives 4.5e-09, differences give 3e-09"):
        check_tree_gradients(tiny, POINT, modes=["reverse"], order=1)


def test_a_missing_component_is_found_when_asked_for():
    @primitive
    def wired(left, right):
        return vv.inner(left, right)

    defvjp(
        wired,
        lambda ans, left, right: lambda g: vv.restrict(right, left.support) * g,
        lambda ans, left, right: lambda g: left * g,
    )
    other = VValue({"n2": 3.0, "n3": 4.0})
    check_tree_gradients(wired, POINT, other, modes=["reverse"], order=1)
    everything = POINT.support.union(other.support).support
    with pytest.raises(AssertionError, match=r"n3: reverse mode gives 0.0, differences give 4.0"):
        check_tree_gradients(wired, POINT, other, modes=["reverse"], order=1, support=everything)


def test_a_wrong_forward_mode_is_caught():
    @primitive
    def total(tree):
        return float(tree.buffer.sum())

    ones = lambda tree: vv.from_buffer(tree.support, np.ones(tree.size))  # noqa: E731
    defvjp(total, lambda ans, tree: lambda g: ones(tree) * g)
    defjvp(total, lambda g, ans, tree: 2.0 * vv.inner(g, ones(tree)))
    with pytest.raises(AssertionError, match=r"n2: forward mode gives 2.0, differences give 1.0"):
        check_tree_gradients(total, POINT, order=1)


def test_a_wrong_second_derivative_is_caught():
    function = planted(lambda tree: vv.stop_gradient(tree) * 2.0)
    check_tree_gradients(function, POINT, order=1)
    with pytest.raises(AssertionError, match=r"wrong derivative of order 2"):
        check_tree_gradients(function, POINT, modes=["reverse"])


def test_functions_with_tree_and_array_results_are_checked_too():
    check_tree_gradients(lambda a: a * vv.l2_norm(a), POINT)
    check_tree_gradients(lambda a: vv.ravel(a) ** 2, POINT)
    check_tree_gradients(lambda a: 1.0, POINT)
    wrong = planted(off_support)
    with pytest.raises(AssertionError, match=r"ghost/in"):
        check_tree_gradients(lambda a: VValue({"loss": wrong(a)}), POINT)


def test_elements_of_arrays_are_named_by_their_index():
    point = VValue({"w": np.arange(1.0, 7.0).reshape(2, 3)})

    def garbled(tree):
        gradient = np.array(tree.buffer) * 2
        gradient[4] *= -1
        return vv.from_buffer(tree.support, gradient)

    with pytest.raises(AssertionError, match=r"w\[1, 1\]: reverse mode gives -10.0, .* give 10.0"):
        check_tree_gradients(planted(garbled), point, modes=["reverse"], order=1)


def test_kinks_are_avoided_by_margin_or_named():
    at_a_kink = VValue({"a": 1e-4, "b": 1.0})
    with pytest.raises(AssertionError, match=r"slope -0.7 on the left, 1.0 on the right: a kink\?"):
        check_tree_gradients(vv.l1_norm, at_a_kink)
    check_tree_gradients(vv.l1_norm, at_a_kink, kinks=[0.0])
    with pytest.raises(ValueError, match=r"margin is 0.001; the probes reach 0.002 far"):
        check_tree_gradients(vv.l1_norm, at_a_kink, kinks=[0.0], margin=0.001)
    with pytest.raises(ValueError, match="closer than two margins"):
        keep_clear(at_a_kink, [0.0, 0.1], 0.2)
    with pytest.raises(ValueError, match="mode is 'backward'"):
        check_tree_gradients(vv.l1_norm, at_a_kink, modes=["backward"])


def test_a_gradient_of_another_type_is_refused():
    @primitive
    def first(tree):
        return float(tree.buffer[0])

    defvjp(first, lambda ans, tree: lambda g: np.ones(3) * g)
    with pytest.raises(AssertionError, match="argument 0 is ndarray, not a VValue"):
        check_tree_gradients(first, POINT, order=1)


# ---------- closeness and axioms ----------


def test_closeness_is_relative_and_names_paths():
    one = VValue({"a": 1.0, "w": np.array([1.0, 2.0])})
    assert_trees_close(one, one * (1 + 1e-12))
    assert_trees_close(one, one + VValue({"z": 1e-12}), atol=1e-9)
    assert_trees_close(VValue({"a": float("nan")}), VValue({"a": float("nan")}))
    with pytest.raises(AssertionError, match=r"1 of 4 .*\n  z: 0.0, expected 1e-12"):
        assert_trees_close(one, one + VValue({"z": 1e-12}))
    with pytest.raises(AssertionError, match=r"w\[1\]: 2.0, expected 2.1"):
        assert_trees_close(one, VValue({"a": 1.0, "w": np.array([1.0, 2.1])}))
    with pytest.raises(AssertionError, match="a: nan"):
        assert_trees_close(VValue({"a": float("nan")}), VValue({"a": 1.0}))


BROKEN = {
    "addition is commutative": ("_add", lambda self, x, y: x + y if len(x) < 2 else x),
    "1 x is x": ("_scalar_mul", lambda self, x, a: x * (a if a < 0 else 2.0 * a)),
    "positive definite": ("_inner_prod", lambda self, x, y: -vv.inner(x, y)),
    "inner product is homogeneous": ("_inner_prod", lambda self, x, y: vv.inner(x, y) ** 2),
    "own covector": ("_covector", lambda self, x: x * 2.0),
    "one space": ("__eq__", lambda self, other: self.support is other.support),
    "ones is the sum of the basis": ("ones", lambda self: VValue()),
    "zero is neutral": ("zeros", lambda self: VValue({"a": 1.0})),
}


@pytest.mark.parametrize("axiom", BROKEN)
def test_a_broken_axiom_is_named(axiom, monkeypatch):
    trees = VValue({"a": 1.0}), VValue({"a": {"b": 2.0}, "c": -1.0}), VValue({"a": -3.0, "c": 2.0})
    check_vector_space(*trees)
    monkeypatch.setattr(VValueSpace, *BROKEN[axiom])
    with pytest.raises(AssertionError, match=f"not a vector space: .*({axiom})"):
        check_vector_space(*trees)


class Claimed:
    """A fused operation whose pushforward forgets a factor."""

    def forward(self, weights):
        return weights**3

    def pullback(self, weights, g):
        return 3 * weights**2 * g

    def pushforward(self, weights, direction):
        return 2 * weights**2 * direction


@pytest.mark.parametrize(
    "failing",
    [
        lambda: check_tree_gradients(planted(off_support), POINT),
        lambda: assert_trees_close(POINT, VValue()),
        lambda: check_fused(Claimed(), np.array([1.0])),
        lambda: check_vector_space(VValue({"a": np.inf})),
    ],
    ids=["check_tree_gradients", "assert_trees_close", "check_fused", "check_vector_space"],
)
def test_a_failing_check_shows_the_test_and_not_the_checker(failing):
    with pytest.raises(AssertionError) as caught, np.errstate(invalid="ignore"):
        failing()
    shown = {str(entry.path) for entry in caught.traceback.filter(caught)}
    assert shown == {__file__}
