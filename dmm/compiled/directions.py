"""Directions of forward mode: a few dense ones, or one per link for a Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Union

import numpy as np

from .movement import apply, product
from .plan import LinkTable, Plan

__all__ = ["DenseDirections", "Directions", "UnitDirections"]

Adder = Callable[[np.ndarray, np.ndarray], None]


class DenseDirections:
    """Directions as vectors over the live links, shape (directions, live links)."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = vectors
        self.dtype = vectors.dtype

    def __len__(self) -> int:
        return len(self.vectors)

    def n_active(self, block: int) -> int:
        """How many of the directions can be non-zero by the end of a block."""
        return len(self.vectors)

    def add(
        self, rows: np.ndarray, table: LinkTable, state: np.ndarray, *, is_wild: bool = False
    ) -> None:
        """``rows[p, row] += vectors[p, link] * state[slot]`` for all entries of a link table."""
        if len(table.link):
            matrix = np.zeros((len(self), rows.shape[1], state.shape[0]), self.dtype)
            matrix[:, table.row, table.slot] = self.vectors[:, table.link]
            rows += apply(matrix, state[None], is_wild=is_wild)

    def adder(
        self, n: int, shape: tuple[int, int], table: LinkTable, factor: np.ndarray, *, is_wild: bool
    ) -> Adder:
        """The same for one tick, on rows (rows, directions, ...) and state (slots, ...).

        Parameters
        ----------
        n : int
            Number of directions that are active.
        shape : (rows, slots)
        table, factor : LinkTable, array
            ``rows[row, p] += factor * vectors[p, link] * state[slot]``; pairs of row and slot may
            repeat.
        is_wild : bool
            See `dmm.compiled.movement.Signals`.
        """
        n_rows, n_slots = shape
        matrix = np.zeros((n_rows, n, n_slots), self.dtype)
        for p in range(n):
            np.add.at(matrix[:, p], (table.row, table.slot), factor * self.vectors[p, table.link])

        def add(rows: np.ndarray, state: np.ndarray) -> None:
            rows += product(matrix, state[None], is_wild=is_wild)

        return add


class UnitDirections:
    """One direction per link, in order of the block that receives it.

    Until that block everything is zero along the direction, so a block only works on the
    directions that have begun.

    Parameters
    ----------
    plan : Plan
    links : positions of the live links to differentiate

    Attributes
    ----------
    order : ``links`` in the order of the directions
    """

    dtype = np.dtype(np.float64)

    def __init__(self, plan: Plan, links: np.ndarray) -> None:
        receiver = np.zeros(len(plan.links), np.intp)
        for i, block in enumerate((*plan.blocks, plan.sink)):
            receiver[block.outer.link] = i
            receiver[block.inner.link] = i
        self.order = links[np.argsort(receiver[links], kind="stable")]
        self.begun = np.searchsorted(receiver[self.order], np.arange(len(plan.blocks) + 1), "right")
        self.direction = np.full(len(plan.links), -1)
        self.direction[self.order] = np.arange(len(links))

    def __len__(self) -> int:
        return len(self.order)

    def n_active(self, block: int) -> int:
        """How many directions have begun by the end of a block."""
        return int(self.begun[block])

    def add(
        self, rows: np.ndarray, table: LinkTable, state: np.ndarray, *, is_wild: bool = False
    ) -> None:
        """``rows[direction of link, row] += state[slot]``; the targets are distinct."""
        direction = self.direction[table.link]
        wanted = direction >= 0
        rows[direction[wanted], table.row[wanted]] += state[table.slot[wanted]]

    def adder(
        self, n: int, shape: tuple[int, int], table: LinkTable, factor: np.ndarray, *, is_wild: bool
    ) -> Adder:
        """As `DenseDirections.adder`; the pairs of row and link are distinct."""
        direction = self.direction[table.link]
        wanted = (direction >= 0) & (factor != 0.0)
        target = table.row[wanted], direction[wanted]
        source, weight = table.slot[wanted], factor[wanted][:, None]

        def add(rows: np.ndarray, state: np.ndarray) -> None:
            rows[target] += weight * state[source]

        return add


Directions = Union[DenseDirections, UnitDirections]  # noqa: UP007
"""A few dense ones, or one per link."""
