"""Neurons that multiply whole streams and choose between them.

The published Clojure neurons for mask multiplication and linear combination extract ``:single``
from their result instead of wrapping the result in it (``src/dmm/core.clj``, ``mult-mask-neuron``
and ``lin-comb-neuron``), so that they emit nothing for ordinary arguments. Ours wrap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import vvalues as vv
from vvalues import VValue

from .kernel import Kernel, Partials, Stream, plus, stream_dot, times
from .spelling import Call, Function, Linear, Spelling, on_every_element
from .terms import Element, Term
from .types import neuron_type, number

__all__ = ["Choice", "Choose", "Product"]

CORE = "github jsa-aerial/DMM, src/dmm/core.clj"
PATTERNS = "arXiv:1712.07447, section 6; arXiv:1606.09470 (gates and multiplexers)"


class Product(Kernel):
    """``number of the first input * second input``.

    Examples
    --------
    >>> gate, gated = Stream(np.array([0.5])), Stream(np.array([3.0]), np.array([[2.0, 4.0]]))
    >>> Product().forward([gate, gated])
    [Stream(number=array([1.5]), keys=array([[1., 2.]]))]
    """

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        factor, (number, keys) = inputs[0].number, inputs[1]
        return [Stream(factor * number, times(keys, factor))]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return inputs[0].number, inputs[1].number, inputs[1].keys

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        factor, number, keys = partials
        g, g_keys = outputs[0]
        to_factor = stream_dot(outputs[0], Stream(number, keys))
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


def _gate_terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    for element in inputs["dict"]:
        yield Term("dict", element, (("gate", ()), ("dict", element)))


@neuron_type(
    "gate",
    reads=["gate/:number", "dict"],
    writes=["dict"],
    kernel=Product(),
    terms=_gate_terms,
    is_alive="all",
    source=PATTERNS,
    spelling=Spelling(
        python="return {'dict': scale(scalar(read('gate')), read('dict'))}",
        portable=on_every_element("out0[k] = in0[0] * in1[k];"),
    ),
)
def gate(inputs: VValue) -> dict[str, Any]:
    """``gate * dict``: a fuzzy *if* (0 is off, -1 reverses), a product of a number and a stream."""
    return {"dict": vv.scale(inputs.subtree("dict"), number(inputs, "gate"))}


@dataclass(frozen=True)
class Choose(Function):
    """``g * first + (1 - g) * second``, read as a choice: g is 1 or 0 nearly always."""

    def text(self, arguments: list[str]) -> str:
        gate, one, other = arguments
        return f"({one} if {gate} else {other})"

    def latex(self, arguments: list[str]) -> str:
        gate, one, other = arguments
        one, other = rf"\left({one}\right)", rf"\left({other}\right)"
        return (
            rf"\left(\left({gate}\right){one} + \left(1 - \left({gate}\right)\right){other}\right)"
        )

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        share = arguments[0][:, :1]
        return np.asarray(share * arguments[1] + (1.0 - share) * arguments[2])


class Choice(Kernel):
    """``g * first + (1 - g) * second`` with ``g`` the number of input 0.

    Examples
    --------
    >>> streams = [Stream(np.array([0.25])), Stream(np.array([8.0])), Stream(np.array([4.0]))]
    >>> Choice().forward(streams)[0].number
    array([5.])
    """

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
        to_share = stream_dot(outputs[0], Stream(difference, key_difference))
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


@neuron_type(
    "multiplexer",
    reads=["gate/:number", "dict-1", "dict-2"],
    writes=["dict"],
    kernel=Choice(),
    source=PATTERNS,
    spelling=Spelling(
        letter="c",
        equation=lambda gate, one, other: [Linear(((Call(Choose(), (gate, one, other)), 1.0),))],
        python="share = scalar(read('gate'))\n"
        "return {'dict': add(scale(share, read('dict-1')), scale(1.0 - share, read('dict-2')))}",
        portable=on_every_element("out0[k] = in0[0] * in1[k] + (1.0 - in0[0]) * in2[k];"),
    ),
)
def multiplexer(inputs: VValue) -> dict[str, Any]:
    """``gate * dict-1 + (1 - gate) * dict-2``: if, then, else."""
    share = number(inputs, "gate")
    chosen = vv.scale(inputs.subtree("dict-1"), share)
    return {"dict": chosen + vv.scale(inputs.subtree("dict-2"), 1.0 - share)}


def _mask_terms(inputs: Mapping[str, Collection[Element]], *, in_place: bool) -> Iterator[Term]:
    """Each element of the mask times every element it is the beginning of."""
    below: dict[Element, list[Element]] = {}
    for element in inputs["main"]:
        for n in range(len(element) + 1):
            below.setdefault(element[:n], []).append(element)
    for mask in inputs["mask"]:
        if mask and isinstance(mask[-1], int):
            raise ValueError("the mask has an array leaf; its leaves must be numbers")
        for element in below.get(mask, ()):
            target = element if in_place else element[len(mask) :]
            yield Term("single", target, (("mask", mask), ("main", element)))


@neuron_type(
    "mask_multiply",
    reads=["mask", "main"],
    writes=["single"],
    is_alive="all",
    source=CORE,
    spelling=Spelling(
        python="""
total = {}
for start, factor in read('mask').items():
    chosen = {p: x for p, x in read('main').items() if p[: len(start)] == start}
    total = add(total, scale(factor, chosen))
return {'single': total}
"""
    ),
    terms=partial(_mask_terms, in_place=True),
)
def mask_multiply(inputs: VValue) -> dict[str, Any]:
    """The subtrees of ``main`` that the mask selects, scaled, where they are."""
    return {"single": vv.mask_multiply(inputs.subtree("mask"), inputs.subtree("main"))}


@neuron_type(
    "linear_combination",
    reads=["mask", "main"],
    writes=["single"],
    is_alive="all",
    source=CORE,
    spelling=Spelling(
        python="""
total = {}
for start, factor in read('mask').items():
    n = len(start)
    chosen = {p[n:]: x for p, x in read('main').items() if p[:n] == start}
    total = add(total, scale(factor, chosen))
return {'single': total}
"""
    ),
    terms=partial(_mask_terms, in_place=False),
)
def linear_combination(inputs: VValue) -> dict[str, Any]:
    """The sum of the subtrees of ``main`` that the mask selects, each times its coefficient."""
    return {"single": vv.linear_combination(inputs.subtree("mask"), inputs.subtree("main"))}
