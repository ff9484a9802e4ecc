"""What a stand-alone program reads and prints, whatever language it is in: streams and columns.

A program reads a text, or a table in CSV: a row per sample, a column per stream, and a column
``stream/key`` for every other key of a stream. What it prints is CSV again, a column per observed
port and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...machine.circuits import Pace
from ...machine.machine import Machine
from ...machine.wiring import wired
from ...neurons import NeuronType
from ...neurons.spelling import Port
from ..labels import count
from ..reading import reading_order

__all__ = ["Interface", "column_name", "described", "function_names", "interface_of", "scalar"]

TICK_BY_TICK = Pace(ticks=1, delay=0)
"""The pace of a machine that does not say how its samples meet ticks: every row is a tick."""


@dataclass(frozen=True)
class Interface:
    """What a program reads and prints.

    Attributes
    ----------
    sources : tuple of str
        Neurons that emit a stream from outside.
    text_source : str
        The one that is given a text.
    observed : tuple of (neuron, field)
        Inputs of the sinks; outputs of all neurons where there is no sink.
    are_outputs : bool
        Whether the observed ports are outputs.
    with_keys : tuple of (neuron, field)
        Those of the observed ports whose streams may have keys.
    pace : Pace
        A row is held for ``pace.ticks`` ticks and answered ``pace.delay`` ticks after its first.
    has_pace : bool
        Whether the machine says so itself; it then takes a text as rows, a character each.
    """

    sources: tuple[str, ...]
    text_source: str
    observed: tuple[Port, ...]
    are_outputs: bool
    with_keys: frozenset[Port]
    pace: Pace
    has_pace: bool


def interface_of(machine: Machine) -> Interface:
    """What programs of a machine read and print."""
    order = reading_order(machine)
    sources = tuple(n for n in order if machine.type_of(n).is_source)
    observed = tuple(
        (n, f.name)
        for n in order
        if not machine.type_of(n).writes
        for f in machine.type_of(n).reads
    )
    are_outputs = not observed
    if are_outputs:
        observed = tuple((n, f.name) for n in order for f in machine.type_of(n).writes)
    pace = _pace(machine)
    return Interface(
        sources,
        "input" if "input" in sources or not sources else sources[0],
        observed,
        are_outputs,
        frozenset(observed) & _with_keys(machine, are_outputs),
        TICK_BY_TICK if pace is None else pace,
        pace is not None,
    )


def _pace(machine: Machine) -> Pace | None:
    """The pace that the metadata hold, if it makes sense: they may come from any file."""
    try:
        pace = Pace.of_machine(machine)
    except (ValueError, TypeError):
        return None
    return pace if pace.ticks >= 1 and pace.delay >= 0 else None


def _with_keys(machine: Machine, are_outputs: bool) -> set[Port]:
    """Ports whose streams may hold more than a number, by what their neurons' types declare."""
    outputs = {
        (n, f.name) for n in machine.neurons for f in machine.type_of(n).writes if not f.is_scalar
    }
    if are_outputs:
        return outputs
    if machine.matrix_port is not None:  # its links are not known beforehand
        return {(n, f.name) for n in machine.neurons for f in machine.type_of(n).reads}
    return {k.path[:2] for k in wired(machine, machine.links()) if k.path[2:] in outputs}


def column_name(path: Iterable[str]) -> str:
    r"""A path as one name: keys joined by ``/``; ``\`` and ``/`` inside a key are escaped.

    Like `vvalues.format_path`, but a key keeps whatever characters it has: the name is for
    machines, and every character of a text is a key. The empty path is the empty name.

    Examples
    --------
    >>> print(column_name(("input", "/")), column_name(("a", "")))
    input/\/ a/\0
    """
    return "/".join(key.replace("\\", "\\\\").replace("/", "\\/") or "\\0" for key in path)


def scalar(x: Any) -> float:
    """A number of a stream, which is no array."""
    if isinstance(x, np.ndarray):
        raise ValueError("a stream of the machine holds arrays; a stand-alone program cannot")
    return float(x)


def described(machine: Machine) -> str:
    """A line about a machine for a comment; its name is reduced to what is safe in any."""
    name = "".join(
        c if (c.isascii() and c.isalnum()) or c in " -_.,:" else "?" for c in machine.name
    )
    counts = f"{count(len(machine.neurons), 'neuron')}, {count(len(list(machine.links())), 'link')}"
    return f"The dataflow matrix machine {name}: {counts}."


def function_names(types: Iterable[NeuronType]) -> dict[str, str]:
    """What the function of every neuron type is called in a program, by type name."""
    names: dict[str, str] = {}
    for neuron_type in types:
        name = "fire_" + re.sub(r"\W", "_", neuron_type.name, flags=re.ASCII)
        while name in names.values():
            name += "_"
        names[neuron_type.name] = name
    return names
