"""Measured streams of which only matters which bounds they exceed: seen as so many levels.

An answer that never comes while a stream is below some number, although the stream often is, needs
the stream to be above a bound. Where the past is the same, too, samples just above and just below
it tell where the bound is. The start inside sees levels in place of the stream, and so may be one
that knows symbols only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings
from .composition.atoms import constant, exceeds_signal, lagged
from .composition.thresholds import chosen_between
from .proposal import Gap, Proposal, Start
from .signals import Builder, Signal
from .splicing import joined
from .views import through

__all__ = ["Crossings", "crossings_of"]

FEW = 20
"""Values of a stream that is not measured but counted."""

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

MOST = 3
"""Bounds of a stream."""


@dataclass(frozen=True)
class Crossings:
    """What another start proposes where measured streams are seen as levels between bounds.

    Attributes
    ----------
    start : Start

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.starts import Automaton
    >>> x = np.random.default_rng(0).uniform(-1.0, 1.0, (60, 12))
    >>> hot = x > 0.2
    >>> hot[:, 1:] &= x[:, :-1] > 0.2
    >>> hot[:, 0] = False  # twice running
    >>> problem = Problem.of(to_strings(x, hot.astype(float))[0])
    >>> proposal = next(Crossings(Automaton()).propose(problem, VOCABULARY))
    >>> print(sample_equations(proposal.circuit))
    s = (x > 0.2)
    c = (s if 1 - s else s + c[t-1])
    output.dict-1 = (c > 1.5)
    """

    start: Start

    @property
    def name(self) -> str:
        """Of the start."""
        return f"{self.start.name}, of levels"

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The start's circuits, with comparisons before them."""
        if "less_or_equal" not in vocabulary:
            return
        training = problem.split.training
        numeric = filter(problem.is_numeric, problem.sources)
        measured = tuple(source for source in numeric if _is_measured(training, source))
        found = crossings_of(training, measured).items()
        bounds = {source: gaps for source, gaps in found if 0 < len(gaps) <= MOST}
        if not bounds:
            return
        numbers = {source: [gap.value for gap in gaps] for source, gaps in bounds.items()}
        yield from through(
            self.start,
            problem,
            vocabulary,
            partial(_levels, bounds=numbers),
            partial(joined, emitter=_comparing(numbers), sources=tuple(numbers)),
            "of levels",
            tuple(gap.times(1.0, name) for name, found in bounds.items() for gap in found),
        )


def _is_measured(strings: Strings, source: str) -> bool:
    values = np.unique(strings.numbers(source)[strings.inside()])
    return len(values) > FEW and not np.array_equal(values, np.round(values))


def _levels(strings: Strings, bounds: dict[str, list[float]]) -> Strings:
    """Strings with the number of bounds that streams exceed in place of the streams."""
    arrays = dict(strings.inputs.arrays)
    for source, numbers in bounds.items():
        level = (strings.numbers(source)[..., None] > np.array(numbers)).sum(axis=-1)
        arrays[source] = (level * strings.inside()).T[..., None].astype(float)
    return replace(strings, inputs=replace(strings.inputs, arrays=arrays))


def _comparing(bounds: dict[str, list[float]]) -> Circuit:
    """The circuit that answers with the levels."""
    builder = Builder({**dict.fromkeys(bounds, "stream"), "const_1": "const_1"})
    levels = []
    for source, numbers in bounds.items():
        level = Signal({})
        for number in numbers:
            level = level + exceeds_signal(builder, Signal.of(source, "stream"), constant(number))
        levels.append(level)
    return builder.circuit(levels)


# -------------------- where bounds are --------------------


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
    for labels, before in _labels(strings):
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


def _labels(strings: Strings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Answers and their changes, (strings, samples), with the answers before; NaN if not asked."""
    for answers in strings.answers:
        asked = answers.T
        before = lagged(asked)
        for labels in (asked, asked - before):
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
