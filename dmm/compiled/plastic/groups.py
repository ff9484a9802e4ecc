"""The up movement of a machine that edits its matrix: neurons that are run together.

A group takes its inputs from rows and leaves its outputs in slots, at one tick or at all of them
(see `one_vector`). Neurons of a type with a kernel are one group; all neurons that say what they do
in terms are another, whatever their types: single elements are all the same to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...neurons import Kernel, NeuronType, Partials, Stream, Term, TermTable, at_tick
from ..plan import Segment
from .one_vector import Entry, Layout, Side

__all__ = ["Group", "InTerms", "Together", "entries_of"]


class Group(Protocol):
    """Neurons that are run together."""

    def forward(self, rows: Side, slots: Side) -> None:
        """Emit at one tick."""
        ...

    def linearise(self, rows: Side) -> Any:
        """Local partial derivatives, for all ticks at once."""
        ...

    def adjoint(self, partials: Any, t: int, slots: Side, rows: Side) -> None:
        """Cotangents of rows from those of slots, at one tick."""
        ...

    def tangent(self, partials: Any, t: int, rows: Side, slots: Side) -> None:
        """Tangents of slots from those of rows, at one tick; directions come first."""
        ...


# -------------------- neurons with a kernel --------------------


@dataclass(frozen=True)
class Together:
    """Neurons of one type that has a kernel.

    Attributes
    ----------
    neuron_type : NeuronType
    neurons : list of str
    kernel : Kernel
    rows, slots : list of Segment, one per read and per written field
    """

    neuron_type: NeuronType
    neurons: list[str]
    kernel: Kernel
    rows: list[Segment]
    slots: list[Segment]

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        _put(self.slots, self.kernel.forward(_taken(self.rows, rows)), slots)

    def linearise(self, rows: Side) -> Partials:
        """See `Group`."""
        return self.kernel.linearise(_taken(self.rows, rows))

    def adjoint(self, partials: Partials, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        outputs = _taken(self.slots, slots)
        _put(self.rows, self.kernel.adjoint(at_tick(partials, t), outputs), rows)

    def tangent(self, partials: Partials, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        inputs = _taken(self.rows, rows)
        _put(self.slots, self.kernel.tangent(at_tick(partials, t), inputs), slots)


def _taken(segments: list[Segment], side: Side) -> list[Stream]:
    """Streams of a group, as views."""
    return [
        Stream(
            side.numbers[..., segment.span, :],
            None if segment.key_start is None else side.keys[..., segment.key_span, :, :],
        )
        for segment in segments
    ]


def _put(segments: list[Segment], streams: Any, side: Side) -> None:
    for segment, stream in zip(segments, streams, strict=True):
        side.numbers[..., segment.span, :] = stream.number
        if segment.key_start is not None:
            side.keys[..., segment.key_span, :, :] = 0.0 if stream.keys is None else stream.keys


# -------------------- neurons in terms --------------------


def entries_of(
    term: Term,
    neuron: int,
    slots: dict[str, Segment],
    rows: dict[str, Segment],
    column: dict[Any, int],
) -> tuple[Entry, list[Entry]] | None:
    """Target and factors of a term, for one neuron of a segment; None for a term that is zero."""

    def entry(segment: Segment, element: Any) -> Entry | None:
        if not element:
            return Entry(segment.start + neuron, -1)
        if segment.key_start is None or element not in column:
            return None
        return Entry(segment.key_start + neuron, column[element])

    target = entry(slots[term.field], term.element)
    factors = [entry(rows[field], element) for field, element in term.factors]
    if target is None or None in factors:
        return None
    return target, [factor for factor in factors if factor is not None]


class InTerms:
    """All neurons that say what they do in terms.

    Parameters
    ----------
    terms : sequence of (target, factors)
        In slots, and in rows.
    slots, rows : Layout

    Examples
    --------
    >>> product = (Entry(0, -1), [Entry(0, -1), Entry(0, 1)])  # number times second key
    >>> rows, slots = Layout(1, 1, 1, 2), Layout(1, 0, 1, 2)
    >>> read, emitted = rows.zeros((), float, 1.0), slots.zeros((), float, 1.0)
    >>> read.numbers[:], read.keys[:] = 3.0, [5.0, 7.0]
    >>> InTerms([product], slots, rows).forward(read, emitted)
    >>> emitted.numbers
    array([[21.]])
    """

    def __init__(
        self, terms: Sequence[tuple[Entry, list[Entry]]], slots: Layout, rows: Layout
    ) -> None:
        most = max(1, *(len(own) for _, own in terms))
        factors = np.full((len(terms), most, rows.strings), rows.one)
        for i, (_, own) in enumerate(terms):
            factors[i, : len(own)] = rows.positions(*_apart(own))
        self._table = TermTable(
            slots.positions(*_apart([target for target, _ in terms])).ravel(),
            factors.swapaxes(1, 2).reshape(-1, most),
            rows.one,
        )

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        slots.flat[self._table.outputs] = self._table.forward(rows.flat)

    def linearise(self, rows: Side) -> np.ndarray:
        """See `Group`; (ticks, factors in all terms)."""
        return self._table.linearise(rows.flat)

    def adjoint(self, partials: np.ndarray, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        rows.flat[self._table.inputs] = self._table.adjoint(partials[t], slots.flat)

    def tangent(self, partials: np.ndarray, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        slots.flat[:, self._table.moved] = self._table.tangent(partials[t], rows.flat)


def _apart(entries: Sequence[Entry]) -> np.ndarray:
    """Places and columns."""
    return np.array(entries, np.intp).reshape(-1, 2).T
