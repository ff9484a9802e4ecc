"""Answers that are one of two streams at every sample: by a bound or two flags, or the larger.

What the answer is equal to tells which stream was chosen; where both are the same nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from .forms import TOLERANCE, Extreme, Gated
from .sums import affine_matches, tidy
from .thresholds import single_thresholds, with_bound

__all__ = ["are_answers", "either_of", "extremes", "gated", "often_right"]

OFTEN = 0.1

FEWEST = 4
"""Samples on which a stream has to be the answer, and the other one not."""

GATES, PAIRS = 2, 12
"""Ways to choose between two streams that are given, and pairs with more than single bounds."""

SOUND = 150
"""Flags that are never up where a label is 0, of which pairs are looked at: the first ones."""


def often_right(rows: np.ndarray, answers: np.ndarray, sizes: np.ndarray, most: int) -> list[int]:
    """The streams that are the answer most often, on a tenth of the samples at least.

    An operation has to be worth a tenth of the samples.
    """
    share = are_answers(rows, answers).mean(axis=1)
    order = np.argsort(OFTEN * sizes - share, kind="stable")[:most]
    return [int(k) for k in order if share[k] >= OFTEN]


def gated(
    rows: np.ndarray, chosen: int, answers: np.ndarray, beside: Sequence[int] = ()
) -> Iterator[Gated]:
    """One of two streams, as a third one exceeds a bound or another one, or as two flags say.

    Parameters
    ----------
    rows : array (streams, samples)
        Any of them may decide.
    chosen : int
        The first so many may be chosen.
    answers : array (samples,)
    beside : sequence of int
        Rows with which others are compared, where none decides alone.
    """
    flags = np.flatnonzero(np.all((rows == 0.0) | (rows == 1.0), axis=1))
    for k, (one, other, told, label) in enumerate(_pairs(are_answers(rows[:chosen], answers))):
        deciding = rows[:, told]
        gates = _gates(deciding, label, flags, beside) if k < PAIRS else _bounds(deciding, label)
        for own, weights in islice(gates, GATES):
            gate = with_bound(deciding[own], label, own, weights)
            if gate is not None:
                yield Gated(gate, one, other)


def _pairs(is_answer: np.ndarray) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Two streams of which one is the answer at any sample; where that tells which; and which."""
    for one in range(len(is_answer)):
        for other in np.flatnonzero((is_answer[one] | is_answer[:one]).all(axis=1)):
            told = is_answer[one] ^ is_answer[other]
            label = is_answer[one][told].astype(float)
            if min(label.sum(), len(label) - label.sum()) >= FEWEST:
                yield one, int(other), told, label


def _gates(
    rows: np.ndarray, label: np.ndarray, flags: np.ndarray, beside: Sequence[int]
) -> Iterator[tuple[list[int], np.ndarray]]:
    """What tells a label, the simplest first: rows and their weights in a sum with a bound."""
    yield from _bounds(rows, label)
    for pair, signs in either_of(rows[flags], label):
        yield flags[pair].tolist(), signs
    for other in beside:
        sense = single_thresholds(rows - rows[other], label)
        for k in np.flatnonzero(sense):
            yield [int(k), int(other)], sense[k] * np.array([1.0, -1.0])


def _bounds(rows: np.ndarray, label: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
    """Single rows that tell a label by a bound."""
    sense = single_thresholds(rows, label)
    for k in np.flatnonzero(sense):
        yield [int(k)], 1.0 * sense[[k]]


def either_of(rows: np.ndarray, label: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
    """Two flags of which one has to be up, or both, or one without the other, where a label is 1.

    Parameters
    ----------
    rows : array (flags, samples), 0 or 1
        The first ones are preferred.
    label : array (samples,), 0 or 1

    Yields
    ------
    Two rows, and the signs with which they are added to tell the label by a bound.

    Examples
    --------
    >>> rows = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0]])
    >>> next(either_of(rows, np.array([0.0, 0.0, 0.0, 1.0])))
    ([0, 1], array([ 1., -1.]))
    """
    n = len(rows)
    signed = np.concatenate([rows, 1.0 - rows])
    for up, wanted in ((signed, label), (1.0 - signed, 1.0 - label)):
        # What both say is what either says with all turned round.
        sound = np.flatnonzero((up @ (1.0 - wanted) == 0.0) & (up @ wanted > 0.0))
        sound = sound[np.argsort(sound % max(n, 1), kind="stable")][:SOUND]
        kept = up[sound]
        covered = kept.sum(axis=1)
        both = covered[:, None] + covered - kept @ kept.T
        pairs = np.argwhere(np.triu(both >= wanted.sum() - 0.5, 1))
        own = sound[pairs] % max(n, 1)
        for k in np.argsort(own.sum(axis=1), kind="stable"):
            yield own[k].tolist(), np.where(sound[pairs[k]] < n, 1.0, -1.0)


def extremes(rows: np.ndarray, chosen: int, answers: np.ndarray) -> Iterator[Extreme]:
    """The larger or smaller of a stream and a multiple of another, plus a constant.

    Parameters
    ----------
    rows : array (streams, samples)
        Any of them may be the other.
    chosen : int
        The first so many may be the one without a factor.
    answers : array (samples,)
    """
    is_answer = are_answers(rows[:chosen], answers)
    missing = ~is_answer
    matches = affine_matches(rows, answers, missing.astype(float))
    scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)
    for one in range(chosen):
        part = missing[one]
        if not FEWEST <= part.sum() <= len(answers) - FEWEST:
            continue
        for other in np.flatnonzero(matches[:, one]):
            values = rows[other][part] - rows[other][part].mean()
            slope = tidy(values @ answers[part] / (values @ values))
            constant = tidy(np.mean(answers[part] - slope * rows[other][part]))
            line = slope * rows[other] + constant
            for is_larger, extreme in ((True, np.maximum), (False, np.minimum)):
                if np.abs(extreme(rows[one], line) - answers).max() <= TOLERANCE * scale:
                    yield Extreme((one, int(other)), slope, constant, is_larger)


def are_answers(rows: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Where streams (streams, ...) are the answers (...), but for rounding."""
    scale = max(float(np.nanmax(np.abs(answers), initial=0.0)), 1e-300)
    return np.asarray(np.abs(rows - answers) <= TOLERANCE * scale)
