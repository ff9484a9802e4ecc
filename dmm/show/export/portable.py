"""A machine as a stand-alone program of statements: in C, or in JavaScript for Node and browsers.

Both have the same statements in frames of their own. What differs is how a text, a truth, a row of
a table and a function are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from textwrap import indent

from ...machine.machine import Machine
from ...neurons.spelling import SHARED_FUNCTIONS
from ..frames import filled
from .interface import described
from .statements import Function, Statements, indented, literal, quoted, statements

__all__ = ["javascript_of", "to_c", "to_javascript"]

DECLARATION = re.compile(r"\b(?:double|int) (?=\w)")


def to_c(machine: Machine, functions: Mapping[str, str] | None = None) -> str:
    """The machine as a C program of its own, in C99.

    Compiled (``cc -O2 -o machine machine.c -lm``) it reads a text
    (``./machine "test string." --ticks 140``) or a table in CSV on standard input, and prints CSV.
    A table has a row per tick (per sample, if the machine says how samples meet ticks) and a
    column per stream, ``stream`` or ``stream/key``.

    Parameters
    ----------
    machine : Machine
    functions : mapping of neuron type name to C statements, optional
        For types that this function cannot express itself, see `dmm.neurons.Spelling.portable`.

    Raises
    ------
    ValueError
        As `to_javascript`.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> print(to_c(duplicate_detector()).splitlines()[0])
    /* The dataflow matrix machine duplicate-detector: 9 neurons, 11 links.
    """
    written = statements(machine, functions)
    interface = written.interface
    is_read = interface.text_source in interface.sources
    counts = {
        "N_KEYS": len(written.keys),
        "N_SOURCES": len(interface.sources),
        "N_OBSERVED": len(written.observed),
        "N_LINKS": len(written.links),
        "N_INITIAL": len(written.initial),
        "TEXT_SOURCE": interface.sources.index(interface.text_source) if is_read else -1,
    }
    pieces = {
        **_pieces(machine, written, "{{{}}},", _c_text, lambda value: str(int(value))),
        **{name: str(value) for name, value in counts.items()},
        "KEYS": ", ".join([*map(_c_text, written.keys), '""']),
        "SOURCES": ", ".join([*map(_c_text, interface.sources), '""']),
        "FUNCTIONS": "\n".join(map(_c_function, written.functions)),
    }
    return filled(__package__, "program.c", pieces)


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
    pieces = {
        **_pieces(machine, written, "[{}],", quoted, json.dumps),
        "FUNCTIONS_OF_MATH": ", ".join(SHARED_FUNCTIONS),
        "KEYS": ", ".join(map(quoted, written.keys)),
        "SOURCES": ", ".join(map(quoted, written.interface.sources)),
        "TEXT_SOURCE": quoted(written.interface.text_source),
        "FUNCTIONS": "\n".join(map(_javascript_function, written.functions)),
    }
    return filled(__package__, "program.js", pieces)


def _pieces(
    machine: Machine,
    written: Statements,
    row: str,
    text: Callable[[str], str],
    truth: Callable[[bool], str],
) -> dict[str, str]:
    """What both frames ask for; a row of a table is put in its brackets."""
    pace = written.interface.pace
    observed = (f"{s}, {text(name)}, {truth(wide)}" for s, name, wide in written.observed)
    links = (
        row.format(f"{link.receiver}, {link.sender}, {truth(link.is_number)}, {link.weight}")
        + f"  // {link.text}"
        for link in written.links
    )
    initial = (f"{s}, {column}, {literal(x)}" for s, column, x in written.initial)
    return {
        "TITLE": described(machine),
        "N_STREAMS": str(written.n_streams),
        "N_INPUTS": str(written.n_inputs),
        "HELD": str(pace.ticks),
        "DELAY": str(pace.delay),
        "TEXT_IS_ROWS": truth(written.interface.has_pace),
        "OBSERVED": indented(map(row.format, observed)),
        "LINKS": indented(links),
        "INITIAL": indented(map(row.format, initial)),
        "FIRINGS": indented(written.firings),
    }


# -------------------- in one language --------------------


def _c_text(text: str) -> str:
    r"""A text as a literal: bytes of UTF-8, in octal where they are not plain ASCII.

    Examples
    --------
    >>> print(_c_text('say "é"?'))
    "say \"\303\251\"\?"
    """
    return '"' + "".join(map(_c_character, text.encode("utf-8", "surrogatepass"))) + '"'


def _c_character(byte: int) -> str:
    character = chr(byte)
    if character in '"\\?':  # ?? begins a trigraph
        return "\\" + character
    return character if 32 <= byte < 127 else f"\\{byte:03o}"


def _c_function(function: Function) -> str:
    inputs = [f"const double *{name}" for name in function.arguments if name.startswith("in")]
    outputs = [f"double *{name}" for name in function.arguments if name.startswith("out")]
    arguments = ", ".join([*inputs, *outputs, "int width"])
    body = function.body if "width" in function.body else f"    (void)width;\n{function.body}"
    head = f"// {function.comment}\nstatic void {function.name}({arguments}) {{"
    return f"{head}\n{body}\n}}\n"


def _javascript_function(function: Function) -> str:
    arguments = [*function.arguments, "width"]
    body = indent(DECLARATION.sub("let ", function.body), "  ")
    head = f"  // {function.comment}\n  function {function.name}({', '.join(arguments)}) {{"
    return f"{head}\n{body}\n  }}\n"
