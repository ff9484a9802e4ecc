"""A machine as a stand-alone C program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...machine.machine import Machine
from ..frames import filled
from .interface import described
from .statements import Function, statements

__all__ = ["to_c"]


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
        **written.pieces("{{{}}},", _text, lambda value: str(int(value))),
        **{name: str(value) for name, value in counts.items()},
        "TITLE": described(machine),
        "KEYS": _list(written.keys),
        "SOURCES": _list(interface.sources),
        "FUNCTIONS": "\n".join(map(_function, written.functions)),
    }
    return filled(__package__, "program.c", pieces)


def _text(text: str) -> str:
    r"""A text as a literal: bytes of UTF-8, in octal where they are not plain ASCII.

    Examples
    --------
    >>> print(_text('say "é"?'))
    "say \"\303\251\"\?"
    """
    return '"' + "".join(map(_character, text.encode("utf-8", "surrogatepass"))) + '"'


def _character(byte: int) -> str:
    character = chr(byte)
    if character in '"\\?':  # ?? begins a trigraph
        return "\\" + character
    return character if 32 <= byte < 127 else f"\\{byte:03o}"


def _list(texts: Iterable[str]) -> str:
    return ", ".join([*map(_text, texts), '""'])


def _function(function: Function) -> str:
    inputs = [f"const double *{name}" for name in function.arguments if name.startswith("in")]
    outputs = [f"double *{name}" for name in function.arguments if name.startswith("out")]
    arguments = ", ".join([*inputs, *outputs, "int width"])
    body = function.body if "width" in function.body else f"    (void)width;\n{function.body}"
    head = f"// {function.comment}\nstatic void {function.name}({arguments}) {{"
    return f"{head}\n{body}\n}}\n"
