"""autograd's boxes: functions that take them, and what is inside.

While a function is being differentiated its trees and numbers arrive boxed, possibly several times
over (one box per order of differentiation). Structure is never traced, so it may be read through
the boxes; elements may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import update_wrapper
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from autograd import extend, tracer
from autograd.extend import defjvp, defvjp
from autograd.tracer import getval, isbox

from . import tree as _tree  # the module: it imports this one, and defines its names later

if TYPE_CHECKING:
    from .support import Support
    from .tree import VValue

__all__ = [
    "define_linear",
    "is_traced",
    "is_tree",
    "primitive",
    "require_trees",
    "stop_gradient",
    "support_of",
    "unboxed",
]

F = TypeVar("F", bound=Callable[..., Any])


class _TraceStack(local, tracer.TraceStack):
    """autograd tells derivatives inside derivatives apart by how many are open: in each thread.

    Its own count is of the whole process. Two threads then give one number to an inner and an
    outer derivative, and second derivatives come out wrong, now and then and without a word.
    """


if tracer.trace_stack.top == -1:  # nothing is being differentiated right now
    tracer.trace_stack = _TraceStack()


def primitive(function: F, /) -> F:
    """Make a function that autograd records; its derivatives are defined apart.

    Parameters
    ----------
    function : callable
        Arguments that may be differentiated are positional: autograd does not look into keywords.

    Returns
    -------
    callable
        Known to ``autograd.extend.defvjp`` and ``defjvp``.

    Notes
    -----
    This is ``autograd.extend.primitive``, but the function keeps its module and its signature, so
    that ``help`` shows it, its examples are tested and it can be pickled.

    Examples
    --------
    >>> from autograd import grad
    >>> from autograd.extend import defvjp
    >>> @primitive
    ... def cube(x: float, /) -> float:
    ...     return x**3
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> cube(2.0), float(grad(cube)(2.0))
    (8.0, 12.0)
    """
    wrapped: Any = update_wrapper(extend.primitive(function), function)
    return wrapped


def define_linear(function: Callable, adjoint: Callable) -> None:
    """Both derivatives of a primitive that is linear in its first argument, the others constants.

    Parameters
    ----------
    function : primitive
    adjoint : callable, cotangent and the other arguments -> cotangent of the first argument
    """
    defvjp(function, lambda ans, value, *others: lambda g: adjoint(g, *others), argnums=(0,))
    defjvp(function, "same", argnums=(0,))


def is_traced(value: Any) -> bool:
    """Whether a value is being differentiated.

    Examples
    --------
    >>> from autograd import grad
    >>> is_traced(1.0)
    False
    >>> seen = []
    >>> slope = grad(lambda x: seen.append(is_traced(x)) or x * x)(2.0)
    >>> seen
    [True]
    """
    return isbox(value)


def is_tree(value: Any) -> bool:
    """Whether a value is a V-value, boxed or not.

    Examples
    --------
    >>> from vvalues import VValue
    >>> is_tree(VValue({"a": 1})), is_tree({"a": 1})
    (True, False)
    """
    return type(value) is _tree.VValue or type(getval(value)) is _tree.VValue


def unboxed(tree: Any, argument: str = "value") -> VValue:
    """The V-value inside any number of boxes.

    Raises
    ------
    TypeError
        If it is not a V-value; the message names the argument.

    Examples
    --------
    >>> from autograd import grad
    >>> from vvalues import VValue, inner
    >>> seen = []
    >>> slope = grad(lambda v: seen.append(unboxed(v)) or inner(v, v))(VValue({"a": 2}))
    >>> seen
    [VValue({'a': 2.0})]
    """
    tree = getval(tree)
    if type(tree) is not _tree.VValue:
        require_trees(**{argument: tree})
    return tree


def support_of(tree: Any, argument: str = "value") -> Support:
    """The support of a V-value, boxed or not.

    Examples
    --------
    >>> from vvalues import VValue
    >>> support_of(VValue({"a": {"x": 1}})).paths
    (('a', 'x'),)
    """
    return unboxed(tree, argument).support


def require_trees(**arguments: Any) -> None:
    """Refuse anything but V-values: a container with boxes inside would lose its derivatives.

    Raises
    ------
    TypeError
        The message names the argument and the remedy.

    Examples
    --------
    >>> require_trees(point={"a": 1.0})
    Traceback (most recent call last):
        ...
    TypeError: argument point is dict {'a': 1.0}; expected a VValue: wrap it in VValue(...)
    """
    for name, value in arguments.items():
        if type(value) is not _tree.VValue:
            raise TypeError(
                f"argument {name} is {type(value).__name__} {value!r:.60}; expected a VValue: "
                f"wrap it in VValue(...)"
            )


# -------------------- out of the trace --------------------


@primitive
def stop_gradient(tree: Any, /) -> Any:
    """The value itself, with zero derivative; for V-values, arrays and numbers.

    Raises
    ------
    TypeError
        For a container with something inside, at any depth, that is being differentiated.

    Examples
    --------
    >>> from autograd import grad
    >>> from vvalues import VValue
    >>> grad(lambda v: v["a"] * stop_gradient(v["a"]))(VValue({"a": 3}))
    VValue({'a': 3.0})
    """
    if any(map(is_traced, _inside(tree))):
        raise TypeError(
            f"stop_gradient got a {type(tree).__name__} of values that are being differentiated; "
            "apply it to each of them"
        )
    return tree


def _inside(container: Any) -> Iterator[Any]:
    """What a container holds, at any depth; nothing for anything else."""
    stack, seen = [container], set()
    while stack:
        outer = stack.pop()
        if id(outer) in seen:  # a list may hold itself
            continue
        seen.add(id(outer))
        if isinstance(outer, Mapping):
            contents = list(outer.values())
        elif isinstance(outer, (list, tuple, Set)):
            contents = list(outer)
        elif isinstance(outer, np.ndarray) and outer.dtype == object:
            contents = outer.ravel().tolist()
        else:
            continue
        yield from contents
        stack += contents


defvjp(stop_gradient, None)
defjvp(stop_gradient, None)
