"""Superfluid neurons: mixtures of activation functions that links can change while they run.

All neurons of a superfluid machine have one type, ``superfluid(accum,norm,...)``. What such a
neuron does is a V-value on its reserved field ``:function``, activation name -> coefficient: it
emits the sum of ``coefficient * activation(inputs)`` and passes ``:function`` through, where a
fixed self-link of weight 1 keeps it. Links to ``:function`` morph the neuron; a link from another
neuron's ``:function`` makes it a copy.

The coefficients are *trainable* as weights of links from a neuron of type ``functions(...)``, which
emits one unit coefficient per field before the first tick and nothing later: the link
``neuron / :function / functions / norm`` is the coefficient of ``norm``.

References
----------
github anhinga/late-2022-julia-drafts; github anhinga/2024-jax-drafts, folder ``superfluid``.
"""

from __future__ import annotations

from typing import Any

import vvalues as vv
from vvalues import NUMBER, VValue, assemble
from vvalues.core.paths import printable

from .fields import Field
from .kernel import Kernel, Partials, Stream, key_dot, plus, times
from .spelling import Spelling
from .types import NeuronType, family, get_neuron_type, number

__all__ = ["FUNCTION", "MixtureKernel", "functions", "repertoire", "superfluid"]

FUNCTION = ":function"
"""Reserved field: the coefficients of the mixture."""

MIXTURES = ("superfluid", "functions")
"""Families whose argument names other types; these are none of the families themselves."""

SOURCE = "github anhinga/2024-jax-drafts, folder superfluid"


def repertoire(type_name: str) -> tuple[str, ...] | None:
    """Activation names of a superfluid (or functions) type; None for other types.

    Examples
    --------
    >>> repertoire("superfluid(accum,norm)"), repertoire("accum")
    (('accum', 'norm'), None)
    """
    stem, bracket, argument = type_name.partition("(")
    return tuple(argument[:-1].split(",")) if bracket and stem in MIXTURES else None


MIXTURE = """
total = {{}}
for kind in {names!a}:
    share = scalar(subtree(kind, read(':function')))
    for field, emitted in FUNCTIONS[kind](read, stream, tick).items():
        total[field] = add(total.get(field, {{}}), scale(share, emitted))
return {{**total, ':function': read(':function')}}
"""


def _types(argument: str, stem: str) -> list[NeuronType]:
    names, shown = argument.split(","), f"{stem}({printable(argument[:60])})"
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"{shown}: expected different neuron types, joined by commas")
    for name in names:
        if name.partition("(")[0] in MIXTURES:
            raise ValueError(f"{shown}: {printable(name[:60])} is itself a mixture of types")
    return [get_neuron_type(name) for name in names]


def merged_fields(types: list[NeuronType], ports: str) -> tuple[Field, ...]:
    """All fields of several types; one is a number only if it is so for all that have it."""
    fields: dict[str, Field] = {}
    for each in types:
        for field in getattr(each, ports):
            known = fields.get(field.name)
            if known is None or (known.is_scalar and not field.is_scalar):
                fields[field.name] = field
    return tuple(fields.values())


@family("superfluid")
def superfluid(argument: str) -> NeuronType:
    """The type ``superfluid(accum,norm,...)``: a mixture of these activations."""
    types = _types(argument, "superfluid")
    for each in types:
        if each.is_source:
            raise ValueError(
                f"superfluid({printable(argument[:60])}): {each.name} reads an external stream"
            )
    names = tuple(each.name for each in types)
    reads, writes = merged_fields(types, "reads"), merged_fields(types, "writes")

    def activation(inputs: VValue) -> dict[str, Any]:
        coefficients = inputs.subtree(FUNCTION)
        for path, leaf in vv.stop_gradient(coefficients).items():
            if path[:1] not in {(name,) for name in names} and leaf:
                raise ValueError(
                    f"{FUNCTION} holds a coefficient for {'/'.join(path) or NUMBER}; "
                    f"this neuron mixes {', '.join(sorted(names))}"
                )
        total = VValue()
        for each in types:
            streams = assemble(dict(each.activation(inputs)))
            total = total + vv.scale(streams, number(coefficients, each.name))
        mixed = {field.name: total.subtree(field.name) for field in writes}
        return {**mixed, FUNCTION: coefficients}

    return NeuronType(
        f"superfluid({argument})",
        (*reads, Field(FUNCTION)),
        (*writes, Field(FUNCTION)),
        activation,
        fixed_links=((FUNCTION, "", FUNCTION),),
        source=SOURCE,
        spelling=Spelling(python=MIXTURE.format(names=names), calls=names),
    )


@family("functions")
def functions(argument: str) -> NeuronType:
    """The type ``functions(accum,norm,...)``: unit coefficients, once, before the first tick."""
    names = [each.name for each in _types(argument, "functions")]
    return NeuronType(
        f"functions({argument})",
        (),
        tuple(map(Field, names)),
        lambda inputs: {},
        source=SOURCE,
        initial=VValue({name: {name: 1.0} for name in names}),
    )


class MixtureKernel(Kernel):
    """Sum of coefficient times activation; the coefficients are inputs, one number each.

    Parameters
    ----------
    types : list of NeuronType, each with a kernel
    reads, writes : fields of the mixture, coefficients not counted

    Examples
    --------
    >>> import numpy as np
    >>> tanh, relu = get_neuron_type("tanh"), get_neuron_type("relu")
    >>> kernel = MixtureKernel([tanh, relu], tanh.reads, tanh.writes)
    >>> kernel.forward([Stream(np.array([1.0])), Stream(np.array([0.5])), Stream(np.array([2.0]))])
    [Stream(number=array([2.38079708]), keys=None)]
    """

    def __init__(
        self, types: list[NeuronType], reads: tuple[Field, ...], writes: tuple[Field, ...]
    ) -> None:
        self.types = types
        self.reads = [field.name for field in reads]
        self.writes = [field.name for field in writes]

    def _parts(self, inputs: list[Stream]) -> list[tuple[NeuronType, list[Stream], Any]]:
        """For every activation its own inputs and its coefficient."""
        by_field = dict(zip(self.reads, inputs, strict=False))
        coefficients = inputs[len(self.reads) :]
        return [
            (
                part,
                [
                    Stream(by_field[f.name].number) if f.is_scalar else by_field[f.name]
                    for f in part.reads
                ],
                stream.number,
            )
            for part, stream in zip(self.types, coefficients, strict=True)
        ]

    @staticmethod
    def _kernel(part: NeuronType) -> Kernel:
        assert isinstance(part.kernel, Kernel)
        return part.kernel

    def _mix(self, parts: list[tuple[NeuronType, list[Stream], Any]], like: Stream) -> list[Stream]:
        mixed = dict.fromkeys(self.writes, Stream(0.0 * like.number))
        for part, outputs, factor in parts:
            for field, (values, keys) in zip(part.writes, outputs, strict=True):
                total, total_keys = mixed[field.name]
                mixed[field.name] = Stream(
                    total + factor * values, plus(total_keys, times(keys, factor))
                )
        return list(mixed.values())

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        parts = [
            (part, self._kernel(part).forward(mine), factor)
            for part, mine, factor in self._parts(inputs)
        ]
        return self._mix(parts, inputs[0])

    def linearise(self, inputs: list[Stream]) -> Partials:
        return tuple(
            (self._kernel(part).linearise(mine), tuple(self._kernel(part).forward(mine)), factor)
            for part, mine, factor in self._parts(inputs)
        )

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        g = dict(zip(self.writes, outputs, strict=True))
        nothing = 0.0 * outputs[0].number
        inputs = dict.fromkeys(self.reads, Stream(nothing))
        coefficients = []
        for part, (inner, values, factor) in zip(self.types, partials, strict=True):
            to_factor, scaled = nothing, []
            for field, (value, keys) in zip(part.writes, values, strict=True):
                g_number, g_keys = g[field.name]
                to_factor = to_factor + g_number * value
                if keys is not None and g_keys is not None:
                    to_factor = to_factor + key_dot(g_keys, keys)
                g_keys = None if field.is_scalar else g_keys
                scaled.append(Stream(factor * g_number, times(g_keys, factor)))
            coefficients.append(Stream(to_factor))
            back = self._kernel(part).adjoint(inner, scaled)
            for field, (g_in, g_in_keys) in zip(part.reads, back, strict=True):
                total, total_keys = inputs[field.name]
                g_in_keys = None if field.is_scalar else g_in_keys
                inputs[field.name] = Stream(total + g_in, plus(total_keys, g_in_keys))
        return [*inputs.values(), *coefficients]

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        parts = []
        for (part, mine, change), (inner, values, factor) in zip(
            self._parts(inputs), partials, strict=True
        ):
            parts.append((part, self._kernel(part).tangent(inner, mine), factor))
            parts.append((part, list(values), change))
        return self._mix(parts, inputs[0])
