"""Finders of functions of a sum of known streams: of a few, of windows, of many streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..forms import Form, Kinked, Plus
from ..kinks import function_of, functions_of_a_sum
from ..known import Cut, Known, Past
from .cuts import cuts_beside
from .projections import functions_of_many

__all__ = ["PROJECTIONS", "WIDE", "FunctionFinder", "Told"]

Told = tuple[Form, str]
"""A form over the numbers of streams, and words for it."""

POOL = 26
"""Small streams of which sums of three with kinks are tried."""

WIDE = 90
"""Small streams of which sums of two with kinks, and inexact sums, are tried."""

WINDOW, FEW, DIGITS = 7, 20, 64.0
"""Samples of a window; different values of an input, and of windows written as numbers."""

PIECES, FOLDS = 9, 4
"""Kinks, steps and folds of a function of a window."""

PROJECTIONS, MOST_LAG, MOST_ROWS, FOLD = 3, 3, 16, 1
"""Functions of sums with learnt weights; how far back these look, at how many streams; their
folds."""


class FunctionFinder:
    """The finders of functions for one output.

    Parameters
    ----------
    known : Known
    output : int
    answers : array (samples,)
        Those that are asked of the output.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(-3, 4, (12, 8)).astype(float)
    >>> known = Known(Problem.of(to_strings(x, np.abs(x))[0]), VOCABULARY, 20, 1, strings=4)
    >>> form, words = next(FunctionFinder(known, 0, known.wanted(0)).functions())
    >>> words, form.slope, form.kinks
    ('a function of stream-x', -1.0, ((0.0, 2.0),))
    """

    def __init__(self, known: Known, output: int, answers: np.ndarray) -> None:
        self.known, self.output, self.answers = known, output, answers
        self.scale = max(float(np.abs(answers).max()), 1e-300)
        self.has_steps = "less_or_equal" in known.vocabulary
        self.can_fold = "norm" in known.vocabulary

    def rows(self, numbers: Sequence[int]) -> np.ndarray:
        """Streams on all samples that are asked."""
        return self.known.rows(numbers, self.output)

    def told(self, form: Form, numbers: Sequence[int] | None, what: str) -> Told:
        """A form over rows as one over the streams that the rows are, with words for it."""
        named = form if numbers is None else form.renumbered(numbers)
        return named, f"{what} of {', '.join(map(self.known.name, named.rows))}"

    # -------------------- functions of a sum --------------------

    def functions(self) -> Iterator[Told]:
        """Piecewise linear functions of a sum; and of a sum beside an input or the past answer."""
        if "compare" not in self.known.vocabulary:
            return
        for most, widths in ((WIDE, (1, 2)), (POOL, (3,))):
            pool = self.known.smallest(most)
            for form in self._functions(self.rows(pool), self.answers, widths):
                yield self.told(form, pool, "a function")
        pool = self.known.smallest(POOL)
        rows = self.rows(pool)
        for base in (*self.known.past(), *self.known.inputs()):
            rest = self.answers - self.rows([base])[0]
            for form in self._functions(rows, rest, (1, 2)):
                yield self.told(Plus(base, form.renumbered(pool)), None, "a step by a function")

    def _functions(
        self, rows: np.ndarray, answers: np.ndarray, widths: Sequence[int]
    ) -> Iterator[Kinked]:
        return functions_of_a_sum(rows, answers, widths, has_steps=self.has_steps)

    def windows(self) -> Iterator[Told]:
        """Functions of the last samples of one input with few values; beside the last answer."""
        if "compare" not in self.known.vocabulary:
            return
        for form in self._windows(self.answers):
            yield self.told(form, None, "a function")
        for base in self.known.past():
            for form in self._windows(self.answers - self.rows([base])[0]):
                yield self.told(Plus(base, form), None, "a step by a function")

    def _windows(self, answers: np.ndarray) -> Iterator[Kinked]:
        known, folds = self.known, FOLDS * self.can_fold
        for i in known.inputs():
            if not self.is_few(i):
                continue
            values = self.rows([i])
            for width in range(1, WINDOW + 1):
                pool = [known.add(Past(i, lag)) for lag in range(width)]
                rows = self.rows(pool)
                for weights in _patterns(width, float(np.ptp(values)) + 1.0):
                    total = weights @ rows
                    found = function_of(total, answers, PIECES, self.has_steps, folds, width)
                    if found is not None:
                        yield Kinked(tuple(pool), tuple(map(float, weights)), *found)

    def projections(self) -> Iterator[Told]:
        """Functions of a sum of many streams with learnt weights: as little of the past as does."""
        known = self.known
        if "compare" not in known.vocabulary:
            return
        streams = [i for i in (*known.inputs(), *known.past()) if self.is_few(i)]
        pool: list[int] = []
        for lag in range(MOST_LAG + 1):
            pool += [known.add(Past(i, lag)) if lag else i for i in streams]
            found = list(self._projections(pool))
            for form in found:
                yield self.told(form, None, "a function")
            if found:
                return
        if self.has_steps:
            for measured in (i for i in known.inputs() if i not in streams):
                yield from self.cut_projections(measured, streams)

    def cut_projections(self, measured: int, streams: list[int]) -> Iterator[Told]:
        """The same with a measured stream of which only matters between which bounds it is."""
        gaps = cuts_beside(self.known, measured, streams, self.answers, self.output)
        if not gaps:
            return
        cuts = [self.known.add(Cut(measured, gap.value)) for gap in gaps]
        for form in self._projections([*cuts, *streams]):
            yield self.told(replace(form, gaps=tuple(gaps)), None, "a function")

    def _projections(self, pool: list[int]) -> Iterator[Kinked]:
        if not 0 < len(pool) <= MOST_ROWS:
            return
        rows, folds = self.rows(pool), FOLD * self.can_fold
        for form in functions_of_many(rows, self.answers, PIECES, self.has_steps, folds):
            yield form.renumbered(pool)

    def is_few(self, number: int) -> bool:
        """Whether a stream has few values, whole ones."""
        values = np.unique(self.rows([number]))
        return len(values) <= FEW and np.array_equal(values, np.round(values))


def _patterns(width: int, base: float) -> Iterator[np.ndarray]:
    """Weights of the last samples: alike; of changing sign; as digits of a number."""
    yield np.ones(width)
    if width > 1:
        yield (-1.0) ** np.arange(width)
        if base**width <= DIGITS:
            yield base ** np.arange(width)
