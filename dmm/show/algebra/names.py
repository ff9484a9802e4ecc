"""Short names for the streams that occur in equations.

They are made of type and field names only, which come from a registry, never of the names that
users give to neurons: those stand in the legend.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...machine.machine import Machine
from ..labels import plain

__all__ = ["symbol_names"]

Port = tuple[str, str]

MOST_CELLS = 20


def symbol_names(
    machine: Machine,
    ports: Sequence[Port],
    constants: Collection[Port],
    functions: Collection[Port],
) -> dict[Port, str]:
    """A name for each port: the letter of its type, such as ``a`` for sums and ``m`` for norms.

    Streams are called like their field, other neurons like their type; equal names are numbered.

    Parameters
    ----------
    machine : Machine
    ports : (neuron, field), in the order of the legend
    constants : ports with a constant value
    functions : ports whose equation names their type; always numbered, to look different
    """
    stems: dict[str, list[Port]] = {}
    for port in ports:
        stems.setdefault(_stem(machine, port, port in constants), []).append(port)
    names: dict[Port, str] = {}
    used: set[str] = set()
    for stem, group in stems.items():
        for i, port in enumerate(group):
            is_alone = len(group) == 1 and port not in functions
            name = stem if is_alone else f"{stem}{i + 1}"
            while name in used:
                name += "_"
            used.add(name)
            names[port] = name
    return names


def _stem(machine: Machine, port: Port, is_constant: bool) -> str:
    neuron_type = machine.type_of(port[0])
    if neuron_type.is_source:
        return _word(port[1])
    if is_constant:
        return "k" if neuron_type.reads else _word(neuron_type.name)
    return neuron_type.spelling.letter or _word(neuron_type.name)


def _word(name: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else "_" for c in plain(name))[:MOST_CELLS]
