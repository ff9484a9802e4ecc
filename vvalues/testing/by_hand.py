"""A checker for derivatives written by hand: fused operations (`vvalues.core.fused`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad, make_jvp

from ..core.fused import Differentiable, complex_step

__all__ = ["check_fused"]

EXACT = 1e-9  # what the same number by two ways may differ by, relative to what is added up
SMOOTH = 1e-6  # what a difference quotient of fourth order may be wrong by, likewise
_EPSILON = float(np.finfo(float).eps)


def check_fused(
    run: Differentiable,
    weights: np.ndarray,
    rng: np.random.Generator | None = None,
    *,
    free: np.ndarray | None = None,
    step: float = 1e-4,
) -> None:
    """Assert that the methods of a fused operation belong together, complex vectors included.

    In random directions: ``pushforward`` is the derivative of ``forward``, ``pullback`` is its
    adjoint, both are linear, the second derivatives that follow by the complex step are those of
    difference quotients and symmetric, and all agree with ``plain`` where there is one.

    Parameters
    ----------
    run : Differentiable
    weights : array (size,)
        The point; not within two steps of a kink.
    rng : numpy.random.Generator, optional
        For the directions; fixed when omitted.
    free : array of bool (size,), optional
        Weights that the operation has derivatives by; the others count as constants.
    step : float
        Length of the steps of the difference quotients, along directions of norm 1.

    Raises
    ------
    AssertionError
        Naming the property, the element and both values.

    Examples
    --------
    >>> class Cubes:
    ...     def forward(self, weights):
    ...         return weights**3
    ...     def pullback(self, weights, g):
    ...         return 3 * weights**2 * g
    ...     def pushforward(self, weights, direction):
    ...         return 2 * weights**2 * direction
    >>> check_fused(Cubes(), np.array([1.0]))
    Traceback (most recent call last):
        ...
    AssertionError: pushforward is not the derivative of forward: element 0 is 2.0, by the complex \
step 3.0
    """
    __tracebackhide__ = True
    rng = np.random.default_rng(0) if rng is None else rng
    weights = np.array(weights, dtype=np.float64)
    values = run.forward(weights)

    def direction() -> np.ndarray:
        drawn = rng.normal(size=weights.shape)
        drawn = drawn if free is None else np.where(free, drawn, 0.0)
        return drawn / max(float(np.linalg.norm(drawn)), _EPSILON)

    def cotangent() -> Any:
        return rng.normal(size=np.shape(values))

    d, e, g, h = direction(), direction(), cotangent(), cotangent()
    _check_first(run, weights, (d, e, g, h), step)
    if free is not None:
        outside = np.where(free, 0.0, run.pullback(weights, g))
        _same("pullback is not zero where weights are constants", outside, 0.0 * outside, "it is")
    _check_second(run, weights, (d, e, g), step)
    if hasattr(run, "plain"):
        with warnings.catch_warnings():
            # A derivative that is zero everywhere is compared like any other.
            warnings.filterwarnings("ignore", message="Output seems independent of input")
            _check_plain(run, run.plain, weights, (d, e, g))


def _check_first(run: Differentiable, w: np.ndarray, probes: tuple[Any, ...], step: float) -> None:
    __tracebackhide__ = True
    d, e, g, h = probes
    moved, pulled = run.pushforward(w, d), run.pullback(w, g)
    words = "pushforward is not the derivative of forward"
    _same(words, moved, complex_step(run.forward, w, d), "by the complex step")
    _near(words, moved, run.forward, w, d, step)
    terms = float(np.sum(np.abs(pulled * d)) + np.sum(np.abs(g * moved)))
    _same(
        "pullback is not the adjoint of pushforward",
        np.sum(pulled * d), np.sum(g * moved), "by pushforward", terms,
    )  # fmt: skip
    _same(
        "pushforward is not linear", run.pushforward(w, d - 2.0 * e),
        moved - 2.0 * run.pushforward(w, e), "from its parts",
    )  # fmt: skip
    _same(
        "pullback is not linear", run.pullback(w, g - 2.0 * h),
        pulled - 2.0 * run.pullback(w, h), "from its parts",
    )  # fmt: skip


def _check_second(run: Differentiable, w: np.ndarray, probes: tuple[Any, ...], step: float) -> None:
    __tracebackhide__ = True
    d, e, g = probes
    bent = complex_step(lambda x: run.pullback(x, g), w, d)
    turned = complex_step(lambda x: run.pushforward(x, d), w, e)
    _near("pullback of a complex vector is wrong", bent, lambda x: run.pullback(x, g), w, d, step)
    _near(
        "pushforward of a complex vector is wrong", turned,
        lambda x: run.pushforward(x, d), w, e, step,
    )  # fmt: skip
    terms = float(np.sum(np.abs(bent * e)) + np.sum(np.abs(g * turned)))
    _same(
        "second derivatives of pullback and pushforward differ",
        np.sum(bent * e), np.sum(g * turned), "by pushforward", terms,
    )  # fmt: skip


def _check_plain(
    run: Differentiable, plain: Callable[[Any], Any], w: np.ndarray, probes: tuple[Any, ...]
) -> None:
    __tracebackhide__ = True
    d, e, g = probes

    def weighed(x: Any) -> Any:
        return anp.sum(g * plain(x))

    _same("forward is not plain", run.forward(w), plain(w), "by plain")
    _same("pullback is not that of plain", run.pullback(w, g), grad(weighed)(w), "by plain")
    _same(
        "pushforward is not that of plain",
        run.pushforward(w, d), make_jvp(plain)(w)(d)[1], "by plain",
    )  # fmt: skip
    _same(
        "the second derivative is not that of plain",
        complex_step(lambda x: run.pullback(x, g), w, e),
        grad(lambda x: anp.sum(grad(weighed)(x) * e))(w), "by plain",
    )  # fmt: skip


def _near(
    words: str, claimed: Any, function: Callable, w: np.ndarray, d: np.ndarray, step: float
) -> None:
    """Compare with a central difference quotient of fourth order."""
    __tracebackhide__ = True
    f = [np.asarray(function(w + k * step * d)) for k in (-2, -1, 1, 2)]
    quotient = (8.0 * (f[2] - f[1]) - (f[3] - f[0])) / (12.0 * step)
    noise = 64.0 * _EPSILON * float(max(np.max(np.abs(x), initial=0.0) for x in f)) / step
    _same(words, claimed, quotient, "by differences", noise / SMOOTH, SMOOTH)


def _same(
    words: str, claimed: Any, expected: Any, how: str, size: float = 0.0, rtol: float = EXACT
) -> None:
    __tracebackhide__ = True
    claimed, expected = np.asarray(claimed), np.asarray(expected)
    if claimed.shape != expected.shape:
        raise AssertionError(f"{words}: shape {claimed.shape}, {how} {expected.shape}")
    size += float(max(np.max(np.abs(x), initial=0.0) for x in (claimed, expected)))
    error = np.abs(claimed - expected).ravel()
    if not np.all(error <= rtol * size):
        at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
        given, wanted = (float(f"{x.ravel()[at]:.7g}") for x in (claimed, expected))
        raise AssertionError(f"{words}: element {at} is {given!r}, {how} {wanted!r}")
