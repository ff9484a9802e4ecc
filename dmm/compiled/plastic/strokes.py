"""One tick of a machine that edits its own matrix: down movement and up movement, both ways.

The down movement is one matrix product for the still links, and for each moving link its own
weight, which is an element of the keys of the slot that holds the matrix, times its slot. Then
every group of neurons is fired. A neuron with a machine inside is a group of its own, with strokes
of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .firing.groups import Group, InTerms
from .firing.one_vector import Layout, Side
from .moves import FewMoves, Moves, flat_product
from .nested import Nested, Pairs
from .places import Arrangement

__all__ = ["Strokes"]

FEW = 5_000
"""Products of moving links in a tick up to which the calls of numpy decide, not the elements."""


class Strokes:
    """Both movements of a machine in so many strings.

    Parameters
    ----------
    arrangement : Arrangement
    strings : int
    is_inner : bool
        Of a machine inside a neuron: all ticks of an outer run may be done at once, as axes in
        front.
    """

    def __init__(self, arrangement: Arrangement, strings: int, is_inner: bool = False) -> None:
        self.arrangement = arrangement
        self.n_sums, self.n_keyed_sums = len(arrangement.sums), arrangement.n_keyed_sums
        self.has_offset = bool(arrangement.offset.any())
        self.has_keys = bool(arrangement.key_slot_of) and arrangement.n_columns > 0
        # Products with matrices that no link is in would cost more calls than all else.
        self.has_still = bool(len(arrangement.still.row) + len(arrangement.key_still.row))
        is_alone = not self.has_still
        self.moves = Moves(arrangement.moving, is_alone)
        self.key_moves = Moves(arrangement.key_moving, is_alone)
        self.stops = bool((arrangement.passing == 0.0).any())
        columns = arrangement.n_columns
        self.slots = Layout(
            len(arrangement.slot_of), len(arrangement.key_slot_of), strings, columns
        )
        self.rows = Layout(
            arrangement.n_rows, arrangement.n_key_rows, strings, columns, arrangement.n_switches
        )
        self.groups = self._groups()
        self.few_moves: FewMoves | None = None
        products = strings * (self.moves.count + self.key_moves.count * columns)
        if products and (is_inner or products <= FEW):
            self.few_moves = FewMoves(arrangement, self.slots, self.rows, is_alone)

    def _groups(self) -> list[Group]:
        """All neurons but sums; terms that add to what kernels have written come last."""
        a = self.arrangement
        groups: list[Group] = [*a.groups]
        if a.terms or a.shares:
            groups.append(InTerms(a.terms, a.decided, self.slots, self.rows))
        for nested in a.nested:
            strokes = Strokes(nested.arrangement, self.slots.strings, is_inner=True)
            groups.append(Inner(nested, strokes, self.slots, self.rows))
        if a.shares:
            groups.append(InTerms(a.shares, [], self.slots, self.rows, adds=True))
        return groups

    def matrices(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the still links are, for numbers and for keys, from their weights."""
        a = self.arrangement
        return (
            a.still.matrix(weights, (a.n_rows, len(a.slot_of))),
            a.key_still.matrix(weights, (a.n_key_rows, len(a.key_slot_of))),
        )

    def carry_still(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, carried: Side
    ) -> None:
        """What the still links carry to rows from slots or, with transposed matrices, back."""
        if self.has_still:
            np.matmul(matrix, sent.numbers, out=carried.numbers)
            if self.has_keys:
                flat_product(key_matrix, sent.keys, carried.keys)

    def down(self, matrix: np.ndarray, key_matrix: np.ndarray, slots: Side, rows: Side) -> None:
        """Rows from slots."""
        self.carry_still(matrix, key_matrix, slots, rows)
        if self.few_moves is not None:
            self.few_moves.apply(slots, rows)
        elif self.moves.count:
            held = slots.keys[self.arrangement.holder]
            self.moves.apply(held, slots.numbers, rows.numbers)
            if self.key_moves.count:
                self.key_moves.apply(held, slots.keys, rows.keys)

    def down_back(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, rows: Side, slots: Side
    ) -> None:
        """Add to cotangents of slots from those of rows; of slots that are 0, or few moving links.

        Sent is what the slots were.
        """
        self.carry_still(matrix.T, key_matrix.T, rows, slots)
        if self.few_moves is not None:
            self.few_moves.apply_back(sent, rows, slots)

    def down_tangents(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, slots: Side, rows: Side
    ) -> None:
        """Tangents of rows that are 0 from those of slots, along no change of weights.

        Sent is what the slots were; directions are in front.
        """
        self.carry_still(matrix, key_matrix, slots, rows)
        if self.few_moves is not None:
            self.few_moves.apply_tangent(sent, slots, rows)
        elif self.moves.count:
            holder = self.arrangement.holder
            held, moved = sent.keys[holder], slots.keys[:, holder]
            self.moves.apply_tangent(held, sent.numbers, moved, slots.numbers, rows.numbers)
            if self.key_moves.count:
                self.key_moves.apply_tangent(held, sent.keys, moved, slots.keys, rows.keys)

    def up(self, rows: Side, slots: Side) -> None:
        """Slots from rows, but for what comes from outside."""
        n, n_keyed = self.n_sums, self.n_keyed_sums
        numbers, read, keys, key_read = slots.numbers, rows.numbers, slots.keys, rows.keys
        if numbers.ndim == 2:  # a tick of a whole run; quicker
            numbers[:n], keys[:n_keyed] = read[:n], key_read[:n_keyed]
        else:
            numbers[..., :n, :] = read[..., :n, :]
            keys[..., :n_keyed, :, :] = key_read[..., :n_keyed, :, :]
        if self.has_offset:
            numbers[..., :n, :] += self.arrangement.offset[:, None]
        for group in self.groups:
            group.forward(rows, slots)

    def up_back(self, partials: list[Any], t: int, slots: Side, rows: Side) -> None:
        """Cotangents of what is emitted at a tick to those of the rows."""
        rows.numbers[: self.n_sums] = slots.numbers[: self.n_sums]
        rows.keys[: self.n_keyed_sums] = slots.keys[: self.n_keyed_sums]
        for group, partial in zip(self.groups, partials, strict=True):
            group.adjoint(partial, t, slots, rows)
        self.stop(rows)

    def stop(self, rows: Side) -> None:
        """Let nothing pass where no gradient is to flow."""
        if self.stops:
            a = self.arrangement
            np.multiply(rows.numbers, a.passing[:, None], out=rows.numbers)
            np.multiply(rows.keys, a.key_passing[:, None, None], out=rows.keys)

    def up_tangents(self, partials: list[Any], t: int, rows: Side, slots: Side) -> None:
        """Tangents of what is emitted at a tick from those of the rows; directions in front."""
        slots.flat[:] = 0.0
        slots.numbers[:, : self.n_sums] = rows.numbers[:, : self.n_sums]
        slots.keys[:, : self.n_keyed_sums] = rows.keys[:, : self.n_keyed_sums]
        for group, partial in zip(self.groups, partials, strict=True):
            group.tangent(partial, t, rows, slots)


# -------------------- machines inside neurons --------------------


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

    def __init__(self, nested: Nested, strokes: Strokes, slots: Layout, rows: Layout) -> None:
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
        sent, read = self._run(rows)
        _scatter(self._state_out, sent[-1], slots)
        _scatter(self._fields_out, read[-1], slots)

    def linearise(self, rows: Side) -> tuple[list[Side], list[Any]]:
        """See `Group`: inner slots, and derivatives of inner groups, of every inner tick."""
        sent, read = self._run(rows)
        return sent, [[group.linearise(own) for group in self._strokes.groups] for own in read]

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

    def _run(self, rows: Side) -> tuple[list[Side], list[Side]]:
        """Inner slots at every inner tick, and the inner rows between them."""
        before, dtype = rows.flat.shape[:-1], rows.flat.dtype
        slots = self._strokes.slots.zeros(before, dtype, 1.0)
        _gather(self._state_in, rows, slots)
        every_slots, every_rows = [slots], []
        for _ in range(self._ticks):
            read = self._strokes.rows.zeros(before, dtype, 1.0)
            self._strokes.down(self._matrix, self._key_matrix, slots, read)
            slots = self._strokes.slots.zeros(before, dtype, 1.0)
            self._strokes.up(read, slots)
            slots.flat[..., self._constants] = self._constant
            _gather(self._fields_in, rows, slots)
            every_rows.append(read)
            every_slots.append(slots)
        return every_slots, every_rows


Positions = tuple[np.ndarray, np.ndarray]


def _positions(pairs: Pairs, outer: Layout, inner: Layout) -> Positions:
    """Where pairs are in both vectors, for all strings."""
    one, other = np.array(pairs, np.intp).reshape(-1, 2, 2).swapaxes(0, 1)
    return outer.positions(*one.T).ravel(), inner.positions(*other.T).ravel()


def _gather(positions: Positions, outer: Side, inner: Side) -> None:
    inner.flat[..., positions[1]] = outer.flat[..., positions[0]]


def _scatter(positions: Positions, inner: Side, outer: Side) -> None:
    outer.flat[..., positions[0]] = inner.flat[..., positions[1]]
