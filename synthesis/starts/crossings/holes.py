"""Bounds that answers tell of from one side: next to them some answer ends that needs them.

An answer may need a stream to be above a bound, for several samples in a row, or outside of two;
when it comes may depend on much else. Where the stream often is and never with the answer, there is
a hole, and at either end of it a bound: near the last value that came with the answer, and further
out by no more than chance lets it be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...problems import Strings
from ..composition.thresholds import chosen_between
from ..proposal import Gap
from .limits import CHANCE, FEWEST, LEAST_SHARE, labels_of

__all__ = ["holes_of"]

WINDOWS = (1, 2, 3, 4, 5, 6)
"""Samples in a row that an answer may need."""

SURE = 3.0
"""Minus the logarithm of the chance that a bound is further out."""

SAME = 0.02
"""Two bounds with no larger share of the samples between them are one."""


@dataclass(frozen=True)
class _End:
    """One end of where a stream never is while an answer is given, although it often is.

    Attributes
    ----------
    low, high : float
        The bound is between these.
    surprise : float
        Minus the logarithm of the chance that there is none.
    """

    low: float
    high: float
    surprise: float


def holes_of(
    strings: Strings, sources: Sequence[str], known: Mapping[str, Sequence[Gap]], most: int
) -> dict[str, list[Gap]]:
    """Bounds that are known, and those next to which answers end that need them.

    Parameters
    ----------
    strings : Strings
    sources : sequence of str
        Streams of numbers.
    known : mapping of source to gaps
        These stay.
    most : int
        Bounds of a stream at most: the surest ones.

    Returns
    -------
    mapping of source to list of Gap
        From the lowest to the highest. Where those that are new lie is likely, not certain.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.random.default_rng(0).uniform(-1.0, 1.0, (40, 12))
    >>> strings = to_strings(x, np.abs(x) > 0.3)[0]
    >>> found = holes_of(strings, ["stream-x"], {}, most=3)["stream-x"]
    >>> [gap.value for gap in found]
    [-0.3, 0.3]
    """
    found: dict[str, list[Gap]] = {}
    seen = [labels for labels, _ in labels_of(strings)]
    for source in sources:
        values = strings.numbers(source)
        every = np.sort(values[strings.inside()])
        gaps = list(known.get(source, ()))
        ends = [end for labels in seen for end in _ends(values, labels, every)]
        for end in sorted(ends, key=lambda one: -one.surprise):
            gap = chosen_between(end.low, end.high)
            if len(gaps) < most and not any(_are_one(gap, other, every) for other in gaps):
                gaps.append(gap)
        found[source] = sorted(gaps, key=lambda gap: gap.value)
    return found


def _are_one(gap: Gap, other: Gap, every: np.ndarray) -> bool:
    """Whether nearly no sample tells a bound from another."""
    low, high = sorted((gap.value, other.value))
    return bool(((every > low) & (every < high)).mean() <= SAME)


def _ends(values: np.ndarray, labels: np.ndarray, every: np.ndarray) -> Iterator[_End]:
    """Of one stream (strings, samples) and all labels; and of its last few values together."""
    is_asked = ~np.isnan(labels)
    for label in np.unique(labels[is_asked]):
        is_it = labels == label
        if is_it.sum() >= FEWEST:
            yield from _inner(values, is_it, is_asked, every)
            for sign in (1.0, -1.0):
                yield from _outer(sign, values, is_it, is_asked, every)


def _outer(
    sign: float, values: np.ndarray, is_it: np.ndarray, is_asked: np.ndarray, every: np.ndarray
) -> Iterator[_End]:
    """A bound that the stream has to exceed (``sign`` 1), or not, so many times in a row."""
    ends = []
    for width in WINDOWS:
        least = _least_of_last(sign * values, width)
        high = float(least[is_it].min())
        share = float((least[is_asked] < high).mean())
        count = _far_apart(is_it, width)
        if share < LEAST_SHARE:
            continue
        surprise = np.inf if share == 1.0 else -count * float(np.log1p(-share))
        if surprise >= -np.log(CHANCE):
            n = int(np.ceil(SURE * (sign * every >= high).sum() / (width * is_it.sum())))
            ends.append(_End(*_outwards(sign, high, n, every), surprise))
    if ends:
        yield max(ends, key=lambda end: end.surprise)


def _inner(
    values: np.ndarray, is_it: np.ndarray, is_asked: np.ndarray, every: np.ndarray
) -> Iterator[_End]:
    """Two bounds between which the stream never is."""
    own = np.sort(values[is_it])
    places = np.searchsorted(every, own)
    share = np.diff(places) / is_asked.sum()
    with np.errstate(divide="ignore"):
        surprise = -len(own) * np.log1p(-share) - np.log(len(own))
    n = int(np.ceil(SURE * len(every) / len(own)))
    for k in np.flatnonzero((share >= LEAST_SHARE) & (surprise >= -np.log(CHANCE))):
        for sign, end in ((-1.0, own[k]), (1.0, own[k + 1])):
            yield _End(*_outwards(sign, sign * float(end), n, every), float(surprise[k]))


def _outwards(sign: float, high: float, n: int, every: np.ndarray) -> tuple[float, float]:
    """From a signed value with the answer so many samples on, where the answer never comes."""
    signed = np.sort(sign * every)
    place = int(np.searchsorted(signed, high))
    low, high = sorted((sign * float(signed[max(place - n, 0)]), sign * high))
    return low, high


def _least_of_last(values: np.ndarray, width: int) -> np.ndarray:
    """The least of the last few values (strings, samples); of those there are, at first."""
    least = values.copy()
    for lag in range(1, width):
        least[:, lag:] = np.minimum(least[:, lag:], values[:, :-lag])
    return least


def _far_apart(is_it: np.ndarray, width: int) -> int:
    """How many samples at least so far apart there are: these tell different things."""
    count = 0
    for row in is_it:
        last = -width
        for t in np.flatnonzero(row).tolist():
            if t - last >= width:
                count, last = count + 1, t
    return count
