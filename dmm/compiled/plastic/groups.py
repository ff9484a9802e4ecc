"""The up movement of a machine that edits its matrix: neurons that are run together.

A group takes its inputs from rows and leaves its outputs in slots, at one tick or at all of them:
arrays (..., rows, strings) of numbers and (..., key rows, strings, columns) of keys. Neurons of a
type with a kernel are one group; all neurons that say what they do in terms are another, whatever
their types: single elements are all the same to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from ...neurons import Kernel, NeuronType, Partials, Stream, Term, TermTable, at_tick
from ..plan import Segment

__all__ = ["Entry", "Group", "InTerms", "Together", "entries_of"]


class Group(Protocol):
    """Neurons that are run together."""

    def forward(
        self, rows: np.ndarray, key_rows: np.ndarray, numbers: np.ndarray, keys: np.ndarray
    ) -> None:
        """Emit at one tick."""
        ...

    def linearise(self, rows: np.ndarray, key_rows: np.ndarray) -> Any:
        """Local partial derivatives, for all ticks at once."""
        ...

    def adjoint(
        self,
        partials: Any,
        t: int,
        numbers: np.ndarray,
        keys: np.ndarray,
        rows: np.ndarray,
        key_rows: np.ndarray,
    ) -> None:
        """Cotangents of rows from those of slots, at one tick."""
        ...

    def tangent(
        self,
        partials: Any,
        t: int,
        rows: np.ndarray,
        key_rows: np.ndarray,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        """Tangents of slots from those of rows, at one tick."""
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

    def forward(
        self, rows: np.ndarray, key_rows: np.ndarray, numbers: np.ndarray, keys: np.ndarray
    ) -> None:
        """See `Group`."""
        _put(self.slots, self.kernel.forward(_taken(self.rows, rows, key_rows)), numbers, keys)

    def linearise(self, rows: np.ndarray, key_rows: np.ndarray) -> Partials:
        """See `Group`."""
        return self.kernel.linearise(_taken(self.rows, rows, key_rows))

    def adjoint(
        self,
        partials: Partials,
        t: int,
        numbers: np.ndarray,
        keys: np.ndarray,
        rows: np.ndarray,
        key_rows: np.ndarray,
    ) -> None:
        """See `Group`."""
        outputs = _taken(self.slots, numbers, keys)
        _put(self.rows, self.kernel.adjoint(at_tick(partials, t), outputs), rows, key_rows)

    def tangent(
        self,
        partials: Partials,
        t: int,
        rows: np.ndarray,
        key_rows: np.ndarray,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        """See `Group`."""
        inputs = _taken(self.rows, rows, key_rows)
        _put(self.slots, self.kernel.tangent(at_tick(partials, t), inputs), numbers, keys)


def _taken(segments: list[Segment], numbers: np.ndarray, keys: np.ndarray) -> list[Stream]:
    """Streams of a group, as views."""
    return [
        Stream(
            numbers[..., segment.span, :],
            None if segment.key_start is None else keys[..., segment.key_span, :, :],
        )
        for segment in segments
    ]


def _put(segments: list[Segment], streams: Any, numbers: np.ndarray, keys: np.ndarray) -> None:
    for segment, stream in zip(segments, streams, strict=True):
        numbers[..., segment.span, :] = stream.number
        if segment.key_start is not None:
            keys[..., segment.key_span, :, :] = 0.0 if stream.keys is None else stream.keys


# -------------------- neurons in terms --------------------


class Entry(NamedTuple):
    """Where one element of one stream is.

    Attributes
    ----------
    place : int
        Row or slot of a number, key row or key slot of a key.
    column : int
        Of a key; -1 for the ``:number``.
    """

    place: int
    column: int


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
    terms : iterable of (target, factors)
        In slots, and in rows.

    Examples
    --------
    >>> product = (Entry(0, -1), [Entry(0, -1), Entry(0, 1)])  # number times second key
    >>> group = InTerms([product])
    >>> rows, key_rows = np.array([[3.0]]), np.array([[[5.0, 7.0]]])
    >>> numbers = np.zeros((1, 1))
    >>> group.forward(rows, key_rows, numbers, np.zeros((0, 1, 2)))
    >>> numbers
    array([[21.]])
    """

    def __init__(self, terms: Iterable[tuple[Entry, list[Entry]]]) -> None:
        terms = list(terms)
        self._outputs = _Ends({target for target, _ in terms})
        self._inputs = _Ends({factor for _, factors in terms for factor in factors})
        self._table = TermTable(
            [self._outputs.index[target] for target, _ in terms],
            [[self._inputs.index[factor] for factor in factors] for _, factors in terms],
        )

    def forward(
        self, rows: np.ndarray, key_rows: np.ndarray, numbers: np.ndarray, keys: np.ndarray
    ) -> None:
        """See `Group`."""
        self._outputs.put(self._table.forward(self._inputs.take(rows, key_rows)), numbers, keys)

    def linearise(self, rows: np.ndarray, key_rows: np.ndarray) -> np.ndarray:
        """See `Group`; (ticks, terms, factors, strings)."""
        partials = self._table.linearise(self._inputs.take(rows, key_rows))
        return np.ascontiguousarray(np.moveaxis(partials, 2, 0))

    def adjoint(
        self,
        partials: np.ndarray,
        t: int,
        numbers: np.ndarray,
        keys: np.ndarray,
        rows: np.ndarray,
        key_rows: np.ndarray,
    ) -> None:
        """See `Group`."""
        g = self._outputs.take(numbers, keys)
        self._inputs.put(self._table.adjoint(partials[t], g), rows, key_rows)

    def tangent(
        self,
        partials: np.ndarray,
        t: int,
        rows: np.ndarray,
        key_rows: np.ndarray,
        numbers: np.ndarray,
        keys: np.ndarray,
    ) -> None:
        """See `Group`; directions come first."""
        moved = self._inputs.take(rows, key_rows)
        partial = partials[t][:, :, None]
        self._outputs.put(self._table.tangent(partial, moved), numbers, keys)


class _Ends:
    """One side of all terms: entries in the order numbers, keys, as the first axis of an array."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        ordered = sorted(entries, key=lambda entry: (entry.column >= 0, entry))
        self.index = {entry: i for i, entry in enumerate(ordered)}
        numbers = [entry.place for entry in ordered if entry.column < 0]
        keyed = [entry for entry in ordered if entry.column >= 0]
        self._count = len(numbers)
        self._numbers = np.array(numbers, np.intp)
        self._places = np.array([entry.place for entry in keyed], np.intp)
        self._columns = np.array([entry.column for entry in keyed], np.intp)

    def take(self, numbers: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """(entries, ..., strings)."""
        plain = numbers[..., self._numbers, :].swapaxes(0, -2)
        if not self._places.size:
            return plain
        keyed = keys[..., self._places, :, self._columns]  # numpy puts this axis first
        return keyed if not self._count else np.concatenate([plain, keyed])

    def put(self, values: np.ndarray, numbers: np.ndarray, keys: np.ndarray) -> None:
        """Set the entries; all others are left as they are."""
        numbers[..., self._numbers, :] = values[: self._count].swapaxes(0, -2)
        if self._places.size:
            keys[..., self._places, :, self._columns] = values[self._count :]
