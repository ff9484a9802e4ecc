"""The vectorised kernels of the neuron library; `dmm.neurons.kernel` says what a kernel is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .gate_kernels import Choice, LargerOf, LessOrEqual, NumberFunction, Product
from .kernel import Kernel, Partials, Step, Stream, key_dot, plus

__all__ = [
    "Choice",
    "Compare",
    "DotProduct",
    "Elementwise",
    "Kernel",
    "LargerOf",
    "LessOrEqual",
    "MaxNorm",
    "NumberFunction",
    "Product",
    "Stream",
    "StreamReader",
    "Sum",
]


class Sum(Kernel):
    """``output = sum of the inputs + offset``: accumulators, identities, timers.

    Parameters
    ----------
    offset : float
        Added to the ``:number``.
    """

    is_sum = True

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        total = _total(inputs)
        return [Stream(total.number + self.offset, total.keys)] if self.offset else [total]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return (len(inputs),)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return [outputs[0]] * partials[0]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return [_total(inputs)]

    def mixing(self, n_inputs: int) -> np.ndarray:
        return np.ones((1, n_inputs))

    def stepper(self, x: np.ndarray, y: np.ndarray) -> Step:
        number, offset = y[..., 0], self.offset

        def step(t: int) -> None:
            np.copyto(y[t], x[t])
            if offset:
                number[t] += offset

        return step

    def slopes(self, x: np.ndarray) -> Any:
        return None

    def back_stepper(self, slopes: Any, y: np.ndarray, x: np.ndarray) -> Step:
        return lambda t: np.copyto(x[t], y[t])

    def tangent_step(self, slopes: Any, t: int, x: np.ndarray, y: np.ndarray) -> None:
        y[...] = x


def _total(inputs: list[Stream]) -> Stream:
    number, keys = inputs[0]
    for stream in inputs[1:]:
        number = number + stream.number
        keys = plus(keys, stream.keys)
    return Stream(number, keys)


class MaxNorm(Kernel):
    """``norm = max |element|``; the derivative is shared equally among ties, 0 at zero."""

    writes_numbers_only = True

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        number, keys = inputs[0]
        norm = _magnitude(number)
        if keys is not None:
            norm = _larger(norm, _largest(_magnitude(keys)))
        return [Stream(norm)]

    def linearise(self, inputs: list[Stream]) -> Partials:
        number, keys = inputs[0].number.real, inputs[0].keys
        size = np.abs(number)
        if keys is None:
            return np.sign(number), None
        sizes = np.abs(keys.real)
        norm = np.maximum(size, sizes.max(-1))
        at_number = np.sign(number) * (size == norm)
        at_keys = np.sign(keys.real) * (sizes == norm[..., None])
        ties = np.abs(at_number) + np.abs(at_keys).sum(-1)
        if ties.max(initial=0.0) > 1.0:
            share = 1.0 / np.maximum(ties, 1.0)
            at_number *= share
            at_keys *= share[..., None]
        return at_number, at_keys

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        at_number, at_keys = partials
        g = outputs[0].number
        return [Stream(g * at_number, None if at_keys is None else g[..., None] * at_keys)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        at_number, at_keys = partials
        number, keys = inputs[0]
        out = number * at_number
        if keys is not None and at_keys is not None:
            out = out + key_dot(keys, at_keys)
        return [Stream(out)]

    def stepper(self, x: np.ndarray, y: np.ndarray) -> Step:
        stream, norm = x[:, :, 0], y[:, :, 0, ..., 0]
        if np.iscomplexobj(x):
            return lambda t: np.copyto(norm[t], _largest(_magnitude(stream[t])))
        scratch, largest = np.empty(stream.shape[1:]), np.maximum.reduce

        def step(t: int) -> None:
            np.abs(stream[t], out=scratch)
            largest(scratch, axis=-1, out=norm[t])

        return step

    def slopes(self, x: np.ndarray) -> np.ndarray:
        stream = x[..., 0, :, :, :].real
        size = np.abs(stream)
        slope = np.sign(stream)
        slope *= size == size.max(-1, keepdims=True)
        ties = np.abs(slope, out=size).sum(-1, keepdims=True)
        if ties.max(initial=0.0) > 1.0:
            slope /= np.maximum(ties, 1.0)
        return slope

    def back_stepper(self, slopes: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g, stream = y[:, :, 0, ..., :1], x[:, :, 0]
        return lambda t: np.multiply(g[t], slopes[t], out=stream[t])

    def tangent_step(self, slopes: np.ndarray, t: int, x: np.ndarray, y: np.ndarray) -> None:
        y[..., 0, :, :, 0] = key_dot(x[..., 0, :, :, :], slopes[t])


class DotProduct(Kernel):
    """``dot = bounded(sum over keys of dict-1 * dict-2)``.

    Parameters
    ----------
    bound : float
        ``inf`` for none.
    is_soft : bool
        False: clamp to ``[-bound, bound]``, with derivative 1 on the bound itself. True:
        ``bound * tanh(x / bound)``, the mean of ``-bound`` and ``bound`` under the softmax of
        ``-x / bound`` and ``x / bound``; smooth everywhere.
    """

    writes_numbers_only = True

    def __init__(self, bound: float = 4.0, *, is_soft: bool = False) -> None:
        self.bound = bound
        self.is_soft = is_soft

    @staticmethod
    def _product(inputs: list[Stream]) -> np.ndarray:
        (number1, keys1), (number2, keys2) = inputs
        product = number1 * number2
        if keys1 is not None and keys2 is not None:
            product = product + key_dot(keys1, keys2)
        return product

    def _bounded(self, product: np.ndarray) -> np.ndarray:
        if self.is_soft:
            return self.bound * np.tanh(product / self.bound)
        clamped = np.clip(product.real, -self.bound, self.bound)
        if np.iscomplexobj(product):
            return np.where(np.abs(product.real) <= self.bound, product, clamped)
        return clamped

    def _slope(self, product: np.ndarray) -> np.ndarray:
        if self.is_soft:
            return 1.0 - np.tanh(product / self.bound) ** 2
        return np.abs(product.real) <= self.bound

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return [Stream(self._bounded(self._product(inputs)))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        slope = self._slope(self._product(inputs))
        (number1, keys1), (number2, keys2) = inputs
        wide = slope[..., None]
        return (
            number2 * slope,
            None if keys2 is None else keys2 * wide,
            number1 * slope,
            None if keys1 is None else keys1 * wide,
        )

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        at_number1, at_keys1, at_number2, at_keys2 = partials
        g = outputs[0].number
        wide = g[..., None]
        return [
            Stream(g * at_number1, None if at_keys1 is None else wide * at_keys1),
            Stream(g * at_number2, None if at_keys2 is None else wide * at_keys2),
        ]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        out = inputs[0].number * partials[0] + inputs[1].number * partials[2]
        for keys, at_keys in ((inputs[0].keys, partials[1]), (inputs[1].keys, partials[3])):
            if keys is not None and at_keys is not None:
                out = out + key_dot(keys, at_keys)
        return [Stream(out)]

    def stepper(self, x: np.ndarray, y: np.ndarray) -> Step:
        one, other, dot = x[:, :, 0], x[:, :, 1], y[:, :, 0, ..., 0]
        if self.is_soft or np.iscomplexobj(x):
            return lambda t: np.copyto(dot[t], self._bounded(key_dot(one[t], other[t])))
        scratch, bound = np.empty(dot.shape[1:]), self.bound

        def step(t: int) -> None:
            np.einsum("...c,...c->...", one[t], other[t], out=scratch)
            np.minimum(scratch, bound, out=scratch)
            np.maximum(scratch, -bound, out=dot[t])

        return step

    def slopes(self, x: np.ndarray) -> np.ndarray:
        slope = self._slope(key_dot(x[..., 0, :, :, :], x[..., 1, :, :, :]))
        return x[..., ::-1, :, :, :] * slope[..., None, :, :, None]

    def back_stepper(self, slopes: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g = y[..., :1]  # one output, two inputs: broadcasts over the field axis
        return lambda t: np.multiply(g[t], slopes[t], out=x[t])

    def tangent_step(self, slopes: np.ndarray, t: int, x: np.ndarray, y: np.ndarray) -> None:
        y[..., 0, :, :, 0] = np.einsum("...fnbc,...fnbc->...nb", x, slopes[t])


class Compare(Kernel):
    """``true = relu(dict-1 - dict-2)``, ``false = relu(dict-2 - dict-1)`` on ``:number``.

    The derivative at a tie is 0 on both outputs.
    """

    writes_numbers_only = True

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

    def stepper(self, x: np.ndarray, y: np.ndarray) -> Step:
        difference, out = x[..., 0], y[..., 0]
        if np.iscomplexobj(x):
            return lambda t: np.multiply(difference[t], difference[t].real > 0, out=out[t])
        return lambda t: np.maximum(difference[t], 0.0, out=out[t])

    def slopes(self, x: np.ndarray) -> np.ndarray:
        return (x[..., 0].real > 0).astype(float)

    def back_stepper(self, slopes: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        g, difference = y[..., 0], x[..., 0]
        return lambda t: np.multiply(g[t], slopes[t], out=difference[t])

    def tangent_step(self, slopes: np.ndarray, t: int, x: np.ndarray, y: np.ndarray) -> None:
        y[..., 0] = x[..., 0] * slopes[t]


class StreamReader(Kernel):
    """Of a source that reads: its one input says which entry of the external stream it emits."""

    @staticmethod
    def entries(number: np.ndarray, length: int) -> np.ndarray:
        """Index of the entry for every number; -1 where there is none."""
        is_index = (number == np.floor(number)) & (number >= 0) & (number < length)
        return np.where(is_index, number, -1).astype(int)


class Elementwise(Kernel):
    """One function of every element of one stream; it must map 0 to 0.

    Parameters
    ----------
    function, derivative : vectorised functions, safe for complex arguments
    """

    def __init__(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        derivative: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        self.function = function
        self.derivative = derivative

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

    def stepper(self, x: np.ndarray, y: np.ndarray) -> Step:
        return lambda t: np.copyto(y[t], self.function(x[t]))

    def slopes(self, x: np.ndarray) -> np.ndarray:
        return self.derivative(x)

    def back_stepper(self, slopes: np.ndarray, y: np.ndarray, x: np.ndarray) -> Step:
        return lambda t: np.multiply(y[t], slopes[t], out=x[t])

    def tangent_step(self, slopes: np.ndarray, t: int, x: np.ndarray, y: np.ndarray) -> None:
        y[...] = x * slopes[t]


def _each(function: Callable[[np.ndarray], np.ndarray], stream: Stream) -> Stream:
    return Stream(function(stream.number), None if stream.keys is None else function(stream.keys))


# -------------------- helpers that accept complex arrays --------------------


def _magnitude(x: np.ndarray) -> np.ndarray:
    return x * np.sign(x.real) if np.iscomplexobj(x) else np.abs(x)


def _larger(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(x.real >= y.real, x, y) if np.iscomplexobj(x) else np.maximum(x, y)


def _largest(x: np.ndarray) -> np.ndarray:
    if not np.iscomplexobj(x):
        return x.max(-1)
    at = np.argmax(x.real, axis=-1)[..., None]
    return np.take_along_axis(x, at, -1)[..., 0]
