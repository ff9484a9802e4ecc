"""Fused operations: every derivative against the same function in plain autograd."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, hessian, jacobian, make_jvp
from autograd.test_util import check_grads
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from vvalues.core import evaluate, primitive
from vvalues.core import fused as second
from vvalues.testing import check_fused


class Waves:
    """``tanh(M w) * sin(w_0)``: several values, all orders of derivative, an intermediate kept."""

    def __init__(self, matrix):
        self.matrix = matrix
        self._last = None

    def _squashed(self, w):
        if self._last is None or self._last[0] is not w:
            self._last = w, np.tanh(self.matrix @ w)
        return self._last[1]

    def forward(self, w):
        return self._squashed(w) * np.sin(w[0])

    def pullback(self, w, g):
        t = self._squashed(w)
        out = self.matrix.T @ (g * np.sin(w[0]) * (1.0 - t * t))
        out[0] += np.sum(g * t) * np.cos(w[0])
        return out

    def pushforward(self, w, d):
        t = self._squashed(w)
        return (1.0 - t * t) * (self.matrix @ d) * np.sin(w[0]) + t * np.cos(w[0]) * d[0]

    def plain(self, w):
        return anp.tanh(anp.dot(self.matrix, w)) * anp.sin(w[0])


class Energy:
    """``sum of w^4``: its value is a number, and it has no ``plain``."""

    def forward(self, w):
        return np.sum(w**4)

    def pullback(self, w, g):
        return g * 4.0 * w**3

    def pushforward(self, w, d):
        return np.sum(4.0 * w**3 * d)


@st.composite
def waves(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    weights, scale = rng.normal(size=columns), draw(st.sampled_from([0.1, 1.0, 3.0]))
    return Waves(scale * rng.normal(size=(rows, columns))), weights, rng


@given(waves())
def test_the_methods_belong_together(case):
    run, weights, rng = case
    check_fused(run, weights, rng)


@given(waves())
def test_both_modes_to_third_order_are_those_of_plain_autograd(case):
    run, w, rng = case
    g, d, e = rng.normal(size=len(run.matrix)), *rng.normal(size=(2, len(w)))

    def along(function, *directions):
        for direction in directions:
            function = (lambda f, v: lambda x: make_jvp(f)(x)(v)[1])(function, direction)
        return function

    def derivatives(function):
        def weighed(x):
            return anp.sum(g * function(x))

        def slope(x):
            return anp.sum(grad(weighed)(x) * d)

        def bend(x):
            return anp.sum(grad(slope)(x) * e)

        yield function(w)
        yield jacobian(function)(w)
        yield along(function, d)(w)
        yield hessian(weighed)(w)
        yield along(function, d, e)(w)
        yield along(slope, e)(w)
        yield grad(lambda x: anp.sum(g * along(function, d)(x)))(w)
        yield grad(bend)(w)
        yield along(function, d, e, d)(w)
        yield along(slope, e, d)(w)
        yield grad(lambda x: anp.sum(g * along(function, d, e)(x)))(w)

    pairs = zip(derivatives(lambda x: evaluate(x, run)), derivatives(run.plain), strict=True)
    for fused, plain in pairs:
        scale = 1.0 + np.abs(plain).max()
        np.testing.assert_allclose(fused, plain, rtol=0, atol=1e-10 * scale)


@given(waves(), st.integers(0, 2))
@examples(50)
def test_second_derivatives_are_differentiated_by_all_that_they_are_applied_to(case, place):
    run, w, rng = case
    n, m = run.matrix.shape
    g, d, e, values = (rng.normal(size=size) for size in (n, m, m, n))
    for quick, plain, arguments, weights in (
        (second._curvature, second._plain_curvature, (w, g, d), e),
        (second._acceleration, second._plain_acceleration, (w, d, e), values),
    ):
        along = rng.normal(size=arguments[place].shape)
        found, expected = (
            both_modes(by_one(function, arguments, place, run), arguments[place], weights, along)
            for function in (quick, plain)
        )
        for one, other in zip(found, expected, strict=True):
            scale = 1.0 + np.abs(other).max()
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-10 * scale)


def by_one(function, arguments, place, run):
    """A function of one argument, the others held."""
    return lambda x: function(*arguments[:place], x, *arguments[place + 1 :], run)


def both_modes(function, point, weights, along):
    """The gradient of the weighed values, and the derivative along a direction."""
    yield grad(lambda x: anp.sum(weights * function(x)))(point)
    yield make_jvp(function)(point)(along)[1]


@given(waves())
def test_finite_differences(case):
    run, weights, _ = case
    check_grads(lambda w: evaluate(w, run), modes=["fwd", "rev"], order=2)(weights)


def test_a_number_as_value():
    w = np.array([1.0, -2.0])
    check_fused(Energy(), w)
    assert evaluate(w, Energy()) == 17.0
    np.testing.assert_array_equal(grad(evaluate)(w, Energy()), [4.0, -32.0])
    np.testing.assert_allclose(hessian(evaluate)(w, Energy()), np.diag([12.0, 48.0]), rtol=1e-15)


def test_a_third_derivative_without_plain_is_refused():
    def total(function):
        return lambda w: anp.sum(grad(function)(w))

    third = grad(total(total(lambda w: evaluate(w, Energy()))))
    with pytest.raises(NotImplementedError, match="its method plain, which Energy has not"):
        third(np.ones(2))


def test_a_primitive_keeps_its_name_signature_and_examples():
    import inspect
    import pickle

    import vvalues

    assert vvalues.add.__module__ == "vvalues.core.linear"
    assert str(inspect.signature(vvalues.scale)).startswith("(tree: 'VValue', factor: 'float', /)")
    assert pickle.loads(pickle.dumps(vvalues.ravel)) is vvalues.ravel

    @primitive
    def doubled(x):
        """Twice."""
        return 2 * x

    assert (doubled.__name__, doubled.__doc__, doubled(3)) == ("doubled", "Twice.", 6)
