"""A machine as a stand-alone Python program that computes the same, without this package."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...machine.coercions import coerced_links
from ...machine.machine import Machine, initial_outputs
from ...neurons.detector import read_stream
from ...neurons.kernels import Compare, DotProduct, Elementwise, MaxNorm, Sum
from ...neurons.types import Field, NeuronType, get_neuron_type
from ..labels import count
from ..reading import reading_order
from .pieces import HELPERS, MAIN, MOVEMENTS, RUN, RUN_SELF
from .types import body_by_name, components

__all__ = ["to_python"]


def to_python(machine: Machine, functions: Mapping[str, str] | None = None) -> str:
    """The machine as a Python program of its own.

    The program needs Python 3.8 and its standard library only. As a script it runs the machine on
    a text (``python machine.py "test string." --ticks 140``); imported, it offers
    ``run(streams, ticks)``. All links are written out, however many there are.

    Parameters
    ----------
    machine : Machine
    functions : mapping of neuron type name to Python source, optional
        For types that this function cannot express itself: the source of a lambda or the like
        that takes ``(read, stream, tick)`` and returns ``{field: stream}``, where ``read(field)``
        is an input stream and a stream is a dict of path tuples to numbers.

    Raises
    ------
    ValueError
        For a neuron type that has no expression; the message says what to give.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> program = {}
    >>> exec(to_python(duplicate_detector()), program)
    >>> stream = program["text_stream"]("aa.", 40, 10)
    >>> list(program["run"]({"input": stream}, 40))[-1]
    {('output', 'dict-1'): {(): 1.0}, ('output', 'dict-2'): {(): 2.0}}
    """
    names_used = dict.fromkeys(machine.neurons.values())
    names_used.update(dict.fromkeys(c for name in list(names_used) for c in components(name)))
    kinds = {name: get_neuron_type(name) for name in names_used}
    if coerced_links(machine.neurons, [link.path for link in machine.links()]):
        raise ValueError("links join streams of different kinds; a stand-alone program cannot")
    names, definitions = _functions(dict(sorted(kinds.items())), functions or {})
    observed, are_outputs = _observed(machine)
    constants = [
        _mapping("FUNCTIONS", {ascii(kind): name for kind, name in names.items()}),
        _mapping("NEURONS", {ascii(n): ascii(machine.neurons[n]) for n in reading_order(machine)}),
        _links(machine),
        f"OBSERVED = {_list(map(ascii, observed))}",
        f"OBSERVES_OUTPUTS = {are_outputs}  # True for a machine without a sink",
        _mapping("INITIAL", _initial(machine)),
        f"TEXT_SOURCE = {_text_source(machine)!a}",
    ]
    if machine.matrix_port is not None:
        quiet = sorted(name for name, kind in kinds.items() if not kind.reads)
        constants += [f"MATRIX_PORT = {tuple(machine.matrix_port)!a}"]
        constants += [f"READS_NOTHING = {quiet!a}"]
    head = f"#!/usr/bin/env python3\n{_docstring(machine)}\n\nimport argparse\nimport json"
    if "math." in "".join(definitions):
        head += "\nimport math"
    run = RUN if machine.matrix_port is None else RUN_SELF
    parts = [head, HELPERS, *definitions, "\n".join(constants), MOVEMENTS, run, MAIN]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _docstring(machine: Machine) -> str:
    """A name could hold quotes or backslashes, so it is reduced to what is safe in a docstring."""
    name = "".join(
        c if (c.isascii() and c.isalnum()) or c in " -_.,:" else "?" for c in machine.name
    )
    counts = f"{count(len(machine.neurons), 'neuron')}, {count(len(list(machine.links())), 'link')}"
    return (
        f'"""The dataflow matrix machine {name}: {counts}.\n\n'
        "Stand-alone: needs nothing but Python 3.8 or newer. Usage:\n\n"
        '    python machine.py "test string." --ticks 140\n"""'
    )


def _mapping(name: str, entries: Mapping[str, str]) -> str:
    if not entries:
        return f"{name} = {{}}"
    lines = (f"    {key}: {value}," for key, value in entries.items())
    return "\n".join([f"{name} = {{", *lines, "}"])


def _list(entries: Any) -> str:
    lines = [f"    {entry}," for entry in entries]
    return "\n".join(["[", *lines, "]"]) if lines else "[]"


def _links(machine: Machine) -> str:
    place = {neuron: i for i, neuron in enumerate(reading_order(machine))}
    links = sorted(machine.links(), key=lambda link: place[link.neuron_in])
    rows = (
        f"({', '.join(map(ascii, link.path))}, {_number(link.weight)})"
        + (",  # hard" if link.is_fixed else ",")
        for link in links
    )
    lines = "\n".join(f"    {row}" for row in rows)
    comment = "# receiving neuron, its field, sending neuron, its field, weight"
    return f"{comment}\nLINKS = [\n{lines}\n]" if lines else f"{comment}\nLINKS = []"


def _number(x: float) -> str:
    if isinstance(x, np.ndarray):
        raise ValueError("a stream of the machine holds arrays; a stand-alone program cannot")
    return repr(float(x)) if math.isfinite(x) else f"float({str(float(x))!r})"


# -------------------- what is observed, what is there at first --------------------


def _observed(machine: Machine) -> tuple[list[tuple[str, str]], bool]:
    """Inputs of the sinks; outputs of all neurons where there is no sink."""
    order = reading_order(machine)
    inputs = [
        (n, f.name)
        for n in order
        if not machine.type_of(n).writes
        for f in machine.type_of(n).reads
    ]
    if inputs:
        return inputs, False
    return [(n, f.name) for n in order for f in machine.type_of(n).writes], True


def _text_source(machine: Machine) -> str:
    sources = [n for n in reading_order(machine) if machine.type_of(n).is_source]
    return "input" if "input" in sources or not sources else sources[0]


def _initial(machine: Machine) -> dict[str, str]:
    streams: dict[tuple[str, str], dict[tuple[str, ...], Any]] = {}
    for path, leaf in initial_outputs(machine).items():
        streams.setdefault((path[0], path[1]), {})[path[2:]] = leaf
    return {ascii(port): _stream(stream) for port, stream in streams.items()}


def _stream(stream: Mapping[tuple[str, ...], Any]) -> str:
    entries = (f"{path!a}: {_number(x)}" for path, x in stream.items())
    return "{" + ", ".join(entries) + "}"


# -------------------- neuron types as Python --------------------

Lines = list[str]


def _functions(
    kinds: Mapping[str, NeuronType], given: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Names of the functions by type, and their definitions."""
    names: dict[str, str] = {}
    definitions = []
    for kind, neuron_type in kinds.items():
        name = "fire_" + re.sub(r"\W", "_", kind, flags=re.ASCII)
        while name in names.values():
            name += "_"
        names[kind] = name
        if kind in given:
            definitions.append(f"{name} = {given[kind]}")
        else:
            body = "\n".join(f"    {line}" for line in _body(neuron_type))
            definitions.append(f"def {name}(read, stream, tick):\n{body}")
    return names, definitions


def _body(kind: NeuronType) -> Lines:
    if not kind.writes:
        return ["return {}"]
    out = [ascii(field.name) for field in kind.writes]
    reads = [_read(field) for field in kind.reads]
    is_ours = kind.activation.__module__.startswith("dmm.")
    lines = body_by_name(kind.name) if is_ours else None
    if lines is not None:
        return lines
    if kind.is_source:
        lines = _source(kind, reads, out[0])
    elif not kind.reads:
        lines = _constant(kind)
    elif type(kind.kernel) in _BODIES:
        lines = _BODIES[type(kind.kernel)](kind.kernel, reads, out)
    if lines is None:
        raise ValueError(
            f"neuron type {kind.name!r} has no plain Python form; give one: to_python(machine, "
            f"functions={{{kind.name!r}: 'lambda read, stream, tick: {{...}}'}})"
        )
    return lines


def _read(field: Field) -> str:
    stream = f"read({field.name!a})"
    return f"number({stream})" if field.is_scalar else stream


def _scalar(read: str) -> str:
    return f"scalar({read[len('number(') : -1] if read.startswith('number(') else read})"


def _source(kind: NeuronType, reads: list[str], out: str) -> Lines | None:
    if not reads:
        return [f"return {{{out}: stream[tick] if tick < len(stream) else {{}}}}"]
    if kind.activation is not read_stream:
        return None
    return [
        f"index = {_scalar(reads[0])}",
        "is_inside = index.is_integer() and 0 <= index < len(stream)",
        f"return {{{out}: stream[int(index)] if is_inside else {{}}}}",
    ]


def _constant(kind: NeuronType) -> Lines:
    constant = kind.constant()
    streams = (
        f"{field.name!a}: {_stream(dict(constant.subtree(field.name).items()))}"
        for field in kind.writes
    )
    return [f"return {{{', '.join(streams)}}}"]


def _sum(kernel: Sum, reads: list[str], out: list[str]) -> Lines:
    offset = [f"{{(): {_number(kernel.offset)}}}"] if kernel.offset else []
    return [f"return {{{out[0]}: add({', '.join([*reads, *offset])})}}"]


def _max_norm(kernel: MaxNorm, reads: list[str], out: list[str]) -> Lines:
    return [f"return {{{out[0]}: {{(): largest({reads[0]})}}}}"]


def _dot(kernel: DotProduct, reads: list[str], out: list[str]) -> Lines:
    bound, value = _number(kernel.bound), "product"
    if kernel.is_soft:
        value = f"{bound} * math.tanh(product / {bound})"
    elif math.isfinite(kernel.bound):
        value = f"min(max(product, -{bound}), {bound})"
    return [f"product = dot_product({', '.join(reads)})", f"return {{{out[0]}: {{(): {value}}}}}"]


def _compare(kernel: Compare, reads: list[str], out: list[str]) -> Lines:
    return [
        f"difference = {_scalar(reads[0])} - {_scalar(reads[1])}",
        "true, false = max(0.0, difference), max(0.0, -difference)",
        f"return {{{out[0]}: {{(): true}}, {out[1]}: {{(): false}}}}",
    ]


def _elementwise(kernel: Elementwise, reads: list[str], out: list[str]) -> Lines | None:
    name = getattr(kernel.function, "__name__", "")
    if name not in _IN_MATH:
        return None
    function = f"math.{_IN_MATH[name]}"
    return [f"return {{{out[0]}: {{path: {function}(x) for path, x in {reads[0]}.items()}}}}"]


_IN_MATH = {"tanh": "tanh", "sin": "sin", "arctan": "atan", "arcsinh": "asinh", "absolute": "fabs"}
"""numpy functions that map 0 to 0, and their names in the standard library."""

_BODIES: dict[type, Callable[[Any, list[str], list[str]], Lines | None]] = {
    Sum: _sum,
    MaxNorm: _max_norm,
    DotProduct: _dot,
    Compare: _compare,
    Elementwise: _elementwise,
}
