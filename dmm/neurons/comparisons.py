"""Neurons that compare two streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from autograd.tracer import getval

import vvalues as vv
from vvalues import VValue

from .fields import Field
from .kernel import Kernel, Partials, Step, Stream, plus
from .spelling import (
    Call,
    Function,
    Linear,
    Spelling,
    as_number,
    call,
    on_every_element,
    python_scalar,
)
from .types import neuron_type, number

__all__ = ["Compare", "Exceeds", "LessOrEqual", "Relu", "relu"]


@dataclass(frozen=True)
class Relu(Function):
    """``max(0, x)`` of a number."""

    def text(self, arguments: list[str]) -> str:
        return f"relu({arguments[0]})"

    def latex(self, arguments: list[str]) -> str:
        return rf"\max\left(0,\, {arguments[0]}\right)"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        return as_number(np.maximum(arguments[0][:, 0], 0.0), arguments[0])


class Compare(Kernel):
    """``true = relu(dict-1 - dict-2)``, ``false = relu(dict-2 - dict-1)`` on ``:number``.

    The derivative at a tie is 0 on both outputs.

    Examples
    --------
    >>> more, less = Stream(np.array([5.0, 4.0])), Stream(np.array([3.0, 1.0]))
    >>> true, _ = Compare().forward([more, less])
    >>> true.number
    array([2., 3.])
    """

    writes_numbers_only = True

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        one, other = map(python_scalar, reads)
        true, false = (ascii(field.name) for field in writes)
        return Spelling(
            letter="r",
            equation=lambda one, other: [
                call(Relu(), one + other * -1.0),
                call(Relu(), other + one * -1.0),
            ],
            is_inlined=True,
            python=f"difference = {one} - {other}\n"
            "true, false = max(0.0, difference), max(0.0, -difference)\n"
            f"return {{{true}: {{(): true}}, {false}: {{(): false}}}}",
            portable="out0[0] = fmax(0.0, in0[0] - in1[0]);\nout1[0] = fmax(0.0, in1[0] - in0[0]);",
        )

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        difference = inputs[0].number - inputs[1].number
        above = difference.real > 0
        below = difference.real < 0
        return [Stream(difference * above), Stream(-difference * below)]

    def linearise(self, inputs: list[Stream]) -> Partials:
        difference = (inputs[0].number - inputs[1].number).real
        return difference > 0, difference < 0

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        above, below = partials
        g = outputs[0].number * above - outputs[1].number * below
        return [Stream(g), Stream(-g)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        above, below = partials
        difference = inputs[0].number - inputs[1].number
        return [Stream(difference * above), Stream(-difference * below)]

    # Inside cycles: two effective inputs, the difference and its negative, each through a relu.

    reads_numbers_only = True

    def mixing(self, n_inputs: int) -> np.ndarray:
        return np.array([[1.0, -1.0], [-1.0, 1.0]])

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        difference, out = x[..., 0], y[..., 0]
        if np.iscomplexobj(x):
            return lambda t: np.multiply(difference[t], difference[t].real > 0, out=out[t])
        return lambda t: np.maximum(difference[t], 0.0, out=out[t])

    def step_linearise(self, x: np.ndarray) -> np.ndarray:
        return (x[..., 0].real > 0).astype(float)

    def step_adjoint(self, partials: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g, difference = y[..., 0], x[..., 0]
        return lambda t: np.multiply(g[t], partials[t], out=difference[t])

    def step_tangent(self, partials: np.ndarray, x: np.ndarray, y: np.ndarray) -> Step:
        difference, out = x[..., 0], y[..., 0]
        return lambda t: np.multiply(difference[t], partials[t], out=out[t])


def relu(x: Any) -> Any:
    """``max(0, x)`` of a number, with derivative 0 at 0.

    Examples
    --------
    >>> from autograd import grad
    >>> relu(3.0), [float(grad(relu)(x)) for x in (-2.0, 0.0, 3.0)]
    (3.0, [0.0, 0.0, 1.0])
    """
    return x * float(x > 0)  # a comparison is not traced; the product carries the derivative


@neuron_type(
    "compare",
    reads=["dict-1/:number", "dict-2/:number"],
    writes=["true/:number", "false/:number"],
    kernel=Compare(),
    source="dmm-lite.jl (anhinga/julia-flux-drafts), compare_scalars",
)
def compare_scalars(inputs: VValue) -> dict[str, Any]:
    """``true = relu(dict-1 - dict-2)`` and ``false = relu(dict-2 - dict-1)``."""
    difference = number(inputs, "dict-1") - number(inputs, "dict-2")
    return {"true": relu(difference), "false": relu(-difference)}


@dataclass(frozen=True)
class Exceeds(Function):
    """1 where an element of the first stream exceeds that of the second, or where none does."""

    is_true: bool = True

    def text(self, arguments: list[str]) -> str:
        return f"({arguments[0]} {'>' if self.is_true else '<='} {arguments[1]})"

    def latex(self, arguments: list[str]) -> str:
        relation = r"\not\leq" if self.is_true else r"\leq"
        return rf"\left[{arguments[0]} {relation} {arguments[1]}\right]"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        exceeds = np.asarray((arguments[0] > arguments[1]).any(axis=1))
        exceeds[0] = not self.is_true  # before the first tick nothing has fired
        return as_number((exceeds == self.is_true).astype(float), arguments[0])


class LessOrEqual(Kernel):
    """1 on the first output if no element of the first input exceeds that of the second.

    Examples
    --------
    >>> left, right = Stream(np.array([5.0, 1.0])), Stream(np.array([3.0, 4.0]))
    >>> [stream.number.tolist() for stream in LessOrEqual().forward([left, right])]
    [[0.0, 1.0], [1.0, 0.0]]
    """

    writes_numbers_only = True

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        is_true = (inputs[1].number - inputs[0].number).real >= 0
        left = None if inputs[0].keys is None else -inputs[0].keys
        keys = plus(inputs[1].keys, left)
        if keys is not None:
            is_true = is_true & (keys.real >= 0).all(-1)
        true = is_true.astype(inputs[0].number.dtype)
        return [Stream(true), Stream(1.0 - true)]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return ()

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return [Stream(np.zeros_like(outputs[0].number))] * 2

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return [Stream(np.zeros_like(inputs[0].number))] * 2


@neuron_type(
    "less_or_equal",
    reads=["left", "right"],
    writes=["true-channel/:number", "false-channel/:number"],
    kernel=LessOrEqual(),
    is_alive="always",
    spelling=Spelling(
        letter="s",
        equation=lambda left, right: [
            Linear(((Call(Exceeds(is_true), (left, right)), 1.0),)) for is_true in (False, True)
        ],
        python="difference = add(read('right'), scale(-1.0, read('left')))\n"
        "is_true = all(x >= 0 for x in difference.values())\n"
        "return {'true-channel': {(): float(is_true)}, 'false-channel': {(): float(not is_true)}}",
        portable="out0[0] = 1.0;\n"
        f"{on_every_element('if (in0[k] > in1[k]) out0[0] = 0.0;')}\n"
        "out1[0] = 1.0 - out0[0];",
    ),
    source="github jsa-aerial/DMM, src/dmm/core.clj, less-or-equal",
)
def less_or_equal(inputs: VValue) -> dict[str, Any]:
    """1 on ``true-channel`` if no element of ``left`` exceeds that of ``right``, else on the other.

    Piecewise constant: its derivative is zero.
    """
    is_true = bool(vv.is_nonnegative(getval(inputs.subtree("right") - inputs.subtree("left"))))
    return {"true-channel": float(is_true), "false-channel": float(not is_true)}
