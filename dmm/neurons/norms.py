"""The size of a stream, and streams in proportion to their size.

A maximum norm says how large a stream is. Divisive normalisation divides it by one more than its
own square, so that a machine can weigh what it meets by how much of it there is: a rule that
multiplies errors by normalised inputs is the normalised delta rule, whose rate need not be tuned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import vvalues as vv
from vvalues import VValue

from .fields import Field
from .kernel import Kernel, Partials, Step, Stream, key_dot, plus, stream_dot, times
from .spelling import Function, Spelling, as_number, call, on_every_element, python_stream
from .types import neuron_type

__all__ = ["DivisiveNormalisation", "MaxNorm", "MaxNormOf"]


# -------------------- the maximum norm --------------------


@dataclass(frozen=True)
class MaxNormOf(Function):
    """The largest absolute entry."""

    def text(self, arguments: list[str]) -> str:
        return f"max_norm({arguments[0]})"

    def latex(self, arguments: list[str]) -> str:
        return rf"\left\Vert {arguments[0]}\right\Vert_{{\infty}}"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        return as_number(np.abs(arguments[0]).max(axis=1), arguments[0])


class MaxNorm(Kernel):
    """``norm = max |element|``; the derivative is shared equally among ties, 0 at zero.

    Examples
    --------
    >>> stream = Stream(np.array([1.0]), np.array([[-3.0, 3.0]]))
    >>> norm = MaxNorm()
    >>> norm.forward([stream])[0].number
    array([3.])
    >>> norm.adjoint(norm.linearise([stream]), [Stream(np.array([1.0]))])  # the tie shares it
    [Stream(number=array([0.]), keys=array([[-0.5,  0.5]]))]
    """

    writes_numbers_only = True

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        return Spelling(
            letter="m",
            equation=lambda stream: [call(MaxNormOf(), stream.upright()[0])],
            python=f"return {{{writes[0].name!a}: {{(): largest({python_stream(reads[0])})}}}}",
            portable=on_every_element("out0[0] = fmax(out0[0], fabs(in0[k]));"),
        )

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        number, keys = inputs[0]
        norm = _magnitude(number)
        if keys is not None:
            norm = _larger(norm, _largest(_magnitude(keys)))
        return [Stream(norm)]

    def linearise(self, inputs: list[Stream]) -> Partials:
        number, keys = inputs[0].number.real, inputs[0].keys
        if keys is None:
            return np.sign(number), None
        norm = np.maximum(np.abs(number), _largest(np.abs(keys.real)))
        at_number, at_keys = _sides(number, norm), _sides(keys.real, norm[..., None])
        n_largest = np.count_nonzero(at_number) + np.count_nonzero(at_keys)
        if n_largest > np.count_nonzero(norm):
            ties = np.abs(at_number) + np.abs(at_keys).sum(-1)
            share = 1.0 / np.maximum(ties, 1.0)
            at_number *= share
            at_keys *= share[..., None]
        return at_number, at_keys

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        at_number, at_keys = partials
        g = outputs[0].number
        return [Stream(g * at_number, None if at_keys is None else g[..., None] * at_keys)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return [Stream(stream_dot(inputs[0], Stream(*partials)))]

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        stream, norm = x[:, :, 0], y[:, :, 0, ..., 0]
        if np.iscomplexobj(x):
            return lambda t: np.copyto(norm[t], _largest(_magnitude(stream[t])))
        scratch, largest = np.empty(stream.shape[1:]), np.maximum.reduce

        def step(t: int) -> None:
            np.abs(stream[t], out=scratch)
            largest(scratch, axis=-1, out=norm[t])

        return step

    def step_linearise(self, x: np.ndarray) -> np.ndarray:
        stream = x[..., 0, :, :, :].real
        size = np.abs(stream)
        partials = np.sign(stream)
        partials *= size == size.max(-1, keepdims=True)
        ties = np.abs(partials, out=size).sum(-1, keepdims=True)
        if ties.max(initial=0.0) > 1.0:
            partials /= np.maximum(ties, 1.0)
        return partials

    def step_adjoint(self, partials: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g, stream = y[:, :, 0, ..., :1], x[:, :, 0]
        return lambda t: np.multiply(g[t], partials[t], out=stream[t])

    def step_tangent(self, partials: np.ndarray, x: np.ndarray, y: np.ndarray) -> Step:
        stream, norm = x[:, :, 0], y[:, :, 0, ..., 0]
        return lambda t: np.copyto(norm[t], key_dot(stream[t], partials[t]))


def _sides(x: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """The sign of what is as large as the norm, and 0 of everything else."""
    return np.subtract(x == norm, x == -norm, dtype=np.float64)


def _magnitude(x: np.ndarray) -> np.ndarray:
    return x * np.sign(x.real) if np.iscomplexobj(x) else np.abs(x)


def _larger(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(x.real >= y.real, x, y) if np.iscomplexobj(x) else np.maximum(x, y)


def _largest(x: np.ndarray) -> np.ndarray:
    if not np.iscomplexobj(x):
        # Over a short last axis numpy takes twice as long.
        return np.maximum.reduce(np.ascontiguousarray(np.moveaxis(x, -1, 0)))
    at = np.argmax(x.real, axis=-1)[..., None]
    return np.take_along_axis(x, at, -1)[..., 0]


@neuron_type(
    "norm",
    reads=["dict"],
    writes=["norm/:number"],
    kernel=MaxNorm(),
    source="dmm-lite.jl (anhinga/julia-flux-drafts), max_norm_dict",
)
def maximum_norm(inputs: VValue) -> dict[str, Any]:
    """Largest absolute value over all keys."""
    return {"norm": vv.max_norm(inputs.subtree("dict"))}


# -------------------- divisive normalisation --------------------


class DivisiveNormalisation(Kernel):
    """``x / (1 + |x|^2)``, where ``|x|^2`` is the sum of the squares of all elements.

    Examples
    --------
    >>> stream = Stream(np.array([0.0]), np.array([[1.0, 2.0, 2.0]]))
    >>> DivisiveNormalisation().forward([stream])[0].keys
    array([[0.1, 0.2, 0.2]])
    """

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        stream = python_stream(reads[0])
        square = on_every_element("square += in0[k] * in0[k];")
        return Spelling(
            letter="n",
            python=f"x = {stream}\nsquare = dot_product(x, x)\n"
            f"return {{{writes[0].name!a}: scale(1.0 / (1.0 + square), x)}}",
            portable=f"double square = 0.0;\n{square}\n"
            + on_every_element("out0[k] = in0[k] / (1.0 + square);"),
        )

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return [self.linearise(inputs)[1]]

    def linearise(self, inputs: list[Stream]) -> Partials:
        (stream,) = inputs
        share = 1.0 / (1.0 + stream_dot(stream, stream))
        return share, _scaled(stream, share)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return self.tangent(partials, outputs)  # the matrix of derivatives is symmetric

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        share, normalised = partials
        (change,) = inputs
        along = -2.0 * stream_dot(normalised, change)
        own, rest = _scaled(change, share), _scaled(normalised, along)
        return [Stream(own.number + rest.number, plus(own.keys, rest.keys))]


def _scaled(stream: Stream, factor: np.ndarray) -> Stream:
    return Stream(stream.number * factor, times(stream.keys, factor))


@neuron_type(
    "normalised",
    reads=["dict"],
    writes=["dict"],
    kernel=DivisiveNormalisation(),
    source="M. Carandini, D. J. Heeger, Nature Reviews Neuroscience 13 (2012), 51-62",
)
def normalised(inputs: VValue) -> dict[str, Any]:
    """The stream divided by one more than the sum of the squares of its elements."""
    stream = inputs.subtree("dict")
    return {"dict": vv.scale(stream, 1.0 / (1.0 + vv.inner(stream, stream)))}
