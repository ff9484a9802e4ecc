"""An automaton that is nearly right, corrected: one transition after the other.

State merging decides early, by few answers, and one wrong step leaves an automaton that is wrong
now and then. What it answers is chosen again for every other place where one of its transitions
may lead: the change that leaves the fewest answers wrong is made, and again, until none is.
"""

from __future__ import annotations

import numpy as np

from .mealy import UNKNOWN, Mealy

__all__ = ["corrected", "errors", "with_fewest_errors"]

NEARLY = 0.3
"""Share of the answers that may be wrong."""

MOST_CHANGES, ROUNDS = 4_000, 6
"""Single changes of an automaton that is looked at, and transitions that are changed, at most."""

AT_ONCE = 200_000
"""Numbers that are looked at at once: automata times samples, or times what is counted of each."""


def corrected(automaton: Mealy, symbols: np.ndarray, answers: np.ndarray) -> Mealy | None:
    """An automaton of as many states that gives all answers; None if a few changes make none.

    What no string tells stays unknown.

    Parameters
    ----------
    automaton : Mealy
    symbols : int array (strings, samples)
        0, 1, ...; -1 beyond the end of a string.
    answers : float array (strings, samples)
        NaN where nothing is asked.

    Examples
    --------
    >>> seldom = (np.random.default_rng(0).random((9, 20)) < 0.1).astype(int)
    >>> third = (seldom == 1) & (np.cumsum(seldom, axis=1) % 3 == 0)
    >>> table = np.array([[0, 1], [1, 2], [2, 2]])  # the last one should lead back to the first
    >>> right = corrected(Mealy(table, np.zeros((3, 2))), seldom, third.astype(float))
    >>> right.following.tolist()
    [[0, 1], [1, 2], [2, 0]]
    """
    found = with_fewest_errors(automaton, symbols, answers)
    return None if found is None or found[1] else found[0]


def with_fewest_errors(
    automaton: Mealy, symbols: np.ndarray, answers: np.ndarray
) -> tuple[Mealy, int] | None:
    """An automaton of as many states that gives as many answers as a few changes can make it.

    Returns
    -------
    (automaton, wrong), or None
        And how many answers it does not give; None if it begins with too many of these, or is too
        large for single changes.

    Examples
    --------
    >>> press = np.random.default_rng(0).integers(0, 2, (9, 20))
    >>> light = np.cumsum(press, axis=1) % 2.0
    >>> light[4, 7] = 1.0 - light[4, 7]  # a slip of the pen
    >>> switch = Mealy(np.array([[0, 1], [1, 0]]), np.zeros((2, 2)))
    >>> found, wrong = with_fewest_errors(switch, press, light)
    >>> found.following.tolist(), wrong
    ([[0, 1], [1, 0]], 1)
    """
    if automaton.following.size * len(automaton) > MOST_CHANGES:
        return None
    told, asked = _numbered(answers)
    following = np.maximum(automaton.following, 0)
    wrong = int(_wrong(following[None], symbols, asked, len(told))[0])
    if wrong > NEARLY * (asked >= 0).sum():
        return None
    for _ in range(ROUNDS):
        changed = _changes(following)
        if not wrong or not len(changed):
            break
        wrongs = _wrong(changed, symbols, asked, len(told))
        best = int(np.argmin(wrongs))
        if wrongs[best] >= wrong:
            break
        following, wrong = changed[best], int(wrongs[best])
    counts = _counts(following[None], symbols, asked, len(told))[0]
    answer = np.where(counts.any(axis=-1), told[counts.argmax(axis=-1)], np.nan)
    is_taken = Mealy(following, answer).steps(symbols) > 0
    return Mealy(np.where(is_taken, following, UNKNOWN), answer).minimal(), wrong


def errors(automaton: Mealy, symbols: np.ndarray, answers: np.ndarray) -> int:
    """How many answers an automaton does not give, whatever its transitions are told to answer.

    Transitions that it does not know lead back to its beginning.

    Examples
    --------
    >>> table = np.array([[0, 1], [1, 0]])
    >>> errors(Mealy(table, np.zeros((2, 2))), np.array([[1, 1, 0, 1]]), np.array([[5, 6, 6, 6]]))
    1
    """
    told, asked = _numbered(answers)
    return int(_wrong(np.maximum(automaton.following, 0)[None], symbols, asked, len(told))[0])


def _numbered(answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is answered, and which of these when; -1 where nothing is asked."""
    told, classes = np.unique(answers, return_inverse=True)
    asked = np.where(np.isnan(answers), -1, classes.reshape(answers.shape))
    return told[~np.isnan(told)], asked


def _changes(following: np.ndarray) -> np.ndarray:
    """All tables (tables, states, symbols) with one transition that leads elsewhere."""
    n, k = following.shape
    tables = np.repeat(following[None], n * k * n, axis=0)
    state, symbol, after = np.indices((n, k, n)).reshape(3, -1)
    tables[np.arange(len(tables)), state, symbol] = after
    return tables[after != following[state, symbol]]


def _wrong(
    tables: np.ndarray, symbols: np.ndarray, asked: np.ndarray, n_classes: int
) -> np.ndarray:
    """How many answers are wrong if every transition gives its most frequent one: (tables,).

    Of tables (tables, states, symbols) on symbols and what is asked (strings, samples), which are
    -1 beyond the end of a string, and where nothing is asked.
    """
    n_asked = np.sum((symbols >= 0) & (asked >= 0))
    step = max(1, AT_ONCE // max(symbols.size, tables[0].size * n_classes))
    right = [
        _counts(tables[first : first + step], symbols, asked, n_classes).max(-1).sum((1, 2))
        for first in range(0, len(tables), step)
    ]
    return n_asked - np.concatenate(right)


def _counts(
    tables: np.ndarray, symbols: np.ndarray, asked: np.ndarray, n_classes: int
) -> np.ndarray:
    """How often a transition is asked for which answer: (tables, states, symbols, classes)."""
    m, n, k = tables.shape
    own = np.arange(m)[:, None]
    state = np.zeros((m, len(symbols)), dtype=int)
    found = []
    for symbol, told in zip(symbols.T, asked.T, strict=True):
        is_on = symbol >= 0
        here = np.where(is_on, symbol, 0)
        place = (own * n + state) * k + here
        is_told = is_on & (told >= 0)
        found.append((place[:, is_told] * n_classes + told[is_told]).ravel())
        state = np.where(is_on, tables[own, state, here], state)
    # Counted once: a count for every sample would clear and add the whole table every time.
    counts = np.bincount(np.concatenate(found), minlength=m * n * k * n_classes)
    return counts.reshape(m, n, k, n_classes)
