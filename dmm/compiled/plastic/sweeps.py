"""A machine that edits its own matrix, run forwards, backwards and along tangents.

Slots and rows are sides (see `one_vector`): slots of ticks + 1 moments, rows of every tick. A tick
is the down movement - one matrix product for the still links, and for each moving link its own
weight, which is an element of the keys of the slot that holds the matrix, times its slot - and then
the up movement of every group of neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .groups import Group, InTerms
from .moves import FewMoves, Moves, Nudge, flat, flat_product
from .one_vector import Layout, Side, Track
from .outside import Outside
from .places import Arrangement, Links

__all__ = ["Gradients", "Life", "Start", "Sweeps"]

FEW = 5_000
"""Products of moving links in a tick up to which the calls of numpy decide, not the elements."""


@dataclass
class Start:
    """What the weights decide: those of the still links, and the stream of the holder at first.

    Attributes
    ----------
    still : array ([directions,] still links)
    held : array ([directions,] held links)
        Elements of the holder's stream before the first tick.
    """

    still: np.ndarray
    held: np.ndarray


Gradients = Start
"""Cotangents, in the places of what they belong to."""


@dataclass
class Life:
    """One run, with all that its derivatives need."""

    matrix: np.ndarray
    key_matrix: np.ndarray
    slots: Track
    rows: Track
    partials: list[Any] | None = None


class Moved(NamedTuple):
    """Moving links over time, (ticks, links, strings); what keys they were sent is too large."""

    weights: np.ndarray
    sent: np.ndarray
    key_weights: np.ndarray


class Sweeps:
    """The sweeps of a machine over given streams.

    Parameters
    ----------
    arrangement : Arrangement
    outside : Outside
        What does not depend on weights.
    """

    def __init__(self, arrangement: Arrangement, outside: Outside) -> None:
        self.arrangement = arrangement
        self.outside = outside
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
        strings, columns = outside.strings, arrangement.n_columns
        self.slots = Layout(
            len(arrangement.slot_of), len(arrangement.key_slot_of), strings, columns
        )
        self.rows = Layout(
            arrangement.n_rows, arrangement.n_key_rows, strings, columns, arrangement.n_switches
        )
        self.groups = self._groups()
        self.few_moves: FewMoves | None = None
        products = strings * (self.moves.count + self.key_moves.count * columns)
        if 0 < products <= FEW:
            assert arrangement.holder is not None
            self.few_moves = FewMoves(moving, arrangement.holder, self.slots, self.rows, is_alone)
        self._tracks: dict[tuple[str, np.dtype], Track] = {}

    def _groups(self) -> list[Group]:
        """All neurons but sums; terms that add to what kernels have written come last."""
        a = self.arrangement
        groups: list[Group] = [*a.groups]
        if a.terms or a.shares:
            groups.append(InTerms(a.terms, a.decided, self.slots, self.rows))
        if a.shares:
            groups.append(InTerms(a.shares, [], self.slots, self.rows, adds=True))
        return groups

    # -------------------- forward --------------------

    def forward(self, start: Start) -> Life:
        """Run the machine through all ticks."""
        life = self._begun(start)
        self.go_on(life, 0)
        return life

    def go_on(self, life: Life, tick: int) -> None:
        """Run the machine through the ticks from this one on."""
        slots, rows = life.slots.at, life.rows.at
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(tick, self.outside.ticks):
                self._down(life, slots[t], rows[t])
                self._up(rows[t], slots[t + 1])

    def observed(self, life: Life) -> np.ndarray:
        """Numbers of the observed ports, (observed, ticks, strings)."""
        return life.rows.whole.numbers[:, self.arrangement.observed].swapaxes(0, 1)

    def _begun(self, start: Start) -> Life:
        a, outside = self.arrangement, self.outside
        dtype = np.result_type(start.still, start.held, np.float64)
        slots = self._take("slots", self.slots, outside.ticks + 1, dtype)
        first = slots.at[0]
        first.numbers[:], first.keys[:] = 0.0, 0.0
        outside.fill(slots.whole.numbers, slots.whole.keys)
        if a.holder is not None:
            first.keys[a.holder][:, a.held_column] += start.held
        rows = self._take("rows", self.rows, outside.ticks, dtype)
        return Life(*self._matrices(start.still), slots, rows)

    def _take(self, name: str, layout: Layout, moments: int, dtype: Any, one: float = 1.0) -> Track:
        """The track of this name; the next run will overwrite it, all but its first entry."""
        key = name, np.dtype(dtype)
        if key not in self._tracks:
            self._tracks[key] = layout.track(moments, key[1], one)
        return self._tracks[key]

    def _matrices(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, still = self.arrangement, self.arrangement.still
        matrix = np.zeros((a.n_rows, len(a.slot_of)), weights.dtype)
        np.add.at(matrix, (still.row, still.slot), weights[still.weight])
        key_matrix = np.zeros((a.n_key_rows, len(a.key_slot_of)), weights.dtype)
        np.add.at(key_matrix, (still.key_row, still.key_slot), weights[still.key_weight])
        return matrix, key_matrix

    def _down(self, life: Life, slots: Side, rows: Side) -> None:
        if self.has_still:
            np.matmul(life.matrix, slots.numbers, out=rows.numbers)
            if self.has_keys:
                flat_product(life.key_matrix, slots.keys, rows.keys)
        if self.few_moves is not None:
            self.few_moves.apply(slots, rows)
        elif self.moves.count:
            matrix = slots.keys[self.arrangement.holder]
            self.moves.apply(matrix, slots.numbers, rows.numbers)
            if self.key_moves.count:
                self.key_moves.apply(matrix, slots.keys, rows.keys)

    def _up(self, rows: Side, slots: Side) -> None:
        slots.numbers[: self.n_sums] = rows.numbers[: self.n_sums]
        if self.has_offset:
            slots.numbers[: self.n_sums] += self.arrangement.offset[:, None]
        slots.keys[: self.n_keyed_sums] = rows.keys[: self.n_keyed_sums]
        for group in self.groups:
            group.forward(rows, slots)
        self.outside.read(rows.numbers, slots.numbers, slots.keys)

    def linearised(self, life: Life) -> list[Any]:
        """Local partial derivatives of every group, for all ticks at once."""
        if life.partials is None:
            life.partials = [group.linearise(life.rows.whole) for group in self.groups]
        return life.partials

    # -------------------- reverse mode --------------------

    def pull_back(self, life: Life, g: np.ndarray) -> Gradients:
        """Cotangents of the start from those of the observed numbers."""
        a, still = self.arrangement, life.slots.whole
        dtype = np.result_type(still.flat, g)
        partials, moved = self.linearised(life), self._moved(life)
        # Every tick overwrites what the one after it has left here.
        [slots] = self._take("slots back", self.slots, 1, dtype, 0.0).at
        [rows] = self._take("rows back", self.rows, 1, dtype, 0.0).at
        slots.flat[:] = 0.0
        # What the rows get is kept, and contracted once. Keys are larger than the cache for that.
        kept = np.zeros(life.rows.whole.numbers.shape, dtype) if self.has_still else None
        key_matrix = np.zeros(life.key_matrix.shape, dtype)
        transposed = np.ascontiguousarray(life.matrix.T)
        key_transposed = np.ascontiguousarray(life.key_matrix.T)
        for t in reversed(range(self.outside.ticks)):
            self._up_back(partials, t, slots, rows)
            rows.numbers[a.observed] = g[:, t]
            slots.flat[:] = 0.0
            if kept is not None:
                kept[t] = rows.numbers
                np.matmul(transposed, rows.numbers, out=slots.numbers)
                if self.has_keys:
                    key_matrix += flat(rows.keys) @ flat(life.slots.at[t].keys).T
                    flat_product(key_transposed, rows.keys, slots.keys)
            if self.few_moves is not None:
                self.few_moves.apply_back(life.slots.at[t], rows, slots)
            elif moved is not None:
                self._move_back(moved, t, life.slots.at[t], rows, slots)
        held = np.zeros(len(a.held), dtype)
        if a.holder is not None:
            held = slots.keys[a.holder].sum(axis=0)[a.held_column]
        matrix = np.zeros(life.matrix.shape, dtype)
        if kept is not None:
            matrix = np.matmul(kept, still.numbers[:-1].swapaxes(1, 2)).sum(axis=0)
        return Gradients(self._still_gradient(matrix, key_matrix), held)

    def _up_back(self, partials: list[Any], t: int, slots: Side, rows: Side) -> None:
        """Cotangents of what is emitted at a tick to those of the rows."""
        rows.numbers[: self.n_sums] = slots.numbers[: self.n_sums]
        rows.keys[: self.n_keyed_sums] = slots.keys[: self.n_keyed_sums]
        for group, partial in zip(self.groups, partials, strict=True):
            group.adjoint(partial, t, slots, rows)
        self._stop(rows)

    def _moved(self, life: Life) -> Moved | None:
        """Weights of many moving links and what they were sent, for all ticks at once."""
        if not self.moves.count or self.few_moves is not None:
            return None
        matrices = life.slots.whole.keys[:-1, self.arrangement.holder]
        return Moved(
            self.moves.weights(matrices),
            life.slots.whole.numbers[:-1, self.moves.slot],
            self.key_moves.weights(matrices),
        )

    def _move_back(self, moved: Moved, t: int, sent: Side, rows: Side, slots: Side) -> None:
        """The transposed down movement of many moving links."""
        held = slots.keys[self.arrangement.holder]
        self.moves.apply_back(moved.weights[t], moved.sent[t], rows.numbers, slots.numbers, held)
        if self.key_moves.count:
            keys = sent.keys[self.key_moves.slot]
            self.key_moves.apply_back(moved.key_weights[t], keys, rows.keys, slots.keys, held)

    def _stop(self, rows: Side) -> None:
        """Let nothing pass where no gradient is to flow."""
        if self.stops:
            a = self.arrangement
            np.multiply(rows.numbers, a.passing[:, None], out=rows.numbers)
            np.multiply(rows.keys, a.key_passing[:, None, None], out=rows.keys)

    def _still_gradient(self, matrix: np.ndarray, key_matrix: np.ndarray) -> np.ndarray:
        """Cotangents of the still weights, from those of the matrices they are in."""
        still: Links = self.arrangement.still
        out = np.zeros(len(self.arrangement.still_links), matrix.dtype)
        np.add.at(out, still.weight, matrix[still.row, still.slot])
        np.add.at(out, still.key_weight, key_matrix[still.key_row, still.key_slot])
        return out

    # -------------------- forward mode --------------------

    def push_forward(self, life: Life, direction: Start) -> np.ndarray:
        """Tangents of the observed numbers, (directions, observed, ticks, strings)."""
        a, still, n = self.arrangement, self.arrangement.still, len(direction.still)
        dtype = np.result_type(life.slots.whole.flat, direction.still, direction.held)
        partials = self.linearised(life)
        slots, rows = (layout.zeros((n,), dtype) for layout in (self.slots, self.rows))
        if a.holder is not None:
            slots.keys[:, a.holder][..., a.held_column] += direction.held[:, None]
        change = direction.still
        nudge = Nudge(change, still.row, still.slot, still.weight, a.n_rows)
        key_nudge = Nudge(change, still.key_row, still.key_slot, still.key_weight, a.n_key_rows)
        n_observed = a.observed.stop - a.observed.start
        out = np.zeros((n, n_observed, self.outside.ticks, self.outside.strings), dtype)
        for t in range(self.outside.ticks):
            sent = life.slots.at[t]
            np.matmul(life.matrix, slots.numbers, out=rows.numbers)
            nudge.add(sent.numbers, rows.numbers)
            if self.has_keys:
                flat_product(life.key_matrix, slots.keys, rows.keys)
                key_nudge.add(sent.keys, rows.keys)
            self._move_tangents(sent, slots, rows)
            out[:, :, t] = rows.numbers[:, a.observed]
            self._stop(rows)
            self._up_tangents(partials, t, rows, slots)
        return out

    def _move_tangents(self, sent: Side, slots: Side, rows: Side) -> None:
        if not self.moves.count:
            return
        matrix, moved = sent.keys[self.arrangement.holder], slots.keys[:, self.arrangement.holder]
        self.moves.apply_tangent(matrix, sent.numbers, moved, slots.numbers, rows.numbers)
        if self.key_moves.count:
            self.key_moves.apply_tangent(matrix, sent.keys, moved, slots.keys, rows.keys)

    def _up_tangents(self, partials: list[Any], t: int, rows: Side, slots: Side) -> None:
        slots.flat[:] = 0.0
        slots.numbers[:, : self.n_sums] = rows.numbers[:, : self.n_sums]
        slots.keys[:, : self.n_keyed_sums] = rows.keys[:, : self.n_keyed_sums]
        for group, partial in zip(self.groups, partials, strict=True):
            group.tangent(partial, t, rows, slots)
