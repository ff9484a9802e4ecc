"""Neurons that add up what they read: accumulators, registers, delays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vvalues import VValue

from .fields import Field
from .kernel import Kernel, Partials, Step, Stream, plus
from .spelling import Linear, Spelling, on_every_element, python_number, python_stream
from .types import neuron_type

__all__ = ["Sum"]

CORE = "github jsa-aerial/DMM, src/dmm/core.clj"


class Sum(Kernel):
    """``output = sum of the inputs + offset``: accumulators, identities, timers.

    Parameters
    ----------
    offset : float
        Added to the ``:number``.

    Examples
    --------
    >>> Sum(offset=0.5).forward([Stream(np.array([1.0])), Stream(np.array([2.0]))])[0].number
    array([3.5])
    """

    is_sum = True

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def spelling(self, reads: Sequence[Field], writes: Sequence[Field]) -> Spelling:
        parts = [python_stream(field) for field in reads]
        if self.offset:
            parts.append(f"{{(): {python_number(self.offset)}}}")
        total = " + ".join(f"in{i}[k]" for i in range(len(reads)))
        portable = on_every_element(f"out0[k] = {total};")
        if self.offset:
            portable += f"\nout0[0] += {self.offset!r};"
        return Spelling(
            letter="" if self.offset else "a",
            equation=self._equation,
            is_inlined=True,
            python=f"return {{{writes[0].name!a}: add({', '.join(parts)})}}",
            portable=portable,
        )

    def _equation(self, *inputs: Linear) -> list[Linear]:
        return [sum(inputs, Linear(constant=self.offset))]

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

    def step(self, x: np.ndarray, y: np.ndarray) -> Step:
        number, offset = y[..., 0], self.offset

        def step(t: int) -> None:
            np.copyto(y[t], x[t])
            if offset:
                number[t] += offset

        return step

    def step_linearise(self, x: np.ndarray) -> Any:
        return None

    def step_adjoint(self, partials: Any, y: np.ndarray, x: np.ndarray) -> Step:
        return lambda t: np.copyto(x[t], y[t])

    def step_tangent(self, partials: Any, x: np.ndarray, y: np.ndarray) -> Step:
        return lambda t: np.copyto(y[t], x[t])


def _total(inputs: list[Stream]) -> Stream:
    number, keys = inputs[0]
    for stream in inputs[1:]:
        number = number + stream.number
        keys = plus(keys, stream.keys)
    return Stream(number, keys)


@neuron_type(
    "accum",
    reads=["dict-1", "dict-2"],
    writes=["dict"],
    kernel=Sum(),
    fixed_links=(("dict-1", "", "dict"),),
    source="dmm-lite.jl (anhinga/julia-flux-drafts), sum_dicts",
)
def accum(inputs: VValue) -> dict[str, Any]:
    """Sum of two streams; with its fixed self-link on ``dict-1`` an accumulator."""
    return {"dict": inputs.subtree("dict-1") + inputs.subtree("dict-2")}


@neuron_type(
    "identity",
    reads=["dict"],
    writes=["dict"],
    kernel=Sum(),
    source=CORE + "; id_transform in dmm-lite.jl",
)
def identity(inputs: VValue) -> dict[str, Any]:
    """The stream itself, one tick later: a delay, or a memory if it has a self-link."""
    return {"dict": inputs.subtree("dict")}


@neuron_type("register", reads=["single"], writes=["single"], kernel=Sum(), source=CORE)
def keep(inputs: VValue) -> dict[str, Any]:
    """Its input, one tick later; with a self-link a register that holds what it was given."""
    return {"single": inputs.subtree("single")}


@neuron_type(
    "accumulator",
    reads=["accum", "delta"],
    writes=["single"],
    kernel=Sum(),
    source=CORE + ", accum",
)
def accumulator(inputs: VValue) -> dict[str, Any]:
    """``accum + delta``; with a self-link on ``accum`` it keeps what ``delta`` brings.

    The usual holder of a network matrix that edits itself.
    """
    return {"single": inputs.subtree("accum") + inputs.subtree("delta")}
