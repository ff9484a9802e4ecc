"""A compiled run as autograd primitives, with derivatives of any order that is ever asked for.

Values, first and second derivatives of one function, F(w) = observed numbers:

* ``evaluate`` F(w), ``pushforward`` F'(w) d, ``pullback`` F'(w)^T g - exact, by hand-written code;
* ``curvature`` (g . F)''(w) d and ``acceleration`` F''(w)[d, e] - exact to rounding, by the complex
  step through the former two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from autograd.extend import defjvp, defvjp, primitive

__all__ = ["Differentiable", "evaluate"]

COMPLEX_STEP = 1e-30


class Differentiable(Protocol):
    """What the primitives need of a run: plain functions on arrays, complex ones included."""

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Observed numbers."""

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangent of the weights from that of the observed numbers."""

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Tangent of the observed numbers along a direction in the weights."""


@primitive
def evaluate(weights: np.ndarray, run: Differentiable, /) -> np.ndarray:
    """Observed numbers, differentiable with respect to the weights."""
    return run.forward(weights)


@primitive
def _pullback(weights: np.ndarray, g: np.ndarray, run: Differentiable, /) -> np.ndarray:
    return run.pullback(weights, g)


@primitive
def _pushforward(weights: np.ndarray, direction: np.ndarray, run: Differentiable, /) -> np.ndarray:
    return run.pushforward(weights, direction)


@primitive
def _curvature(
    weights: np.ndarray, g: np.ndarray, direction: np.ndarray, run: Differentiable, /
) -> np.ndarray:
    return _complex_step(lambda w: run.pullback(w, g), weights, direction)


@primitive
def _acceleration(
    weights: np.ndarray, one: np.ndarray, other: np.ndarray, run: Differentiable, /
) -> np.ndarray:
    return _complex_step(lambda w: run.pushforward(w, one), weights, other)


def _complex_step(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Directional derivative without cancellation: Im f(x + i h d) / h."""
    return function(x + 1j * COMPLEX_STEP * direction).imag / COMPLEX_STEP


defvjp(evaluate, lambda ans, w, run: lambda g: _pullback(w, g, run), argnums=(0,))
defjvp(evaluate, lambda d, ans, w, run: _pushforward(w, d, run), argnums=(0,))

defvjp(
    _pullback,
    lambda ans, w, g, run: lambda d: _curvature(w, g, d, run),
    lambda ans, w, g, run: lambda d: _pushforward(w, d, run),
    argnums=(0, 1),
)
defjvp(
    _pullback,
    lambda d, ans, w, g, run: _curvature(w, g, d, run),
    lambda d, ans, w, g, run: _pullback(w, d, run),
    argnums=(0, 1),
)

defvjp(
    _pushforward,
    lambda ans, w, d, run: lambda g: _curvature(w, g, d, run),
    lambda ans, w, d, run: lambda g: _pullback(w, g, run),
    argnums=(0, 1),
)
defjvp(
    _pushforward,
    lambda e, ans, w, d, run: _acceleration(w, d, e, run),
    lambda e, ans, w, d, run: _pushforward(w, e, run),
    argnums=(0, 1),
)
