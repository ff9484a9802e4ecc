"""The axioms of a real inner-product space, checked on given V-values."""

from __future__ import annotations

import numpy as np
from autograd.extend import vspace

from ..core import kernels
from ..core.tree import VValue, from_buffer
from .closeness import assert_trees_close

__all__ = ["check_vector_space"]


def check_vector_space(
    *trees: VValue, rtol: float = 1e-9, rng: np.random.Generator | None = None
) -> None:
    """Assert the axioms of a real inner-product space on some V-values, as autograd sees them.

    Parameters
    ----------
    *trees : VValue, any supports
        All triples of them are tried, the empty tree among them.
    rtol : float
        Tolerance relative to the magnitudes that are added.
    rng : numpy.random.Generator, optional
        For the scalars; fixed when omitted.

    Raises
    ------
    AssertionError
        Naming the axiom.

    Examples
    --------
    >>> check_vector_space(VValue({"a": 1}), VValue({"a": {"b": 2}, "c": -1}))
    """
    __tracebackhide__ = True
    rng = np.random.default_rng(0) if rng is None else rng
    everything = (*trees, VValue())
    for x in everything:
        _check_one(x, rtol, *rng.normal(size=2).tolist())
        for y in everything:
            _check_two(x, y, rtol, float(rng.normal()))
            for z in everything:
                _check_three(x, y, z, rtol)


def _check_one(x: VValue, rtol: float, a: float, b: float) -> None:
    __tracebackhide__ = True
    space = vspace(x)
    zero = space.zeros()
    _same("zero is neutral", space.add(x, zero), x, rtol)
    _same("x + (-1) x is zero", space.add(x, space.scalar_mul(x, -1.0)), zero, rtol)
    _same("1 x is x", space.scalar_mul(x, 1.0), x, rtol)
    twice = space.scalar_mul(space.scalar_mul(x, b), a)
    _same("a (b x) is (a b) x", twice, space.scalar_mul(x, a * b), rtol)
    apart = space.add(space.scalar_mul(x, a), space.scalar_mul(x, b))
    bound = rtol * (abs(a) + abs(b)) * kernels.max_norm(x)
    _same("(a + b) x is a x + b x", space.scalar_mul(x, a + b), apart, rtol, bound)
    is_positive = space.inner_prod(x, x) > 0
    _true("the inner product is positive definite", is_positive == (x != zero))
    _same("a real vector is its own covector", space.covector(x), x, rtol)
    _true("all V-values are one space", space == vspace(VValue()))
    _check_basis(x, rtol)


def _check_basis(x: VValue, rtol: float) -> None:
    __tracebackhide__ = True
    space = vspace(x)
    basis = list(space.standard_basis())
    _true("there are as many basis vectors as dimensions", len(basis) == space.size)
    total, ones = space.zeros(), space.zeros()
    for unit in basis:
        total = space.mut_add(total, space.scalar_mul(unit, space.inner_prod(unit, x)))
        ones = space.mut_add(ones, unit)
    _same("the basis spans the vector", total, x, rtol)
    _same("ones is the sum of the basis", ones, space.ones(), rtol)


def _check_two(x: VValue, y: VValue, rtol: float, a: float) -> None:
    __tracebackhide__ = True
    space = vspace(x)
    _same("addition is commutative", space.add(x, y), space.add(y, x), rtol)
    bound = rtol * abs(a) * (kernels.max_norm(x) + kernels.max_norm(y))
    apart = space.add(space.scalar_mul(x, a), space.scalar_mul(y, a))
    _same("a (x + y) is a x + a y", space.scalar_mul(space.add(x, y), a), apart, rtol, bound)
    bound = rtol * _inner_of_magnitudes(x, y)
    difference = space.inner_prod(x, y) - space.inner_prod(y, x)
    _true("the inner product is symmetric", abs(difference) <= bound)
    difference = space.inner_prod(space.scalar_mul(x, a), y) - a * space.inner_prod(x, y)
    _true("the inner product is homogeneous", abs(difference) <= abs(a) * bound)
    _true("equal vectors have equal hashes", x != y or hash(x) == hash(y))


def _check_three(x: VValue, y: VValue, z: VValue, rtol: float) -> None:
    __tracebackhide__ = True
    space = vspace(x)
    bound = rtol * sum(kernels.max_norm(v) for v in (x, y, z))
    left, right = space.add(space.add(x, y), z), space.add(x, space.add(y, z))
    _same("addition is associative", left, right, rtol, bound)
    difference = space.inner_prod(space.add(x, y), z)
    difference -= space.inner_prod(x, z) + space.inner_prod(y, z)
    bound = rtol * (_inner_of_magnitudes(x, z) + _inner_of_magnitudes(y, z))
    _true("the inner product is additive", abs(difference) <= bound)


def _inner_of_magnitudes(x: VValue, y: VValue) -> float:
    __tracebackhide__ = True
    absolute = (from_buffer(v.support, np.abs(v.buffer)) for v in (x, y))
    return kernels.inner(*absolute)


def _same(axiom: str, left: VValue, right: VValue, rtol: float, atol: float = 0.0) -> None:
    __tracebackhide__ = True
    try:
        assert_trees_close(left, right, rtol=rtol, atol=atol)
    except AssertionError as error:
        raise AssertionError(f"not a vector space: {axiom}\n{error}") from None


def _true(axiom: str, holds: bool) -> None:
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(f"not a vector space: {axiom}")
