"""Where the bounds of streams are that answers tell of from both sides.

An answer that never comes while a stream is below some number, although the stream often is, needs
the stream to be above a bound. Where the past is the same, too, samples just above and just below
it tell where the bound is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...problems import Strings
from ..composition.atoms import are_flags, lagged
from ..composition.thresholds import chosen_between
from ..proposal import Gap

__all__ = ["CHANCE", "FEWEST", "LEAST_SHARE", "crossings_of", "labels_of"]

ANSWERS = 12
"""Different answers, or changes of answers, at most."""

LEAST_SHARE, FEWEST = 0.05, 10
"""Share of samples beyond a bound, and samples with the answer, at least."""

CHANCE = 1e-6
"""Of samples with an answer to lie on one side of a bound, if the two had nothing to do."""

CONTEXT = 2
"""Earlier samples whose side counts as the past."""

PURE = 3
"""Samples with an answer, in a past, that tell that it is always given there."""


@dataclass(frozen=True)
class _Edge:
    """Something that a stream has to exceed, or its negative, where an answer is given.

    Attributes
    ----------
    source : str
    sign : float
    high : float
        The least signed number with the answer.
    values : array (strings, samples)
        The signed stream.
    """

    source: str
    sign: float
    high: float
    values: np.ndarray

    @property
    def is_above(self) -> np.ndarray:
        """Where the stream is surely beyond the bound."""
        return np.asarray(self.values >= self.high)


def crossings_of(strings: Strings, sources: Sequence[str]) -> dict[str, list[Gap]]:
    """Bounds that streams have to be beyond for some answer, or some change of an answer.

    Parameters
    ----------
    strings : Strings
    sources : sequence of str
        Streams of numbers.

    Returns
    -------
    mapping of source to list of Gap
        From the lowest to the highest; where two overlap, the narrower one.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.random.default_rng(0).uniform(-1.0, 1.0, (40, 12))
    >>> strings = to_strings(x, np.cumsum(x > 0.3, axis=1) % 4)[0]
    >>> (gap,) = crossings_of(strings, ["stream-x"])["stream-x"]
    >>> print(f"{gap.value}, somewhere from {gap.low:.3f} to {gap.high:.3f}")
    0.3, somewhere from 0.294 to 0.301
    """
    found: dict[str, list[Gap]] = {source: [] for source in sources}
    for labels, before in labels_of(strings):
        is_asked = ~np.isnan(labels)
        for label in np.unique(labels[is_asked]):
            edges = list(_edges(strings, sources, labels == label, is_asked))
            for edge in edges:
                low = _below(edge, edges, labels == label, is_asked, before)
                if low is not None:
                    low, high = sorted((edge.sign * low, edge.sign * edge.high))
                    found[edge.source].append(chosen_between(low, high))
    return {source: _apart(gaps) for source, gaps in found.items()}


def _apart(gaps: list[Gap]) -> list[Gap]:
    """The narrowest of those that overlap, in order."""
    apart: list[Gap] = []
    for gap in sorted(gaps, key=lambda one: one.high - one.low):
        if all(gap.high <= other.low or gap.low >= other.high for other in apart):
            apart.append(gap)
    return sorted(apart, key=lambda one: one.value)


def labels_of(strings: Strings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Answers and their changes, (strings, samples), with the answers before; NaN if not asked.

    The changes once more where no flag changes: one may hide what is remembered, or show it again.
    """
    is_still = np.ones((len(strings), strings.samples), dtype=bool)
    streams = map(strings.numbers, strings.inputs.arrays)
    for flag in filter(are_flags, streams):
        is_still &= flag == lagged(flag)
    for answers in strings.answers:
        asked = answers.T
        before = lagged(asked)
        change = asked - before
        still = [] if is_still.all() else [np.where(is_still, change, np.nan)]
        for labels in (asked, change, *still):
            if len(np.unique(labels[~np.isnan(labels)])) <= ANSWERS:
                yield labels, before


def _edges(
    strings: Strings, sources: Sequence[str], is_it: np.ndarray, is_asked: np.ndarray
) -> Iterator[_Edge]:
    """What streams exceed wherever an answer is given, and by chance would not."""
    count = int(is_it.sum())
    for source in sources if count >= FEWEST else ():
        for sign in (1.0, -1.0):
            values = sign * strings.numbers(source)
            high = float(values[is_it].min())
            beyond = float((values[is_asked] < high).mean())
            if beyond >= LEAST_SHARE and (1.0 - beyond) ** count <= CHANCE:
                yield _Edge(source, sign, high, values)


def _below(
    edge: _Edge,
    edges: Sequence[_Edge],
    is_it: np.ndarray,
    is_asked: np.ndarray,
    before: np.ndarray,
) -> float | None:
    """The largest number that is below the bound for sure; None if nothing tells.

    Where all else is the same - the answer before, the sides of other streams, and of all a few
    samples ago - and the answer is given whenever the stream is above the edge, samples below the
    edge without the answer are below the bound.
    """
    flags = [other.is_above for other in edges]
    past = [np.nan_to_num(before, nan=-1.0)]
    past += [flag for other, flag in zip(edges, flags, strict=True) if other is not edge]
    for lag in range(1, CONTEXT + 1):
        past += [lagged(flag, lag) for flag in flags]
    told = np.stack([part[is_asked].astype(float) for part in past], axis=1)
    case = np.unique(told, axis=0, return_inverse=True)[1].ravel()
    above, given = edge.is_above[is_asked], is_it[is_asked]
    n_above, n_given = (np.bincount(case, one, case.max() + 1) for one in (above, given))
    is_pure = (n_given == n_above) & (n_given >= PURE)
    below = edge.values[is_asked][~above & is_pure[case]]
    return float(below.max()) if len(below) else None
