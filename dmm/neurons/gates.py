"""Neurons that multiply, choose and compare whole streams.

The published Clojure neurons for mask multiplication and linear combination extract ``:single``
from their result instead of wrapping the result in it (``src/dmm/core.clj``, ``mult-mask-neuron``
and ``lin-comb-neuron``), so that they emit nothing for ordinary arguments. Ours wrap.
"""

from __future__ import annotations

from typing import Any

from autograd.tracer import getval

import vvalues as vv
from vvalues import VValue

from .kernels import Choice, LessOrEqual, Product, Sum
from .types import neuron_type, number

__all__: list[str] = []

CORE = "github jsa-aerial/DMM, src/dmm/core.clj"
PATTERNS = "arXiv:1712.07447, section 6; arXiv:1606.09470 (gates and multiplexers)"


@neuron_type(
    "gate",
    reads=["gate/:number", "dict"],
    writes=["dict"],
    kernel=Product(),
    is_alive="all",
    source=PATTERNS,
)
def gate(inputs: VValue) -> dict[str, Any]:
    """``gate * dict``: a fuzzy *if* (0 is off, -1 reverses), a product of a number and a stream."""
    return {"dict": vv.scale(inputs.subtree("dict"), number(inputs, "gate"))}


@neuron_type(
    "multiplexer",
    reads=["gate/:number", "dict-1", "dict-2"],
    writes=["dict"],
    kernel=Choice(),
    source=PATTERNS,
)
def multiplexer(inputs: VValue) -> dict[str, Any]:
    """``gate * dict-1 + (1 - gate) * dict-2``: if, then, else."""
    share = number(inputs, "gate")
    chosen = vv.scale(inputs.subtree("dict-1"), share)
    return {"dict": chosen + vv.scale(inputs.subtree("dict-2"), 1.0 - share)}


@neuron_type(
    "less_or_equal",
    reads=["left", "right"],
    writes=["true-channel/:number", "false-channel/:number"],
    kernel=LessOrEqual(),
    is_alive="always",
    source=CORE + ", less-or-equal",
)
def less_or_equal(inputs: VValue) -> dict[str, Any]:
    """1 on ``true-channel`` if no element of ``left`` exceeds that of ``right``, else on the other.

    Piecewise constant: its derivative is zero.
    """
    is_true = bool(vv.is_nonnegative(getval(inputs.subtree("right") - inputs.subtree("left"))))
    return {"true-channel": float(is_true), "false-channel": float(not is_true)}


@neuron_type(
    "mask_multiply", reads=["mask", "main"], writes=["single"], is_alive="all", source=CORE
)
def mask_multiply(inputs: VValue) -> dict[str, Any]:
    """The subtrees of ``main`` that the mask selects, scaled, where they are."""
    return {"single": vv.mask_multiply(inputs.subtree("mask"), inputs.subtree("main"))}


@neuron_type(
    "linear_combination", reads=["mask", "main"], writes=["single"], is_alive="all", source=CORE
)
def linear_combination(inputs: VValue) -> dict[str, Any]:
    """The sum of the subtrees of ``main`` that the mask selects, each times its coefficient."""
    return {"single": vv.linear_combination(inputs.subtree("mask"), inputs.subtree("main"))}


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


@neuron_type("register", reads=["single"], writes=["single"], kernel=Sum(), source=CORE)
def keep(inputs: VValue) -> dict[str, Any]:
    """Its input, one tick later; with a self-link a register that holds what it was given."""
    return {"single": inputs.subtree("single")}
