"""Starts with counters that need not be learnt: of symbols, and of samples.

Counters of symbols have no bound, so no automaton has them for states; and what is asked about them
is often a comparison, which tells little of their size. A clock counts samples up to a period. Of
either there are few to try.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, islice

import numpy as np

from ..problems import Problem, Strings
from .automata.alphabet import Alphabet
from .composition import Composition
from .composition.forms import Kinked
from .composition.kinks import function_of
from .composition.known import Known
from .composition.start import MEDIUM, built
from .latent import explained
from .proposal import Proposal

__all__ = ["Clocks", "Counts"]

MOST_PIECES = 3
SHORTEST = 3

CHANCE, LEAST = 1e-3, 1e-12
"""Of phases to differ so much without a clock; and what phases that tell all leave, as a share."""


@dataclass(frozen=True)
class Counts:
    """Circuits that compare how often symbols came.

    Attributes
    ----------
    symbols : int
        Different samples at most.
    composition : Composition
        Explains how the answers depend on the counts.
    per_part : int
        Circuits that are proposed.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, (2 * x - 1).cumsum(axis=1))[0])
    >>> next(Counts(symbols=2).propose(problem, ("accum", "dot"))).origin
    'counts; composition: a composition of stream-latent-1'
    """

    name = "counts"

    symbols: int = 4
    composition: Composition = field(
        default_factory=lambda: Composition(bank=1_500, largest=3, is_exact_only=True)
    )
    per_part: int = 4

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with the differences of two counts; none where there are many symbols."""
        alphabet = Alphabet.of(problem)
        if alphabet is None or len(alphabet.values) > self.symbols:
            return

        def differences(strings: Strings) -> np.ndarray:
            return _differences(alphabet.symbols(strings), len(alphabet.values))

        def parts(part: Problem) -> Iterator[Proposal]:
            return islice(self.composition.propose(part, vocabulary), self.per_part)

        def carrying(part: Problem) -> Iterator[Proposal]:
            return islice(parts(part), 1)

        yield from explained(problem, differences, carrying, parts, self.name)


def _differences(symbols: np.ndarray, count: int) -> np.ndarray:
    """How much more often one symbol came than another so far, (pairs, strings, samples)."""
    came = np.stack([np.cumsum(symbols == symbol, axis=1) for symbol in range(count)])
    return np.stack([came[i] - came[j] for i, j in combinations(range(count), 2)]).astype(float)


# -------------------- samples --------------------


@dataclass(frozen=True)
class Clocks:
    """Circuits with a count of the samples that starts again after so many.

    Attributes
    ----------
    periods : tuple of int
        Tried in this order, 3 or more each: what changes every other sample is a composition.
    composition : Composition
        Explains how the answers depend on the clock, and on the flags of its first and last sample.
    per_period : int
        Circuits that are proposed.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 24))
    >>> problem = Problem.of(to_strings(x, np.tile([0, 0, 1], (12, 8)))[0])
    >>> start = Clocks(periods=(3,), composition=Composition(bank=100, largest=2))
    >>> next(start.propose(problem, ("accum", "compare", "less_or_equal"))).origin.partition(";")[0]
    'a clock of 3'
    """

    name = "clocks"

    periods: tuple[int, ...] = (3, 4, 5, 6, 7, 8)
    composition: Composition = MEDIUM
    per_period: int = 3

    def __post_init__(self) -> None:
        if min(self.periods, default=SHORTEST) < SHORTEST:
            raise ValueError(
                f"periods is {self.periods}; expected {SHORTEST} or more each: what changes every "
                "other sample needs no clock, a composition tells it"
            )

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with a clock of every period that the strings are long enough for."""
        if not {"compare", "less_or_equal"} <= set(vocabulary):
            return
        for period in self.periods:
            if problem.beginnings.samples < 2 * period:
                return
            if _tells(problem, period):
                yield from self._of(period, problem, vocabulary)

    def _of(self, period: int, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        def ticking(part: Problem) -> list[Proposal]:
            return [_ticking(part, vocabulary)]

        def answers(part: Problem) -> Iterator[Proposal]:
            return islice(self.composition.propose(part, vocabulary), self.per_period)

        clock = partial(_clock, period=period)
        return explained(problem, clock, ticking, answers, f"a clock of {period}")


def _clock(strings: Strings, period: int) -> np.ndarray:
    """Samples so far modulo the period; whether that is 0; whether it is 1."""
    phase = np.arange(1, strings.samples + 1) % period
    streams = np.stack([phase, phase == 0, phase == 1]).astype(float)
    return np.repeat(streams[:, None], len(strings), axis=1)


def _tells(problem: Problem, period: int) -> bool:
    """Whether the answers, their changes, or products with the inputs differ from phase to phase.

    An analysis of variance, with squares for what differs in size alone.
    """
    strings = problem.split.training
    streams = [strings.numbers(s).T for s in problem.sources if problem.is_numeric(s)]
    phase = np.broadcast_to(np.arange(strings.samples)[:, None] % period, strings.answers[0].shape)
    chances = []
    for answers in strings.answers:
        changes = np.diff(answers, axis=0, prepend=0.0)
        told = [part * other for part in (answers, changes) for other in (1.0, part, *streams)]
        chances += [_by_chance(one, phase, period) for one in told]
    return min(chances) * len(chances) < CHANCE


def _by_chance(values: np.ndarray, phase: np.ndarray, period: int) -> float:
    """The chance that the means of phases differ so much; what is not known is left out."""
    from scipy.special import fdtrc

    known = ~np.isnan(values)
    n = int(known.sum())
    if n <= period or np.ptp(values[known]) == 0.0:
        return 1.0
    centred, own = values[known] - values[known].mean(), phase[known]
    counts = np.maximum(np.bincount(own, minlength=period), 1)
    between = float(np.sum(np.bincount(own, centred, period) ** 2 / counts))
    within = float(centred @ centred) - between
    if within <= LEAST * between:
        return 0.0
    return float(fdtrc(period - 1, n - period, between / (period - 1) / within * (n - period)))


def _ticking(problem: Problem, vocabulary: tuple[str, ...]) -> Proposal:
    """The clock's streams as functions of its count."""
    known = Known(problem, vocabulary, most=1, largest=1, strings=len(problem.beginnings))
    count = known.past()[0]
    told = []
    for output in range(problem.n_outputs):
        before = known.rows([count], output)[0]
        pieces = function_of(before, known.wanted(output), MOST_PIECES, has_steps=True)
        assert pieces is not None
        told.append((Kinked((count,), (1.0,), *pieces), "a clock"))
    return built(known, told)
