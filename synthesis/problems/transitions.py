"""Other strings of the same samples, in which what is rare among the given ones is frequent."""

from __future__ import annotations

import numpy as np

from dmm import Streams

from .strings import Strings

__all__ = ["evened_out"]

FEW = 8
"""A stream with no more different samples, each twice on average, has rare and frequent ones."""

RARE = 3
"""A sample is rare if another one, which is not its like, is there so many times as often."""

Place = tuple[int, int]  # a sample and its string


def evened_out(
    strings: Strings, rng: np.random.Generator, number: int, times: int
) -> Strings | None:
    """Strings in which every sample is followed by one that has followed its like somewhere.

    Samples are alike if the streams that have few different samples agree on them. What comes next
    is one of those that have ever come next, all equally often: two in a row of what is seldom
    there lead to three and to ten in a row, which such data hardly show.

    Parameters
    ----------
    strings : Strings
        Of one assignment of keys to columns (numbers always are).
    rng : numpy.random.Generator
    number : int
        Strings that are made, no more than there are; nothing is asked of them.
    times : int
        How many times as long as the longest.

    Returns
    -------
    Strings, or None
        None where nothing is rare, as where no stream has few different samples.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> inputs = to_streams([[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]])
    >>> strings = Strings(inputs, np.zeros((1, 8, 1)), np.array([8]))
    >>> evened_out(strings, np.random.default_rng(0), 1, 2).numbers("stream-x").astype(int)
    array([[0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1]])
    """
    alike = _alike(strings)
    if alike is None:
        return None
    first: dict[int, list[Place]] = {}
    following: dict[int, dict[int, list[Place]]] = {}
    for b, length in enumerate(strings.lengths):
        first.setdefault(alike[0, b], []).append((0, b))
        for t in range(1, int(length)):
            here = following.setdefault(alike[t - 1, b], {})
            here.setdefault(alike[t, b], []).append((t, b))
    samples = times * strings.samples
    places = np.empty((samples, number, 2), dtype=int)
    for k in range(number):
        options = first
        for t in range(samples):
            kind = list(options)[rng.integers(len(options))]
            places[t, k] = options[kind][rng.integers(len(options[kind]))]
            options = following.get(kind, first)
    return _taken(strings, places[..., 0], places[..., 1])


def _alike(strings: Strings) -> np.ndarray | None:
    """Numbers that are the same for samples that are alike, (samples, strings), if any is rare."""
    found = np.zeros((strings.samples, len(strings)), dtype=int)
    inside = strings.inside().T
    for array in strings.inputs.arrays.values():
        different, codes = np.unique(array[inside], axis=0, return_inverse=True)
        if 1 < len(different) <= min(FEW, len(codes) // 2):
            found[inside] = found[inside] * len(different) + codes.ravel()
    _, counts = np.unique(found[inside], return_counts=True)
    return found if counts.max() >= RARE * counts.min() else None


def _taken(strings: Strings, samples: np.ndarray, chosen: np.ndarray) -> Strings:
    """Strings of single samples of others, both indices (samples, strings)."""
    length, number = samples.shape
    inputs = strings.inputs
    arrays = {name: array[samples, chosen] for name, array in inputs.arrays.items()}
    keys = inputs.select(np.arange(number)).keys
    return Strings(
        Streams(keys, arrays, length, (), inputs.shapes),
        np.full((len(strings.answers), length, number), np.nan),
        np.full(number, length),
    )
