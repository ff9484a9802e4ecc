"""A machine as a stand-alone Python program that computes the same, without this package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import indent
from typing import Any

import numpy as np

from ...machine.coercions import coerced_links
from ...machine.machine import Machine, initial_outputs
from ...neurons import NeuronType, get_neuron_type
from ...neurons.spelling import python_number
from ..labels import count
from ..reading import reading_order
from .pieces import HELPERS, MAIN, MOVEMENTS, RUN, RUN_SELF

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
    used = dict.fromkeys(machine.neurons.values())
    used.update({name: None for user in list(used) for name in _calls(user)})
    types = [get_neuron_type(name) for name in sorted(used)]
    if coerced_links(machine.neurons, [link.path for link in machine.links()]):
        raise ValueError("links join streams of different kinds; a stand-alone program cannot")
    names, definitions = _functions(types, functions or {})
    observed, are_outputs = _observed(machine)
    constants = [
        _mapping("FUNCTIONS", {ascii(type_name): name for type_name, name in names.items()}),
        _mapping("NEURONS", {ascii(n): ascii(machine.neurons[n]) for n in reading_order(machine)}),
        _links(machine),
        f"OBSERVED = {_list(map(ascii, observed))}",
        f"OBSERVES_OUTPUTS = {are_outputs}  # True for a machine without a sink",
        _mapping("INITIAL", _initial(machine)),
        f"TEXT_SOURCE = {_text_source(machine)!a}",
    ]
    if machine.matrix_port is not None:
        quiet = [neuron_type.name for neuron_type in types if not neuron_type.reads]
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
    return python_number(x)


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


def _calls(type_name: str) -> tuple[str, ...]:
    """Further types whose functions the body of a type calls."""
    return get_neuron_type(type_name).spelling.calls


def _functions(
    types: list[NeuronType], given: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Names of the functions by type, and their definitions."""
    names: dict[str, str] = {}
    definitions = []
    for neuron_type in types:
        name = "fire_" + re.sub(r"\W", "_", neuron_type.name, flags=re.ASCII)
        while name in names.values():
            name += "_"
        names[neuron_type.name] = name
        if neuron_type.name in given:
            definitions.append(f"{name} = {given[neuron_type.name]}")
        else:
            body = indent(_body(neuron_type), "    ")
            definitions.append(f"def {name}(read, stream, tick):\n{body}")
    return names, definitions


def _body(neuron_type: NeuronType) -> str:
    """What the type says itself, or what its ports say."""
    if neuron_type.spelling.python:
        return neuron_type.spelling.python.strip("\n")
    if not neuron_type.writes:
        return "return {}"
    if not neuron_type.reads:
        return _entry(neuron_type) if neuron_type.is_source else _constant(neuron_type)
    raise ValueError(
        f"neuron type {neuron_type.name!r} has no plain Python form; give one: to_python(machine, "
        f"functions={{{neuron_type.name!r}: 'lambda read, stream, tick: {{...}}'}})"
    )


def _entry(neuron_type: NeuronType) -> str:
    """A source that reads nothing emits the entry of this tick."""
    entry = "stream[tick] if tick < len(stream) else {}"
    return f"return {{{neuron_type.writes[0].name!a}: {entry}}}"


def _constant(neuron_type: NeuronType) -> str:
    constant = neuron_type.constant()
    streams = (
        f"{field.name!a}: {_stream(dict(constant.subtree(field.name).items()))}"
        for field in neuron_type.writes
    )
    return f"return {{{', '.join(streams)}}}"
