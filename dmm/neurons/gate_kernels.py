"""Kernels of gates, choices and functions of a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .kernel import Kernel, Partials, Stream, key_dot, plus, times

__all__ = ["Choice", "LargerOf", "LessOrEqual", "NumberFunction", "Product"]


class NumberFunction(Kernel):
    """One function of the ``:number``; it may map 0 to anything.

    Parameters
    ----------
    function, derivative : vectorised functions, safe for complex arguments
    """

    reads_numbers_only = True
    writes_numbers_only = True

    def __init__(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        derivative: Callable[[np.ndarray], np.ndarray],
    ) -> None:
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


class Product(Kernel):
    """``number of the first input * second input``."""

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        factor, (number, keys) = inputs[0].number, inputs[1]
        return [Stream(factor * number, times(keys, factor))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return inputs[0].number, inputs[1].number, inputs[1].keys

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        factor, number, keys = partials
        g, g_keys = outputs[0]
        to_factor = g * number
        if g_keys is not None and keys is not None:
            to_factor = to_factor + key_dot(g_keys, keys)
        return [Stream(to_factor), Stream(g * factor, times(g_keys, factor))]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        factor, number, keys = partials
        change, (moved, moved_keys) = inputs[0].number, inputs[1]
        return [
            Stream(
                change * number + factor * moved,
                plus(times(keys, change), times(moved_keys, factor)),
            )
        ]


class Choice(Kernel):
    """``g * first + (1 - g) * second`` with ``g`` the number of input 0."""

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        share, (one, one_keys), (other, other_keys) = inputs[0].number, inputs[1], inputs[2]
        return [
            Stream(
                share * one + (1.0 - share) * other,
                plus(times(one_keys, share), times(other_keys, 1.0 - share)),
            )
        ]

    def linearise(self, inputs: list[Stream]) -> Partials:
        difference = inputs[1].number - inputs[2].number
        other_keys = None if inputs[2].keys is None else -inputs[2].keys
        return inputs[0].number, difference, plus(inputs[1].keys, other_keys)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        share, difference, key_difference = partials
        g, g_keys = outputs[0]
        to_share = g * difference
        if g_keys is not None and key_difference is not None:
            to_share = to_share + key_dot(g_keys, key_difference)
        return [
            Stream(to_share),
            Stream(g * share, times(g_keys, share)),
            Stream(g * (1.0 - share), times(g_keys, 1.0 - share)),
        ]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        share, difference, key_difference = partials
        change, (one, one_keys), (other, other_keys) = inputs[0].number, inputs[1], inputs[2]
        keys = plus(times(one_keys, share), times(other_keys, 1.0 - share))
        return [
            Stream(
                change * difference + share * one + (1.0 - share) * other,
                plus(times(key_difference, change), keys),
            )
        ]


class LessOrEqual(Kernel):
    """1 on the first output if no element of the first input exceeds that of the second."""

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
        nothing = np.zeros_like(outputs[0].number)
        return [Stream(nothing), Stream(nothing)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        nothing = np.zeros_like(inputs[0].number)
        return [Stream(nothing), Stream(nothing)]


class LargerOf(Kernel):
    """The larger of two numbers; a tie goes to the first."""

    reads_numbers_only = True
    writes_numbers_only = True

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        one, other = inputs[0].number, inputs[1].number
        return [Stream(np.where(one.real >= other.real, one, other))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return ((inputs[0].number.real >= inputs[1].number.real).astype(float),)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        first, g = partials[0], outputs[0].number
        return [Stream(g * first), Stream(g * (1.0 - first))]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        first = partials[0]
        return [Stream(inputs[0].number * first + inputs[1].number * (1.0 - first))]
