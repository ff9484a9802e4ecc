"""Answers that are wrong now and then: those that an automaton contradicts which gives the others.

One wrong answer leaves no automaton right. But some strings are free of errors; an automaton is
learnt from a few at a time, many times, and that one is taken which describes all answers in the
fewest bits, its errors included. Where it contradicts them nothing is asked any more; what is left
can be learnt by every start, as if nobody had been wrong.

Source: M. Fischler, R. Bolles, Random sample consensus, Communications of the ACM 24 (1981).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...problems import Problem, Strings
from .alphabet import Alphabet, answers_told, as_they_are, changes, changes_or_reset, classes
from .correction import errors, with_fewest_errors
from .mealy import Mealy
from .merging import merged

__all__ = ["without_slips"]

MOST_WRONG = 0.05
"""Share of the answers that may be wrong now and then."""

STRINGS, TRIES = (4, 6, 9, 14), 20
"""Strings that an automaton is learnt from, and how often from so many."""

MOST_STATES, PER_STEP = 10, 8
"""States at most, and answers that have to be asked for every transition."""

SELDOM = 0.01
"""Share of the answers below which a number is no class of its own."""

IMPROVED = 6
"""Automata that are corrected: those with the fewest errors."""

ROUNDING = 1e-6

VIEWS = as_they_are, changes, partial(changes_or_reset, seldom=SELDOM)


@dataclass(frozen=True)
class _Found:
    """An automaton that gives nearly all answers, or changes of answers; and what it stands for."""

    alphabet: Alphabet
    automaton: Mealy
    told: np.ndarray
    is_change: bool

    def answers(self, strings: Strings) -> np.ndarray:
        """What it answers (outputs, samples, strings); NaN where no string told."""
        _, numbers = self.automaton.run(self.alphabet.symbols(strings))
        given = answers_told(numbers, self.told)
        return _added_up(given) if self.is_change else given

    def is_contradicted(self, strings: Strings) -> np.ndarray:
        """Which answers are others, in the shape of answers."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.answers(strings) - strings.answers) > ROUNDING

    def bits(self, strings: Strings) -> float:
        """Of the table, of which answers are wrong or not known, and of what these are."""
        with np.errstate(invalid="ignore"):
            is_given = np.abs(self.answers(strings) - strings.answers) <= ROUNDING
        asked = strings.asked.sum()
        wrong = np.sum(strings.asked & ~is_given)
        table = self.automaton.following.size * np.log2(len(self.automaton) * len(self.told))
        share = np.clip(wrong / asked, 1e-12, 1.0 - 1e-12)
        which = -asked * (share * np.log2(share) + (1.0 - share) * np.log2(1.0 - share))
        return float(table + which + wrong * np.log2(len(self.told)))


def without_slips(
    problem: Problem, rng: np.random.Generator
) -> Callable[[Strings], Strings] | None:
    """What takes back the answers that are wrong now and then.

    Parameters
    ----------
    problem : Problem
    rng : numpy.random.Generator
        Which strings automata are learnt from.

    Returns
    -------
    callable, or None
        From strings to the same with nothing asked where they contradict the automaton; None if
        there is no automaton that gives all answers to decide by but a few.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> rng = np.random.default_rng(0)
    >>> press = rng.integers(0, 2, (40, 15))
    >>> light = np.cumsum(press, axis=1) % 2
    >>> light[rng.random(light.shape) < 0.01] ^= 1
    >>> problem = Problem.of(to_strings({"press": press}, light)[0])
    >>> taken_back = without_slips(problem, rng)
    >>> training = problem.split.training
    >>> int(training.asked.sum() - taken_back(training).asked.sum())
    4
    """
    alphabet = Alphabet.of(problem, problem.counted)
    if alphabet is None:
        return None
    training = problem.split.training
    symbols = alphabet.symbols(training)
    found = [one for view in VIEWS for one in _found(view, training, symbols, alphabet, rng)]
    deciding = problem.split.deciding
    best = min(found, key=lambda one: one.bits(deciding), default=None)
    if best is None:
        return None
    wrong = best.is_contradicted(deciding).sum()
    if not 0 < wrong <= MOST_WRONG * deciding.asked.sum():
        return None
    return partial(_taken_back, found=best)


def _found(
    view: Callable[[np.ndarray], np.ndarray],
    strings: Strings,
    symbols: np.ndarray,
    alphabet: Alphabet,
    rng: np.random.Generator,
) -> Iterator[_Found]:
    """The automata with the fewest errors, of those that some strings tell."""
    seen = classes(_frequent(view(strings.answers)))
    if seen is None:
        return
    wanted, told = np.where(symbols >= 0, seen[0], np.nan), seen[1]
    n_asked = int(np.sum(~np.isnan(wanted)))
    learnt = []
    for size in STRINGS:
        for _ in range(TRIES):
            chosen = rng.choice(len(symbols), min(size, len(symbols)), replace=False)
            one = merged(symbols[chosen], wanted[chosen], MOST_STATES, len(alphabet.values))
            if one is not None and PER_STEP * one.following.size <= n_asked:
                learnt.append(one)
    for one in sorted(learnt, key=lambda one: errors(one, symbols, wanted))[:IMPROVED]:
        better = with_fewest_errors(one, symbols, wanted)
        if better is not None:
            yield _Found(alphabet, better[0], told, view is not as_they_are)


def _frequent(answers: np.ndarray) -> np.ndarray:
    """Answers (outputs, strings, samples) without what is seldom: an error changes twice."""
    found = np.array(answers)
    for told in found:
        numbers, counts = np.unique(told[~np.isnan(told)], return_counts=True)
        told[np.isin(told, numbers[counts < SELDOM * counts.sum()])] = np.nan
    return found


def _taken_back(strings: Strings, found: _Found) -> Strings:
    is_wrong = found.is_contradicted(strings)
    return replace(strings, answers=np.where(is_wrong, np.nan, strings.answers))


def _added_up(changes: np.ndarray) -> np.ndarray:
    """Answers of changes (outputs, samples, strings); an infinite one is a return to 0.

    What is open at 0, no change or a return to it, leaves 0.
    """
    answers, now = np.empty_like(changes), np.zeros_like(changes[:, 0])
    for t in range(changes.shape[1]):
        change = np.where(np.isnan(changes[:, t]) & (now == 0.0), 0.0, changes[:, t])
        now = np.where(np.isinf(change), 0.0, now + change)
        answers[:, t] = now
    return answers
