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

from ....neurons import Kernel, NeuronType, Partials, Stream, TermTable, at_tick
from ...plan import Segment
from .decisions import Decided, Decisions
from .one_vector import Entry, Layout, Side

__all__ = ["Group", "InTerms", "Product", "Together", "put", "taken"]

Product = tuple[Entry, list[Entry]]
"""A term in arrays: the slot it adds to, and the rows that are multiplied."""


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
        put(self.slots, self.kernel.forward(taken(self.rows, rows)), slots)

    def linearise(self, rows: Side) -> Partials:
        """See `Group`."""
        return self.kernel.linearise(taken(self.rows, rows))

    def adjoint(self, partials: Partials, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        outputs = taken(self.slots, slots)
        put(self.rows, self.kernel.adjoint(at_tick(partials, t), outputs), rows)

    def tangent(self, partials: Partials, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        inputs = taken(self.rows, rows)
        put(self.slots, self.kernel.tangent(at_tick(partials, t), inputs), slots)


def taken(segments: list[Segment], side: Side) -> list[Stream]:
    """Streams of a group, as views."""
    return [
        Stream(
            side.numbers[..., segment.span, :],
            None if segment.key_start is None else side.keys[..., segment.key_span, :, :],
        )
        for segment in segments
    ]


def put(segments: list[Segment], streams: Any, side: Side) -> None:
    """Give a group its streams; what a stream has no keys for is 0."""
    for segment, stream in zip(segments, streams, strict=True):
        side.numbers[..., segment.span, :] = stream.number
        if segment.key_start is not None:
            side.keys[..., segment.key_span, :, :] = 0.0 if stream.keys is None else stream.keys


# -------------------- neurons in terms --------------------


class InTerms:
    """All neurons that say what they do in terms.

    Parameters
    ----------
    terms : sequence of Product
    decided : sequence of Decided
        Decisions that set the switches among the factors.
    slots, rows : Layout
    adds : bool
        Whether they add to what is there already, which other groups have written.

    Examples
    --------
    >>> product = (Entry(0, -1), [Entry(0, -1), Entry(0, 1)])  # number times second key
    >>> rows, slots = Layout(1, 1, 1, 2), Layout(1, 0, 1, 2)
    >>> read, emitted = rows.zeros((), float, 1.0), slots.zeros((), float, 1.0)
    >>> read.numbers[:], read.keys[:] = 3.0, [5.0, 7.0]
    >>> InTerms([product], [], slots, rows).forward(read, emitted)
    >>> emitted.numbers
    array([[21.]])
    """

    def __init__(
        self,
        terms: Sequence[Product],
        decided: Sequence[Decided],
        slots: Layout,
        rows: Layout,
        adds: bool = False,
    ) -> None:
        self._decisions = Decisions(decided, rows) if decided else None
        self._adds = adds
        counts = np.array([len(own) for _, own in terms], np.intp)
        most = max(1, counts.max(initial=0))
        factors = np.full((len(terms), most, rows.strings), rows.one)
        is_there = np.arange(most) < counts[:, None]
        factors[is_there] = rows.positions(*_apart([entry for _, own in terms for entry in own]))
        self._table = TermTable(
            slots.positions(*_apart([target for target, _ in terms])).ravel(),
            factors.swapaxes(1, 2).reshape(-1, most),
            rows.one,
        )

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        if self._decisions is not None:
            self._decisions.decide(rows)
        self._give(slots.flat, self._table.outputs, self._table.forward(rows.flat))

    def linearise(self, rows: Side) -> np.ndarray:
        """See `Group`; (ticks, factors in all terms)."""
        return self._table.linearise(rows.flat)

    def adjoint(self, partials: np.ndarray, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        self._give(rows.flat, self._table.inputs, self._table.adjoint(partials[t], slots.flat))

    def tangent(self, partials: np.ndarray, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        self._give(slots.flat, self._table.moved, self._table.tangent(partials[t], rows.flat))

    def _give(self, flat: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
        if self._adds:
            flat[..., places] += values
        elif flat.ndim == 1:  # a tick of a whole run; quicker
            flat[places] = values
        else:
            flat[..., places] = values


def _apart(entries: Sequence[Entry]) -> np.ndarray:
    """Places and columns."""
    return np.array(entries, np.intp).reshape(-1, 2).T
