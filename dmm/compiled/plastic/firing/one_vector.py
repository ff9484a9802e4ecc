"""Numbers and keys of all slots, or of all rows, in one vector.

Kernels and links want numbers (places, strings) and keys (key places, strings, columns); terms want
single elements, wherever they are. So both are views of one vector::

    numbers | keys | switches | 1

which terms gather from and scatter to by position, one call for both. A switch is 1 where a
decision (see `decisions`) has fallen for one of its cases, else 0. The 1 at the end is what shorter
products are filled up with; in derivatives there is a 0, and zeros for the switches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["NUMBER", "SWITCH", "Entry", "Layout", "Side", "Track"]

NUMBER, SWITCH = -1, -2
"""Columns of what is no key."""


class Entry(NamedTuple):
    """Where one element of one stream is.

    Attributes
    ----------
    place : int
        Row or slot of a number, key row or key slot of a key, or the number of a switch.
    column : int
        Of a key; else ``NUMBER`` or ``SWITCH``.
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
    places, key_places, strings, columns, switches : int

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
    switches: int = 0

    @property
    def one(self) -> int:
        """Where the number 1 is."""
        return self._first_switch + self.switches * self.strings

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.one + 1

    def zeros(self, before: tuple[int, ...], dtype: np.dtype, one: float = 0.0) -> Side:
        """A side of zeros, with these axes in front and this last element."""
        flat = np.zeros((*before, self.size), dtype)
        flat[..., -1] = one
        n, end = self.places * self.strings, self._first_switch
        return Side(
            flat,
            flat[..., :n].reshape(*before, self.places, self.strings),
            flat[..., n:end].reshape(*before, self.key_places, self.strings, self.columns),
        )

    def track(self, moments: int, dtype: np.dtype, one: float) -> Track:
        """Zeros for so many moments."""
        whole = self.zeros((moments,), dtype, one)
        return Track(whole, [Side(*views) for views in zip(*whole, strict=True)])

    def positions(self, place: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Positions of entries in the vector, (entries, strings)."""
        number = place[:, None] * self.strings + np.arange(self.strings)
        key = self.places * self.strings + number * self.columns + column[:, None]
        switch = self._first_switch + number
        return np.select(
            [column[:, None] == NUMBER, column[:, None] == SWITCH], [number, switch], key
        )

    @property
    def _first_switch(self) -> int:
        return (self.places + self.key_places * self.columns) * self.strings
