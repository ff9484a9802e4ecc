"""Neurons with a memory of their own, which like all memory is a link from themselves."""

from __future__ import annotations

from typing import Any

from autograd.tracer import getval

from vvalues import VValue, put

from .families import family
from .kernels import LargerOf
from .types import NeuronType, neuron_type, number, parse_field

__all__: list[str] = []


@neuron_type(
    "running_max",
    reads=["number/:number", "best/:number"],
    writes=["best/:number"],
    kernel=LargerOf(),
    fixed_links=(("best", "", "best"),),
    source="arXiv:1712.07447, section 6 (memory by a self-link of weight 1)",
)
def running_maximum(inputs: VValue) -> dict[str, Any]:
    """The largest ``number`` so far (0 at the start)."""
    new, best = number(inputs, "number"), number(inputs, "best")
    return {"best": new if getval(new) >= getval(best) else best}


@family("delay")
def delay(argument: str) -> NeuronType:
    """``delay(n)``: the stream of ``n`` ticks ago (links add their own tick).

    A shift register in one stream: ``line`` holds the last ``n`` inputs by age.
    """
    if not argument.isdigit() or int(argument) < 1:
        raise ValueError(f"delay({argument}): the delay is a number of ticks, at least 1")
    ticks = int(argument)

    def activation(inputs: VValue) -> dict[str, Any]:
        line, moved = inputs.subtree("line"), VValue()
        for age in range(1, ticks + 1):
            younger = inputs.subtree("dict") if age == 1 else line.subtree(str(age - 1))
            moved = put(moved, str(age), younger)
        return {"dict": line.subtree(str(ticks)), "line": moved}

    fields = tuple(map(parse_field, ("dict", "line")))
    return NeuronType(
        f"delay({ticks})",
        fields,
        fields,
        activation,
        fixed_links=(("line", "", "line"),),
        source="arXiv:1606.09470 (shift registers)",
    )
