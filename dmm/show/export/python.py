"""A machine as a stand-alone Python program that computes the same, without this package."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent
from typing import Any

from ...machine.coercions import coerced_links
from ...machine.machine import Machine, initial_outputs
from ...neurons import NeuronType, get_neuron_type
from ...neurons.spelling import python_number
from ..frames import filled, frame
from ..reading import reading_order
from .interface import described, function_names, interface_of, scalar

__all__ = ["to_python"]


def to_python(machine: Machine, functions: Mapping[str, str] | None = None) -> str:
    """The machine as a Python program of its own.

    The program needs Python 3.8 and its standard library only. As a script it runs the machine on
    a text (``python machine.py "test string." --ticks 140``) or on a table in CSV on standard
    input, and prints CSV: see `to_javascript`. Imported, it offers ``run(streams, ticks)``. All
    links are written out, however many there are.

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
    used = set(machine.neurons.values())
    called = (name for user in used for name in get_neuron_type(user).spelling.calls)
    types = [get_neuron_type(name) for name in sorted({*used, *called})]
    if coerced_links(machine.neurons, [link.path for link in machine.links()]):
        raise ValueError("links join streams of different kinds; a stand-alone program cannot")
    names, definitions = _functions(types, functions or {})
    interface = interface_of(machine)
    constants = [
        _mapping("FUNCTIONS", {ascii(type_name): name for type_name, name in names.items()}),
        _mapping("NEURONS", {ascii(n): ascii(machine.neurons[n]) for n in reading_order(machine)}),
        _links(machine),
        f"OBSERVED = {_list(map(ascii, interface.observed))}",
        f"OBSERVES_OUTPUTS = {interface.are_outputs}  # True for a machine without a sink",
        f"WITH_KEYS = {_list(map(ascii, sorted(interface.with_keys)))}",
        _mapping("INITIAL", _initial(machine)),
        f"SOURCES = {_list(map(ascii, interface.sources))}",
        f"TEXT_SOURCE = {interface.text_source!a}",
        "# A row is held for so many ticks and answered so many ticks after its first.",
        f"HELD, DELAY = {interface.pace.ticks}, {interface.pace.delay}",
        f"TEXT_IS_ROWS = {interface.has_pace}",
    ]
    if machine.matrix_port is not None:
        quiet = [neuron_type.name for neuron_type in types if not neuron_type.reads]
        constants += [f"MATRIX_PORT = {tuple(machine.matrix_port)!a}"]
        constants += [f"READS_NOTHING = {quiet!a}"]
    modules = ["argparse", "csv", "json", "sys"]
    if "math." in "".join(definitions):
        modules.insert(3, "math")
    is_plain = machine.matrix_port is None
    pieces = {
        "TITLE": described(machine),
        "IMPORTS": "\n".join(f"import {module}" for module in modules),
        "FUNCTIONS": "\n\n\n".join(part.strip("\n") for part in definitions),
        "CONSTANTS": "\n".join(constants),
        "RUN": frame(__package__, "run.py.txt" if is_plain else "run_self.py.txt").strip("\n"),
    }
    return filled(__package__, "program.py.txt", pieces)


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
        f"({', '.join(map(ascii, link.path))}, {python_number(link.weight)})"
        + (",  # hard" if link.is_fixed else ",")
        for link in links
    )
    lines = "\n".join(f"    {row}" for row in rows)
    comment = "# receiving neuron, its field, sending neuron, its field, weight"
    return f"{comment}\nLINKS = [\n{lines}\n]" if lines else f"{comment}\nLINKS = []"


# -------------------- what is there at first --------------------


def _initial(machine: Machine) -> dict[str, str]:
    streams: dict[tuple[str, str], dict[tuple[str, ...], Any]] = {}
    for path, leaf in initial_outputs(machine).items():
        streams.setdefault((path[0], path[1]), {})[path[2:]] = leaf
    return {ascii(port): _stream(stream) for port, stream in streams.items()}


def _stream(stream: Mapping[tuple[str, ...], Any]) -> str:
    entries = (f"{path!a}: {python_number(scalar(x))}" for path, x in stream.items())
    return "{" + ", ".join(entries) + "}"


# -------------------- neuron types as Python --------------------


def _functions(
    types: list[NeuronType], given: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Names of the functions by type, and their definitions."""
    names = function_names(types)
    definitions = []
    for neuron_type in types:
        name = names[neuron_type.name]
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
