"""Lightweight pure machines: every stream is a network matrix.

Six neurons of two inputs - one holds the network matrix, one adds, two multiply and two take the
larger one, element by element - and five constants: 12 inputs, 11 outputs, and every stream is a
12 x 11 matrix itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np

import vvalues as vv
from vvalues import VValue, assemble, put

from ..machine import Machine, links
from ..neurons import (
    Element,
    Kernel,
    Partials,
    Stream,
    Sum,
    Term,
    get_neuron_type,
    neuron_type,
    plus,
)

__all__ = ["pure_machine", "pure_oscillator", "pure_soliton"]

SOURCE = "github anhinga/fluid, Lightweight_Pure_DMMs"
N_CONSTANTS = 5


def _sum(inputs: VValue) -> VValue:
    return inputs.subtree("a") + inputs.subtree("b")


def _self_terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    clamped = ("self", "a")
    for field in ("a", "b"):
        for element in inputs[field]:
            if element[:2] != clamped:
                yield Term("out", element, ((field, element),))
    yield Term("out", (*clamped, "self", "out"), ())


@neuron_type("pure_self", reads=["a", "b"], writes=["out"], source=SOURCE, terms=_self_terms)
def plus_with_clamped_row(inputs: VValue) -> dict[str, Any]:
    """``a + b``, with the row of the network matrix that feeds ``a`` held at (1, 0, 0, ...)."""
    return {"out": put(_sum(inputs), ("self", "a"), VValue({"self": {"out": 1.0}}))}


@neuron_type("pure_plus", reads=["a", "b"], writes=["out"], source=SOURCE, kernel=Sum())
def sum_of_both(inputs: VValue) -> dict[str, Any]:
    """``a + b``."""
    return {"out": _sum(inputs)}


def _times_terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
    """Those of a mask, which ``a`` is here."""
    masking = get_neuron_type("mask_multiply")
    for term in masking.terms_within({"mask": inputs["a"], "main": inputs["b"]}):
        (_, mask), (_, main) = term.factors
        yield Term("out", term.element, (("a", mask), ("b", main)))


@neuron_type("pure_times", reads=["a", "b"], writes=["out"], source=SOURCE, terms=_times_terms)
def times(inputs: VValue) -> dict[str, Any]:
    """Product element by element."""
    return {"out": vv.mask_multiply(inputs.subtree("a"), inputs.subtree("b"))}


class LargerElements(Kernel):
    """The larger one of two streams, element by element; half of either in a tie."""

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return self._mixed(self.linearise(inputs), inputs)

    def linearise(self, inputs: list[Stream]) -> Partials:
        (one, one_keys), (other, other_keys) = inputs
        difference = plus(one_keys, None if other_keys is None else -other_keys)
        keys = None if difference is None else _share(difference)
        return _share(one - other), keys

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        (share, key_share), (g, g_keys) = partials, outputs[0]
        if g_keys is None or key_share is None:
            return [Stream(g * share), Stream(g * (1.0 - share))]
        return [
            Stream(g * share, g_keys * key_share),
            Stream(g * (1.0 - share), g_keys * (1.0 - key_share)),
        ]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return self._mixed(partials, inputs)

    def _mixed(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        (share, key_share), (one, one_keys), (other, other_keys) = partials, *inputs
        number = share * one + (1.0 - share) * other
        if key_share is None:
            return [Stream(number)]
        first = None if one_keys is None else key_share * one_keys
        second = None if other_keys is None else (1.0 - key_share) * other_keys
        return [Stream(number, plus(first, second))]


def _share(difference: np.ndarray) -> np.ndarray:
    """1, 1/2 or 0, where the first one is the larger one, neither, and where the second one is."""
    return 0.5 + 0.5 * np.sign(difference.real)


@neuron_type("pure_max", reads=["a", "b"], writes=["out"], source=SOURCE, kernel=LargerElements())
def larger(inputs: VValue) -> dict[str, Any]:
    """The larger one, element by element."""
    difference = inputs.subtree("a") - inputs.subtree("b")
    return {"out": vv.scale(_sum(inputs) + vv.map_leaves(anp.abs, difference), 0.5)}


def pure_machine(row: VValue, constants: dict[int, VValue]) -> Machine:
    """A lightweight pure machine.

    Parameters
    ----------
    row : VValue, sending neuron / field -> weight
        Row 1 of the initial matrix, which feeds the second input of ``self``.
    constants : mapping of number (1 to 5) to VValue
        What ``held-1`` ... ``held-5`` hold (the outputs 1, 3, 5, 7, 9 of the source).

    References
    ----------
    github anhinga/fluid, ``Lightweight_Pure_DMMs``, experiments of 26 and 27 August 2017.

    Examples
    --------
    >>> from dmm import run
    >>> from dmm.zoo import links
    >>> machine = pure_machine(VValue(), {1: links("plus.a <- held-1.single 2")})
    >>> run(machine, ticks=1).outputs[0]["held-1", "single", "plus", "a", "held-1", "single"]
    2.0
    """
    held = {f"held-{k}": "register" for k in range(1, N_CONSTANTS + 1)}
    neurons = {
        "self": "pure_self",
        "plus": "pure_plus",
        "times-1": "pure_times",
        "times-2": "pure_times",
        "max-1": "pure_max",
        "max-2": "pure_max",
        **held,
    }
    matrix = links("self.a <- self.out") + put(VValue(), ("self", "b"), row)
    for name in held:
        matrix = matrix + links(f"{name}.single <- {name}.single")
    initial = assemble({(f"held-{k}", "single"): tree for k, tree in constants.items()})
    return Machine(
        neurons, trainable=matrix, name="pure", initial=initial, matrix_port=("self", "out")
    )


def pure_oscillator() -> Machine:
    """One weight that flips its own sign.

    Notes
    -----
    The weight ``self.b <- held-1`` is 1, -1, 1, -1, ...; what arrives at ``self.b`` in its own
    place is -2, 2, -2, ...

    References
    ----------
    As `pure_machine`; ``aug_26``.

    Examples
    --------
    >>> from dmm import run
    >>> path = ("self", "out", "self", "b", "held-1", "single")
    >>> [outputs[path] for outputs in run(pure_oscillator(), ticks=4).outputs]
    [-1.0, 1.0, -1.0, 1.0]
    """
    return pure_machine(
        VValue({"held-1": {"single": 1.0}}), {1: links("self.b <- held-1.single -2")}
    )


def pure_soliton() -> Machine:
    """A unit weight that wanders through the columns of the matrix for ever.

    Notes
    -----
    Row ``self.b`` is a unit at ``held-1``, ``held-2``, ... ``held-5``, ``held-1``: period 5.

    References
    ----------
    As `pure_machine`; ``aug_27``.

    Examples
    --------
    >>> from dmm import run
    >>> trace = run(pure_soliton(), ticks=3)
    >>> rows = [outputs["self", "out", "self", "b"] for outputs in trace.outputs]
    >>> [sender for row in rows for (sender, _), weight in row.items() if weight]
    ['held-2', 'held-3', 'held-4']
    """
    constants = {}
    for k in range(1, N_CONSTANTS + 1):
        following = k % N_CONSTANTS + 1
        constants[k] = links(f"self.b <- held-{k}.single -1\nself.b <- held-{following}.single")
    return pure_machine(VValue({"held-1": {"single": 1.0}}), constants)
