"""Jacobians of trees are those of flat arrays; products are products with them; few sweeps."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd import hessian as flat_hessian
from autograd import jacobian as flat_jacobian
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st

import vvalues as vv
from tests.vvalues.laws import laws
from vvalues import VValue, strategies
from vvalues.derivatives.layout import layout_of
from vvalues.testing import assert_trees_close, check_tree_gradients

A = VValue({"a": 1.5, "b": {":number": 5.0, "c": 2.0}, "w": np.array([1.0, -2.0])})
X = np.array([0.5, -1.0, 2.0])


def to_tree(v):
    return VValue({"s": v["a"] * v["b", "c"], "t": v["w"] * v["a"] ** 2, "u": {"x": 3 * v["a"]}})


def to_array(v, x=X):
    return anp.sin(x * v["a"]) + v["w"][1] * v["b", "c"]


def to_number(v):
    return vv.sum_leaves(v**3) * v["a"]


def as_flat(function, support):
    """The function on flat arrays, its value flat too."""

    def of_array(x):
        value = function(vv.unravel(x, support))
        return vv.ravel(value) if vv.core.is_tree(value) else anp.ravel(anp.array(value))

    return of_array


@pytest.mark.parametrize("mode", ["auto", "reverse", "forward"])
@pytest.mark.parametrize("function", [to_tree, to_array, to_number])
def test_a_jacobian_is_that_of_flat_arrays(function, mode):
    ours = vv.jacobian(function, mode=mode)(A)
    theirs = flat_jacobian(as_flat(function, A.support))(vv.ravel(A))
    assert ours.shape == theirs.shape
    assert np.allclose(ours.dense(), theirs, rtol=1e-12, atol=1e-14)


def test_by_arrays_and_numbers_beside_trees():
    of_array = vv.jacobian(to_array, argnum=1)(A, X)
    assert np.allclose(of_array.dense(), np.diag(A["a"] * np.cos(X * A["a"])))
    assert np.allclose(of_array @ X, X * A["a"] * np.cos(X * A["a"]))
    of_number = vv.jacobian(lambda s, v: v * s, argnum=0)(2, A)
    assert of_number @ 1.0 == A and pytest.approx(vv.squared_norm(A)) == of_number.T @ A
    of_both = vv.jacobian(lambda s: s**2)(3.0)
    assert of_both.dense() == [[6.0]] and of_both @ 2.0 == 12.0


def test_a_hessian_is_that_of_flat_arrays():
    ours = vv.hessian(to_number)(A)
    theirs = flat_hessian(lambda x: to_number(vv.unravel(x, A.support)))(vv.ravel(A))
    assert np.allclose(ours.dense(), theirs, rtol=1e-12)
    assert ours.rows == ours.columns
    assert_trees_close(ours @ A, vv.hessian_vector_product(to_number)(A)(A))


@laws
@given(strategies.pairs(max_leaves=5, arrays={"w": (2,)}), strategies.patterns())
def test_blocks_and_products_belong_together(pair, pattern):
    v, d = pair
    support = v.support

    def function(x):
        return x * vv.restrict(v, support) + vv.full(support, vv.sum_leaves(x * x))

    jacobian = vv.jacobian(function)(v)
    part = vv.select(d, support)
    assert_trees_close(
        jacobian @ part, vv.jacobian_vector_product(function)(v)(part), atol=1e-9, rtol=1e-9
    )
    assert_trees_close(
        jacobian.T @ part, vv.vector_jacobian_product(function)(v)(part), atol=1e-9, rtol=1e-9
    )
    block = jacobian[..., pattern]
    chosen = vv.jacobian(function, pattern)(v)
    assert block.columns == chosen.columns and block.rows == chosen.rows
    assert np.allclose(block.dense(), chosen.dense())
    upper, lower = vv.select(part, pattern), vv.drop(part, pattern)
    rest = jacobian[..., lambda path: path not in block.columns.support]
    assert_trees_close(
        block @ vv.restrict(upper, block.columns.support)
        + rest @ vv.restrict(lower, rest.columns.support),
        jacobian @ part,
        atol=1e-9,
    )


def test_algebra_of_jacobians():
    one, other = vv.jacobian(to_tree)(A), vv.jacobian(lambda t: t * t)(to_tree(A))
    chained = vv.jacobian(lambda v: to_tree(v) * to_tree(v))(A)
    assert np.allclose((other @ one).dense(), chained.dense())
    assert np.allclose((one + 2 * one).dense(), 3 * one.dense())
    square = other.T @ other
    assert_trees_close(square.solve(square @ to_tree(A)), to_tree(A))
    assert_trees_close(other.diagonal(), 2 * to_tree(A))
    assert other.linear_operator() @ np.ones(4) == pytest.approx(other.dense().sum(1))
    assert (other.sparse().toarray() == other.dense()).all()
    operator = vv.jacobian_operator(to_tree)(A)
    assert np.allclose(operator @ np.eye(5), one.dense())
    assert np.allclose(operator.H @ np.eye(4), one.dense().T)


# All of one sign: where a mean is zero its sixth power has no slope that differences could see.
SCALARS = strategies.vvalues(max_leaves=4, elements=strategies.numbers(0.5, 2))


@given(strategies.functions(), SCALARS)
def test_any_function_has_right_derivatives_of_both_orders_in_both_modes(function, point):
    # On its support: elsewhere some operations look (a sum with it), others do not (sums of nodes).
    check_tree_gradients(function, point, support=point.support, rng=np.random.default_rng(0))


@laws
@given(strategies.functions(), SCALARS)
def test_reverse_and_forward_mode_are_one_matrix(function, point):
    reverse, forward = (vv.jacobian(function, mode=mode)(point) for mode in ("reverse", "forward"))
    assert reverse.rows == forward.rows and reverse.columns == forward.columns
    assert np.allclose(reverse.dense(), forward.dense(), rtol=1e-10, atol=1e-12)


@laws
@given(strategies.functions(to_number=True), SCALARS)
def test_hessians_are_symmetric_and_linear_along_directions(function, point):
    curvature = vv.hessian(function)(point)
    assert np.allclose(curvature.dense(), curvature.T.dense(), rtol=1e-9, atol=1e-12)
    product = vv.restrict(vv.hessian_vector_product(function)(point)(point), point.support)
    assert_trees_close(curvature @ point, product, rtol=1e-9, atol=1e-12)


# ---------- sparse ----------


def band(v):
    x = vv.ravel(v)
    return vv.unravel(
        x**2 + anp.concatenate([x[1:], [0.0]]) * anp.concatenate([[0.0], x[:-1]]), LINE
    )


LINE = VValue({f"x{i:03}": 1.0 for i in range(40)}).support
BLOCKS = VValue({f"n{i}": dict.fromkeys("abc", i + 0.5) for i in range(10)})


def test_a_band_takes_as_many_sweeps_as_it_is_wide():
    point = vv.full(LINE, 0.7)
    dense = vv.jacobian(band)(point)
    found = vv.detect_sparsity(band, point, rng=np.random.default_rng(0))
    for mode in ("auto", "forward", "reverse"):
        sparse = vv.jacobian(band, sparsity=found, mode=mode)(point)
        assert sparse.is_sparse and sparse.sweeps == 3
        assert np.allclose(sparse.dense(), dense.dense())
    assert_trees_close(sparse @ point, dense @ point)
    assert_trees_close(sparse.solve(point), dense.solve(point))
    assert (sparse["x000", ...] @ point)["x000"] == pytest.approx((dense @ point)["x000"])
    assert_trees_close(sparse.diagonal(), dense.diagonal())


def test_blocks_take_as_many_sweeps_as_a_block_has_columns():
    def function(v):
        nodes = {f"n{i}": v[f"n{i}"] * vv.sum_leaves(v[f"n{i}"]) for i in range(10)}
        return VValue(nodes)

    declared = [(f"n{i}", f"n{i}") for i in range(10)]
    sparse = vv.jacobian(function, sparsity=declared)(BLOCKS)
    assert sparse.sweeps == 3 and sparse.matrix.nnz == 90
    assert np.allclose(sparse.dense(), vv.jacobian(function)(BLOCKS).dense())
    curvature = vv.hessian(lambda v: vv.sum_leaves(v**3), sparsity=np.eye(30, dtype=bool))(BLOCKS)
    assert curvature.sweeps == 1
    assert_trees_close(curvature.diagonal(), 6 * BLOCKS)


@laws
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_sparse_is_dense_for_any_pattern(n_rows, n_columns, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < 0.4)
    sparse = vv.jacobian(lambda x: anp.dot(matrix, x), sparsity=matrix != 0)(np.ones(n_columns))
    assert (sparse.dense() == matrix).all()
    assert sparse.sweeps <= min(n_rows, n_columns)


# ---------- products and gradients ----------


@pytest.mark.parametrize("function", [to_tree, to_array])
def test_gauss_newton_and_fisher_are_sandwiches(function):
    jacobian = vv.jacobian(function)(A).dense()
    flat, direction = vv.ravel(A), vv.ravel(A)

    def check(product, weights):
        expected = vv.unravel(jacobian.T @ (weights @ (jacobian @ direction)), A.support)
        assert_trees_close(product(A)(A), expected, rtol=1e-9, atol=1e-12)

    values = as_flat(function, A.support)(flat)
    share = 1 / (1 + np.exp(-values))
    check(vv.gauss_newton_product(function), np.eye(len(values)))
    check(vv.fisher_product(function), np.eye(len(values)))
    check(vv.fisher_product(function, "bernoulli"), np.diag(share * (1 - share)))
    check(vv.fisher_product(function, "poisson"), np.diag(np.exp(values)))
    if function is to_array:
        share = np.exp(values) / np.exp(values).sum()
        check(vv.fisher_product(function, "categorical"), np.diag(share) - np.outer(share, share))
        quartic = vv.gauss_newton_product(function, lambda y: anp.sum(y**4))
        check(quartic, np.diag(12 * values**2))


def test_gradients_by_some_leaves_only():
    whole = grad(to_number)(A)
    assert_trees_close(vv.gradient(to_number)(A), whole)
    assert_trees_close(vv.gradient(to_number, "b/**", "w")(A), vv.select(whole, "b/**", "w"))
    by_second = vv.gradient(lambda s, v: s * to_number(v), "a", argnum=1)
    assert_trees_close(by_second(2.0, A), 2 * vv.select(whole, "a"))


def test_derivatives_of_derivatives():
    np.random.seed(0)  # noqa: NPY002  (autograd's checker draws its probes from here)
    check_grads(lambda v: vv.jacobian(to_tree)(v).dense(), order=1)(A)
    check_grads(lambda v: vv.jacobian(to_tree, mode="forward")(v) @ v, order=1)(A)
    check_grads(lambda v: vv.hessian(to_number)(v).solve(v), order=1, modes=["rev"])(A)


REFUSED = {
    "a gradient of a tree": (lambda: vv.gradient(to_tree)(A), "a gradient is of a number"),
    "a list as value": (lambda: vv.jacobian(lambda v: [v["a"]])(A), "list; expected a VValue"),
    "a text as argument": (lambda: vv.jacobian(len)("a"), "expected a VValue, an array or a num"),
    "a mode that is none": (lambda: vv.jacobian(to_tree, mode="both"), "'auto', 'reverse'"),
    "an argument that is none": (lambda: vv.jacobian(to_tree, argnum=1)(A), "argnum is 1"),
    "a family that is none": (lambda: vv.fisher_product(to_tree, "gamma"), "expected one of"),
    "categories of a tree": (
        lambda: vv.fisher_product(to_tree, "categorical")(A)(A),
        "array of logits",
    ),
    "sparsity of another shape": (
        lambda: vv.jacobian(to_tree, sparsity=np.eye(2))(A),
        r"shape \(2, 2\); the Jacobian has \(4, 5\)",
    ),
    "a direction elsewhere": (
        lambda: vv.jacobian(to_tree)(A) @ VValue({"zz": 1}),
        "1.0 at zz, where the map has nothing",
    ),
    "a direction of another kind": (lambda: vv.jacobian(to_tree)(A) @ X, "elements of a tree"),
    "a direction of another shape": (
        lambda: vv.jacobian(to_array, argnum=1)(A, X) @ X[:2],
        r"shape \(2,\)",
    ),
    "a pattern for an array": (lambda: vv.jacobian(to_array)(A)["a"], "an array"),
    "no square": (lambda: vv.jacobian(to_tree)(A).solve(A), "not square"),
    "no diagonal": (lambda: vv.jacobian(to_tree)(A).diagonal(), "rows that are the columns"),
    "no paths": (lambda: vv.jacobian(to_array)(A).tree(), "scalar leaves on both sides"),
    "a chain that does not fit": (
        lambda: vv.jacobian(to_tree)(A) @ vv.jacobian(to_tree)(A),
        "do not fit",
    ),
    "a sum that does not fit": (
        lambda: vv.jacobian(to_tree)(A) + vv.jacobian(to_array)(A),
        "differ",
    ),
    "a sparse one inside a derivative": (
        lambda: grad(lambda v: vv.jacobian(to_tree, sparsity=[(..., ...)])(v).shape[0] * v["a"])(A),
        "leave out sparsity",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_the_remedy(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_a_number_in_boxes_is_a_number():
    """Older versions of autograd keep plain floats in their boxes, which have no shape."""
    found = []

    def slope(x):
        found.append(layout_of(x, "the value").size)
        return x * x

    assert grad(lambda x: grad(slope)(x))(2.0) == 2.0
    assert found == [1]
