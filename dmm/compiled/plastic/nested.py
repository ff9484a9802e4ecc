"""Hierarchical neurons in a machine that edits its matrix: a machine inside a neuron.

For an outer tick it takes its outputs from the state among the rows, runs some ticks of its own,
and leaves its outputs as the new state, and its last inputs as what the neuron emits. All of it is
gathering elements, ticks, and scattering elements; here is where from and where to, and `strokes`
does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...neurons import STATE, Element, NeuronType, get_neuron_type
from ..plan import Port, Segment
from .firing.emissions import Elements
from .firing.one_vector import NUMBER, Entry
from .following import elements_of

__all__ = ["Nested", "Pairs", "nested"]

Pairs = list[tuple[Entry, Entry]]


@dataclass(frozen=True)
class Nested:
    """A hierarchical neuron.

    Attributes
    ----------
    arrangement : Arrangement
        Of the machine inside it.
    ticks : int
        Inner ticks of an outer one.
    weights : array
        Of its still links.
    constants : list of (Entry, float)
        What its neurons emit that read nothing, in inner slots.
    state_in, fields_in : list of (outer row, inner slot)
        What is gathered.
    state_out : list of (outer slot, inner slot)
    fields_out : list of (outer slot, inner row)
        What is scattered.
    """

    arrangement: Any
    ticks: int
    weights: np.ndarray
    constants: list[tuple[Entry, float]]
    state_in: Pairs
    fields_in: Pairs
    state_out: Pairs
    fields_out: Pairs


def nested(
    of: NeuronType,
    arrangement: Any,
    rows: Mapping[str, Segment],
    slots: Mapping[str, Segment],
    column: Mapping[Element, int],
    read: Mapping[str, Elements],
) -> Nested:
    """A hierarchical neuron that reads these elements, in these segments."""
    assert of.inner is not None
    inner, a = of.inner, arrangement
    machine = inner.machine

    def slot(port: Any, element: Element) -> Entry | None:
        return _entry(a.slot_of.get(port), a.key_slot_of.get(port), element, a.column)

    def row(port: Port, element: Element) -> Entry | None:
        at = a.observed_row.get(port), a.observed_key_row.get(port)
        return _entry(*at, element, a.column)

    def outer(segment: Segment, element: Element) -> Entry | None:
        return _entry(segment.start, segment.key_start, element, column)

    def sources() -> Iterator[tuple[Entry | None, Entry | None]]:
        last = {neuron: field for field, neuron in inner.reads.items()}
        for neuron, field in last.items():
            [written] = get_neuron_type(machine.neurons[neuron]).writes
            for element in read[field]:
                yield outer(rows[field], element), slot((neuron, written.name), element)

    states = [element for element in column if len(element) > 1]
    emitted = [
        (field, port, element)
        for field, port in inner.writes.items()
        for element in a.supports.inputs[port]
    ]
    return Nested(
        arrangement,
        inner.ticks,
        np.array([machine.matrix[link] for link in a.still_links], float),
        list(_constants(machine, slot)),
        _both((outer(rows[STATE], e), slot(e[:2], e[2:])) for e in states if e in read[STATE]),
        _both(sources()),
        _both((outer(slots[STATE], e), slot(e[:2], e[2:])) for e in states),
        _both((outer(slots[field], e), row(port, e)) for field, port, e in emitted),
    )


def _entry(
    place: int | None, key_place: int | None, element: Element, column: Mapping[Element, int]
) -> Entry | None:
    if not element:
        return None if place is None else Entry(place, NUMBER)
    if key_place is None or element not in column:
        return None
    return Entry(key_place, column[element])


def _both(pairs: Any) -> Pairs:
    """Those pairs of which both are there."""
    return [(one, other) for one, other in pairs if one is not None and other is not None]


def _constants(machine: Any, slot: Any) -> Iterator[tuple[Entry, float]]:
    for neuron, type_name in machine.neurons.items():
        of = get_neuron_type(type_name)
        if of.reads or of.is_source:
            continue
        for element, number in elements_of(of.constant()).items():
            entry = slot((neuron, element[0]), element[1:])
            if entry is not None:
                yield entry, number
