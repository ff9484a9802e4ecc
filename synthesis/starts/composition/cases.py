"""Answers by cases: one stream while a flag is 1, another while it is 0, and so on.

A small decision tree whose leaves are streams of a bank, but for a factor and a constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from .forms import TOLERANCE, Case, Form, Sum
from .sums import affine_matches, simple

__all__ = ["cases"]

FEWEST = 4
"""A leaf of fewer samples could be anything."""


def cases(
    rows: np.ndarray, flags: Sequence[int], answers: np.ndarray, depth: int = 2, most: int = 6
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
        Trees that are given.
    """
    search = _Cases(rows, np.array(flags, dtype=np.intp), answers)
    yield from islice(search.trees(np.ones(len(answers), dtype=bool), depth), most)


class _Cases:
    def __init__(self, rows: np.ndarray, flags: np.ndarray, answers: np.ndarray) -> None:
        self.rows, self.flags, self.answers = rows, flags, answers
        self.is_on = rows[flags] > 0.5
        self.scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)

    def trees(self, part: np.ndarray, depth: int) -> Iterator[Form]:
        """Trees for some of the samples."""
        sides = np.concatenate([self.is_on & part, ~self.is_on & part])
        n = len(self.flags)
        leaves = self.leaves(sides)
        splits = [k for k in range(n) if min(sides[k].sum(), sides[n + k].sum()) >= FEWEST]
        for k in splits:
            one, other = leaves[k], leaves[n + k]
            if one is not None and other is not None:
                yield Case(int(self.flags[k]), one, other)
        if depth < 2:
            return
        for k in splits:
            one, other = leaves[k], leaves[n + k]
            if one is not None and other is None:
                for tree in islice(self.trees(sides[n + k], depth - 1), 1):
                    yield Case(int(self.flags[k]), one, tree)
            elif one is None and other is not None:
                for tree in islice(self.trees(sides[k], depth - 1), 1):
                    yield Case(int(self.flags[k]), tree, other)

    def leaves(self, parts: np.ndarray) -> list[Sum | None]:
        """For every part the first stream that is the answers there, or a constant."""
        matches = affine_matches(self.rows, self.answers, parts.astype(float))
        return [
            self.leaf(part, np.flatnonzero(found))
            for part, found in zip(parts, matches.T, strict=True)
        ]

    def leaf(self, part: np.ndarray, candidates: np.ndarray) -> Sum | None:
        """A leaf that is right on a part of the samples."""
        answers = self.answers[part]
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
