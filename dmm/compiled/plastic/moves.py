"""The down movement of a machine that edits its matrix, and its transposes.

Slots and rows are arrays (slots, strings) of numbers or (slots, strings, columns) of keys; the
matrix that moves is (strings, columns), a weight being one of its columns. Tangents have an axis of
directions in front.
"""

from __future__ import annotations

import numpy as np

from ...neurons import SegmentSum, TermTable
from .firing.one_vector import NUMBER, Layout, Side
from .places import Arrangement, Links

__all__ = ["FewMoves", "Moves", "Nudge", "flat", "flat_product"]


class Moves:
    """Moving links: row and slot of each, and the column of its weight.

    The slots may carry keys behind the strings; the weights never do. Where all links move
    (``is_alone``) rows are set, else what still links carry is in them already.
    """

    def __init__(self, links: Links, is_alone: bool) -> None:
        self.count, self.is_alone = len(links.row), is_alone
        self.row, self.slot, self.column = links.row, links.slot, links.weight
        sums = [SegmentSum(each) for each in (self.row, self.slot, self.column)]
        self.to_row, self.to_slot, self.to_column = sums
        self.rows, self.slots, self.columns = (_place(each.targets) for each in sums)

    def weights(self, matrix: np.ndarray) -> np.ndarray:
        """(..., strings, columns) -> (..., links, strings)."""
        return matrix[..., self.column].swapaxes(-1, -2)

    def apply(self, matrix: np.ndarray, slots: np.ndarray, rows: np.ndarray) -> None:
        """Give to the rows (rows, strings, ...) what the links carry."""
        carried = self.to_row(_beside(self.weights(matrix), slots) * slots[self.slot])
        if self.is_alone:
            rows[self.rows] = carried
        else:
            rows[self.rows] += carried

    def apply_back(
        self,
        weights: np.ndarray,
        sent: np.ndarray,
        rows: np.ndarray,
        slots_back: np.ndarray,
        matrix_back: np.ndarray,
    ) -> None:
        """Add to the cotangents of the slots, and of the matrix (strings, columns).

        Weights are (links, strings), and what the links were sent is (links, strings, ...).
        """
        g = rows[self.row]
        slots_back[self.slots] += self.to_slot(_beside(weights, g) * g)
        weights_back = g * sent
        if weights_back.ndim == 3:
            weights_back = weights_back.sum(-1)
        matrix_back[:, self.columns] += self.to_column(weights_back).T

    def apply_tangent(
        self,
        matrix: np.ndarray,
        slots: np.ndarray,
        matrix_moved: np.ndarray,
        slots_moved: np.ndarray,
        rows: np.ndarray,
    ) -> None:
        """Add to the tangents of the rows (directions, rows, strings, ...)."""
        weights, weights_moved = (
            _beside(self.weights(each), slots) for each in (matrix, matrix_moved)
        )
        carried = weights * slots_moved[:, self.slot] + weights_moved * slots[self.slot]
        rows[:, self.rows] += self.to_row(carried, 1)


class FewMoves:
    """All moving links, numbers and keys, as products of two elements of the slots.

    Few numpy calls, but every product is gathered on its own: for small machines, where the calls
    decide.
    """

    def __init__(self, of: Arrangement, slots: Layout, rows: Layout, is_alone: bool) -> None:
        assert of.holder is not None
        self.is_alone = is_alone

        def products(links: Links, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """Positions of targets and of both factors, for these columns of every link."""
            column = np.tile(columns, len(links.row))
            row, slot, weight = (
                np.repeat(each, len(columns)) for each in (links.row, links.slot, links.weight)
            )
            held = slots.positions(np.full_like(weight, of.holder), weight)
            sent = slots.positions(slot, column)
            factors = np.stack([held.ravel(), sent.ravel()], axis=1)
            return rows.positions(row, column).ravel(), factors

        numbers = products(of.moving, np.array([NUMBER]))
        keys = products(of.key_moving, np.arange(slots.columns))
        targets, factors = (np.concatenate(pair) for pair in zip(numbers, keys, strict=True))
        self._table = TermTable(targets, factors, slots.one)

    def apply(self, slots: Side, rows: Side) -> None:
        """Give to the rows what the links carry."""
        carried, flat = self._table.forward(slots.flat), rows.flat
        places = self._table.outputs if flat.ndim == 1 else (..., self._table.outputs)
        if self.is_alone:
            flat[places] = carried
        else:
            flat[places] += carried

    def apply_tangent(self, slots: Side, slots_moved: Side, rows: Side) -> None:
        """Add to the tangents of the rows; directions in front."""
        partials = self._table.linearise(slots.flat)
        rows.flat[..., self._table.moved] += self._table.tangent(partials, slots_moved.flat)

    def apply_back(self, slots: Side, rows_back: Side, slots_back: Side) -> None:
        """Add to the cotangents of the slots, the matrix among them."""
        partials = self._table.linearise(slots.flat)
        slots_back.flat[self._table.inputs] += self._table.adjoint(partials, rows_back.flat)


class Nudge:
    """Directions in the weights of still links, as their entries that are not zero."""

    def __init__(self, directions: np.ndarray, links: Links, n_rows: int) -> None:
        change = directions[:, links.weight]
        which, link = np.nonzero(change)
        self.change, self.slot = change[which, link], links.slot[link]
        self._sums = SegmentSum(which * n_rows + links.row[link])
        self._place = np.divmod(self._sums.targets, max(n_rows, 1))

    def add(self, slots: np.ndarray, rows: np.ndarray) -> None:
        """Add to the rows (directions, rows, strings, ...) what the slots give to them."""
        if len(self.change):
            change = self.change.reshape(-1, *(1,) * (slots.ndim - 1))
            rows[self._place] += self._sums(change * slots[self.slot])


def _beside(weights: np.ndarray, streams: np.ndarray) -> np.ndarray:
    """Weights (..., links, strings) beside streams with keys, or numbers as they are."""
    return weights[..., None] if streams.ndim == 3 else weights


def _place(targets: np.ndarray) -> np.ndarray | slice:
    """A slice, where the numbers follow each other: numpy adds to it without a copy."""
    if len(targets) and targets[-1] - targets[0] == len(targets) - 1:
        return slice(int(targets[0]), int(targets[-1]) + 1)
    return targets


def flat(streams: np.ndarray) -> np.ndarray:
    """Streams with keys, (..., slots, strings, columns), with strings and columns as one axis."""
    return streams.reshape(*streams.shape[:-2], streams.shape[-2] * streams.shape[-1])


def flat_product(matrix: np.ndarray, streams: np.ndarray, out: np.ndarray) -> None:
    """Product over the slots of streams with keys."""
    np.matmul(matrix, flat(streams), out=flat(out))
