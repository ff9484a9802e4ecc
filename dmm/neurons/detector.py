"""The neuron types of the published duplicate-character detector.

Reference implementations on V-values, each with its vectorised kernel.

References
----------
DMM Lite: github anhinga/julia-flux-drafts, ``arxiv-1606-09470-section3/May-August-2022/v0-1``,
``dmm-lite.jl`` (``sum_dicts``, ``max_norm_dict``, ``dot_product_dicts``, ``compare_scalars``,
``const_1``, ``const_end``, ``timer_add_one``, ``input_dummy``, ``output_dummy``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import autograd.numpy as anp
from autograd.tracer import getval

import vvalues as vv
from vvalues import VValue

from .kernels import Compare, DotProduct, MaxNorm, StreamReader, Sum
from .types import NeuronType, neuron_type, number, parse_field, register

__all__ = ["clamp", "number", "relu"]

_DMM_LITE = "dmm-lite.jl (anhinga/julia-flux-drafts)"


def relu(x: Any) -> Any:
    """``max(0, x)`` of a number, with derivative 0 at 0."""
    return x * float(x > 0)  # a comparison is not traced; the product carries the derivative


def clamp(x: Any, bound: float) -> Any:
    """A number within ``[-bound, bound]``, with derivative 1 on the bound itself."""
    if math.isinf(bound):
        return x
    is_inside = float(abs(x) <= bound)
    return x * is_inside + bound * (1.0 - is_inside) * anp.sign(x)


@neuron_type(
    "accum",
    reads=["dict-1", "dict-2"],
    writes=["dict"],
    kernel=Sum(),
    fixed_links=(("dict-1", "", "dict"),),
    source=_DMM_LITE + ", sum_dicts",
)
def accumulator(inputs: VValue) -> dict[str, Any]:
    """Sum of two streams; with its fixed self-link on ``dict-1`` an accumulator."""
    return {"dict": inputs.subtree("dict-1") + inputs.subtree("dict-2")}


@neuron_type(
    "norm",
    reads=["dict"],
    writes=["norm/:number"],
    kernel=MaxNorm(),
    source=_DMM_LITE + ", max_norm_dict",
)
def maximum_norm(inputs: VValue) -> dict[str, Any]:
    """Largest absolute value over all keys."""
    return {"norm": vv.max_norm(inputs.subtree("dict"))}


def _dot_product(name: str, bound: float, summary: str, source: str, *, is_soft=False) -> None:
    def activation(inputs: VValue) -> dict[str, Any]:
        product = vv.inner(inputs.subtree("dict-1"), inputs.subtree("dict-2"))
        if is_soft:
            return {"dot": bound * anp.tanh(product / bound)}
        return {"dot": clamp(product, bound)}

    activation.__doc__ = summary
    register(
        NeuronType(
            name,
            tuple(map(parse_field, ("dict-1", "dict-2"))),
            (parse_field("dot/:number"),),
            activation,
            DotProduct(bound, is_soft=is_soft),
            is_alive="all",
            source=source,
        )
    )


_dot_product(
    "dot",
    4.0,
    "Dot product over the common keys, clamped to +-4.",
    _DMM_LITE + ", dot_product_dicts (clamped to +-4 since feedforward-run-3)",
)
_dot_product(
    "dot100",
    100.0,
    "Dot product over the common keys, clamped to +-100.",
    _DMM_LITE + ", dot_product_dicts (as in the recurrent run-2.1)",
)
_dot_product(
    "dot_free", math.inf, "Dot product over the common keys.", _DMM_LITE + " (first and second run)"
)
_dot_product(
    "dot_soft",
    4.0,
    "Dot product over the common keys, bounded by a softmax: ``4 tanh(x / 4)``.",
    "The mean of -4 and 4 under the softmax of -x/4 and x/4; smooth, unlike the published clamp.",
    is_soft=True,
)


@neuron_type(
    "compare",
    reads=["dict-1/:number", "dict-2/:number"],
    writes=["true/:number", "false/:number"],
    kernel=Compare(),
    source=_DMM_LITE + ", compare_scalars",
)
def compare_scalars(inputs: VValue) -> dict[str, Any]:
    """``true = relu(dict-1 - dict-2)`` and ``false = relu(dict-2 - dict-1)``."""
    difference = number(inputs, "dict-1") - number(inputs, "dict-2")
    return {"true": relu(difference), "false": relu(-difference)}


@neuron_type("const_1", writes=["const_1/:number"], is_alive="always", source=_DMM_LITE)
def constant_one(inputs: VValue) -> dict[str, Any]:
    """The number 1 at every tick."""
    return {"const_1": 1.0}


END_OF_TEXT = "."


@neuron_type("eos", writes=["char"], is_alive="always", source=_DMM_LITE + ", const_end")
def end_of_text(inputs: VValue) -> dict[str, Any]:
    """The constant stream {".": 1}."""
    return {"char": VValue({END_OF_TEXT: 1.0})}


@neuron_type(
    "timer",
    reads=["timer/:number"],
    writes=["timer/:number"],
    kernel=Sum(offset=1.0),
    is_alive="always",
    fixed_links=(("timer", "", "timer"),),
    source=_DMM_LITE + ", timer_add_one",
)
def timer(inputs: VValue) -> dict[str, Any]:
    """Its input plus 1; with its fixed self-link it counts ticks."""
    return {"timer": number(inputs, "timer") + 1.0}


@neuron_type(
    "input",
    reads=["timer/:number"],
    writes=["char"],
    kernel=StreamReader(),
    is_source=True,
    is_alive="always",
    fixed_links=(("timer", "timer", "timer"),),
    source=_DMM_LITE + ", input_dummy",
)
def read_stream(inputs: VValue, stream: Sequence[VValue]) -> dict[str, Any]:
    """The entry of the external stream at the index its ``timer`` says; nothing elsewhere."""
    t = float(getval(number(inputs, "timer")))
    is_inside = t.is_integer() and 0 <= t < len(stream)
    return {"char": stream[int(t)] if is_inside else VValue()}


@neuron_type("stream", writes=["stream"], is_source=True, is_alive="always")
def emit_stream(inputs: VValue, now: VValue) -> dict[str, Any]:
    """This tick's entry of the external stream; a machine may have any number of such neurons."""
    return {"stream": now}


@neuron_type(
    "output",
    reads=["dict-1", "dict-2"],
    kernel=None,
    source=_DMM_LITE + ", output_dummy",
)
def sink(inputs: VValue) -> dict[str, Any]:
    """Writes nothing; its *inputs* are what is observed."""
    return {}
