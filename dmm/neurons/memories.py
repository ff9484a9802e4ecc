"""Neurons with a memory of their own, which like all memory is a link from themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from vvalues import VValue, assemble
from vvalues.core.paths import printable

from .fields import parse_field
from .kernel import Kernel, Partials, Stream
from .spelling import Call, Function, Linear, Spelling, as_number
from .terms import Element, Term
from .types import NeuronType, family, neuron_type, number

__all__ = ["Larger", "LargerOf", "SineWave"]


@dataclass(frozen=True)
class Larger(Function):
    """The larger of two numbers."""

    def text(self, arguments: list[str]) -> str:
        return f"max({', '.join(arguments)})"

    def latex(self, arguments: list[str]) -> str:
        return r"\max\left(" + r",\, ".join(arguments) + r"\right)"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        one, other = arguments
        return as_number(np.maximum(one[:, 0], other[:, 0]), one)


class LargerOf(Kernel):
    """The larger of two numbers; a tie goes to the first.

    Examples
    --------
    >>> numbers = [Stream(np.array([1.0, 5.0])), Stream(np.array([3.0, 4.0]))]
    >>> LargerOf().forward(numbers)[0].number
    array([3., 5.])
    """

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


@neuron_type(
    "running_max",
    reads=["number/:number", "best/:number"],
    writes=["best/:number"],
    kernel=LargerOf(),
    fixed_links=(("best", "", "best"),),
    source="arXiv:1712.07447, section 6 (memory by a self-link of weight 1)",
    spelling=Spelling(
        letter="m",
        equation=lambda new, best: [Linear(((Call(Larger(), (new, best)), 1.0),))],
        python="return {'best': {(): max(scalar(read('number')), scalar(read('best')))}}",
        portable="out0[0] = fmax(in0[0], in1[0]);",
    ),
)
def running_maximum(inputs: VValue) -> dict[str, Any]:
    """The largest ``number`` so far (0 at the start)."""
    new, best = number(inputs, "number"), number(inputs, "best")
    return {"best": new if getval(new) >= getval(best) else best}


LONGEST_DELAY = 1_000
"""In ticks; a name in a file can ask for no more (the register holds every tick of it)."""

SHIFT = """
line = read('line')
moved = below('1', read('dict'))
for age in range(2, {ticks} + 1):
    moved = add(moved, below(str(age), subtree(str(age - 1), line)))
return {{'dict': subtree('{ticks}', line), 'line': moved}}
"""


@family("delay")
def delay(argument: str) -> NeuronType:
    """``delay(n)``: the stream of ``n`` ticks ago (links add their own tick).

    A shift register in one stream: ``line`` holds the last ``n`` inputs by age.
    """
    ticks = int(argument) if argument.isdecimal() and len(argument) < 9 else 0
    if not 1 <= ticks <= LONGEST_DELAY:
        raise ValueError(
            f"delay({printable(argument[:20])}): the delay is a number of ticks from 1 to "
            f"{LONGEST_DELAY}"
        )

    def activation(inputs: VValue) -> dict[str, Any]:
        line = inputs.subtree("line")
        moved = {str(age + 1): line.subtree(str(age)) for age in range(1, ticks)}
        return {
            "dict": line.subtree(str(ticks)),
            "line": assemble({"1": inputs.subtree("dict"), **moved}),
        }

    def terms(inputs: Mapping[str, Collection[Element]]) -> Iterator[Term]:
        for element in inputs["dict"]:
            yield Term("line", ("1", *element), (("dict", element),))
        for element in inputs["line"]:
            if element and str(element[0]).isdecimal():
                age = int(element[0])
                if age == ticks:
                    yield Term("dict", element[1:], (("line", element),))
                elif age < ticks:
                    moved = (str(age + 1), *element[1:])
                    yield Term("line", moved, (("line", element),))

    fields = tuple(map(parse_field, ("dict", "line")))
    return NeuronType(
        f"delay({ticks})",
        fields,
        fields,
        activation,
        fixed_links=(("line", "", "line"),),
        source="arXiv:1606.09470 (shift registers)",
        spelling=Spelling(python=SHIFT.format(ticks=ticks)),
        terms=terms,
    )


# -------------------- oscillators --------------------

# The one unit generator that is needed. Everything else that synthesizers are built of is links: an
# envelope is a self-link below 1, a filter another one, a mixer a sum, an echo a delay, ring
# modulation a gate, and frequency modulation a link from one oscillator to another's frequency.

TURN = 2.0 * np.pi


class SineWave(Kernel):
    """The sine of a phase that moves on by a frequency, both in turns.

    Examples
    --------
    >>> wave, phase = SineWave().forward([Stream(np.array([0.25])), Stream(np.array([1.0]))])
    >>> wave.number, phase.number
    (array([1.]), array([0.25]))
    """

    reads_numbers_only = True
    writes_numbers_only = True

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        phase = _next(inputs[0].number, inputs[1].number)
        return [Stream(np.sin(TURN * phase)), Stream(phase)]

    def linearise(self, inputs: list[Stream]) -> Partials:
        return (TURN * np.cos(TURN * _next(inputs[0].number, inputs[1].number)),)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        to_phase = outputs[0].number * partials[0] + outputs[1].number
        return [Stream(to_phase), Stream(to_phase)]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        moved = inputs[0].number + inputs[1].number
        return [Stream(moved * partials[0]), Stream(moved)]


def _next(frequency: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Whole turns are left out: a sound that lasts must not lose digits."""
    moved = frequency + phase
    return moved - np.floor(moved.real)


@neuron_type(
    "oscillator",
    reads=["frequency/:number", "phase/:number"],
    writes=["wave/:number", "phase/:number"],
    kernel=SineWave(),
    fixed_links=(("phase", "", "phase"),),
    source="M. V. Mathews, The Technology of Computer Music, 1969",
    spelling=Spelling(
        letter="o",
        python="""
phase = scalar(read('frequency')) + scalar(read('phase'))
phase -= math.floor(phase)
return {'wave': {(): math.sin(2.0 * math.pi * phase)}, 'phase': {(): phase}}
""",
        portable="""
double phase = in0[0] + in1[0];
phase = phase - floor(phase);
out0[0] = sin(6.283185307179586 * phase);
out1[0] = phase;
""",
    ),
)
def oscillator(inputs: VValue) -> dict[str, Any]:
    """A sine wave: ``frequency`` turns in a tick, from the turn at which it is, its ``phase``."""
    moved = number(inputs, "frequency") + number(inputs, "phase")
    phase = moved - anp.floor(moved)
    return {"wave": anp.sin(TURN * phase), "phase": phase}
