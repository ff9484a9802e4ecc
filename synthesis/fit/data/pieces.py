"""One stream from what users have: numbers, texts, or keys at every sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from dmm import Streams, streams_from_trees
from vvalues import NUMBER, VValue

from ...problems import SOURCE
from .frames import columns_of, rows_of
from .layouts import Block, Layout, Pieces, Rows
from .numbers import is_pandas, numbers

__all__ = ["Piece", "entry_tree", "one_stream", "streams_of"]

Piece = Union[np.ndarray, "list[VValue]"]
"""One stream of one string: numbers (samples,), or V-values where it has keys."""


def one_stream(values: Any, what: str) -> tuple[list[Piece], Layout]:
    """The strings of one stream, and how its samples lie.

    Parameters
    ----------
    values : array-like, text, list of texts, pandas.Series
    what : str
        What it is, for messages.

    Raises
    ------
    ValueError
        If it is anything else, or a sample is neither a number, a key, a mapping nor a V-value.

    Examples
    --------
    >>> pieces, layout = one_stream([[1, 0], "ab"], "stream 'x'")
    >>> pieces[1], layout
    ([VValue({'a': 1.0}), VValue({'b': 1.0})], Block(strings=2, samples=2))
    """
    if is_pandas(values) and values.ndim == 1:
        return list(*columns_of([values]).values()), rows_of(values)
    array = numbers(values)
    if array is not None:
        if array.ndim not in (1, 2):
            raise ValueError(
                f"{what} has the shape {array.shape}; expected (samples,) or (strings, samples)"
                + (", or (strings, samples, streams)" if what == "X" else " for one stream")
            )
        if array.ndim == 1:
            return [array], Rows((np.arange(len(array)),))
        return list(array), Block(*array.shape)
    if isinstance(values, (VValue, Mapping)) or not hasattr(values, "__iter__"):
        raise ValueError(
            f"{what} is {type(values).__name__}; expected an array, a list, a text or a mapping "
            "name -> stream"
        )
    entries = list(values)
    if isinstance(values, str) or not any(_is_string(entry) for entry in entries):
        return [_trees(entries, what, 0)], Rows((np.arange(len(entries)),))
    return _several(entries, what)


def _several(strings: list[Any], what: str) -> tuple[list[Piece], Layout]:
    """The strings of one stream; numbers, if all of them are."""
    for b, string in enumerate(strings):
        if not _is_string(string):
            raise ValueError(
                f"{what}: string {b + 1} is {string!r:.40}; expected a list, an array or a text, "
                "as the others are"
            )
    arrays = [numbers(string) for string in strings]
    pieces: list[Piece] = [array for array in arrays if array is not None and array.ndim == 1]
    if len(pieces) < len(strings):
        pieces = [_trees(list(string), what, b) for b, string in enumerate(strings)]
    sizes = tuple(map(len, pieces))
    is_block = len(set(sizes)) == 1
    return pieces, Block(len(sizes), sizes[0]) if is_block else Pieces(sizes)


def _is_string(entry: Any) -> bool:
    """Whether it is a string of samples, not one sample."""
    if isinstance(entry, (str, list, tuple)) or is_pandas(entry):
        return True
    return not isinstance(entry, (VValue, Mapping)) and np.ndim(entry) > 0


def _trees(entries: list[Any], what: str, string: int) -> list[VValue]:
    trees = []
    for t, entry in enumerate(entries):
        try:
            trees.append(entry_tree(entry))
        except ValueError as error:
            raise ValueError(
                f"{what}, sample {t + 1} of string {string + 1} (counted from 1) {error}"
            ) from None
    return trees


def entry_tree(entry: Any) -> VValue:
    """One sample as a V-value.

    Parameters
    ----------
    entry : number, key (str), mapping or V-value

    Raises
    ------
    ValueError
        If it is anything else, or not finite; the message goes on after the name of the sample.
    """
    if isinstance(entry, str):
        return VValue({str(entry): 1.0})
    if isinstance(entry, (VValue, Mapping)):
        try:
            tree = entry if isinstance(entry, VValue) else VValue(entry)
        except (TypeError, ValueError) as error:
            raise ValueError(f"is no V-value: {error}") from None
        if not np.all(np.isfinite(tree.buffer)):
            raise ValueError(f"is {tree}; expected finite numbers")
        return tree
    number = numbers(entry)
    if number is None or number.ndim:
        raise ValueError(f"is {entry!r:.40}; expected a number, a key, a mapping or a V-value")
    if not np.isfinite(number):
        raise ValueError(f"is {entry}; expected a finite number")
    return VValue({NUMBER: float(number)}) if number else VValue()


# -------------------- as streams --------------------


def streams_of(pieces: Mapping[str, list[Piece]], layout: Layout) -> Streams:
    """All strings with one assignment of keys to columns, zeros beyond their ends."""
    lengths = layout.lengths
    samples, n = int(lengths.max()), len(lengths)
    # All strings end to end are one string: it assigns its keys once.
    trees = {
        SOURCE + name: [[tree for string in strings for tree in string]]
        for name, strings in pieces.items()
        if isinstance(strings[0], list)
    }
    keyed = streams_from_trees(trees)
    keys = keyed.keys[0] if keyed.keys else ((),)
    arrays = {}
    ends = np.cumsum(lengths)
    for name, strings in pieces.items():
        array = arrays[SOURCE + name] = np.zeros((samples, n, len(keys)))
        for b, string in enumerate(strings):
            if SOURCE + name in trees:
                part = slice(ends[b] - lengths[b], ends[b])
                array[: lengths[b], b] = keyed.arrays[SOURCE + name][part, 0]
            else:
                array[: lengths[b], b, 0] = _finite(string, name, b, layout)
    return Streams((keys,) * n, arrays, samples, (), keyed.shapes)


def _finite(piece: Piece, name: str, string: int, layout: Layout) -> np.ndarray:
    numbers = np.asarray(piece)
    is_bad = ~np.isfinite(numbers)
    if is_bad.any():
        sample = int(np.argmax(is_bad))
        found = "missing (NaN)" if np.isnan(numbers[sample]) else f"{numbers[sample]}"
        raise ValueError(
            f"stream {name!r} is {found} at {layout.place(string, sample)}; a machine needs a "
            "finite number at every sample: fill it, or leave out the string"
        )
    return numbers
