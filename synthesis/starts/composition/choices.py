"""Answers that are one of two streams at every sample: by a bound or two flags, or the larger.

What the answer is equal to tells which stream was chosen; where both are the same nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from .forms import TOLERANCE, Extreme, Gated
from .sums import affine_matches, tidy
from .thresholds import single_thresholds, with_bound

__all__ = ["either_of", "extremes", "gated", "often_right"]

OFTEN = 0.1

FEWEST = 4
"""Samples on which a stream has to be the answer, and the other one not."""

GATES = 2
"""Ways to choose between two streams that are given."""


def often_right(rows: np.ndarray, answers: np.ndarray, sizes: np.ndarray, most: int) -> list[int]:
    """The streams that are the answer most often, on a tenth of the samples at least.

    An operation has to be worth a tenth of the samples.
    """
    share = _are(rows, answers).mean(axis=1)
    order = np.argsort(OFTEN * sizes - share, kind="stable")[:most]
    return [int(k) for k in order if share[k] >= OFTEN]


def gated(rows: np.ndarray, chosen: int, answers: np.ndarray) -> Iterator[Gated]:
    """One of two streams, as a third one exceeds a bound, or as two flags say.

    Parameters
    ----------
    rows : array (streams, samples)
        Any of them may decide.
    chosen : int
        The first so many may be chosen.
    answers : array (samples,)
    """
    is_answer = _are(rows[:chosen], answers)
    for one in range(chosen):
        for other in range(one):
            if not (is_answer[one] | is_answer[other]).all():
                continue
            told = is_answer[one] ^ is_answer[other]
            label = is_answer[one][told].astype(float)
            if min(label.sum(), len(label) - label.sum()) < FEWEST:
                continue
            sense = single_thresholds(rows[:, told], label)
            gates = [([int(k)], 1.0 * sense[[k]]) for k in np.flatnonzero(sense)[:GATES]]
            for own, weights in gates or islice(either_of(rows[:, told], label), GATES):
                gate = with_bound(rows[own][:, told], label, own, weights)
                if gate is not None:
                    yield Gated(gate, one, other)


def either_of(rows: np.ndarray, label: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
    """Two flags of which one has to be up, or both, or one without the other, where a label is 1.

    Parameters
    ----------
    rows : array (streams, samples)
        Those that are 0 or 1 everywhere are looked at, the first ones first.
    label : array (samples,), 0 or 1

    Yields
    ------
    Two rows, and the signs with which they are added to tell the label by a bound.

    Examples
    --------
    >>> rows = np.array([[0.0, 0.0, 1.0, 1.0], [5.0, 6.0, 7.0, 8.0], [1.0, 0.0, 1.0, 0.0]])
    >>> next(either_of(rows, np.array([0.0, 0.0, 0.0, 1.0])))
    ([0, 2], array([ 1., -1.]))
    """
    flags = np.flatnonzero(np.all((rows == 0.0) | (rows == 1.0), axis=1))
    n = len(flags)
    signed = np.concatenate([rows[flags], 1.0 - rows[flags]])
    for up, wanted in ((signed, label), (1.0 - signed, 1.0 - label)):
        # What both say is what either says with all turned round.
        is_sound = (up @ (1.0 - wanted) == 0.0) & (up @ wanted > 0.0)
        sound = np.flatnonzero(is_sound)
        kept = up[sound]
        covered = kept.sum(axis=1)
        both = covered[:, None] + covered - kept @ kept.T
        pairs = np.argwhere(np.triu(both >= wanted.sum() - 0.5, 1))
        own = sound[pairs] % max(n, 1)
        for k in np.argsort(own.sum(axis=1), kind="stable"):
            yield flags[own[k]].tolist(), np.where(sound[pairs[k]] < n, 1.0, -1.0)


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
    is_answer = _are(rows[:chosen], answers)
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


def _are(rows: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Where streams are the answer, (streams, samples)."""
    scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)
    return np.asarray(np.abs(rows - answers) <= TOLERANCE * scale)
