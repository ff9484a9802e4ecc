"""Input streams: a batch of strings, each a V-value per tick.

Held as one array per source neuron. The keys of a stream are columns, and every string has its own
assignment of keys to columns: kernels treat keys alike, so strings over different letters share a
batch without a column for every letter of the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vvalues import Path, VValue, format_path

__all__ = ["Streams", "streams_from_trees", "text_streams"]


@dataclass(frozen=True, eq=False)
class Streams:
    """A batch of input streams of equal length.

    Attributes
    ----------
    keys : tuple of tuples of paths
        For every string, the key of each column; column 0 is the ``:number``, the empty path.
    arrays : dict of source neuron to array of shape (ticks, strings, columns)
    ticks : int
    labels : tuple of str
        What to call the strings in messages and plots.
    """

    keys: tuple[tuple[Path, ...], ...]
    arrays: Mapping[str, np.ndarray]
    ticks: int
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of strings."""
        return len(self.keys)

    @property
    def columns(self) -> int:
        """Number of columns (1 + the largest number of keys)."""
        return max((len(keys) for keys in self.keys), default=1)

    def trees(self, neuron: str, string: int) -> list[VValue]:
        """One source's stream for one string, a V-value per tick."""
        array = self.arrays.get(neuron)
        if array is None:
            return []
        keys = self.keys[string]
        return [
            VValue(_nested({keys[c]: row[c] for c in np.flatnonzero(row)}))
            for row in array[:, string]
        ]

    def select(self, strings: Sequence[int] | np.ndarray) -> Streams:
        """The streams of some of the strings."""
        chosen = [int(i) for i in strings]
        arrays = {name: array[:, chosen] for name, array in self.arrays.items()}
        labels = tuple(self.labels[i] for i in chosen) if self.labels else ()
        return Streams(tuple(self.keys[i] for i in chosen), arrays, self.ticks, labels)


def _nested(leaves: Mapping[Path, float]) -> VValue:
    from vvalues import assemble

    return assemble({path: float(leaf) for path, leaf in leaves.items()})


def streams_from_trees(
    trees: Mapping[str, Sequence[Sequence[VValue]]], labels: Iterable[str] = ()
) -> Streams:
    """Streams from V-values: source neuron -> string -> tick -> V-value of scalar leaves.

    Raises
    ------
    ValueError
        If strings differ in length, sources in number of strings, or a leaf is an array.
    """
    counts = {len(batch) for batch in trees.values()}
    lengths = {len(stream) for batch in trees.values() for stream in batch}
    if len(counts) > 1 or len(lengths) > 1:
        raise ValueError(
            f"sources have {sorted(counts)} strings of {sorted(lengths)} ticks; "
            "all must agree (pad short streams with VValue())"
        )
    n_strings, ticks = max(counts, default=0), max(lengths, default=0)
    keys: list[list[Path]] = [[()] for _ in range(n_strings)]
    for batch in trees.values():
        for columns, stream in zip(keys, batch, strict=True):
            columns.extend(
                dict.fromkeys(p for v in stream for p in v.support.paths if p not in columns)
            )
    width = max(map(len, keys), default=1)
    arrays = {}
    for name, batch in trees.items():
        array = arrays[name] = np.zeros((ticks, n_strings, width))
        for b, stream in enumerate(batch):
            column = {path: c for c, path in enumerate(keys[b])}
            for t, tree in enumerate(stream):
                for path, leaf in tree.items():
                    if isinstance(leaf, np.ndarray):
                        raise ValueError(
                            f"stream {name!r} of string {b} has an array leaf at "
                            f"{format_path(path)}; streams of arrays run on the reference engine"
                        )
                    array[t, b, column[path]] = leaf
    return Streams(tuple(map(tuple, keys)), arrays, ticks, tuple(labels))


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
