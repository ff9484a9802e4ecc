"""One tick of a machine that edits its own matrix: down movement and up movement, both ways.

The down movement is one matrix product for the still links, and for each moving link its own
weight, which is an element of the keys of the slot that holds the matrix, times its slot. Then
every group of neurons is fired.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .firing.groups import Group, InTerms
from .firing.one_vector import Layout, Side
from .moves import FewMoves, Moves, flat_product
from .nested import Inner
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
        still, moving = arrangement.still, arrangement.moving
        self.has_still = bool(len(still.row) + len(still.key_row))
        is_alone = not self.has_still
        self.moves = Moves(moving.row, moving.slot, moving.weight, is_alone)
        self.key_moves = Moves(moving.key_row, moving.key_slot, moving.key_weight, is_alone)
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
            assert arrangement.holder is not None
            self.few_moves = FewMoves(moving, arrangement.holder, self.slots, self.rows, is_alone)

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
        a, still = self.arrangement, self.arrangement.still
        matrix = np.zeros((a.n_rows, len(a.slot_of)), weights.dtype)
        np.add.at(matrix, (still.row, still.slot), weights[still.weight])
        key_matrix = np.zeros((a.n_key_rows, len(a.key_slot_of)), weights.dtype)
        np.add.at(key_matrix, (still.key_row, still.key_slot), weights[still.key_weight])
        return matrix, key_matrix

    def down(self, matrix: np.ndarray, key_matrix: np.ndarray, slots: Side, rows: Side) -> None:
        """Rows from slots."""
        if self.has_still:
            np.matmul(matrix, slots.numbers, out=rows.numbers)
            if self.has_keys:
                flat_product(key_matrix, slots.keys, rows.keys)
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
        if self.has_still:
            np.matmul(matrix.T, rows.numbers, out=slots.numbers)
            if self.has_keys:
                flat_product(key_matrix.T, rows.keys, slots.keys)
        if self.few_moves is not None:
            self.few_moves.apply_back(sent, rows, slots)

    def down_tangents(
        self, matrix: np.ndarray, key_matrix: np.ndarray, sent: Side, slots: Side, rows: Side
    ) -> None:
        """Tangents of rows that are 0 from those of slots, along no change of weights.

        Sent is what the slots were; directions are in front.
        """
        if self.has_still:
            np.matmul(matrix, slots.numbers, out=rows.numbers)
            if self.has_keys:
                flat_product(key_matrix, slots.keys, rows.keys)
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
