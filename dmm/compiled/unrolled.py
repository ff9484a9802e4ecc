"""Memories that a neuron holds for itself: taken into the neuron, which then sees whole runs.

The stream that holds such a memory may have a thousand keys, and each tick would hand all of them
on. Nobody else reads it: what comes out of the memory is a function of what went in, at all ticks.
"""

from __future__ import annotations

from dataclasses import replace

from vvalues import Path
from vvalues.core import from_leaves

from ..machine.circuits import RELAY
from ..machine.machine import Machine
from ..machine.wiring import followers, strong_components
from ..neurons import NeuronType, neuron_types, register

__all__ = ["CannotLower", "sees_whole_runs", "with_unrolled_memories"]

UNROLLED = "unrolled "


def sees_whole_runs(type_name: str) -> bool:
    """Whether neurons of this type cannot be run tick by tick."""
    return type_name.startswith(UNROLLED)


class CannotLower(ValueError):
    """Found on the way; its text is the reason."""


def with_unrolled_memories(machine: Machine) -> Machine:
    """The machine with all memories taken into their neurons.

    Raises
    ------
    CannotLower
        If a memory is not its neuron's own, begins with something, or what it holds decides what
        it is given.

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> ports = "number", "to", "from"
    >>> table = Circuit({"x": "stream", "table": "cells(9)", "output": "output"},
    ...                 [*(Wire("table", port, "x", "stream") for port in ports),
    ...                  Wire("table", "cells", "table", "cells", lag=1),
    ...                  Wire("output", "dict-1", "table", "number")])
    >>> with_unrolled_memories(table.lowered()[0]).neurons["table"]
    'unrolled cells(9) of 1'
    """
    owners = {name for name in machine.neurons if machine.type_of(name).own_memory is not None}
    if not owners:
        return machine
    neurons, fixed = dict(machine.neurons), dict(machine.fixed.items())
    for owner in owners:
        chain = _chain(machine, owner)
        neurons[owner] = _unrolled(machine.type_of(owner), len(chain) or None)
        for path in chain:
            del fixed[path]
            if path[0] != owner:
                del neurons[path[0]]
    begun = [path[0] for path in machine.initial.support.paths if path[0] not in neurons]
    begun += [path[0] for path in machine.initial.support.paths if path[0] in owners]
    if begun:
        raise CannotLower(f"the memory at {begun[0]!r} begins with something")
    graph = followers(neurons, [*fixed, *machine.trainable.support.paths])
    for members in strong_components(graph):
        looped = [n for n in members if n in owners and (len(members) > 1 or n in graph[n])]
        if looped:
            raise CannotLower(f"what {looped[0]!r} recalls decides what it is given")
    return replace(machine, neurons=neurons, fixed=from_leaves(fixed))


def _chain(machine: Machine, owner: str) -> list[Path]:
    """The links by which a memory comes back to its neuron, the last one first; relays between.

    There are none where the memory is not connected: nothing is held then.
    """
    memory = machine.type_of(owner).own_memory
    assert memory is not None
    links = [*machine.fixed.support.paths, *machine.trainable.support.paths]
    port = receiving = owner, memory.field
    chain: list[Path] = []
    while into := [path for path in links if path[:2] == receiving]:
        sender = into[0][2:]
        readers = [path for path in links if path[2:] == sender]
        if len(into) > 1 or len(readers) > 1 or machine.fixed.get(into[0]) != 1.0:
            break
        chain.append(into[0])
        if sender == port:
            return chain
        if machine.neurons[sender[0]] != RELAY or len(chain) > len(machine.neurons):
            break
        receiving = sender[0], "dict"
    if not chain and not any(port in (path[:2], path[2:]) for path in links):
        return chain
    raise CannotLower(f"the memory {'/'.join(port)} is not linked to itself alone")


def _unrolled(neuron_type: NeuronType, period: int | None) -> str:
    """Name of the type with its memory inside, made where needed."""
    memory = neuron_type.own_memory
    assert memory is not None
    name = f"{UNROLLED}{neuron_type.name} of {period or 'none'}"
    if name not in neuron_types():
        reads, writes = (
            tuple(field for field in fields if field.name != memory.field)
            for fields in (neuron_type.reads, neuron_type.writes)
        )
        register(NeuronType(name, reads, writes, _never, memory.kernel(period)))
    return name


def _never(inputs: object) -> dict:
    raise AssertionError("unrolled neurons are run by the compiled engine only")
