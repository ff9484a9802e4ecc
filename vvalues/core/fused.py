"""Fused operations: functions of a vector with derivatives by hand, as one node of autograd's tape.

A tape costs some 30 microseconds per node, whatever the node does. So what consists of thousands of
small steps - a network over time, a machine over ticks - is better one operation, whose derivatives
are written by hand once. How to make one:

1. Gather all that it is differentiated by in *one* vector (``autograd.numpy.concatenate``); what is
   constant goes into the object.
2. Write a class with the methods of `Differentiable`: ``forward`` (values), ``pullback`` (reverse
   mode) and ``pushforward`` (forward mode), in plain numpy. An object stands for one evaluation: it
   may keep the intermediate values of the last vector that it has seen.
3. Let them take complex vectors: allocate with ``np.result_type``, branch on ``np.real(x)``, and
   keep away from what has no complex derivative (``abs``, ``conj``, ``sign``).
4. Call `evaluate`, and let `vvalues.testing.check_fused` look at every one of these.

Where the derivatives come from, for F(w) = values:

* first: ``pullback`` F'(w)^T g and ``pushforward`` F'(w) d - exact, by hand;
* second: (g . F)''(w) d and F''(w)[d, e] - exact to rounding, by the complex step through the two;
* third and higher, by the vector: from ``plain``, if the object has such a method: the same
  function in operations of autograd. It is the judge of the others as well.

Examples
--------
>>> from autograd import grad
>>> class Length:
...     "Square root of one plus the sum of squares."
...     def forward(self, weights):
...         return np.sqrt(1.0 + weights @ weights)
...     def pullback(self, weights, g):
...         return g * weights / self.forward(weights)
...     def pushforward(self, weights, direction):
...         return weights @ direction / self.forward(weights)
>>> float(evaluate(np.array([2.0, 2.0]), Length()))
3.0
>>> slope = lambda weights: grad(evaluate)(weights, Length())[0]
>>> grad(slope)(np.array([2.0, 2.0])) * 27
array([ 5., -4.])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import autograd.numpy as anp
import numpy as np
from autograd import grad, make_jvp, make_vjp
from autograd.extend import defjvp, defvjp

from .tracing import primitive

__all__ = ["Differentiable", "complex_step", "evaluate"]

STEP = 1e-30


class Differentiable(Protocol):
    """What a fused operation consists of: plain functions on arrays, complex ones included.

    It may have a method ``plain(weights)`` besides: the values in operations of autograd.

    Examples
    --------
    >>> class Squares:
    ...     def forward(self, weights):
    ...         return weights**2
    ...     def pullback(self, weights, g):
    ...         return 2 * weights * g
    ...     def pushforward(self, weights, direction):
    ...         return 2 * weights * direction
    >>> evaluate(np.array([3.0]), Squares())
    array([9.])
    """

    def forward(self, weights: np.ndarray) -> Any:
        """Values, an array or a number."""

    def pullback(self, weights: np.ndarray, g: Any) -> np.ndarray:
        """Cotangent of the weights from that of the values."""

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> Any:
        """Tangent of the values along a direction of the weights."""


@primitive
def evaluate(weights: np.ndarray, run: Differentiable, /) -> Any:
    """Values of a fused operation, differentiable by the weights in both modes.

    Parameters
    ----------
    weights : array
        All that the operation is differentiated by.
    run : Differentiable

    Raises
    ------
    NotImplementedError
        When a third derivative is asked of a run without the method ``plain``.

    Examples
    --------
    >>> from autograd import grad
    >>> class Squares:
    ...     def forward(self, weights):
    ...         return weights**2
    ...     def pullback(self, weights, g):
    ...         return 2 * weights * g
    ...     def pushforward(self, weights, direction):
    ...         return 2 * weights * direction
    >>> grad(lambda weights: evaluate(weights, Squares())[0])(np.array([3.0, 4.0]))
    array([6., 0.])
    """
    return run.forward(weights)


def complex_step(
    function: Callable[[np.ndarray], Any], x: np.ndarray, direction: np.ndarray
) -> Any:
    """Directional derivative of an analytic function without cancellation: Im f(x + i h d) / h.

    References
    ----------
    W. Squire, G. Trapp, SIAM Review 40 (1998), 110-112.

    Examples
    --------
    >>> complex_step(np.sin, np.zeros(1), np.ones(1))
    array([1.])
    """
    return function(x + 1j * STEP * direction).imag / STEP


# -------------------- first order --------------------


@primitive
def _pullback(weights: np.ndarray, g: Any, run: Differentiable, /) -> np.ndarray:
    return run.pullback(weights, g)


@primitive
def _pushforward(weights: np.ndarray, direction: np.ndarray, run: Differentiable, /) -> Any:
    return run.pushforward(weights, direction)


defvjp(evaluate, lambda ans, w, run: lambda g: _pullback(w, g, run), argnums=(0,))
defjvp(evaluate, lambda d, ans, w, run: _pushforward(w, d, run), argnums=(0,))


# -------------------- second order --------------------


@primitive
def _curvature(
    weights: np.ndarray, g: Any, direction: np.ndarray, run: Differentiable, /
) -> np.ndarray:
    return complex_step(lambda w: run.pullback(w, g), weights, direction)


@primitive
def _acceleration(
    weights: np.ndarray, one: np.ndarray, other: np.ndarray, run: Differentiable, /
) -> Any:
    return complex_step(lambda w: run.pushforward(w, one), weights, other)


defvjp(
    _pullback,
    lambda ans, w, g, run: lambda d: _curvature(w, g, d, run),
    lambda ans, w, g, run: lambda d: _pushforward(w, d, run),
    argnums=(0, 1),
)
defjvp(_pullback, lambda d, ans, w, g, run: _curvature(w, g, d, run), "same", argnums=(0, 1))

defvjp(
    _pushforward,
    lambda ans, w, d, run: lambda g: _curvature(w, g, d, run),
    lambda ans, w, d, run: lambda g: _pullback(w, g, run),
    argnums=(0, 1),
)
defjvp(_pushforward, lambda e, ans, w, d, run: _acceleration(w, d, e, run), "same", argnums=(0, 1))


# -------------------- third order and higher --------------------

# The second derivatives are linear in what they are applied to: by that they are differentiated in
# terms of each other, by the weights in plain autograd.


def _plain(run: Any) -> Callable[[Any], Any]:
    if not hasattr(run, "plain"):
        raise NotImplementedError(
            f"third derivatives of a fused operation come from its method plain, which "
            f"{type(run).__name__} has not: give it one, the same function in operations of "
            "autograd.numpy"
        )
    return run.plain


def _plain_curvature(weights: Any, g: Any, direction: Any, run: Any) -> Any:
    plain = _plain(run)
    gradient = grad(lambda w: anp.sum(g * plain(w)))
    return grad(lambda w: anp.sum(gradient(w) * direction))(weights)


def _plain_acceleration(weights: Any, one: Any, other: Any, run: Any) -> Any:
    plain = _plain(run)
    return make_jvp(lambda w: make_jvp(plain)(w)(one)[1])(weights)(other)[1]


defvjp(
    _curvature,
    lambda ans, w, g, d, run: make_vjp(_plain_curvature)(w, g, d, run)[0],
    lambda ans, w, g, d, run: lambda h: _acceleration(w, d, h, run),
    lambda ans, w, g, d, run: lambda h: _curvature(w, g, h, run),
    argnums=(0, 1, 2),
)
defjvp(
    _curvature,
    lambda e, ans, w, g, d, run: make_jvp(_plain_curvature)(w, g, d, run)(e)[1],
    "same",
    "same",
    argnums=(0, 1, 2),
)

defvjp(
    _acceleration,
    lambda ans, w, a, b, run: make_vjp(_plain_acceleration)(w, a, b, run)[0],
    lambda ans, w, a, b, run: lambda h: _curvature(w, h, b, run),
    lambda ans, w, a, b, run: lambda h: _curvature(w, h, a, run),
    argnums=(0, 1, 2),
)
defjvp(
    _acceleration,
    lambda e, ans, w, a, b, run: make_jvp(_plain_acceleration)(w, a, b, run)(e)[1],
    "same",
    "same",
    argnums=(0, 1, 2),
)
