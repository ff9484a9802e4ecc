"""Symbols: series of texts as numbers, and streams with keys as one stream for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fit.data import SOURCE, Given

__all__ = ["apart", "coded", "entries", "numbers_of"]


def numbers_of(given: Given, stream: str) -> np.ndarray:
    """The plain numbers of a stream, (strings, samples)."""
    return given.streams.arrays[SOURCE + stream][..., 0].T


def apart(given: Given, stream: str) -> dict[str, np.ndarray]:
    """A stream key by key, under ``stream/key``; as it is if it has none."""
    if not given.has_keys(stream):
        return {stream: numbers_of(given, stream)}
    array = given.streams.arrays[SOURCE + stream]
    paths = given.streams.keys[0]
    return {
        "/".join((stream, *path)): array[..., k].T
        for k, path in enumerate(paths)
        if array[..., k].any()
    }


def coded(given: Given, name: str, known: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Symbols in order, and which one of them every sample is, (strings, samples).

    Parameters
    ----------
    given : Given
    name : str
        The series.
    known : tuple of str
        The symbols there may be; all that come up if empty.

    Raises
    ------
    ValueError
        If there are others, or a sample is not one symbol.
    """
    keyed = {stream: x for stream, x in apart(given, name).items() if stream != name}
    start = len(name) + 1
    symbols = known or tuple(sorted(one[start:] for one in keyed))
    strange = [one[start:] for one in keyed if one[start:] not in symbols]
    if strange:
        raise ValueError(
            f"{name}: there is {', '.join(map(repr, strange))}; the symbols of fit are "
            f"{', '.join(map(repr, symbols))}"
        )
    empty = np.zeros_like(numbers_of(given, name))
    one_hot = np.array([keyed.get(f"{name}/{symbol}", empty) for symbol in symbols])
    is_one = (one_hot.max(axis=0) == 1.0) & (np.abs(one_hot).sum(axis=0) == 1.0)
    wrong = ~is_one & (np.arange(empty.shape[1]) < given.lengths[:, None])
    if wrong.any():
        string, sample = np.argwhere(wrong)[0]
        raise ValueError(
            f"{name}, sample {sample + 1} of string {string + 1} (counted from 1) is not one "
            "symbol; a series is numbers, or a symbol at every sample"
        )
    return symbols, one_hot.argmax(axis=0).astype(float)


def entries(series: Any) -> Any:
    """A series with a key per entry, if its entries are texts.

    Examples
    --------
    >>> entries(["sun", "rain"])
    [{'sun': 1.0}, {'rain': 1.0}]
    """
    if not hasattr(series, "__iter__") or getattr(series, "ndim", 1) != 1:
        return series
    found = list(series)
    if found and all(isinstance(entry, str) for entry in found):
        return [{str(entry): 1.0} for entry in found]
    return series
