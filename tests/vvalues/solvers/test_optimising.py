"""Minima, least squares and roots of functions of trees; what comes out is a tree."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

import vvalues as vv
from vvalues import VValue
from vvalues.solvers import Constraint, least_squares, minimize, root
from vvalues.testing import assert_trees_close

START = VValue({"a": 3.0, "b": {"c": -1.0}, "w": np.array([2.0, 0.5])})
TARGET = VValue({"a": 1.0, "b": {"c": 0.5}, "w": np.array([-1.0, 2.0])})
METHODS = (
    *("BFGS", "L-BFGS-B", "CG", "Newton-CG", "TNC", "SLSQP", "Nelder-Mead", "Powell", "COBYLA"),
    *("trust-ncg", "trust-krylov", "trust-exact", "dogleg", "trust-constr"),
)


def bowl(v):
    d = v - TARGET
    return vv.sum_leaves(d**2) + 0.1 * vv.sum_leaves(d**4)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_scipy_finds_the_minimum(method):
    found = minimize(bowl, START, method=method)
    assert found.success and found.x.support is START.support
    assert_trees_close(found.x, TARGET, atol=3e-3)
    assert found.value == pytest.approx(bowl(found.x)) and found.n_evaluations > 3


def test_bounds_by_pattern_and_by_tree():
    low = VValue({"a": 1.5, "w": np.array([-0.5, 0.0])})
    found = minimize(bowl, START, bounds={"**": (low, None), "b/c": (None, 0.2)})
    assert_trees_close(
        found.x, VValue({"a": 1.5, "b": {"c": 0.2}, "w": np.array([-0.5, 2.0])}), atol=1e-5
    )


def test_constraints_from_trees_to_trees():
    equal = Constraint(lambda v: VValue({"sum": v["a"] + v["b", "c"]}), 4.0, 4.0)
    small = Constraint(lambda v: v["w"], None, np.array([5.0, 1.0]))
    for method in ("SLSQP", "trust-constr"):
        found = minimize(bowl, START, method=method, constraints=[equal, small])
        assert found.x["a"] + found.x["b", "c"] == pytest.approx(4.0, abs=1e-5)
        assert found.x["w"][1] == pytest.approx(1.0, abs=1e-3)


def test_only_some_leaves_move():
    found = minimize(bowl, START, wrt="w")
    assert found.x["a"] == 3.0 and found.x["b", "c"] == -1.0
    assert_trees_close(vv.select(found.x, "w"), vv.select(TARGET, "w"), atol=1e-5)
    fitted = least_squares(lambda v: v - TARGET, START, wrt=["a", "b"])
    assert_trees_close(fitted.x, TARGET.at("w").set(START["w"]), atol=1e-7)


def test_further_arguments_arrays_and_numbers():
    assert minimize(lambda v, s: bowl(v) * s, START, 2.0).x["a"] == pytest.approx(1.0, abs=1e-4)
    array = minimize(lambda x: anp.sum((x - 2.0) ** 2), np.zeros((2, 2))).x
    assert array == pytest.approx(np.full((2, 2), 2.0), abs=1e-5)
    assert minimize(lambda x: (x - 2.0) ** 2, 0).x == pytest.approx(2.0, abs=1e-5)


def test_a_callback_watches_and_stops(capsys):
    seen = []
    found = minimize(bowl, START, callback=lambda x, value: seen.append(value), progress=True)
    assert len(seen) == found.n_iterations and seen == sorted(seen, reverse=True)
    assert "minimize:" in capsys.readouterr().err
    for method in ("L-BFGS-B", "SLSQP", "trust-constr", "Nelder-Mead"):
        stopped = minimize(bowl, START, method=method, callback=lambda x, value: True)
        assert not stopped.success and stopped.message == "stopped by the callback"
        assert stopped.n_iterations == 1 and stopped.x.support is START.support
    for solver in (least_squares, root):
        stopped = solver(lambda v: v - TARGET, START, callback=lambda x, value: True)
        assert stopped.message == "stopped by the callback"


# ---------- least squares and roots ----------


def rosenbrock(v):
    return VValue({"first": 10 * (v["b", "c"] - v["a"] ** 2), "second": 1 - v["a"], "w": v["w"]})


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    found = least_squares(rosenbrock, START, method=method)
    expected = VValue({"a": 1, "b": {"c": 1}, "w": np.zeros(2)})
    assert found.success
    assert_trees_close(found.x, expected, atol=1e-6)
    assert_trees_close(found.jacobian @ vv.full(START.support), VValue(
        {"first": -10.0, "second": -1.0, "w": np.ones(2)}), atol=1e-5)  # fmt: skip


def test_least_squares_with_bounds_loss_and_sparsity():
    sparsity = [("first", ["a", "b"]), ("second", "a")]
    sparsity += [(np.eye(4)[i] > 0, ...) for i in ()]
    found = least_squares(
        lambda v: vv.drop(rosenbrock(v), "w"), vv.drop(START, "w"), sparsity=sparsity
    )
    assert found.jacobian.is_sparse and found.jacobian.sweeps == 2
    assert found.x["a"] == pytest.approx(1.0, abs=1e-6)
    bounded = least_squares(rosenbrock, START, bounds={"a": (2.0, None)}, loss="soft_l1")
    assert bounded.x["a"] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1"])
def test_roots(method):
    found = root(lambda v: v**3 - TARGET, 0 * START + vv.full(START.support), method=method)
    assert found.success
    assert_trees_close(found.x**3, TARGET, atol=1e-4)


def test_values_that_lose_leaves_are_zero_there():
    def value(v):
        return v - TARGET if v["a"] > 2.0 else vv.drop(v - TARGET, "w")

    assert least_squares(value, START).x["a"] == pytest.approx(1.0)


REFUSED = {
    "a start that is differentiated": (
        lambda: grad(lambda v: minimize(bowl, v).value)(START),
        "stop_gradient",
    ),
    "a tree to be minimised": (lambda: minimize(lambda v: v * 2, START), "expected a number"),
    "bounds that cross": (
        lambda: minimize(bowl, START, bounds={"a": (1, 0)}),
        "bounds 'a': a lower bound is above",
    ),
    "too few equations": (lambda: root(lambda v: v["a"], START), "1 equations for 4 unknowns"),
    "a method that is none": (lambda: minimize(bowl, START, method="best"), "best"),
    "a value that grows": (
        lambda: least_squares(lambda v: v if v["a"] == 3.0 else v + VValue({"z": 1}), START),
        "1.0 at z",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words):
        call()
