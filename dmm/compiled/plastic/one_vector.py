"""Numbers and keys of all slots, or of all rows, in one vector.

Kernels and links want numbers (places, strings) and keys (key places, strings, columns); terms want
single elements, wherever they are. So both are views of one vector::

    numbers | keys | 1

which terms gather from and scatter to by position, one call for both. The 1 at the end is what
shorter products are filled up with; in derivatives there is a 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Entry", "Layout", "Side", "Track"]


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


class Side(NamedTuple):
    """All slots, or all rows: at one tick, at all of them, or along all directions.

    Attributes
    ----------
    flat : array (..., size)
    numbers, keys : views of it, (..., places, strings) and (..., key places, strings, columns)
    """

    flat: np.ndarray
    numbers: np.ndarray
    keys: np.ndarray


class Track(NamedTuple):
    """A side at all moments, and its views of each."""

    whole: Side
    at: list[Side]


class Layout(NamedTuple):
    """How numbers and keys share a vector.

    Attributes
    ----------
    places, key_places, strings, columns : int

    Examples
    --------
    >>> layout = Layout(places=2, key_places=1, strings=1, columns=3)
    >>> layout.size, layout.positions(np.array([1, 0]), np.array([-1, 2])).ravel()
    (6, array([1, 4]))
    """

    places: int
    key_places: int
    strings: int
    columns: int

    @property
    def one(self) -> int:
        """Where the number 1 is."""
        return (self.places + self.key_places * self.columns) * self.strings

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.one + 1

    def zeros(self, before: tuple[int, ...], dtype: np.dtype, one: float = 0.0) -> Side:
        """A side of zeros, with these axes in front and this last element."""
        flat = np.zeros((*before, self.size), dtype)
        flat[..., -1] = one
        n = self.places * self.strings
        return Side(
            flat,
            flat[..., :n].reshape(*before, self.places, self.strings),
            flat[..., n:-1].reshape(*before, self.key_places, self.strings, self.columns),
        )

    def track(self, moments: int, dtype: np.dtype, one: float) -> Track:
        """Zeros for so many moments."""
        whole = self.zeros((moments,), dtype, one)
        return Track(whole, [Side(*views) for views in zip(*whole, strict=True)])

    def positions(self, place: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Positions of entries in the vector, (entries, strings)."""
        number = place[:, None] * self.strings + np.arange(self.strings)
        key = self.places * self.strings + number * self.columns + column[:, None]
        return np.where(column[:, None] < 0, number, key)
