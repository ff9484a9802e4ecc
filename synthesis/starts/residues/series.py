"""Answers as formal series: a coefficient modulo a prime for every word of letters.

A letter is a product of streams, or the constant 1. If every sample multiplies a state by a matrix
that is a sum of such letters times constant matrices, the answer to a string is a sum of products
of one letter per sample, each with a coefficient that depends on the letters alone. The
coefficients of short words are the solution of linear equations, one per string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from ...problems import Problem, Strings
from .field import independent, next_prime, solved

__all__ = ["Letter", "Series", "Word", "letters_of", "prime_of", "series_of", "values_of"]

Letter = tuple[int, ...]
"""Streams that are multiplied, by number; none for the constant 1."""

Word = tuple[Letter, ...]

MOST_LETTERS = 12
MOST_PRIME = 100
MOST_UNKNOWN = 0.75
"""Coefficients per string: the others check that there are such coefficients at all."""


@dataclass(frozen=True)
class Series:
    """Coefficients of words, as far as the strings determine them.

    Attributes
    ----------
    prime : int
    coefficients : mapping of Word to int
    letters : tuple of tuple of Letter
        Letters that samples at the first place, the second ... have; what other letters are there,
        they determine.
    ones : tuple of mapping of Letter to int
        What the constant 1 is made of there.
    longest : int
        Letters of the longest words.
    """

    prime: int
    coefficients: Mapping[Word, int]
    letters: tuple[tuple[Letter, ...], ...]
    ones: tuple[Mapping[Letter, int], ...]

    @property
    def longest(self) -> int:
        """Letters of the longest words."""
        return max(map(len, self.coefficients))

    def one(self, word: Word) -> int:
        """The coefficient of a word, at the beginning of strings, of what is always 1."""
        total = 1
        for ones, letter in zip(self.ones, word, strict=False):
            total = total * ones[letter] % self.prime
        return total


def prime_of(problem: Problem) -> int | None:
    """The prime that the answers may be residues of; None if they are none."""
    training = problem.split.training
    answers = training.answers[training.asked]
    if problem.n_outputs != 1 or not len(answers):
        return None
    if not np.array_equal(answers, np.round(answers)) or answers.min() < 0.0:
        return None
    prime = next_prime(max(2, int(answers.max()) + 1))
    return prime if prime <= MOST_PRIME else None


def letters_of(problem: Problem, degree: int) -> tuple[Letter, ...] | None:
    """Products of so many streams at most, the constant last; None if streams are no whole numbers.

    Streams come first: what they tell needs no constant.
    """
    training = problem.split.training
    for source in problem.sources:
        numbers = training.numbers(source)
        if not problem.is_numeric(source) or not np.array_equal(numbers, np.round(numbers)):
            return None
    streams = range(len(problem.sources))
    found = [
        word
        for size in range(1, degree + 1)
        for word in combinations_with_replacement(streams, size)
    ]
    return (*found, ()) if len(found) < MOST_LETTERS else None


def values_of(
    letters: tuple[Letter, ...], strings: Strings, sources: tuple[str, ...], prime: int
) -> np.ndarray:
    """Residues of letters, (letters, strings, samples)."""
    streams = [np.round(strings.numbers(source)).astype(np.int64) % prime for source in sources]
    values = []
    for letter in letters:
        value = np.ones((len(strings), strings.samples), dtype=np.int64)
        for stream in letter:
            value = value * streams[stream] % prime
        values.append(value)
    return np.array(values)


def series_of(problem: Problem, letters: tuple[Letter, ...], prime: int) -> Series | None:
    """The series of the training strings' answers; None if they have none.

    Parameters
    ----------
    problem : Problem
        With one output.
    letters : tuple of Letter
    prime : int

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.random.default_rng(0).integers(0, 3, (40, 6))
    >>> problem = Problem.of(to_strings(x, (x.cumsum(axis=1) + 1) % 3)[0])
    >>> series = series_of(problem, letters_of(problem, 1), 3)
    >>> series.coefficients[(0,), ()], series.coefficients[(), ()], series.coefficients[(0,), (0,)]
    (1, 1, 0)
    """
    training = problem.split.training
    values = values_of(letters, training, problem.sources, prime)
    inside, answers = training.inside(), training.answers[0].T
    words: list[Word] = [()]
    products = np.ones((len(training), 1), dtype=np.int64)
    coefficients: dict[Word, int] = {}
    told: list[tuple[Letter, ...]] = []
    ones: list[Mapping[Letter, int]] = []
    for t in range(training.samples):
        here = inside[:, t]
        if not here.any():
            break
        kept = independent(values[:, here, t], prime)
        words = [(*word, letters[i]) for word in words for i in kept]
        products = (products[:, :, None] * values[kept, :, t].T[:, None, :] % prime).reshape(
            len(training), -1
        )
        asked = ~np.isnan(answers[:, t])
        equations = int(asked.sum() if asked.any() else here.sum())
        if len(words) > MOST_UNKNOWN * equations:
            break
        told.append(tuple(letters[i] for i in kept))
        ones.append(_one(values[kept][:, here, t], told[-1], prime))
        if not asked.any():
            continue
        found = solved(products[asked], np.round(answers[asked, t]).astype(np.int64), prime)
        if found is None:
            return None
        if not found[1]:
            break
        coefficients |= zip(words, map(int, found[0]), strict=True)
    return Series(prime, coefficients, tuple(told), tuple(ones)) if coefficients else None


def _one(values: np.ndarray, letters: tuple[Letter, ...], prime: int) -> Mapping[Letter, int]:
    """What the constant 1 is made of: it is among the letters, so it is made of those kept."""
    found = solved(values.T, np.ones(values.shape[1], dtype=np.int64), prime)
    assert found is not None
    return dict(zip(letters, map(int, found[0]), strict=True))
