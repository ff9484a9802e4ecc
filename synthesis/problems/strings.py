"""What a user brings: streams with the answers that are asked, several strings of any lengths."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dmm import Streams

__all__ = ["SOURCE", "Strings", "strung_together"]

SOURCE = "stream-"
"""What the neuron that emits a stream is called, before the stream's name."""


@dataclass(frozen=True)
class Strings:
    """Strings of samples, with answers.

    Attributes
    ----------
    inputs : Streams
        An entry per sample, nothing beyond the end of a string.
    answers : array of shape (outputs, samples, strings)
        NaN where nothing is asked, and beyond the end of a string.
    lengths : array of int (strings,)
        Samples of every string.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> asked = np.array([[[1.0], [3.0], [np.nan]]])  # the sum so far; nothing of the last sample
    >>> strings = Strings(to_streams([[1.0, 2.0, 3.0]]), asked, np.array([3]))
    >>> strings.samples, strings.numbers("stream-x").ravel(), strings.asked.ravel()
    (3, array([1., 2., 3.]), array([ True,  True, False]))
    """

    inputs: Streams
    answers: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        """Number of strings."""
        return len(self.lengths)

    @property
    def samples(self) -> int:
        """Samples of the longest string."""
        return self.inputs.ticks

    @property
    def asked(self) -> np.ndarray:
        """Which answers are asked, (outputs, samples, strings)."""
        return ~np.isnan(self.answers)

    def numbers(self, source: str) -> np.ndarray:
        """The numbers of one stream, (strings, samples); 0 beyond the end of a string."""
        return self.inputs.arrays[source][..., 0].T

    def trees(self, source: str) -> np.ndarray:
        """A stream of trees, (strings, samples, columns); a string's columns are its own keys."""
        return self.inputs.arrays[source].transpose(1, 0, 2)

    def inside(self) -> np.ndarray:
        """Which samples belong to a string, (strings, samples)."""
        return np.arange(self.samples) < self.lengths[:, None]

    def select(self, strings: Sequence[int] | np.ndarray) -> Strings:
        """Some of the strings."""
        chosen = np.asarray(strings, dtype=np.intp)
        lengths = self.lengths[chosen]
        part = Strings(self.inputs.select(chosen), self.answers[..., chosen], lengths)
        return part.cut(int(lengths.max(initial=0)))

    def restricted(self, sources: Collection[str]) -> Strings:
        """The same strings with some of their streams only."""
        arrays = {s: array for s, array in self.inputs.arrays.items() if s in sources}
        return replace(self, inputs=replace(self.inputs, arrays=arrays))

    def later(self, samples: int) -> Strings:
        """Answers so many samples late, and as many empty samples at the end of every string."""
        if not samples:
            return self
        long = self.padded(self.samples + samples)
        answers = np.roll(long.answers, samples, axis=1)
        return replace(long, answers=answers, lengths=self.lengths + samples)

    def earlier(self, samples: int) -> Strings:
        """Answers so many samples earlier; the last samples of every string are left out."""
        answers = np.roll(self.answers, -samples, axis=1)
        answers[:, self.samples - samples :] = np.nan
        lengths = np.maximum(self.lengths - samples, 0)
        return replace(self, answers=answers, lengths=lengths).prefixes(1.0)

    def joined(self, other: Strings) -> Strings:
        """These strings and others, over the same streams."""
        samples = max(self.samples, other.samples)
        one, two = self.padded(samples), other.padded(samples)
        arrays = {}
        for name, array in one.inputs.arrays.items():
            pair = array, two.inputs.arrays[name]
            columns = max(part.shape[2] for part in pair)
            wide = [np.pad(part, ((0, 0), (0, 0), (0, columns - part.shape[2]))) for part in pair]
            arrays[name] = np.concatenate(wide, axis=1)
        keys = (*one.inputs.keys, *two.inputs.keys)
        streams = Streams(keys, arrays, samples, (), one.inputs.shapes)
        answers = np.concatenate([one.answers, two.answers], axis=2)
        return Strings(streams, answers, np.concatenate([one.lengths, two.lengths]))

    def padded(self, samples: int) -> Strings:
        """The same strings with room for more samples."""
        more = samples - self.samples
        arrays = {
            name: np.pad(array, ((0, more), (0, 0), (0, 0)))
            for name, array in self.inputs.arrays.items()
        }
        answers = np.pad(self.answers, ((0, 0), (0, more), (0, 0)), constant_values=np.nan)
        return Strings(replace(self.inputs, arrays=arrays, ticks=samples), answers, self.lengths)

    def cut(self, samples: int) -> Strings:
        """No more than the first samples of every string."""
        lengths = np.minimum(self.lengths, samples)
        return Strings(self.inputs.begin(samples), self.answers[:, :samples], lengths)

    def asked_from(self, first: int) -> Strings:
        """The same strings; nothing is asked before a sample."""
        answers = np.array(self.answers)
        answers[:, :first] = np.nan
        return replace(self, answers=answers)

    def prefixes(self, share: float) -> Strings:
        """The first share of every string, at least one sample."""
        lengths = np.maximum(1, np.round(share * self.lengths).astype(int))
        beyond = np.arange(self.samples)[:, None] >= lengths
        arrays = {
            name: np.where(beyond[..., None], 0.0, array)
            for name, array in self.inputs.arrays.items()
        }
        whole = Strings(
            replace(self.inputs, arrays=arrays),
            np.where(beyond, np.nan, self.answers),
            np.minimum(self.lengths, lengths),
        )
        return whole.cut(int(lengths.max(initial=0)))


def strung_together(strings: Strings, rng: np.random.Generator, times: int) -> Strings:
    """Random strings end to end, several times as long as the longest: nothing is asked of them.

    Parameters
    ----------
    strings : Strings
        Of one assignment of keys to columns (numbers always are).
    rng : numpy.random.Generator
    times : int

    Returns
    -------
    Strings, as many as there were

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> inputs = to_streams([[1.0, 2.0], [7.0, 8.0]])
    >>> strings = Strings(inputs, np.zeros((1, 2, 2)), np.array([2, 2]))
    >>> strung_together(strings, np.random.default_rng(0), 3).numbers("stream-x")
    array([[7., 8., 7., 8., 7., 8.],
           [1., 2., 1., 2., 1., 2.]])
    """
    samples = times * strings.samples
    n = len(strings)
    arrays = {
        name: np.zeros((samples, n, array.shape[2]))
        for name, array in strings.inputs.arrays.items()
    }
    for b in range(n):
        filled = 0
        while filled < samples:
            chosen = int(rng.integers(n))
            length = min(int(strings.lengths[chosen]), samples - filled)
            for name, array in strings.inputs.arrays.items():
                arrays[name][filled : filled + length, b] = array[:length, chosen]
            filled += length
    inputs = strings.inputs
    answers = np.full((len(strings.answers), samples, n), np.nan)
    streams = Streams(inputs.keys, arrays, samples, (), inputs.shapes)
    return Strings(streams, answers, np.full(n, samples))
