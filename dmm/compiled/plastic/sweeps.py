"""A machine that edits its own matrix, run forwards, backwards and along tangents.

Time comes first, strings come last but for columns::

    numbers (ticks + 1, slots, strings)    keys (ticks + 1, key slots, strings, columns)
    rows    (ticks, rows, strings)         key rows (ticks, key rows, strings, columns)

A tick is the down movement - one matrix product for the still links, and for each moving link its
own weight, which is an element of the keys of the slot that holds the matrix, times its slot - and
then the up movement of every group of neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .moves import Moves, Nudge, flat, flat_product
from .outside import Outside
from .places import Arrangement, Links

__all__ = ["Gradients", "Life", "Start", "Sweeps"]


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
    numbers: np.ndarray
    keys: np.ndarray
    rows: np.ndarray
    key_rows: np.ndarray
    partials: list[Any] | None = None

    def over_time(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What there is of for every tick."""
        return self.numbers, self.keys, self.rows, self.key_rows


class Tick(NamedTuple):
    """One tick's worth of derivatives: in slots, and in rows."""

    numbers: np.ndarray
    keys: np.ndarray
    rows: np.ndarray
    key_rows: np.ndarray


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
        moving = arrangement.moving
        self.moves = Moves(moving.row, moving.slot, moving.weight)
        self.key_moves = Moves(moving.key_row, moving.key_slot, moving.key_weight)
        self.n_sums, self.n_keyed_sums = len(arrangement.sums), arrangement.n_keyed_sums
        self.has_offset = bool(arrangement.offset.any())
        self.has_keys = bool(arrangement.key_slot_of) and arrangement.n_columns > 0
        self.stops = bool((arrangement.passing == 0.0).any())
        self._arrays: dict[tuple[str, np.dtype], np.ndarray] = {}

    # -------------------- forward --------------------

    def forward(self, start: Start) -> Life:
        """Run the machine through all ticks."""
        life = self._begun(start)
        self.go_on(life, 0)
        return life

    def go_on(self, life: Life, tick: int) -> None:
        """Run the machine through the ticks from this one on."""
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(tick, self.outside.ticks):
                self._down(life, t)
                self._up(life, t)

    def observed(self, life: Life) -> np.ndarray:
        """Numbers of the observed ports, (observed, ticks, strings)."""
        return life.rows[:, self.arrangement.observed].swapaxes(0, 1)

    def _begun(self, start: Start) -> Life:
        a, outside = self.arrangement, self.outside
        dtype = np.result_type(start.still, start.held, np.float64)
        ticks, strings, columns = outside.ticks, outside.strings, a.n_columns
        numbers = self._take("numbers", (ticks + 1, len(a.slot_of), strings), dtype)
        keys = self._take("keys", (ticks + 1, len(a.key_slot_of), strings, columns), dtype)
        numbers[0], keys[0] = 0.0, 0.0
        outside.fill(numbers, keys)
        if a.holder is not None:
            keys[0, a.holder][:, a.held_column] += start.held
        rows = self._take("rows", (ticks, a.n_rows, strings), dtype)
        key_rows = self._take("key rows", (ticks, a.n_key_rows, strings, columns), dtype)
        matrix, key_matrix = self._matrices(start.still)
        return Life(matrix, key_matrix, numbers, keys, rows, key_rows)

    def _take(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of this name; the next run will overwrite it, all but its first entry."""
        key = name, np.dtype(dtype)
        if key not in self._arrays:
            self._arrays[key] = np.zeros(shape, dtype)
        return self._arrays[key]

    def _matrices(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, still = self.arrangement, self.arrangement.still
        matrix = np.zeros((a.n_rows, len(a.slot_of)), weights.dtype)
        np.add.at(matrix, (still.row, still.slot), weights[still.weight])
        key_matrix = np.zeros((a.n_key_rows, len(a.key_slot_of)), weights.dtype)
        np.add.at(key_matrix, (still.key_row, still.key_slot), weights[still.key_weight])
        return matrix, key_matrix

    def _weights(self, keys: np.ndarray, t: int | slice) -> np.ndarray:
        """The matrix at a tick, (strings, columns), or at several."""
        return keys[t, self.arrangement.holder]

    def _down(self, life: Life, t: int) -> None:
        np.matmul(life.matrix, life.numbers[t], out=life.rows[t])
        if self.has_keys:
            flat_product(life.key_matrix, life.keys[t], life.key_rows[t])
        if self.moves.count:
            matrix = self._weights(life.keys, t)
            self.moves.apply(matrix, life.numbers[t], life.rows[t])
            if self.key_moves.count:
                self.key_moves.apply(matrix, life.keys[t], life.key_rows[t])

    def _up(self, life: Life, t: int) -> None:
        numbers, keys = life.numbers[t + 1], life.keys[t + 1]
        numbers[: self.n_sums] = life.rows[t, : self.n_sums]
        if self.has_offset:
            numbers[: self.n_sums] += self.arrangement.offset[:, None]
        keys[: self.n_keyed_sums] = life.key_rows[t, : self.n_keyed_sums]
        for group in self.arrangement.groups:
            group.forward(life.rows[t], life.key_rows[t], numbers, keys)
        self.outside.read(life.rows[t], numbers, keys)

    def linearised(self, life: Life) -> list[Any]:
        """Local partial derivatives of every group, for all ticks at once."""
        if life.partials is None:
            life.partials = [
                group.linearise(life.rows, life.key_rows) for group in self.arrangement.groups
            ]
        return life.partials

    # -------------------- reverse mode --------------------

    def pull_back(self, life: Life, g: np.ndarray) -> Gradients:
        """Cotangents of the start from those of the observed numbers."""
        a = self.arrangement
        dtype = np.result_type(life.numbers, g)
        partials, moved = self.linearised(life), self._moved(life)
        numbers, keys, _, key_rows = (np.zeros(x.shape[1:], dtype) for x in life.over_time())
        # What the rows get is kept, and contracted once. Keys are larger than the cache for that.
        rows = np.zeros(life.rows.shape, dtype)
        key_matrix = np.zeros(life.key_matrix.shape, dtype)
        transposed = np.ascontiguousarray(life.matrix.T)
        key_transposed = np.ascontiguousarray(life.key_matrix.T)
        for t in reversed(range(self.outside.ticks)):
            tick = Tick(numbers, keys, rows[t], key_rows)
            self._up_back(partials, t, tick)
            tick.rows[a.observed] = g[:, t]
            np.matmul(transposed, tick.rows, out=tick.numbers)
            if self.has_keys:
                key_matrix += flat(key_rows) @ flat(life.keys[t]).T
                flat_product(key_transposed, tick.key_rows, tick.keys)
            if moved is not None:
                self._move_back(moved, life, t, tick)
        held = np.zeros(len(a.held), dtype)
        if a.holder is not None:
            held = keys[a.holder].sum(axis=0)[a.held_column]
        matrix = np.matmul(rows, life.numbers[:-1].swapaxes(1, 2)).sum(axis=0)
        return Gradients(self._still_gradient(matrix, key_matrix), held)

    def _up_back(self, partials: list[Any], t: int, tick: Tick) -> None:
        """Cotangents of what is emitted at a tick to those of the rows."""
        tick.rows[: self.n_sums] = tick.numbers[: self.n_sums]
        tick.key_rows[: self.n_keyed_sums] = tick.keys[: self.n_keyed_sums]
        for group, partial in zip(self.arrangement.groups, partials, strict=True):
            group.adjoint(partial, t, tick.numbers, tick.keys, tick.rows, tick.key_rows)
        self._stop(tick)

    def _moved(self, life: Life) -> Moved | None:
        """Weights of the moving links and what they were sent, for all ticks at once."""
        if not self.moves.count:
            return None
        matrices = self._weights(life.keys, slice(len(life.rows)))
        return Moved(
            self.moves.weights(matrices),
            life.numbers[:-1, self.moves.slot],
            self.key_moves.weights(matrices),
        )

    def _move_back(self, moved: Moved, life: Life, t: int, tick: Tick) -> None:
        """The transposed down movement of the moving links."""
        held = tick.keys[self.arrangement.holder]
        self.moves.apply_back(moved.weights[t], moved.sent[t], tick.rows, tick.numbers, held)
        if self.key_moves.count:
            sent = life.keys[t][self.key_moves.slot]
            weights = moved.key_weights[t]
            self.key_moves.apply_back(weights, sent, tick.key_rows, tick.keys, held)

    def _stop(self, tick: Tick) -> None:
        """Let nothing pass where no gradient is to flow."""
        if self.stops:
            a = self.arrangement
            np.multiply(tick.rows, a.passing[:, None], out=tick.rows)
            np.multiply(tick.key_rows, a.key_passing[:, None, None], out=tick.key_rows)

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
        dtype = np.result_type(life.numbers, direction.still, direction.held)
        partials = self.linearised(life)
        tick = Tick(*(np.zeros((n, *x.shape[1:]), dtype) for x in life.over_time()))
        if a.holder is not None:
            tick.keys[:, a.holder][..., a.held_column] += direction.held[:, None]
        change = direction.still
        nudge = Nudge(change, still.row, still.slot, still.weight, a.n_rows)
        key_nudge = Nudge(change, still.key_row, still.key_slot, still.key_weight, a.n_key_rows)
        n_observed = a.observed.stop - a.observed.start
        out = np.zeros((n, n_observed, self.outside.ticks, self.outside.strings), dtype)
        for t in range(self.outside.ticks):
            np.matmul(life.matrix, tick.numbers, out=tick.rows)
            nudge.add(life.numbers[t], tick.rows)
            if self.has_keys:
                flat_product(life.key_matrix, tick.keys, tick.key_rows)
                key_nudge.add(life.keys[t], tick.key_rows)
            self._move_tangents(life, t, tick)
            out[:, :, t] = tick.rows[:, a.observed]
            self._stop(tick)
            self._up_tangents(partials, t, tick)
        return out

    def _move_tangents(self, life: Life, t: int, tick: Tick) -> None:
        if not self.moves.count:
            return
        matrix, moved = self._weights(life.keys, t), tick.keys[:, self.arrangement.holder]
        self.moves.apply_tangent(matrix, life.numbers[t], moved, tick.numbers, tick.rows)
        if self.key_moves.count:
            self.key_moves.apply_tangent(matrix, life.keys[t], moved, tick.keys, tick.key_rows)

    def _up_tangents(self, partials: list[Any], t: int, tick: Tick) -> None:
        tick.numbers[:, self.n_sums :] = 0.0
        tick.keys[:, self.n_keyed_sums :] = 0.0
        tick.numbers[:, : self.n_sums] = tick.rows[:, : self.n_sums]
        tick.keys[:, : self.n_keyed_sums] = tick.key_rows[:, : self.n_keyed_sums]
        for group, partial in zip(self.arrangement.groups, partials, strict=True):
            group.tangent(partial, t, tick.rows, tick.key_rows, tick.numbers, tick.keys)
