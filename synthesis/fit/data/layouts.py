"""How samples lie in what a user brings: rows of a table, a block, or a list of pieces.

A layout takes numbers apart into strings, and puts answers together again, so that answers come
back in the form in which the streams came.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .numbers import numbers

__all__ = ["Block", "Layout", "Pieces", "Rows"]


class Layout(ABC):
    """Where the samples of every string are.

    Examples
    --------
    >>> from synthesis.fit.data import read_streams
    >>> layout = read_streams([1.0, 2.0, 3.0], group=["b", "a", "b"]).layout
    >>> layout.lengths, layout.split([10.0, 20.0, 30.0])
    (array([2, 1]), [array([10., 30.]), array([20.])])
    """

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """In words: the shape of answers."""

    @abstractmethod
    def split(self, values: Any) -> list[np.ndarray] | None:
        """Numbers as one array (samples,) or (samples, outputs) per string; None if they lie
        otherwise."""

    @abstractmethod
    def join(self, strings: Sequence[np.ndarray], outputs: Sequence[str], is_flat: bool) -> Any:
        """Inverse of `split`.

        Parameters
        ----------
        strings : sequence of arrays (samples, outputs)
        outputs : sequence of str
        is_flat : bool
            Whether the only output has no axis of its own.
        """

    def place(self, string: int, sample: int) -> str:
        """Where a sample is, in words."""
        return f"sample {sample + 1} of string {string + 1} (counted from 1)"


@dataclass(frozen=True)
class Rows(Layout):
    """A table with a sample per row.

    Attributes
    ----------
    rows : tuple of arrays of int
        Of every string.
    index : pandas.Index, optional
        What the user calls the rows.
    """

    rows: tuple[np.ndarray, ...]
    index: Any = None

    @property
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""
        return np.array([len(rows) for rows in self.rows], dtype=np.intp)

    @property
    def expected(self) -> str:
        """In words: the shape of answers."""
        n = self.lengths.sum()
        return f"({n},), or ({n}, outputs) for several outputs: a row for every row of X"

    def split(self, values: Any) -> list[np.ndarray] | None:
        """Numbers as one array per string; None if they are not as many."""
        table = numbers(values)
        if table is None or table.ndim not in (1, 2) or len(table) != self.lengths.sum():
            return None
        return [table[rows] for rows in self.rows]

    def join(self, strings: Sequence[np.ndarray], outputs: Sequence[str], is_flat: bool) -> Any:
        """A table again."""
        table = np.empty((self.lengths.sum(), strings[0].shape[1]), dtype=strings[0].dtype)
        for rows, string in zip(self.rows, strings, strict=True):
            table[rows] = string
        return _labelled(table, outputs, is_flat, self.index)

    def place(self, string: int, sample: int) -> str:
        """Which row, in words."""
        row = self.rows[string][sample]
        return f"row {row + 1} (counted from 1)" if self.index is None else f"row {self.index[row]}"


@dataclass(frozen=True)
class Block(Layout):
    """An array of strings of equal length."""

    strings: int
    samples: int

    @property
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""
        return np.full(self.strings, self.samples, dtype=np.intp)

    @property
    def expected(self) -> str:
        """In words: the shape of answers."""
        size = f"{self.strings}, {self.samples}"
        return f"(strings, samples) = ({size}), or ({size}, outputs) for several outputs"

    def split(self, values: Any) -> list[np.ndarray] | None:
        """Numbers as one array per string; None for another shape."""
        block = numbers(values)
        if block is None or block.ndim not in (2, 3):
            return None
        return list(block) if block.shape[:2] == (self.strings, self.samples) else None

    def join(
        self, strings: Sequence[np.ndarray], outputs: Sequence[str], is_flat: bool
    ) -> np.ndarray:
        """An array again."""
        block = np.stack(strings)
        return block[..., 0] if is_flat else block


@dataclass(frozen=True)
class Pieces(Layout):
    """A list with an array, or a pandas object, for every string.

    Attributes
    ----------
    sizes : tuple of int
        Samples of every string.
    indexes : tuple of pandas.Index, optional
    """

    sizes: tuple[int, ...]
    indexes: tuple[Any, ...] = ()

    @property
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""
        return np.array(self.sizes, dtype=np.intp)

    @property
    def expected(self) -> str:
        """In words: the shape of answers."""
        return (
            f"a list of {len(self.sizes)} arrays, each with a number for every sample, or "
            "(samples, outputs) for several outputs"
        )

    def split(self, values: Any) -> list[np.ndarray] | None:
        """Numbers as one array per string; None if one does not fit."""
        if isinstance(values, str) or not hasattr(values, "__len__"):
            return None
        if len(values) != len(self.sizes):
            return None
        found = zip(map(numbers, values), self.sizes, strict=True)
        strings = [
            string
            for string, size in found
            if string is not None and string.ndim in (1, 2) and len(string) == size
        ]
        if len(strings) < len(self.sizes) or len({string.shape[1:] for string in strings}) > 1:
            return None
        return strings

    def join(
        self, strings: Sequence[np.ndarray], outputs: Sequence[str], is_flat: bool
    ) -> list[Any]:
        """A list again."""
        indexes = self.indexes or (None,) * len(strings)
        return [
            _labelled(string, outputs, is_flat, index)
            for string, index in zip(strings, indexes, strict=True)
        ]

    def place(self, string: int, sample: int) -> str:
        """Which sample of which string, in words."""
        if not self.indexes:
            return super().place(string, sample)
        return f"row {self.indexes[string][sample]} of string {string + 1} (counted from 1)"


def _labelled(table: np.ndarray, outputs: Sequence[str], is_flat: bool, index: Any) -> Any:
    """A table as an array; as a pandas object where there is an index."""
    if index is None:
        return table[:, 0] if is_flat else table
    import pandas

    if is_flat:
        return pandas.Series(table[:, 0], index=index, name=outputs[0])
    return pandas.DataFrame(table, index=index, columns=list(outputs))
