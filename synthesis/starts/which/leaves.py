"""Leaves: the few simple things that answers are, one of them at every sample.

An answer may be a stream, a multiple of it, a number, what it was before, or that and a stream.
What these leave of the answers, or the factor between the two, takes one value again and again
where it is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...problems import Strings
from ..composition.atoms import constant, lagged
from ..composition.choices import are_answers
from ..composition.sums import tidy
from ..signals import ANSWER, Signal

__all__ = ["PAST", "TWO", "Leaf", "covers", "frequent"]

PAST = f"{ANSWER}-0"
"""Stands for what was answered before."""

FEWEST, LEAST_SHARE = 8, 0.02
"""Samples, and share of them, on which a leaf has to be the answer alone."""

VALUES = 4
"""Numbers that are tried for a constant or a factor: the most frequent ones."""

DIGITS, ROUND = 8, 1e-10
"""Digits in which numbers agree that are the same; and what is none, of the largest number."""

TWO = 2
"""Answers of a flag."""

CANDIDATES = 80
"""Leaves that are looked at: those that are the answer most often for their size."""

OFTEN = 0.05
"""Share of the samples that a further part of a leaf has to be worth."""


@dataclass(frozen=True)
class Leaf:
    """A sum of streams of one sample, and a constant.

    Attributes
    ----------
    terms : tuple of (source, weight)
        `PAST` is the answer before.
    constant : float

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> strings = to_strings([[1.0, 2.0, 4.0]], [[5.0, 6.0, 7.0]])[0]
    >>> Leaf((("stream-x", 0.5), (PAST, 1.0)), 3.0).values(strings)
    array([[ 3.5,  9. , 11. ]])
    """

    terms: tuple[tuple[str, float], ...]
    constant: float = 0.0

    @property
    def size(self) -> int:
        """Its terms, and its numbers other than 1, -1 and 0."""
        odd = sum(abs(weight) != 1.0 for _, weight in self.terms)
        return len(self.terms) + odd + bool(self.constant)

    def values(self, strings: Strings) -> np.ndarray:
        """What it is on strings, (strings, samples); past answers are those that were asked."""
        total = np.full((len(strings), strings.samples), self.constant)
        for source, weight in self.terms:
            total = total + weight * _stream(strings, source)
        return total

    def signal(self) -> Signal:
        """The same in a circuit."""
        total = constant(self.constant)
        for source, weight in self.terms:
            is_past = source == PAST
            total = total + weight * Signal.of(source, "" if is_past else "stream", int(is_past))
        return total

    def told(self) -> str:
        """In words."""
        names = [f"{weight:g} {source}" for source, weight in self.terms]
        return " + ".join([*names, f"{self.constant:g}"] if self.constant or not names else names)


def _stream(strings: Strings, source: str) -> np.ndarray:
    if source == PAST:
        return lagged(np.nan_to_num(strings.answers[0].T))
    return strings.numbers(source)


# -------------------- which leaves --------------------


def covers(
    strings: Strings, sources: Sequence[str], leaves: int, most: int
) -> Iterator[tuple[Leaf, ...]]:
    """Leaves of which one is the answer at every sample that is asked: as few as will do.

    Parameters
    ----------
    strings : Strings
        With one output.
    sources : sequence of str
        Streams of numbers, and `PAST` if past answers may be looked at.
    leaves : int
        In a cover at most.
    most : int
        Covers of the same number of leaves; those that are right most often for their size first.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> rng = np.random.default_rng(0)
    >>> x, is_on = rng.normal(size=(9, 12)), rng.integers(0, 2, (9, 12))
    >>> strings = to_strings(x, np.where(is_on, 3.0 * x, 0.5))[0]
    >>> next(covers(strings, ["stream-x"], leaves=2, most=1))
    (Leaf(terms=(), constant=0.5), Leaf(terms=(('stream-x', 3.0),), constant=0.0))
    """
    asked = strings.asked[0].T
    answers = strings.answers[0].T[asked]
    if len(np.unique(answers)) <= TWO:  # what is 0 or 1 is both
        return
    found = list(dict.fromkeys(_candidates(strings, sources, asked, answers)))
    if not found:
        return
    is_it = are_answers(np.stack([leaf.values(strings)[asked] for leaf in found]), answers)
    sizes = np.array([leaf.size for leaf in found])
    kept = _not_worse(is_it, sizes)
    worth = is_it[kept].mean(axis=1) - OFTEN * sizes[kept]
    best = np.argsort(-worth, kind="stable")[:CANDIDATES]
    found, is_it, worth = [found[k] for k in kept[best]], is_it[kept[best]], worth[best]
    if is_it.all(axis=1).any():  # one leaf alone: nothing is chosen
        return
    least = max(FEWEST, int(LEAST_SHARE * len(answers)))
    for count in range(2, leaves + 1):
        covering = dict.fromkeys(_covering(is_it, count, least))
        chosen = [own for own in covering if _all_needed(is_it[list(own)], least)]
        chosen = [own for own in chosen if any(found[k].terms for k in own)]
        for own in sorted(chosen, key=lambda own: -worth[list(own)].sum())[:most]:
            yield tuple(sorted((found[k] for k in own), key=lambda leaf: leaf.size))
        if chosen:
            return


def _not_worse(is_it: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Rows that are not true only where another one is that is no larger; the first of equals."""
    counts = is_it.sum(axis=1)
    both = is_it.astype(float) @ is_it.T.astype(float)
    n = np.arange(len(sizes))
    is_within = (both == counts[:, None]) & (counts[:, None] > 0)
    is_better = (counts > counts[:, None]) | (sizes < sizes[:, None]) | (n < n[:, None])
    worse = is_within & (sizes <= sizes[:, None]) & is_better
    return np.flatnonzero((counts > 0) & ~worse.any(axis=1))


def _covering(
    is_it: np.ndarray, count: int, least: int, left: np.ndarray | None = None
) -> Iterator[tuple[int, ...]]:
    """Sets of so many rows of which one is true everywhere, or at the samples that are left."""
    if left is None:
        left = np.ones(is_it.shape[1], dtype=bool)
    right = is_it @ left.astype(float)  # at how many of these a row is true
    n = float(left.sum())
    if count == 1:
        yield from ((int(k),) for k in np.flatnonzero(right == n))
        return
    # One of them has to be true at the first sample; every one is needed for some.
    for k in np.flatnonzero(is_it[:, np.argmax(left)] & (right >= least) & (right < n)):
        if right[k] + (count - 1) * right.max() >= n:
            for others in _covering(is_it, count - 1, least, left & ~is_it[k]):
                yield tuple(sorted((int(k), *others)))


def _all_needed(is_it: np.ndarray, least: int) -> bool:
    """Whether each is the only one that is true often enough."""
    alone = is_it & (is_it.sum(axis=0) == 1)
    return bool(np.all(alone.sum(axis=1) >= least))


def _candidates(
    strings: Strings, sources: Sequence[str], asked: np.ndarray, answers: np.ndarray
) -> Iterator[Leaf]:
    streams = {source: _stream(strings, source)[asked] for source in sources}
    for terms in _bases(sources):
        base = sum((w * streams[s] for s, w in terms), np.zeros(len(answers)))
        yield from (Leaf(terms, c) for c in frequent(answers - base))
    inputs = [source for source in sources if source != PAST]
    for source in sources:
        yield from (Leaf(((source, w),)) for w in _frequent_ratios(answers, streams[source]))
    if PAST in sources:
        for source in inputs:
            ratios = _frequent_ratios(answers - streams[PAST], streams[source])
            yield from (Leaf(((PAST, 1.0), (source, w))) for w in ratios)


def _bases(sources: Sequence[str]) -> Iterator[tuple[tuple[str, float], ...]]:
    """What a constant is added to."""
    yield ()
    for source in sources:
        yield ((source, 1.0),)
        yield ((source, -1.0),)
    for one, other in combinations(sources, 2):
        yield from (((one, 1.0), (other, sign)) for sign in (1.0, -1.0))
        yield ((one, -1.0), (other, 1.0))
    if PAST in sources:
        inputs = [source for source in sources if source != PAST]
        for one, other in combinations(inputs, 2):
            for signs in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0)):
                yield ((PAST, 1.0), (one, signs[0]), (other, signs[1]))


def _frequent_ratios(answers: np.ndarray, stream: np.ndarray) -> list[float]:
    """Factors other than 0 and 1 that make the answers of a stream often."""
    some = (np.abs(stream) > 1e-6 * max(float(np.abs(stream).max()), 1e-300)) & (answers != 0.0)
    ratios = frequent(answers[some] / stream[some])
    return [ratio for ratio in ratios if ratio not in (0.0, 1.0, -1.0)]


def frequent(values: np.ndarray) -> list[float]:
    """The most frequent numbers, but for rounding; simple where they can be."""
    size = np.abs(values)
    if not size.any():
        return [0.0] * (len(values) >= FEWEST)
    values = np.where(size > ROUND * size.max(), values, 0.0)
    exponents = np.floor(np.log10(np.maximum(size, ROUND * size.max())))
    keys = np.round(values * 10.0 ** (DIGITS - exponents)) * 10.0**exponents
    _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:VALUES]
    return [tidy(np.median(values[group == k])) for k in order if counts[k] >= FEWEST]
