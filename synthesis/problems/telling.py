"""Which streams tell anything of the answers: a test by permutation, before anything is searched.

What a stream is and has been (now, before, added up, fading) is compared with what the answers are
and how they change, by itself and where another stream is large. A stream tells nothing if it goes
with the answers no better than it does with those of other strings. That is a guess and no proof,
since a stream may matter in ways that none of these comparisons shows: it says what to look at
first.

Source: permutation tests with the largest of several statistics, P. Westfall and S. Young,
Resampling-Based Multiple Testing, Wiley 1993.
"""

from __future__ import annotations

import numpy as np

from .strings import Strings

__all__ = ["telling_streams"]

PERMUTATIONS = 99
CHANCE = 0.1
"""A stream tells something if no more of the permutations go as well with the answers."""

STRINGS = 8
"""Strings, at least, to be exchanged for each other; fewer are shifted in time."""

SAMPLES = 4_000
"""Samples of all strings together that are looked at."""

FADING = 0.8


def telling_streams(strings: Strings, rng: np.random.Generator) -> tuple[str, ...]:
    """The streams that go with the answers better than by chance; what is no number is one of them.

    Parameters
    ----------
    strings : Strings
    rng : numpy.random.Generator
        For the permutations.

    Returns
    -------
    tuple of str
        Sources, in their order.

    Examples
    --------
    >>> from synthesis.tasks.streams import to_streams
    >>> rng = np.random.default_rng(0)
    >>> x, z = rng.integers(0, 2, (2, 40, 12)).astype(float)
    >>> streams = to_streams({"x": x, "z": z})
    >>> strings = Strings(streams, x.cumsum(axis=1).T[None], np.full(40, 12))
    >>> telling_streams(strings, rng)
    ('stream-x',)
    """
    arrays = strings.inputs.arrays
    numeric = [source for source, array in arrays.items() if not array[..., 1:].any()]
    strings = _some(strings)
    partners = {source: _standard(strings.numbers(source), strings) for source in numeric}
    answers = _answers(strings)
    tell = set(arrays) - set(numeric)
    for source in numeric:
        others = [values for name, values in partners.items() if name != source]
        contexts = np.stack([np.ones_like(partners[source]), *others])
        compared = (answers[:, None] * contexts[None]).reshape(-1, *answers.shape[1:])
        if _goes_with(_history(strings.numbers(source), strings), compared, rng):
            tell.add(source)
    return tuple(source for source in arrays if source in tell)


def _some(strings: Strings) -> Strings:
    """No more strings, and of a long one no more samples, than are looked at."""
    some = strings.select(range(max(1, min(len(strings), SAMPLES // max(1, strings.samples)))))
    return some.cut(min(SAMPLES, some.samples))


def _answers(strings: Strings) -> np.ndarray:
    """Answers, how they change and whether they do, (kinds, strings, samples)."""
    found = []
    for answers in strings.answers:
        change = np.diff(answers, axis=0, prepend=0.0)
        for values in (answers, change, np.where(np.isnan(change), np.nan, change != 0.0)):
            found.append(_standard(values.T, strings))
    return np.stack(found)


def _history(values: np.ndarray, strings: Strings) -> np.ndarray:
    """What a stream is and has been, (kinds, strings, samples)."""
    before = np.pad(values, ((0, 0), (1, 0)))[:, :-1]
    long_before = np.pad(values, ((0, 0), (2, 0)))[:, :-2]
    fading = np.empty_like(values)
    held = np.zeros(len(values))
    for sample in range(values.shape[1]):
        held = FADING * held + values[:, sample]
        fading[:, sample] = held
    total = values.cumsum(axis=1)
    kinds = (values, before, long_before, np.abs(values - before), fading, total, total % 2.0)
    return np.stack([_standard(kind, strings) for kind in kinds])


def _standard(values: np.ndarray, strings: Strings) -> np.ndarray:
    """Without the mean (of every sample, if there are strings to compare); 0 where there is none.

    Of rare things and outliers much of a correlation hangs by few samples; these are drawn in.
    """
    values = np.where(strings.inside(), values, np.nan)
    known = ~np.isnan(values)
    axis = 0 if len(values) >= STRINGS else None
    count = np.maximum(known.sum(axis=axis, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=axis, keepdims=True) / count
    apart = np.where(known, values - mean, 0.0)
    size = np.sqrt((apart**2).sum() / max(1, int(known.sum())))
    return np.clip(apart / size, -4.0, 4.0) if size > 0.0 else apart


def _goes_with(history: np.ndarray, compared: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether the largest of all covariances is larger than by chance."""
    wanted = compared.reshape(len(compared), -1).T

    def strength(kinds: np.ndarray) -> float:
        return float(np.abs(kinds.reshape(len(kinds), -1) @ wanted).max())

    found, by_chance = strength(history), 0
    if found == 0.0:
        return False
    for _ in range(PERMUTATIONS):
        by_chance += strength(_exchanged(history, rng)) >= found
        if by_chance > CHANCE * (PERMUTATIONS + 1):
            return False
    return True


def _exchanged(history: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every string with the history of another; few are shifted so far that they forget."""
    _, strings, samples = history.shape
    if strings >= STRINGS:
        return history[:, rng.permutation(strings)]
    far = max(1, samples // 4)
    return np.roll(history, rng.integers(far, max(far + 1, samples - far)), axis=2)
