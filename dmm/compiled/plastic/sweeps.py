"""A machine that edits its own matrix, run forwards, backwards and along tangents.

Slots and rows are sides (see `one_vector`): slots of ticks + 1 moments, rows of every tick. What is
done at one tick is in `strokes`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .firing.one_vector import Layout, Side, Track
from .moves import Nudge, flat
from .outside import Outside
from .places import Arrangement
from .strokes import Strokes

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
    slots: Track
    rows: Track
    partials: list[Any] | None = None


class Moved(NamedTuple):
    """Moving links over time, (ticks, links, strings); what keys they were sent is too large."""

    weights: np.ndarray
    sent: np.ndarray
    key_weights: np.ndarray


class Sweeps:
    """The sweeps of a machine over given streams, or over some ticks of them.

    Parameters
    ----------
    arrangement : Arrangement
    outside : Outside
        What does not depend on weights.

    Attributes
    ----------
    first, ticks : int
        Where it begins, and how long it is.
    """

    def __init__(self, arrangement: Arrangement, outside: Outside) -> None:
        self.arrangement = arrangement
        self.outside = outside
        self.first, self.ticks = 0, outside.ticks
        self.strokes = Strokes(arrangement, outside.strings)
        self._tracks: dict[tuple[str, int, np.dtype], Track] = {}

    def part(self, first: int, ticks: int) -> Sweeps:
        """Those of some ticks only, in the same memory."""
        part = copy(self)
        part.first, part.ticks = first, ticks
        return part

    # -------------------- forward --------------------

    def forward(self, start: Start, sent: np.ndarray | None = None) -> Life:
        """Run the machine through all ticks; a part that is not the first from what was sent."""
        life = self._begun(start, sent)
        self.go_on(life, 0)
        return life

    def go_on(self, life: Life, tick: int) -> None:
        """Run the machine through the ticks from this one on."""
        slots, rows = life.slots.at, life.rows.at
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(tick, self.ticks):
                self.strokes.down(life.matrix, life.key_matrix, slots[t], rows[t])
                self.strokes.up(rows[t], slots[t + 1])
                self.outside.read(rows[t].numbers, slots[t + 1].numbers, slots[t + 1].keys)

    def observed(self, life: Life) -> np.ndarray:
        """Numbers of the observed ports, (observed, ticks, strings)."""
        return life.rows.whole.numbers[:, self.arrangement.observed].swapaxes(0, 1)

    def _begun(self, start: Start, sent: np.ndarray | None) -> Life:
        a = self.arrangement
        dtype = np.result_type(start.still, start.held, np.float64)
        slots = self._take("slots", self.strokes.slots, self.ticks + 1, dtype)
        first = slots.at[0]
        self.outside.fill(slots.whole.numbers, slots.whole.keys, self.first)
        if sent is not None:
            first.flat[:] = sent
        else:
            first.numbers[:], first.keys[:] = 0.0, 0.0
            self.outside.begin(first.numbers, first.keys)
            if a.holder is not None:
                first.keys[a.holder][:, a.held_column] += start.held
        rows = self._take("rows", self.strokes.rows, self.ticks, dtype)
        return Life(*self.strokes.matrices(start.still), slots, rows)

    def _take(self, name: str, layout: Layout, moments: int, dtype: Any, one: float = 1.0) -> Track:
        """The track of this name; the next run will overwrite it, all but its first entry."""
        key = name, moments, np.dtype(dtype)
        if key not in self._tracks:
            self._tracks[key] = layout.track(moments, key[2], one)
        return self._tracks[key]

    def linearised(self, life: Life) -> list[Any]:
        """Local partial derivatives of every group, for all ticks at once."""
        if life.partials is None:
            life.partials = [group.linearise(life.rows.whole) for group in self.strokes.groups]
        return life.partials

    # -------------------- reverse mode --------------------

    def pull_back(self, life: Life, g: np.ndarray) -> Gradients:
        """Cotangents of the start from those of the observed numbers."""
        return self.pull_back_from(life, g, None)[0]

    def pull_back_from(
        self, life: Life, g: np.ndarray, end: np.ndarray | None
    ) -> tuple[Gradients, np.ndarray]:
        """The same with cotangents of what the last tick sent; and those of what was sent first."""
        a, still = self.arrangement, life.slots.whole
        dtype = np.result_type(still.flat, g)
        partials, moved = self.linearised(life), self._moved(life)
        # Every tick overwrites what the one after it has left here.
        [slots] = self._take("slots back", self.strokes.slots, 1, dtype, 0.0).at
        [rows] = self._take("rows back", self.strokes.rows, 1, dtype, 0.0).at
        slots.flat[:] = 0.0 if end is None else end
        # What the rows get is kept, and contracted once. Keys are larger than the cache for that.
        kept = np.zeros(life.rows.whole.numbers.shape, dtype) if self.strokes.has_still else None
        key_matrix = np.zeros(life.key_matrix.shape, dtype)
        transposed = np.ascontiguousarray(life.matrix.T)
        key_transposed = np.ascontiguousarray(life.key_matrix.T)
        for t in reversed(range(self.ticks)):
            self.strokes.up_back(partials, t, slots, rows)
            rows.numbers[a.observed] = g[:, t]
            slots.flat[:] = 0.0
            if kept is not None:
                kept[t] = rows.numbers
                if self.strokes.has_keys:
                    key_matrix += flat(rows.keys) @ flat(life.slots.at[t].keys).T
                self.strokes.carry_still(transposed, key_transposed, rows, slots)
            if self.strokes.few_moves is not None:
                self.strokes.few_moves.apply_back(life.slots.at[t], rows, slots)
            elif moved is not None:
                self._move_back(moved, t, life.slots.at[t], rows, slots)
        held = np.zeros(len(a.held), dtype)
        if a.holder is not None:
            held = slots.keys[a.holder].sum(axis=0)[a.held_column]
        matrix = np.zeros(life.matrix.shape, dtype)
        if kept is not None:
            matrix = np.matmul(kept, still.numbers[:-1].swapaxes(1, 2)).sum(axis=0)
        return Gradients(self._still_gradient(matrix, key_matrix), held), np.array(slots.flat)

    def _moved(self, life: Life) -> Moved | None:
        """Weights of many moving links and what they were sent, for all ticks at once."""
        if not self.strokes.moves.count or self.strokes.few_moves is not None:
            return None
        matrices = life.slots.whole.keys[:-1, self.arrangement.holder]
        return Moved(
            self.strokes.moves.weights(matrices),
            life.slots.whole.numbers[:-1, self.strokes.moves.slot],
            self.strokes.key_moves.weights(matrices),
        )

    def _move_back(self, moved: Moved, t: int, sent: Side, rows: Side, slots: Side) -> None:
        """The transposed down movement of many moving links."""
        held = slots.keys[self.arrangement.holder]
        self.strokes.moves.apply_back(
            moved.weights[t], moved.sent[t], rows.numbers, slots.numbers, held
        )
        if self.strokes.key_moves.count:
            keys = sent.keys[self.strokes.key_moves.slot]
            self.strokes.key_moves.apply_back(
                moved.key_weights[t], keys, rows.keys, slots.keys, held
            )

    def _still_gradient(self, matrix: np.ndarray, key_matrix: np.ndarray) -> np.ndarray:
        """Cotangents of the still weights, from those of the matrices they are in."""
        a, out = self.arrangement, np.zeros(len(self.arrangement.still_links), matrix.dtype)
        for links, own in ((a.still, matrix), (a.key_still, key_matrix)):
            np.add.at(out, links.weight, own[links.row, links.slot])
        return out

    # -------------------- forward mode --------------------

    def push_forward(self, life: Life, direction: Start) -> np.ndarray:
        """Tangents of the observed numbers, (directions, observed, ticks, strings)."""
        return self.push_forward_from(life, direction, None)[0]

    def push_forward_from(
        self, life: Life, direction: Start, first: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same with tangents of what was sent first; and those of what the last tick sent."""
        a, n = self.arrangement, len(direction.still)
        dtype = np.result_type(life.slots.whole.flat, direction.still, direction.held)
        partials = self.linearised(life)
        slots, rows = (
            layout.zeros((n,), dtype) for layout in (self.strokes.slots, self.strokes.rows)
        )
        if first is not None:
            slots.flat[:] = first
        elif a.holder is not None:
            slots.keys[:, a.holder][..., a.held_column] += direction.held[:, None]
        nudge = Nudge(direction.still, a.still, a.n_rows)
        key_nudge = Nudge(direction.still, a.key_still, a.n_key_rows)
        n_observed = a.observed.stop - a.observed.start
        out = np.zeros((n, n_observed, self.ticks, self.outside.strings), dtype)
        for t in range(self.ticks):
            sent = life.slots.at[t]
            rows.flat[:] = 0.0
            self.strokes.down_tangents(life.matrix, life.key_matrix, sent, slots, rows)
            nudge.add(sent.numbers, rows.numbers)
            if self.strokes.has_keys:
                key_nudge.add(sent.keys, rows.keys)
            out[:, :, t] = rows.numbers[:, a.observed]
            self.strokes.stop(rows)
            self.strokes.up_tangents(partials, t, rows, slots)
        return out, np.array(slots.flat)
