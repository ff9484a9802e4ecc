"""Input streams: a batch of strings, each a V-value per tick.

Held as one array per source neuron. The keys of a stream are columns, and every string has its own
assignment of keys to columns: kernels treat keys alike, so strings over different letters share a
batch without a column for every letter of the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from vvalues import Path, VValue, format_path
from vvalues.core.tree import from_leaves

__all__ = ["Streams", "column_spans", "streams_from_trees", "text_streams"]

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Streams:
    """A batch of input streams of equal length.

    Attributes
    ----------
    keys : tuple of tuples of paths
        For every string, the key of each column; column 0 is the ``:number``, the empty path. The
        elements of an array leaf are consecutive columns of the same path.
    arrays : mapping of source neuron to array of shape (ticks, strings, columns)
        Neither can be changed: programs keep what they work out from them.
    ticks : int
    labels : tuple of str
        What to call the strings in messages and plots.
    shapes : mapping of path to shape
        Of the array leaves; all other leaves are scalars.

    Examples
    --------
    >>> streams = text_streams(["ab.", "c.", "d."], ticks=30)
    >>> streams.select([2]).labels
    ('d.',)
    >>> sorted(streams.arrays)
    ['input']
    """

    keys: tuple[tuple[Path, ...], ...]
    arrays: Mapping[str, np.ndarray]
    ticks: int
    labels: tuple[str, ...] = ()
    shapes: Mapping[Path, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "arrays",
            MappingProxyType({name: _unchanging(array) for name, array in self.arrays.items()}),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Streams, (self.keys, dict(self.arrays), self.ticks, self.labels, self.shapes)

    def __len__(self) -> int:
        """Number of strings."""
        return len(self.keys)

    @property
    def columns(self) -> int:
        """Number of columns (1 + the largest number of keys)."""
        return max((len(keys) for keys in self.keys), default=1)

    def trees(self, neuron: str, string: int) -> list[VValue]:
        """One source's stream for one string, a V-value per tick (zeros are left out)."""
        array = self.arrays.get(neuron)
        if array is None:
            return []
        spans = self.spans(string)
        return [self._tree(row, spans) for row in array[:, string]]

    def spans(self, string: int) -> dict[Path, tuple[slice, Shape | None]]:
        """Where each path of one string lies among the key columns, see `column_spans`."""
        return column_spans(self.keys[string], self.shapes)

    @staticmethod
    def _tree(row: np.ndarray, spans: Mapping[Path, tuple[slice, Shape | None]]) -> VValue:
        leaves: dict[Path, Any] = {}
        if row[0]:
            leaves[()] = float(row[0])
        if np.any(row[1:]):
            for path, (span, shape) in spans.items():
                values = row[1:][span]
                if np.any(values):
                    leaves[path] = float(values[0]) if shape is None else values.reshape(shape)
        return from_leaves(leaves)

    def begin(self, ticks: int) -> Streams:
        """The first ticks of all streams.

        Examples
        --------
        >>> text_streams("ab", 20).begin(5).ticks
        5
        """
        arrays = {name: array[:ticks] for name, array in self.arrays.items()}
        return Streams(self.keys, arrays, min(ticks, self.ticks), self.labels, self.shapes)

    def select(self, strings: Sequence[int] | np.ndarray) -> Streams:
        """The streams of some of the strings.

        Examples
        --------
        >>> text_streams(["ab", "xy"], 20).select([1]).labels
        ('xy',)
        """
        chosen = [int(i) for i in strings]
        arrays = {name: array[:, chosen] for name, array in self.arrays.items()}
        labels = tuple(self.labels[i] for i in chosen) if self.labels else ()
        keys = tuple(self.keys[i] for i in chosen)
        return Streams(keys, arrays, self.ticks, labels, self.shapes)


def _unchanging(array: np.ndarray) -> np.ndarray:
    """An array that cannot be written to; a copy of one that can."""
    if array.flags.writeable:
        array = np.array(array)
        array.flags.writeable = False
    return array


def column_spans(
    keys: Sequence[Path], shapes: Mapping[Path, Shape]
) -> dict[Path, tuple[slice, Shape | None]]:
    """Where each path lies among the key columns (column 0, the ``:number``, not counted)."""
    spans: dict[Path, tuple[slice, Shape | None]] = {}
    for column, path in enumerate(keys[1:]):
        if path not in spans:
            shape = shapes.get(path)
            spans[path] = slice(column, column + prod(shape or ())), shape
    return spans


def streams_from_trees(
    trees: Mapping[str, Sequence[Sequence[VValue]]], labels: Iterable[str] = ()
) -> Streams:
    """Streams from V-values: source neuron -> string -> tick -> V-value.

    Raises
    ------
    ValueError
        If strings differ in length or sources in number of strings, or if leaves at one path
        differ in shape; the message names the path.

    Examples
    --------
    >>> streams = streams_from_trees({"stream": [[VValue({":number": 2.0}), VValue({"a": 1.0})]]})
    >>> streams.ticks, streams.arrays["stream"][:, 0].tolist()
    (2, [[2.0, 0.0], [0.0, 1.0]])
    """
    counts = {len(batch) for batch in trees.values()}
    lengths = {len(stream) for batch in trees.values() for stream in batch}
    if len(counts) > 1 or len(lengths) > 1:
        raise ValueError(
            f"sources have {sorted(counts)} strings of {sorted(lengths)} ticks; "
            "all must agree (pad short streams with VValue())"
        )
    n_strings, ticks = max(counts, default=0), max(lengths, default=0)
    shapes: dict[Path, Shape] = {}
    keys: list[dict[Path, None]] = [{} for _ in range(n_strings)]
    for name, batch in trees.items():
        for paths, stream in zip(keys, batch, strict=True):
            for tree in stream:
                _note_paths(name, tree, paths, shapes)
    arrays = {}
    columns = [_columns(paths, shapes) for paths in keys]
    for name, batch in trees.items():
        array = arrays[name] = np.zeros((ticks, n_strings, max(map(len, columns), default=1)))
        for b, stream in enumerate(batch):
            spans = column_spans(columns[b], shapes)
            for t, tree in enumerate(stream):
                for path, leaf in tree.items():
                    if path or isinstance(leaf, np.ndarray):
                        array[t, b, 1:][spans[path][0]] = np.ravel(leaf)
                    else:
                        array[t, b, 0] = leaf
    array_shapes = {path: shape for path, shape in shapes.items() if shape}
    return Streams(tuple(columns), arrays, ticks, tuple(labels), array_shapes)


def _note_paths(
    name: str, tree: VValue, paths: dict[Path, None], shapes: dict[Path, Shape]
) -> None:
    for i, path in enumerate(tree.support.paths):
        shape = tree.support.shape(i)
        if shapes.setdefault(path, shape) != shape:
            raise ValueError(
                f"stream {name!r}: the leaf at {format_path(path)} has the shape {shape} where it "
                f"had {shapes[path]}; a path keeps one shape"
            )
        paths[path] = None


def _columns(paths: Iterable[Path], shapes: Mapping[Path, Shape]) -> tuple[Path, ...]:
    columns: list[Path] = [()]
    for path in paths:
        if path or shapes[path]:
            columns += [path] * prod(shapes[path])
    return tuple(columns)


def text_streams(
    texts: Sequence[str] | str, ticks: int, *, period: int = 10, source: str = "input"
) -> Streams:
    """Strings as streams: a character every ``period`` ticks, the last one repeated for ever.

    Parameters
    ----------
    texts : str or sequence of str
    ticks : int
    period : int
        Ticks between characters; in between the stream is empty.
    source : str
        Name of the neuron that reads the stream.

    Raises
    ------
    ValueError
        If a text is empty or ``ticks`` or ``period`` is not positive.

    References
    ----------
    ``input_dummy`` in dmm-lite.jl: ``if t mod 10 == 0`` emit character ``min(t / 10, last)``.

    Examples
    --------
    >>> streams = text_streams(["ab.", "c."], ticks=30)
    >>> len(streams), streams.ticks, streams.labels
    (2, 30, ('ab.', 'c.'))
    """
    texts = [texts] if isinstance(texts, str) else list(texts)
    if ticks < 1 or period < 1:
        raise ValueError(f"ticks is {ticks} and period is {period}; both must be at least 1")
    for text in texts:
        if not text:
            raise ValueError("a text is empty; a stream needs at least one character")
    alphabets = [list(dict.fromkeys(text)) for text in texts]
    array = np.zeros((ticks, len(texts), 1 + max(map(len, alphabets), default=0)))
    for b, (text, alphabet) in enumerate(zip(texts, alphabets, strict=True)):
        for i, t in enumerate(range(0, ticks, period)):
            array[t, b, 1 + alphabet.index(text[min(i, len(text) - 1)])] = 1.0
    keys = tuple(((), *((letter,) for letter in alphabet)) for alphabet in alphabets)
    return Streams(keys, {source: array}, ticks, tuple(texts))
