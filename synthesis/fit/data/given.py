"""Streams from what users have: arrays, lists, texts, mappings, tables of pandas."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dmm import Streams
from vvalues import VValue

from ...problems import SOURCE
from .frames import check_index, columns_of, has_names, rows_of, without_column
from .layouts import Block, Layout, Pieces, Rows
from .numbers import is_pandas, numbers, quoted
from .pieces import Piece, entry_tree, one_stream, streams_of

__all__ = ["Given", "names_for", "read_streams"]


@dataclass(frozen=True)
class Given:
    """Streams as they were given.

    Attributes
    ----------
    streams : Streams
        Of sources ``stream-NAME``; nothing beyond the end of a string. All strings share one
        assignment of keys to columns.
    layout : Layout
        How answers are given back.
    names : tuple of str
        In the order in which they were given.
    is_named : bool
        Whether the user gave the names.

    Examples
    --------
    >>> given = read_streams({"x": [[1, 0, 2], [5]]})
    >>> given.names, given.lengths, given.has_numbers("x"), given.has_keys("x")
    (('x',), array([3, 1]), True, False)
    """

    streams: Streams
    layout: Layout
    names: tuple[str, ...]
    is_named: bool

    @property
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""
        return self.layout.lengths

    def has_numbers(self, name: str) -> bool:
        """Whether a stream is a number other than 0 anywhere."""
        return bool(self.streams.arrays[SOURCE + name][..., 0].any())

    def has_keys(self, name: str) -> bool:
        """Whether a stream has keys anywhere."""
        return bool(self.streams.arrays[SOURCE + name][..., 1:].any())


def read_streams(X: Any, group: Any = None) -> Given:
    """Streams from what users have.

    Parameters
    ----------
    X : array-like, mapping, Streams, pandas.Series, pandas.DataFrame
        Numbers of shape (samples,), (strings, samples) or (strings, samples, streams), or a list
        of arrays (samples,) or (samples, streams) for strings of unequal length. A text is a key
        per sample; a list of texts, or a nested list string -> sample -> number, key, mapping or
        V-value, has keys as well. A mapping of name to any of these for one stream; a V-value
        there is the same at every sample. Columns of a DataFrame are streams and its rows time;
        a list of them has a string each.
    group : column name or array-like (rows,), optional
        Which string a row belongs to, where X has a sample per row.

    Returns
    -------
    Given
        Streams without names are called ``x``, or ``x1``, ``x2``, ... where there are several.

    Raises
    ------
    ValueError
        If strings or streams do not fit together, or a sample is missing, infinite, or neither a
        number, a key, a mapping nor a V-value; the message names stream, string and sample.

    Examples
    --------
    >>> given = read_streams({"x": [[1, 0, 2], [5]], "letter": ["abc", "b"]})
    >>> given.names, given.lengths.tolist(), given.streams.arrays["stream-x"][:, 1, 0].tolist()
    (('x', 'letter'), [3, 1], [5.0, 0.0, 0.0])
    """
    if isinstance(group, (str, int)):
        X, group = _without_group(X, group)
    pieces, layout, is_named = _read(X)
    if not pieces:
        raise ValueError("X has no stream; give at least one")
    if group is not None:
        pieces, layout = _grouped(pieces, layout, group)
    check_index(layout)
    if not layout.lengths.all() or not len(layout.lengths):
        string = int(np.argmin(layout.lengths)) + 1 if len(layout.lengths) else 1
        raise ValueError(f"string {string} of X has no sample; leave out what is empty")
    names = tuple(pieces) if is_named else names_for(len(pieces), "x")
    named = dict(zip(names, pieces.values(), strict=True))
    return Given(streams_of(named, layout), layout, names, is_named)


def names_for(count: int, stem: str) -> tuple[str, ...]:
    """Names for what the user gave none.

    Examples
    --------
    >>> names_for(1, "y"), names_for(2, "y")
    (('y',), ('y1', 'y2'))
    """
    return (stem,) if count == 1 else tuple(f"{stem}{k + 1}" for k in range(count))


Read = tuple["dict[str, list[Piece]]", Layout, bool]
"""Name to the pieces of every string, how samples lie, whether names are the user's."""


def _read(X: Any) -> Read:
    if isinstance(X, Streams):
        return _read_streams(X)
    if is_pandas(X):
        return columns_of([X]), rows_of(X), has_names(X)
    if isinstance(X, (list, tuple)) and X and all(map(is_pandas, X)):
        indexes = tuple(frame.index for frame in X)
        return columns_of(X), Pieces(tuple(map(len, X)), indexes), has_names(X[0])
    if isinstance(X, Mapping):
        return _read_mapping(X)
    if hasattr(X, "to_pandas"):
        raise ValueError(
            f"X is {type(X).__name__}; give X.to_pandas(), or a mapping name -> numbers"
        )
    array = numbers(X)
    if array is not None and array.ndim == 3:
        pieces = {f"{k}": _pieces(array[..., k]) for k in range(array.shape[2])}
        return pieces, Block(*array.shape[:2]), False
    tables = _tables(X)
    if tables is not None:
        width = tables[0].shape[1]
        pieces = {f"{k}": _pieces(table[:, k] for table in tables) for k in range(width)}
        return pieces, Pieces(tuple(map(len, tables))), False
    found, layout = one_stream(X, "X")
    return {"0": found}, layout, False


def _pieces(strings: Iterable[np.ndarray]) -> list[Piece]:
    return list(strings)


def _tables(X: Any) -> list[np.ndarray] | None:
    """A list of arrays (samples, streams); None if it is anything else."""
    if isinstance(X, str) or not isinstance(X, (Sequence, np.ndarray)) or not len(X):
        return None
    found = map(numbers, X)
    tables = [table for table in found if table is not None and table.ndim == 2]
    if len(tables) < len(X):
        return None
    widths = {table.shape[1] for table in tables}
    if len(widths) > 1:
        raise ValueError(
            f"the strings of X have {sorted(widths)} streams; give every string the same ones"
        )
    return tables


def _read_streams(X: Streams) -> Read:
    pieces: dict[str, list[Piece]] = {}
    for source, array in X.arrays.items():
        name = source.removeprefix(SOURCE)
        if name in pieces:
            raise ValueError(f"X has two streams that are called {name!r}; rename one")
        if array[..., 1:].any():
            pieces[name] = [X.trees(source, b) for b in range(len(X))]
        else:
            pieces[name] = list(array[..., 0].T)
    return pieces, Block(len(X), X.ticks), True


# -------------------- mappings --------------------


def _read_mapping(X: Mapping[Any, Any]) -> Read:
    pieces: dict[str, list[Piece]] = {}
    layout: Layout | None = None
    first, constants = "", {}
    for key, values in X.items():
        name = str(key)
        if name in pieces or name in constants:
            raise ValueError(f"X has two streams that are called {name!r}; rename one")
        if isinstance(values, VValue) or (isinstance(values, Mapping) and not is_pandas(values)):
            constants[name] = _constant(values, name)
            continue
        pieces[name], found = one_stream(values, f"stream {name!r}")
        if layout is None:
            first, layout = name, found
        layout = _common(layout, first, found, name)
    if layout is None:
        if constants:
            raise ValueError("all streams of X are the same at every sample: nothing to learn from")
        return {}, Block(0, 0), True
    for name, tree in constants.items():
        pieces[name] = [[tree] * length for length in layout.lengths]
    return {str(key): pieces[str(key)] for key in X}, layout, True


def _common(one: Layout, name: str, other: Layout, other_name: str) -> Layout:
    """The layout of two streams; of rows with an index, if one of them has an index."""
    if type(one) is not type(other) or not np.array_equal(one.lengths, other.lengths):
        raise ValueError(
            f"stream {other_name!r} has {_lengths(other)} where {name!r} has {_lengths(one)}; "
            "all streams need the same strings and samples"
        )
    if not isinstance(one, Rows) or not isinstance(other, Rows) or other.index is None:
        return one
    if one.index is not None and not one.index.equals(other.index):
        raise ValueError(
            f"streams {name!r} and {other_name!r} differ in their index; align them first"
        )
    return other


def _constant(values: Any, name: str) -> VValue:
    try:
        return entry_tree(values)
    except ValueError as error:
        raise ValueError(f"stream {name!r} {error}") from None


def _lengths(layout: Layout) -> str:
    lengths = layout.lengths
    if not lengths.size:
        return "no string"
    shortest, longest = lengths.min(), lengths.max()
    shown = f"{longest}" if shortest == longest else f"{shortest} to {longest}"
    return (
        f"{shown} rows"
        if isinstance(layout, Rows)
        else f"{shown} samples in {len(lengths)} strings"
    )


# -------------------- groups --------------------


def _without_group(X: Any, group: str | int) -> tuple[Any, Any]:
    if isinstance(X, Mapping) and not is_pandas(X):
        if group not in X:
            raise ValueError(
                f"group={group!r} is no stream of X ({quoted(X)}); name the one that tells which "
                "string a sample belongs to"
            )
        return {name: values for name, values in X.items() if name != group}, X[group]
    if is_pandas(X):
        return without_column(X, group)
    raise ValueError(
        f"group={group!r} is the name of a column, which {type(X).__name__} does not have; give "
        "a label for every sample"
    )


def _grouped(
    pieces: dict[str, list[Piece]], layout: Layout, group: Any
) -> tuple[dict[str, list[Piece]], Layout]:
    """Rows of one label as one string each, in the order in which labels come first."""
    if not isinstance(layout, Rows):
        raise ValueError(
            "group= is for X with a sample per row; here the strings are apart already: leave "
            "group out"
        )
    try:
        labels = list(group)
    except TypeError:
        raise ValueError(f"group is {group!r:.40}; give every row of X one label") from None
    n = int(layout.lengths.sum())
    if len(labels) != n:
        raise ValueError(f"group has {len(labels)} labels where X has {n} rows; give one per row")
    if is_pandas(group) and layout.index is not None and not layout.index.equals(group.index):
        raise ValueError("group and X differ in their index; align them first")
    if is_pandas(group):
        labels = [None if x else label for x, label in zip(group.isna(), labels, strict=True)]
    rows: dict[Any, list[int]] = {}
    for i, label in enumerate(labels):
        if label is None or not isinstance(label, Hashable) or label != label:
            place = layout.place(0, i)
            raise ValueError(f"group is {label!r:.40} at {place}; give every row one label")
        rows.setdefault(label, []).append(i)
    strings = tuple(np.array(found, dtype=np.intp) for found in rows.values())
    apart = {name: [_taken(piece, found) for found in strings] for name, (piece,) in pieces.items()}
    return apart, Rows(strings, layout.index)


def _taken(piece: Piece, rows: np.ndarray) -> Piece:
    return piece[rows] if isinstance(piece, np.ndarray) else [piece[i] for i in rows]
