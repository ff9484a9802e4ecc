"""A machine as a stand-alone JavaScript program, for Node and for browsers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from textwrap import indent

from ...machine.machine import Machine
from ...neurons.spelling import SHARED_FUNCTIONS
from ..frames import filled
from .interface import described
from .statements import Function, Statements, quoted, statements

__all__ = ["javascript_of", "to_javascript"]

DECLARATION = re.compile(r"\b(?:double|int) (?=\w)")


def to_javascript(machine: Machine, functions: Mapping[str, str] | None = None) -> str:
    """The machine as a JavaScript program of its own.

    Run by Node, the program reads a text (``node machine.js "test string." --ticks 140``) or a
    table in CSV on standard input, and prints CSV; required by another program or loaded by a
    page, it offers ``run(streams, ticks)``, and ``begin`` and ``step`` for a tick at a time. A
    table has a row per tick (per sample, if the machine says how samples meet ticks) and a column
    per stream, ``stream`` or ``stream/key``.

    Parameters
    ----------
    machine : Machine
    functions : mapping of neuron type name to JavaScript statements, optional
        For types that this function cannot express itself, see `dmm.neurons.Spelling.portable`.

    Raises
    ------
    ValueError
        For a neuron type that has no expression, and for a machine that holds its own links or
        array leaves; the message says what to do.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print(to_javascript(duplicate_detector()).splitlines()[1])
    // The dataflow matrix machine duplicate-detector: 9 neurons, 11 links.
    """
    return javascript_of(statements(machine, functions), machine)


def javascript_of(written: Statements, machine: Machine) -> str:
    """The program of statements that have been written for a machine."""
    interface = written.interface
    pieces = {
        **written.pieces("[{}],", quoted, json.dumps),
        "TITLE": described(machine),
        "FUNCTIONS_OF_MATH": ", ".join(SHARED_FUNCTIONS),
        "KEYS": _list(written.keys),
        "SOURCES": _list(interface.sources),
        "TEXT_SOURCE": quoted(interface.text_source),
        "FUNCTIONS": "\n".join(map(_function, written.functions)),
    }
    return filled(__package__, "program.js", pieces)


def _list(texts: Iterable[str]) -> str:
    return ", ".join(map(quoted, texts))


def _function(function: Function) -> str:
    arguments = [*function.arguments, "width"]
    body = indent(DECLARATION.sub("let ", function.body), "  ")
    head = f"  // {function.comment}\n  function {function.name}({', '.join(arguments)}) {{"
    return f"{head}\n{body}\n  }}\n"
