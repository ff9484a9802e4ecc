"""Neurons that apply one function: to every element of a stream, or to its ``:number``.

A function that maps 0 to 0 makes sense on every element of a tree, because an absent path is zero
and stays so (`identity`, `relu`, `tanh`, `square`). The others would turn the infinitely many
absent paths into something, and work on the ``:number`` alone (`sigmoid`, `softplus`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defjvp, defvjp
from autograd.tracer import getval

import vvalues as vv
from vvalues import VValue
from vvalues.core import primitive

from .fields import Field
from .kernel import Kernel, Partials, Step, Stream
from .spelling import SHARED_FUNCTIONS, Spelling, on_every_element, python_stream
from .types import neuron_type, number

__all__ = ["Elementwise", "NumberFunction", "logistic", "soft_plus", "tanh"]

PATTERNS = "arXiv:1712.07447, section 6 (patterns: linear, bilinear and sigmoid neurons)"

Pointwise = Callable[[Any], Any]


@primitive
def tanh(x: Any) -> Any:
    """Hyperbolic tangent; that of autograd overflows in its derivative where x is beyond 355.

    Parameters
    ----------
    x : number or array
        May be complex.

    Examples
    --------
    >>> from autograd import grad
    >>> float(tanh(400.0)), float(grad(tanh)(400.0)), round(float(grad(grad(tanh))(0.5)), 4)
    (1.0, 0.0, -0.7269)
    """
    return np.tanh(x)


defvjp(tanh, lambda ans, x: lambda g: g * (1.0 - ans * ans))
defjvp(tanh, lambda g, ans, x: g * (1.0 - ans * ans))


# -------------------- on every element --------------------


class Elementwise(Kernel):
    """One function of every element of one stream; it must map 0 to 0.

    Parameters
    ----------
    function, derivative : vectorised functions, safe for complex arguments
    python : str
        The function of one number ``x`` in plain Python, such as ``"math.sinh(x)"``. numpy's
        functions that the standard library has too (``np.arctan``: ``math.atan``) need none.
    portable : str
        The same in the words that C and JavaScript share, such as ``"sinh(x)"``.

    Examples
    --------
    >>> cube = Elementwise(lambda x: x**3, lambda x: 3 * x**2)
    >>> stream = Stream(np.array([2.0]), np.array([[1.0, -1.0]]))
    >>> cube.forward([stream]), cube.linearise([stream])
    ([Stream(number=array([8.]), keys=array([[ 1., -1.]]))], (array([12.]), array([[3., 3.]])))
    """

    def __init__(
        self, function: Pointwise, derivative: Pointwise, python: str = "", portable: str = ""
    ) -> None:
        known = _in_math(function)
        self.function = function
        self.derivative = derivative
        self.python = python or (known and f"math.{known}(x)")
        self.portable = portable or (f"{known}(x)" if known in SHARED_FUNCTIONS else "")

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        if not self.python:
            return Spelling()
        every = f"{{path: {self.python} for path, x in {python_stream(reads[0])}.items()}}"
        return Spelling(
            python=f"return {{{writes[0].name!a}: {every}}}",
            portable=self.portable
            and on_every_element(f"double x = in0[k];\n    out0[k] = {self.portable};"),
        )

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return [_each(self.function, inputs[0])]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return tuple(_each(self.derivative, inputs[0]))

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return self.tangent(partials, outputs)

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        number, keys = inputs[0]
        at_number, at_keys = partials
        has_keys = keys is not None and at_keys is not None
        return [Stream(number * at_number, keys * at_keys if has_keys else None)]

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        return lambda t: np.copyto(y[t], self.function(x[t]))

    def step_linearise(self, x: np.ndarray) -> np.ndarray:
        return self.derivative(x)

    def step_adjoint(self, partials: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        return lambda t: np.multiply(y[t], partials[t], out=x[t])

    def step_tangent(self, partials: np.ndarray, x: np.ndarray, y: np.ndarray) -> Step:
        return lambda t: np.multiply(x[t], partials[t], out=y[t])


def _each(function: Pointwise, stream: Stream) -> Stream:
    return Stream(function(stream.number), None if stream.keys is None else function(stream.keys))


def _in_math(function: Pointwise) -> str:
    """What the standard library calls a function of numpy (or autograd); empty if it does not."""
    name = getattr(function, "__name__", "")
    ours, theirs = name.replace("arc", "a"), (getattr(np, name, None), getattr(anp, name, None))
    return ours if function in theirs and hasattr(math, ours) else ""


def _on_every_element(
    name: str,
    function: Pointwise,
    derivative: Pointwise,
    python: str,
    portable: str,
    summary: str,
) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        return {"dict": vv.map_leaves(function, inputs.subtree("dict"))}

    activation.__doc__ = summary
    kernel = Elementwise(function, derivative, python, portable)
    neuron_type(name, reads=["dict"], writes=["dict"], kernel=kernel, source=PATTERNS)(activation)


_on_every_element(
    "relu",
    lambda x: x * (np.real(getval(x)) > 0),
    lambda x: (np.real(x) > 0).astype(float),
    "max(0.0, x)",
    "fmax(0.0, x)",
    "``max(0, x)``; derivative 0 at 0.",
)
_on_every_element(
    "tanh",
    tanh,
    lambda x: 1.0 - np.tanh(x) ** 2,
    "math.tanh(x)",
    "tanh(x)",
    "Hyperbolic tangent.",
)
_on_every_element("square", lambda x: x * x, lambda x: 2.0 * x, "x * x", "x * x", "``x ** 2``.")


# -------------------- on the number --------------------


class NumberFunction(Kernel):
    """One function of the ``:number``; it may map 0 to anything.

    Parameters
    ----------
    function, derivative : vectorised functions, safe for complex arguments

    Examples
    --------
    >>> cosine = NumberFunction(np.cos, lambda x: -np.sin(x))
    >>> cosine.forward([Stream(np.array([0.0, np.pi]))])[0].number
    array([ 1., -1.])
    """

    reads_numbers_only = True
    writes_numbers_only = True

    def __init__(self, function: Pointwise, derivative: Pointwise) -> None:
        self.function = function
        self.derivative = derivative

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return [Stream(self.function(inputs[0].number))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return (self.derivative(inputs[0].number),)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return [Stream(outputs[0].number * partials[0])]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return [Stream(inputs[0].number * partials[0])]


def logistic(x: Any) -> Any:
    """``1 / (1 + exp(-x))``, without overflow and also for complex arguments.

    Examples
    --------
    >>> float(logistic(0.0)), float(logistic(1000.0))
    (0.5, 1.0)
    """
    return 0.5 * (1.0 + tanh(0.5 * x))


def soft_plus(x: Any) -> Any:
    """``log(1 + exp(x))``, without overflow and also for complex arguments.

    Examples
    --------
    >>> round(float(soft_plus(0.0)), 4), float(soft_plus(1000.0))
    (0.6931, 1000.0)
    """
    sign = np.where(np.real(getval(x)) >= 0, 1.0, -1.0)
    return 0.5 * (x + sign * x) + anp.log1p(anp.exp(-sign * x))


def _on_the_number(
    name: str,
    function: Pointwise,
    derivative: Pointwise,
    python: str,
    portable: str,
    summary: str,
) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        return {"number": function(number(inputs, "number"))}

    activation.__doc__ = summary
    neuron_type(
        name,
        reads=["number/:number"],
        writes=["number/:number"],
        kernel=NumberFunction(function, derivative),
        is_alive="always",
        source=PATTERNS,
        spelling=Spelling(python=python, portable=portable),
    )(activation)


_on_the_number(
    "sigmoid",
    logistic,
    lambda x: 0.25 * (1.0 - np.tanh(0.5 * x) ** 2),
    "return {'number': {(): 0.5 * (1.0 + math.tanh(0.5 * scalar(read('number'))))}}",
    "out0[0] = 0.5 * (1.0 + tanh(0.5 * in0[0]));",
    "Logistic function of the ``:number``; 1/2 where nothing arrives.",
)
_on_the_number(
    "softplus",
    soft_plus,
    lambda x: np.asarray(logistic(x)),
    "x = scalar(read('number'))\n"
    "return {'number': {(): max(0.0, x) + math.log1p(math.exp(-abs(x)))}}",
    "out0[0] = fmax(0.0, in0[0]) + log1p(exp(-fabs(in0[0])));",
    "``log(1 + exp(x))`` of the ``:number``; log 2 where nothing arrives.",
)
