"""Answers by cases: one stream while a flag is 1, another while it is 0, and so on.

A small decision tree whose leaves are streams of a bank, but for a factor and a constant; or what
is made of the past answer in one more step: a stream is added, a larger or smaller one replaces it,
a function of a sum with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

import numpy as np

from .forms import TOLERANCE, Case, Extreme, Form, Kinked, Plus, Sum
from .kinks import function_of
from .sums import affine_matches, simple

__all__ = ["cases"]

FEWEST = 4
"""A leaf of fewer samples could be anything."""

SEEN, PIECES = 6, 3
"""Samples of a leaf for every piece of a function on it, and for its line; pieces at most."""

FIRST = 8
"""Flags with a function on one side."""

SMALL = 4_000
"""Rows that may be leaves behind a second flag, or go on from the past answer."""


def cases(
    rows: np.ndarray,
    flags: Sequence[int],
    answers: np.ndarray,
    depth: int = 2,
    most: int = 6,
    past: Sequence[int] = (),
    summed: Sequence[int] = (),
) -> Iterator[Form]:
    """Decision trees that give the answers.

    Parameters
    ----------
    rows : array (streams, samples)
        Streams in order of their size: of several that would do, the first is taken.
    flags : sequence of int
        Rows that are 0 or 1 everywhere, in the order in which they are tried.
    answers : array (samples,)
    depth : int
        Flags from the root to a leaf.
    most : int
        Trees that are given, of either kind of leaves.
    past : sequence of int
        Rows that leaves may continue: trees with such leaves come after those without.
    summed : sequence of int
        Rows of whose sums leaves may be functions.
    """
    everywhere = np.ones(len(answers), dtype=bool)
    plain = _Cases(rows, np.array(flags, dtype=np.intp), answers)
    yield from islice(plain.trees(everywhere, depth), most)
    if past:
        going_on = _GoingOn(rows, plain.flags, answers, past, summed)
        yield from islice(going_on.trees(everywhere, depth), most)


class _Cases:
    def __init__(self, rows: np.ndarray, flags: np.ndarray, answers: np.ndarray) -> None:
        self.rows, self.flags, self.answers = rows, flags, answers
        self.is_on = rows[flags] > 0.5
        self.scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)

    def trees(self, part: np.ndarray, depth: int) -> Iterator[Form]:
        """Trees for some of the samples."""
        sides = np.concatenate([self.is_on & part, ~self.is_on & part])
        n = len(self.flags)
        leaves = self.leaves(sides, self.rows if depth > 1 else self.rows[:SMALL])
        splits = [k for k in range(n) if min(sides[k].sum(), sides[n + k].sum()) >= FEWEST]
        for k in splits:
            one, other = leaves[k], leaves[n + k]
            if one is not None and other is not None:
                yield Case(int(self.flags[k]), one, other)
        if depth < 2:
            return
        for k in splits:
            one, other = leaves[k], leaves[n + k]
            if (one is None) != (other is None):
                part = sides[k] if one is None else sides[n + k]
                for tree in islice(self.trees(part, depth - 1), 1):
                    yield Case(int(self.flags[k]), one or tree, other or tree)

    def leaves(self, parts: np.ndarray, rows: np.ndarray) -> list[Form | None]:
        """For every part the first of some streams that is the answers there, or a constant."""
        return list(self.sums(parts, rows, self.answers))

    def sums(self, parts: np.ndarray, rows: np.ndarray, answers: np.ndarray) -> list[Sum | None]:
        """The same for other answers."""
        matches = affine_matches(rows, answers, parts.astype(float))
        return [
            self.leaf(part, np.flatnonzero(found), answers)
            for part, found in zip(parts, matches.T, strict=True)
        ]

    def leaf(self, part: np.ndarray, candidates: np.ndarray, wanted: np.ndarray) -> Sum | None:
        """A leaf that is right on a part of the samples."""
        answers = wanted[part]
        if not len(answers):
            return None
        if np.ptp(answers) <= TOLERANCE * self.scale:
            rounded = float(simple(answers[0]))
            is_simple = abs(rounded - answers[0]) <= TOLERANCE * self.scale
            return Sum((), (), rounded if is_simple else float(answers[0]))
        for row in candidates:
            values = self.rows[row][part]
            centred = values - values.mean()
            if not (spread := float(centred @ centred)):
                continue
            slope = float(simple(centred @ answers / spread))
            constant = float(simple(np.mean(answers - slope * values)))
            if np.abs(slope * values + constant - answers).max() <= TOLERANCE * self.scale:
                return Sum((int(row),), (slope,), constant)
        return None


class _GoingOn(_Cases):
    """With leaves that go on from past answers."""

    def __init__(
        self,
        rows: np.ndarray,
        flags: np.ndarray,
        answers: np.ndarray,
        past: Sequence[int],
        summed: Sequence[int],
    ) -> None:
        super().__init__(rows, flags, answers)
        self.past, self.summed = past, list(summed)

    def leaves(self, parts: np.ndarray, rows: np.ndarray) -> list[Form | None]:
        """For every part the first leaf that is right there, the plain ones first."""
        rows = rows[:SMALL]
        found = super().leaves(parts, rows)
        for past in self.past:
            self._fill(found, parts, self._added(past, parts, rows))
            for is_larger in (True, False):
                self._fill(found, parts, self._extremes(past, parts, rows, is_larger))
        n = len(self.flags)
        for k, (leaf, part) in enumerate(zip(found, parts, strict=True)):
            if leaf is None and k % n < FIRST:
                found[k] = self._function(part)
        return found

    def _fill(
        self, found: list[Form | None], parts: np.ndarray, others: Sequence[Form | None]
    ) -> None:
        for k, other in enumerate(others):
            if found[k] is None and parts[k].sum() >= FEWEST:
                found[k] = other

    def _added(self, past: int, parts: np.ndarray, rows: np.ndarray) -> list[Form | None]:
        """A stream beside what the answer was."""
        rest = self.sums(parts, rows, self.answers - self.rows[past])
        return [None if form is None else Plus(past, form) for form in rest]

    def _extremes(
        self, past: int, parts: np.ndarray, rows: np.ndarray, is_larger: bool
    ) -> list[Form | None]:
        """The larger or smaller of a stream and what the answer was."""
        extreme = np.maximum if is_larger else np.minimum
        line = extreme(rows, self.rows[past])
        is_wrong = np.abs(line - self.answers) > TOLERANCE * self.scale
        wrong = is_wrong.astype(float) @ parts.T.astype(float)
        first = np.argmax(wrong == 0.0, axis=0)
        is_right = wrong[first, np.arange(len(parts))] == 0.0
        return [
            Extreme((past, int(row)), 1.0, 0.0, is_larger) if right else None
            for row, right in zip(first, is_right, strict=True)
        ]

    def _function(self, part: np.ndarray) -> Kinked | None:
        """A function of a sum of few streams, if there are many samples for its pieces."""
        sums: list[tuple[tuple[int, ...], tuple[float, ...]]]
        sums = [((row,), (1.0,)) for row in self.summed]
        for pair in combinations(self.summed, 2):
            sums += [(pair, (1.0, 1.0)), (pair, (1.0, -1.0))]
        for own, weights in sums:
            total = np.array(weights) @ self.rows[list(own)][:, part]
            found = function_of(total, self.answers[part], PIECES, True, rows=len(own))
            if found is not None and part.sum() >= SEEN * (1 + found.neurons):
                return Kinked(own, weights, *found)
        return None
