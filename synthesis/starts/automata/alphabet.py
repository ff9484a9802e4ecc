"""Strings of numbers as strings of symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...problems import Problem, Strings

__all__ = [
    "VIEWS",
    "Alphabet",
    "answers_told",
    "as_they_are",
    "changes",
    "changes_or_reset",
    "classes",
]

MOST_SYMBOLS = 130
MOST_ANSWERS = 64


@dataclass(frozen=True)
class Alphabet:
    """The different samples that strings have, and the different answers.

    Attributes
    ----------
    sources : tuple of str
    values : float array (symbols, sources)
        The numbers that a symbol stands for.
    """

    sources: tuple[str, ...]
    values: np.ndarray

    @staticmethod
    def of(problem: Problem, sources: tuple[str, ...] | None = None) -> Alphabet | None:
        """The symbols of the training strings; None if they are many, or no whole numbers.

        Those of some sources where they are given.
        """
        sources = problem.sources if sources is None else sources
        if not sources or not all(map(problem.is_numeric, sources)):
            return None
        rows = _rows(problem.split.training, sources)
        inside = rows[problem.split.training.inside()]
        if not np.array_equal(inside, np.round(inside)):
            return None
        values = np.unique(inside, axis=0)
        return Alphabet(sources, values) if 1 < len(values) <= MOST_SYMBOLS else None

    @cached_property
    def numbers(self) -> Mapping[tuple[float, ...], int]:
        """Which symbol some values are."""
        return {tuple(row): i for i, row in enumerate(self.values.tolist())}

    def symbols(self, strings: Strings) -> np.ndarray:
        """Numbers of the symbols, (strings, samples); -1 for what is none."""
        rows = _rows(strings, self.sources)
        flat = rows.reshape(-1, rows.shape[-1])
        found = np.array([self.numbers.get(tuple(row), -1) for row in flat], dtype=int)
        return np.where(strings.inside(), found.reshape(rows.shape[:2]), -1)


def _rows(strings: Strings, sources: tuple[str, ...]) -> np.ndarray:
    return np.stack([strings.numbers(source) for source in sources], axis=-1)


def classes(answers: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Answers of several outputs as one class number per sample.

    Parameters
    ----------
    answers : float array (outputs, strings, samples)

    Returns
    -------
    numbers : float array (strings, samples)
        NaN where not every output is asked.
    told : float array (classes, outputs)
        What the numbers stand for. None instead of both if there are many.
    """
    is_asked = ~np.isnan(answers).any(axis=0)
    told, numbers = np.unique(answers[:, is_asked].T, axis=0, return_inverse=True)
    if not len(told) or len(told) > MOST_ANSWERS:
        return None
    found = np.full(answers.shape[1:], np.nan)
    found[is_asked] = np.ravel(numbers)
    return found, told


def answers_told(numbers: np.ndarray, told: np.ndarray) -> np.ndarray:
    """What class numbers stand for, (outputs, samples, strings); NaN where there is none.

    Parameters
    ----------
    numbers : float array (strings, samples)
        NaN for none.
    told : float array (classes, outputs)
    """
    padded = np.vstack([told, np.full(told.shape[1], np.nan)])
    return padded[np.nan_to_num(numbers, nan=-1.0).astype(int)].transpose(2, 1, 0)


# -------------------- ways to see answers --------------------


def as_they_are(answers: np.ndarray) -> np.ndarray:
    """Answers, strings before samples."""
    return answers.transpose(0, 2, 1)


def changes(answers: np.ndarray) -> np.ndarray:
    """From sample to sample, strings before samples."""
    return np.diff(as_they_are(answers), axis=2, prepend=0.0)


def changes_or_reset(answers: np.ndarray, seldom: float = 0.0) -> np.ndarray:
    """Changes, or a sign of its own for what fell to 0 as no change elsewhere does.

    Parameters
    ----------
    answers : float array (outputs, samples, strings)
    seldom : float
        Share of the answers below which a change elsewhere is none of the program's.
    """
    told, change = as_they_are(answers), changes(answers)
    usual, counts = np.unique(change[told != 0.0], return_counts=True)
    usual = usual[counts >= seldom * counts.sum()]
    is_reset = (told == 0.0) & ~np.isin(change, usual)
    open_ = (told == 0.0) & ~is_reset
    return np.where(is_reset, np.inf, np.where(open_, np.nan, change))


VIEWS = (as_they_are, changes, changes_or_reset)
"""From answers (outputs, samples, strings) to what an automaton may say, strings before samples."""
