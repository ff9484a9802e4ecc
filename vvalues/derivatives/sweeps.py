"""Products with derivatives, without forming them: one sweep each.

With J the Jacobian of a function and H the Hessian of one with a number as value: J d forwards,
g J backwards, H d, and J' F J d for the matrices F of Gauss-Newton and Fisher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import autograd.numpy as anp
from autograd import core
from autograd.extend import vspace
from autograd.tracer import isbox, new_box, toposort, trace_stack

from ..patterns.language import Pattern
from ..patterns.selecting import select
from .layout import layout_of, only, with_argument

__all__ = [
    "Tape",
    "fisher_product",
    "gauss_newton_product",
    "gradient",
    "hessian_vector_product",
    "jacobian_vector_product",
    "notes",
    "one_point",
    "pushing",
    "vector_jacobian_product",
]


class Tape:
    """A function's tape at a point, in the order of the backward sweep: for many sweeps.

    Attributes
    ----------
    value : the function's value
    """

    def __init__(self, function: Callable[[Any], Any], x: Any) -> None:
        self._x = x
        self.value, end = _traced(core.VJPNode.new_root(), function, x)
        self._end = end
        self._order = [] if end is None else list(toposort(end))

    def backwards(self, g: Any) -> Any:
        """The cotangent of the argument from that of the value; autograd sorts the tape anew."""
        if self._end is None:
            return vspace(self._x).zeros()
        cotangents = {self._end: (g, False)}
        for node in self._order:
            cotangent = cotangents.pop(node)[0]
            for parent, part in zip(node.parents, node.vjp(cotangent), strict=True):
                cotangents[parent] = core.add_outgrads(cotangents.get(parent), part)
        return cotangent


# What was worked out at the point that is being swept, for whoever asks again at the same point.
_notes: ContextVar[dict[Any, Any] | None] = ContextVar("notes", default=None)


@contextmanager
def one_point() -> Iterator[None]:
    """While several sweeps go over one function at one point, what is costly is done once.

    Operations may keep notes meanwhile (`notes`): between two points, and after the sweeps, nothing
    is kept.
    """
    token = _notes.set({})
    try:
        yield
    finally:
        _notes.reset(token)


def notes() -> dict[Any, Any] | None:
    """Notes of an operation that is swept several times at one point, or None."""
    return _notes.get()


def pushing(function: Callable[[Any], Any], x: Any) -> Callable[[Any], tuple[Any, Any]]:
    """direction -> the function's value at x, and how it changes along the direction."""

    def push(direction: Any) -> tuple[Any, Any]:
        value, end = _traced(core.JVPNode.new_root(direction), function, x)
        return value, vspace(value).zeros() if end is None else end.g

    return push


def _traced(node: Any, function: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """Value and node; the node is None for a constant, which is no reason to warn of here."""
    with trace_stack.new_trace() as current:
        start = new_box(x, current, node)
        end = function(start)
        if isbox(end) and end._trace == start._trace:
            return end._value, end._node
        return end, None


def gradient(function: Callable, *patterns: Pattern, argnum: int = 0) -> Callable[..., Any]:
    """The gradient by some leaves only; the others are constants.

    Parameters
    ----------
    function : callable -> number
    *patterns : as those of `select`
        The leaves of the tree that it is differentiated by; all without any.
    argnum : int

    Returns
    -------
    callable, of the function's arguments -> VValue (or array, or number)

    Examples
    --------
    >>> from vvalues import VValue, inner
    >>> v = VValue({"a": {"x": 2, "y": 3}, "b": {"x": 5}})
    >>> gradient(lambda v: v["a", "x"] * v["b", "x"], "a/**")(v)
    VValue({'a': {'x': 5.0}})
    """

    def at(*arguments: Any) -> Any:
        of_part, x = only(*with_argument(function, arguments, argnum), patterns)
        tape = Tape(of_part, x)
        layout = layout_of(tape.value, "the value of the function")
        if layout.support is not None or layout.size != 1:
            raise TypeError(f"the value of the function is {layout}; a gradient is of a number")
        g = tape.backwards(vspace(tape.value).ones())
        return select(g, *patterns) if patterns else g

    return at


def jacobian_vector_product(function: Callable, argnum: int = 0) -> Callable[..., Any]:
    """Forward mode: how the value changes along a direction.

    Parameters
    ----------
    function : callable -> VValue, array or number
    argnum : int

    Returns
    -------
    callable, ``(*arguments) -> (direction -> the value's kind)``

    Examples
    --------
    >>> from vvalues import VValue
    >>> push = jacobian_vector_product(lambda v: v * v)(VValue({"a": 3, "b": 1}))
    >>> push(VValue({"a": 1}))
    VValue({'a': 6.0})
    """

    def at(*arguments: Any) -> Callable[[Any], Any]:
        of_one, x = with_argument(function, arguments, argnum)
        push = pushing(of_one, x)
        return lambda direction: push(direction)[1]

    return at


def vector_jacobian_product(function: Callable, argnum: int = 0) -> Callable[..., Any]:
    """Reverse mode: the gradient of the value weighted by a cotangent.

    Parameters
    ----------
    function : callable -> VValue, array or number
    argnum : int

    Returns
    -------
    callable, ``(*arguments) -> (cotangent -> the argument's kind)``

    Examples
    --------
    >>> from vvalues import VValue
    >>> pull = vector_jacobian_product(lambda v: v * v)(VValue({"a": 3, "b": 1}))
    >>> pull(VValue({"a": 1}))
    VValue({'a': 6.0})
    """

    def at(*arguments: Any) -> Callable[[Any], Any]:
        return Tape(*with_argument(function, arguments, argnum)).backwards

    return at


def hessian_vector_product(function: Callable, argnum: int = 0) -> Callable[..., Any]:
    """The second derivative of a number along a direction: forwards over the gradient.

    Parameters
    ----------
    function : callable -> number
    argnum : int

    Returns
    -------
    callable, ``(*arguments) -> (direction -> the argument's kind)``

    Examples
    --------
    >>> from vvalues import VValue, sum_leaves
    >>> curve = hessian_vector_product(lambda v: sum_leaves(v**3))(VValue({"a": 3, "b": 1}))
    >>> curve(VValue({"a": 1, "b": 10}))
    VValue({'a': 18.0, 'b': 60.0})
    """
    return jacobian_vector_product(gradient(function, argnum=argnum), argnum)


def gauss_newton_product(
    function: Callable, loss: Callable[[Any], Any] | None = None, argnum: int = 0
) -> Callable[..., Any]:
    """Products with ``J' H J``: J of a function, H the Hessian of a loss of its value.

    Parameters
    ----------
    function : callable -> VValue, array or number
        Residuals, or predictions.
    loss : callable, value -> number, optional
        Half the sum of squares unless given: then H is one.
    argnum : int

    Returns
    -------
    callable, ``(*arguments) -> (direction -> the argument's kind)``

    References
    ----------
    N. Schraudolph, Neural Computation 14 (2002), 1723-1738.

    Examples
    --------
    >>> from vvalues import VValue
    >>> v = VValue({"slope": 2, "offset": 1})
    >>> x = anp.array([1.0, 2.0])
    >>> times = gauss_newton_product(lambda v: v["slope"] * x + v["offset"])(v)
    >>> times(VValue({"slope": 1}))
    VValue({'offset': 3.0, 'slope': 5.0})
    """

    def weigh(value: Any, direction: Any) -> Any:
        return direction if loss is None else hessian_vector_product(loss)(value)(direction)

    return _sandwich(function, weigh, argnum)


def fisher_product(
    function: Callable, family: str = "gaussian", argnum: int = 0
) -> Callable[..., Any]:
    """Products with the Fisher information of a model: ``J' F J``.

    Parameters
    ----------
    function : callable -> VValue, array or number
        The natural parameters of what is observed: means of unit variance ("gaussian"), logits
        ("bernoulli"), logarithms of rates ("poisson"), or logits along the last axis of an array
        ("categorical").
    family : {"gaussian", "bernoulli", "poisson", "categorical"}
    argnum : int

    Returns
    -------
    callable, ``(*arguments) -> (direction -> the argument's kind)``

    Raises
    ------
    ValueError
        If there is no such family.

    References
    ----------
    S. Amari, Neural Computation 10 (1998), 251-276; J. Martens, JMLR 21 (2020), section 9.

    Examples
    --------
    >>> from vvalues import VValue
    >>> v = VValue({"logit": 0})
    >>> times = fisher_product(lambda v: v["logit"] * anp.ones(8), "bernoulli")(v)
    >>> times(VValue({"logit": 1}))
    VValue({'logit': 2.0})
    """
    if family not in _INFORMATION:
        raise ValueError(f"family is {family!r}; expected one of {', '.join(_INFORMATION)}")

    def weigh(value: Any, direction: Any) -> Any:
        layout = layout_of(value, "the value of the function")
        if family == "categorical" and (layout.support is not None or not layout.shape):
            raise TypeError(f"the value is {layout}; a categorical one is an array of logits")
        if layout.support is None:
            return _INFORMATION[family](value, direction)
        weighed = _INFORMATION[family](layout.flat(value), layout.flat(direction))
        return layout.value(weighed)

    return _sandwich(function, weigh, argnum)


def _sandwich(
    function: Callable, weigh: Callable[[Any, Any], Any], argnum: int
) -> Callable[..., Any]:
    def at(*arguments: Any) -> Callable[[Any], Any]:
        of_one, x = with_argument(function, arguments, argnum)
        tape, push = Tape(of_one, x), pushing(of_one, x)
        return lambda direction: tape.backwards(weigh(tape.value, push(direction)[1]))

    return at


def _bernoulli(logits: Any, direction: Any) -> Any:
    share = 0.5 * (1.0 + anp.tanh(0.5 * logits))
    return share * (1.0 - share) * direction


def _categorical(logits: Any, direction: Any) -> Any:
    weights = anp.exp(logits - anp.max(logits, axis=-1, keepdims=True))
    shares = weights / anp.sum(weights, axis=-1, keepdims=True)
    return shares * (direction - anp.sum(shares * direction, axis=-1, keepdims=True))


_INFORMATION: dict[str, Callable[[Any, Any], Any]] = {
    "gaussian": lambda means, direction: direction,
    "bernoulli": _bernoulli,
    "poisson": lambda rates, direction: anp.exp(rates) * direction,
    "categorical": _categorical,
}
