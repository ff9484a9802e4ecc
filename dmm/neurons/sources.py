"""Where streams begin and end: constants, the clock, streams from outside, the sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.tracer import getval

from vvalues import VValue

from .kernel import StreamReader
from .spelling import Spelling
from .sums import Sum
from .types import neuron_type, number

__all__ = ["END_OF_TEXT"]

_DMM_LITE = "dmm-lite.jl (anhinga/julia-flux-drafts)"


@neuron_type("const_1", writes=["const_1/:number"], is_alive="always", source=_DMM_LITE)
def constant_one(inputs: VValue) -> dict[str, Any]:
    """The number 1 at every tick."""
    return {"const_1": 1.0}


END_OF_TEXT = "."
"""What `eos` emits, and what ends the published strings."""


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
    spelling=Spelling(
        python="index = scalar(read('timer'))\n"
        "is_inside = index.is_integer() and 0 <= index < len(stream)\n"
        "return {'char': stream[int(index)] if is_inside else {}}"
    ),
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


@neuron_type("output", reads=["dict-1", "dict-2"], source=_DMM_LITE + ", output_dummy")
def sink(inputs: VValue) -> dict[str, Any]:
    """Writes nothing; its *inputs* are what is observed."""
    return {}
