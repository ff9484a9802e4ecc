"""What users have, as streams and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dmm import Streams, streams_from_trees
from vvalues import NUMBER, VValue

__all__ = ["DELAY", "to_streams", "to_targets", "with_constants", "with_delay"]

DELAY = 4
MAX_OUTPUTS = 2


def to_streams(inputs: Any) -> Streams:
    """Input streams from what users have.

    Parameters
    ----------
    inputs : Streams, mapping, or array-like
        A mapping of source name to a batch; a batch is an array of shape (strings, ticks), a list
        of strings of text (a character per tick), or a nested list string -> tick -> number,
        mapping or V-value. A batch alone is the source ``"x"``.

    Raises
    ------
    ValueError
        If strings differ in length, or an entry is no number, mapping or V-value.

    Examples
    --------
    >>> streams = to_streams(["abca", "bbca"])
    >>> len(streams), streams.ticks, sorted(streams.arrays)
    (2, 4, ['stream-x'])
    """
    if isinstance(inputs, Streams):
        return inputs
    named = inputs if isinstance(inputs, Mapping) else {"x": inputs}
    trees = {
        f"stream-{name}": [
            [_entry(e, name, b, t) for t, e in enumerate(s)] for b, s in enumerate(batch)
        ]
        for name, batch in named.items()
    }
    return streams_from_trees(trees)


def _entry(entry: Any, name: str, string: int, tick: int) -> VValue:
    where = f"stream {name!r}, string {string}, tick {tick}"
    if isinstance(entry, VValue):
        return entry
    if isinstance(entry, str):
        return VValue({entry: 1.0})
    if isinstance(entry, Mapping):
        return VValue(entry)
    try:
        number = float(entry)
    except (TypeError, ValueError):
        raise ValueError(f"{where} is {entry!r:.40}; expected a number, key or mapping") from None
    if not np.isfinite(number):
        raise ValueError(f"{where} is {number}; expected a finite number")
    return VValue({NUMBER: number}) if number else VValue()


def with_delay(streams: Streams, delay: int) -> Streams:
    """The streams with ``delay`` empty ticks at the end, in which late answers can come.

    Examples
    --------
    >>> from dmm import text_streams
    >>> with_delay(text_streams("ab.", 30), 4).ticks
    34
    """
    arrays = {
        name: np.concatenate([array, np.zeros((delay, *array.shape[1:]))])
        for name, array in streams.arrays.items()
    }
    return Streams(streams.keys, arrays, streams.ticks + delay, streams.labels)


def to_targets(targets: Any, streams: Streams, delay: int) -> np.ndarray:
    """(strings, ticks[, outputs]) to (outputs, ticks + delay, strings); NaN: not asked.

    Raises
    ------
    ValueError
        For another shape, more outputs than a machine has, or infinite numbers.
    """
    array = np.asarray(targets, dtype=np.float64)
    array = array[..., None] if array.ndim == 2 else array
    expected = (len(streams), streams.ticks)
    if array.ndim != 3 or array.shape[:2] != expected:
        raise ValueError(
            f"targets have shape {np.shape(targets)}; expected (strings, ticks[, outputs]) = "
            f"({expected[0]}, {expected[1]}[, outputs]) to match the inputs"
        )
    if array.shape[2] > MAX_OUTPUTS:
        raise ValueError(f"targets have {array.shape[2]} outputs; a machine has {MAX_OUTPUTS}")
    if np.isinf(array).any():
        raise ValueError("targets are infinite somewhere; use NaN where nothing is asked")
    late = np.full((array.shape[2], streams.ticks + delay, len(streams)), np.nan)
    late[:, delay:] = array.transpose(2, 1, 0)
    return late


def with_constants(
    streams: Streams, constants: Mapping[str, VValue | Mapping[str, float]]
) -> Streams:
    """The streams with further sources that are the same at every tick.

    Examples
    --------
    >>> from dmm import text_streams
    >>> sorted(with_constants(text_streams("ab.", 30), {"vowels": {"a": 1, "e": 1}}).arrays)
    ['input', 'stream-vowels']
    """
    if not constants:
        return streams
    trees: dict[str, Sequence[Sequence[VValue]]] = {
        name: [streams.trees(name, b) for b in range(len(streams))] for name in streams.arrays
    }
    for name, keys in constants.items():
        trees[f"stream-{name}"] = [[VValue(keys)] * streams.ticks] * len(streams)
    return streams_from_trees(trees, streams.labels)
