"""Vectorised kernels: what neurons of one type do, for all ticks and strings at once.

A stream is held as a pair of arrays: its ``:number`` of shape ``(..., n, ticks, strings)`` and its
other keys of shape ``(..., n, ticks, strings, keys)``, or ``None`` where there are none. ``n``
counts the neurons of the group. A kernel is pointwise in everything but the keys; all memory of a
machine is in its links.

Derivatives come in two halves: `Kernel.linearise` computes the local partial derivatives (arrays
that can be sliced by tick), and the contractions `Kernel.adjoint` and `Kernel.tangent` apply them
backwards and forwards. Comparisons look at real parts only, so kernels also accept complex arrays;
second derivatives are taken by the complex step (Squire and Trapp, SIAM Review 40, 1998).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Compare", "DotProduct", "Elementwise", "Kernel", "MaxNorm", "Stream", "Sum"]


class Stream(NamedTuple):
    """Arrays of a group of streams: the ``:number`` and the other keys (None: all zero)."""

    number: np.ndarray
    keys: np.ndarray | None = None

    def tick(self, t: int) -> Stream:
        """One tick, the time axis kept with length 1."""
        keys = None if self.keys is None else self.keys[:, :, t : t + 1]
        return Stream(self.number[:, :, t : t + 1], keys)


Partials = tuple[Any, ...]


class Kernel:
    """Interface of a vectorised neuron type.

    ``is_sum`` marks ``output = sum of all inputs + offset``: a self-link on such a neuron is a
    linear filter over time, and the engine need not tick.
    """

    is_sum = False
    offset = 0.0

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        """Outputs, one stream per written field, from inputs, one per read field."""
        raise NotImplementedError

    def linearise(self, inputs: list[Stream]) -> Partials:
        """Local partial derivatives: a tuple of arrays (or None) with time on axis 2."""
        raise NotImplementedError

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        """Cotangents of the inputs from cotangents of the outputs."""
        raise NotImplementedError

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        """Tangents of the outputs from tangents of the inputs."""
        raise NotImplementedError


def plus(left: np.ndarray | None, right: np.ndarray | None) -> np.ndarray | None:
    """Sum where None is zero."""
    if left is None or right is None:
        return right if left is None else left
    return left + right


class Sum(Kernel):
    """``output = sum of the inputs + offset``: accumulators, identities, timers."""

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


def _total(inputs: list[Stream]) -> Stream:
    number, keys = inputs[0]
    for stream in inputs[1:]:
        number = number + stream.number
        keys = plus(keys, stream.keys)
    return Stream(number, keys)


class MaxNorm(Kernel):
    """``norm = max |element|``; the derivative is shared equally among ties, 0 at zero."""

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
            out = out + _dot(keys, at_keys)
        return [Stream(out)]


class DotProduct(Kernel):
    """``dot = clamp(sum over keys of dict-1 * dict-2)``; the derivative is 1 on the bound itself.

    Parameters
    ----------
    bound : float
        The clamp; ``inf`` for none.
    """

    def __init__(self, bound: float = 4.0) -> None:
        self.bound = bound

    def _product(self, inputs: list[Stream]) -> np.ndarray:
        (number1, keys1), (number2, keys2) = inputs
        product = number1 * number2
        if keys1 is not None and keys2 is not None:
            product = product + _dot(keys1, keys2)
        return product

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        product = self._product(inputs)
        if np.iscomplexobj(product):
            clamped = np.clip(product.real, -self.bound, self.bound)
            return [Stream(np.where(np.abs(product.real) <= self.bound, product, clamped))]
        return [Stream(np.clip(product, -self.bound, self.bound))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        inside = np.abs(self._product(inputs).real) <= self.bound
        (number1, keys1), (number2, keys2) = inputs
        wide = inside[..., None]
        return (
            number2 * inside,
            None if keys2 is None else keys2 * wide,
            number1 * inside,
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
                out = out + _dot(keys, at_keys)
        return [Stream(out)]


class Compare(Kernel):
    """``true = relu(dict-1 - dict-2)``, ``false = relu(dict-2 - dict-1)`` on ``:number``.

    The derivative at a tie is 0 on both outputs.
    """

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


class Elementwise(Kernel):
    """One function of every element of one stream; it must map 0 to 0.

    Parameters
    ----------
    function, derivative : vectorised functions, safe for complex arguments
    """

    def __init__(self, function: Any, derivative: Any) -> None:
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


def _each(function: Any, stream: Stream) -> Stream:
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


def _dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.einsum("...c,...c->...", x, y)
