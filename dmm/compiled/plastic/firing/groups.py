"""The up movement of a machine that edits its matrix: neurons that are run together.

A group takes its inputs from rows and leaves its outputs in slots, at one tick or at all of them
(see `one_vector`). Neurons of a type with a kernel are one group; all neurons that say what they do
in terms are another, whatever their types: single elements are all the same to it.

What a superfluid neuron mixes is on its field ``:function``, which it passes on. So here its
coefficients are read where they arrive, one column each; links into that field move, or are edited,
like any other. Parts without a kernel are terms with one more factor, see `emissions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ....neurons import (
    FUNCTION,
    Element,
    Kernel,
    MixtureKernel,
    NeuronType,
    Partials,
    Stream,
    TermTable,
    at_tick,
)
from ...plan import Segment
from .decisions import Decided, Decisions
from .emissions import Elements, mixed_parts
from .one_vector import Entry, Layout, Side

__all__ = ["Group", "InTerms", "Mixed", "Product", "Together", "mixed"]

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
    """Neurons of one type that has a kernel, with segments per read and per written field."""

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


# -------------------- superfluid neurons --------------------


@dataclass(frozen=True)
class Mixed:
    """Superfluid neurons of one type, as a group of neurons.

    Attributes
    ----------
    kernel : MixtureKernel
        Of the parts that have a kernel, and whose coefficients can be there.
    rows, slots : list of Segment
        Without ``:function``.
    function : (Segment, Segment)
        Row and slot of ``:function``.
    columns : list of int
        Where the coefficients are among its keys.

    Examples
    --------
    >>> from dmm.neurons import get_neuron_type
    >>> of, column = get_neuron_type("superfluid(tanh,relu)"), {("relu",): 0}
    >>> rows, slots = ([Segment(0, 1, None), Segment(1, 1, 0)] for _ in range(2))
    >>> group = mixed(of, rows, slots, column, {"dict": {()}, ":function": {("relu",)}})
    >>> read, emitted = (Layout(2, 1, 1, 1).zeros((), float) for _ in range(2))
    >>> read.numbers[0], read.keys[0] = 3.0, 0.5  # half of relu(3)
    >>> group.forward(read, emitted)
    >>> emitted.numbers[0], emitted.keys[0]
    (array([1.5]), array([[0.5]]))
    """

    kernel: MixtureKernel
    rows: list[Segment]
    slots: list[Segment]
    function: tuple[Segment, Segment]
    columns: list[int]

    def forward(self, rows: Side, slots: Side) -> None:
        """See `Group`."""
        put(self.slots, self.kernel.forward(self._inputs(rows)), slots)
        self._pass_on(rows, slots)

    def linearise(self, rows: Side) -> Partials:
        """See `Group`."""
        return self.kernel.linearise(self._inputs(rows))

    def adjoint(self, partials: Partials, t: int, slots: Side, rows: Side) -> None:
        """See `Group`."""
        row, slot = self.function
        found = self.kernel.adjoint(at_tick(partials, t), taken(self.slots, slots))
        put(self.rows, found[: len(self.rows)], rows)
        put([row], taken([slot], slots), rows)
        for column, own in zip(self.columns, found[len(self.rows) :], strict=True):
            rows.keys[..., row.key_span, :, column] += own.number

    def tangent(self, partials: Partials, t: int, rows: Side, slots: Side) -> None:
        """See `Group`."""
        put(self.slots, self.kernel.tangent(at_tick(partials, t), self._inputs(rows)), slots)
        self._pass_on(rows, slots)

    def _inputs(self, rows: Side) -> list[Stream]:
        """What is mixed, and the coefficients."""
        span = self.function[0].key_span if self.columns else slice(0)
        coefficients = [Stream(rows.keys[..., span, :, column]) for column in self.columns]
        return [*taken(self.rows, rows), *coefficients]

    def _pass_on(self, rows: Side, slots: Side) -> None:
        row, slot = self.function
        put([slot], taken([row], rows), slots)


def mixed(
    of: NeuronType,
    rows: list[Segment],
    slots: list[Segment],
    column: Mapping[Element, int],
    mine: Mapping[str, Elements],
) -> Mixed:
    """Superfluid neurons that read these elements, in these segments; see `Mixed`."""
    parts = [part for part in mixed_parts(of, mine[FUNCTION]) if isinstance(part.kernel, Kernel)]
    kernel = MixtureKernel(parts, of.reads[:-1], of.writes[:-1])
    columns = [column[part.name,] for part in parts]
    return Mixed(kernel, rows[:-1], slots[:-1], (rows[-1], slots[-1]), columns)


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
