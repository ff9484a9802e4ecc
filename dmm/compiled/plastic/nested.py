"""Hierarchical neurons in a machine that edits its matrix: a machine inside a neuron.

For an outer tick it takes its outputs from the state among the rows, runs some ticks of its own,
and leaves its outputs as the new state, and its last inputs as what the neuron emits. All of it is
gathering elements, ticks, and scattering elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from ...neurons import STATE, Element, NeuronType, get_neuron_type
from ..plan import Port, Segment
from .firing.emissions import Elements
from .firing.groups import Group
from .firing.one_vector import NUMBER, Entry, Layout, Side
from .following import elements_of

__all__ = ["Inner", "Nested", "nested"]

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


# -------------------- running it --------------------


class Movements(Protocol):
    """What is asked of `Strokes` here."""

    slots: Layout
    rows: Layout
    groups: list[Group]

    def matrices(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Strokes`."""
        ...

    def down(self, matrix: np.ndarray, key_matrix: np.ndarray, slots: Side, rows: Side) -> None:
        """See `Strokes`."""
        ...

    def up(self, rows: Side, slots: Side) -> None:
        """See `Strokes`."""
        ...

    def down_back(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, rows: Side, slots: Side
    ) -> None:
        """See `Strokes`."""
        ...

    def down_tangents(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, slots: Side, rows: Side
    ) -> None:
        """See `Strokes`."""
        ...

    def up_back(self, partials: list[Any], t: int, slots: Side, rows: Side) -> None:
        """See `Strokes`."""
        ...

    def up_tangents(self, partials: list[Any], t: int, rows: Side, slots: Side) -> None:
        """See `Strokes`."""
        ...


class Moments(NamedTuple):
    """Inner slots at every inner tick, and the rows between them."""

    slots: list[Side]
    rows: list[Side]


class Inner:
    """A hierarchical neuron as a group of neurons.

    Parameters
    ----------
    nested : Nested
    strokes : Strokes
        Of the machine inside.
    slots, rows : Layout
        Of the machine around it.
    """

    def __init__(self, nested: Nested, strokes: Movements, slots: Layout, rows: Layout) -> None:
        self._ticks, self._strokes = nested.ticks, strokes
        self._matrix, self._key_matrix = strokes.matrices(nested.weights)
        self._state_in = _positions(nested.state_in, rows, strokes.slots)
        self._fields_in = _positions(nested.fields_in, rows, strokes.slots)
        self._state_out = _positions(nested.state_out, slots, strokes.slots)
        self._fields_out = _positions(nested.fields_out, slots, strokes.rows)
        entries = [(entry, entry) for entry, _ in nested.constants]
        self._constants = _positions(entries, strokes.slots, strokes.slots)[1]
        self._constant = np.repeat([number for _, number in nested.constants], slots.strings)

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        moments = self._run(rows)
        _scatter(self._state_out, moments.slots[-1], slots)
        _scatter(self._fields_out, moments.rows[-1], slots)

    def linearise(self, rows: Side) -> tuple[list[Side], list[Any]]:
        """See `Group`: inner slots, and derivatives of inner groups, of every inner tick."""
        moments = self._run(rows)
        partials = [
            [group.linearise(own) for group in self._strokes.groups] for own in moments.rows
        ]
        return moments.slots, partials

    def adjoint(self, partials: Any, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        moments, inner = partials
        dtype = slots.flat.dtype
        slots_back = self._strokes.slots.zeros((), dtype)
        rows_back = self._strokes.rows.zeros((), dtype)
        _gather(self._state_out, slots, slots_back)
        sent = np.zeros(len(self._fields_in[0]), dtype)
        for k in reversed(range(self._ticks)):
            sent += slots_back.flat[self._fields_in[1]]
            slots_back.flat[self._fields_in[1]] = 0.0
            self._strokes.up_back(inner[k], t, slots_back, rows_back)
            if k == self._ticks - 1:
                # Several fields may emit the same input.
                np.add.at(rows_back.flat, self._fields_out[1], slots.flat[self._fields_out[0]])
            slots_back.flat[:] = 0.0
            at = Side(*(each[t] for each in moments[k]))
            self._strokes.down_back(self._matrix, self._key_matrix, at, rows_back, slots_back)
            rows_back.flat[:] = 0.0
        rows.flat[self._fields_in[0]] = sent
        _scatter(self._state_in, slots_back, rows)

    def tangent(self, partials: Any, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        moments, inner = partials
        before, dtype = rows.flat.shape[:-1], rows.flat.dtype
        moved = self._strokes.slots.zeros(before, dtype)
        _gather(self._state_in, rows, moved)
        read = self._strokes.rows.zeros(before, dtype)
        for k in range(self._ticks):
            read.flat[:] = 0.0
            at = Side(*(each[t] for each in moments[k]))
            self._strokes.down_tangents(self._matrix, self._key_matrix, at, moved, read)
            self._strokes.up_tangents(inner[k], t, read, moved)
            _gather(self._fields_in, rows, moved)
        _scatter(self._state_out, moved, slots)
        _scatter(self._fields_out, read, slots)

    def _run(self, rows: Side) -> Moments:
        before, dtype = rows.flat.shape[:-1], rows.flat.dtype
        slots = self._strokes.slots.zeros(before, dtype, 1.0)
        _gather(self._state_in, rows, slots)
        moments = Moments([slots], [])
        for _ in range(self._ticks):
            read = self._strokes.rows.zeros(before, dtype, 1.0)
            self._strokes.down(self._matrix, self._key_matrix, moments.slots[-1], read)
            slots = self._strokes.slots.zeros(before, dtype, 1.0)
            self._strokes.up(read, slots)
            slots.flat[..., self._constants] = self._constant
            _gather(self._fields_in, rows, slots)
            moments.rows.append(read)
            moments.slots.append(slots)
        return moments


Positions = tuple[np.ndarray, np.ndarray]


def _positions(pairs: Pairs, outer: Layout, inner: Layout) -> Positions:
    """Where pairs are in both vectors, for all strings."""
    one, other = np.array(pairs, np.intp).reshape(-1, 2, 2).swapaxes(0, 1)
    return outer.positions(*one.T).ravel(), inner.positions(*other.T).ravel()


def _gather(positions: Positions, outer: Side, inner: Side) -> None:
    inner.flat[..., positions[1]] = outer.flat[..., positions[0]]


def _scatter(positions: Positions, inner: Side, outer: Side) -> None:
    outer.flat[..., positions[0]] = inner.flat[..., positions[1]]
