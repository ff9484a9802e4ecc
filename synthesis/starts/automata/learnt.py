"""Which automaton the strings of a problem tell, and whether it may be believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...problems import BEGINNING, Problem, Strings
from .alphabet import VIEWS, Alphabet, answers_told, as_they_are, classes
from .correction import corrected
from .mealy import Mealy
from .merging import merged

__all__ = ["Learnt", "fewest_states", "is_well_seen", "learnt", "smallest_automaton"]

TWICE, PER_STEP = 2, 20
"""How often every step has to be seen; or answers that have to be asked for every step."""


class Learnt(NamedTuple):
    """An automaton that is right on all training strings.

    Attributes
    ----------
    automaton : Mealy
        It answers with numbers of classes.
    answers : float array (classes, outputs), optional
        What these stand for; None for changes of answers.
    has_foretold : bool
        It was learnt from what training sees, and is right on the rest.

    Examples
    --------
    >>> Learnt(Mealy(np.array([[0]]), np.array([[0.0]])), np.array([[1.0]])).has_foretold
    True
    """

    automaton: Mealy
    answers: np.ndarray | None
    has_foretold: bool = True


def learnt(problem: Problem, alphabet: Alphabet, most_states: int) -> Learnt | None:
    """The automaton of the training strings' beginnings that holds on the whole of them.

    Where the answers are no automaton's, their changes from sample to sample may be, or these and
    being put back to 0. Where the beginnings tell of none - it takes many samples to fill a store
    -, one of some of the strings will do that holds on all; or one of all strings that leaves
    nothing open; or one that is corrected by all, if it is small.
    """
    training, begun = problem.split.training, problem.beginnings
    symbols = alphabet.symbols(training)
    seen = [(view, classes(view(training.answers))) for view in VIEWS]
    some = int(np.ceil(BEGINNING * len(symbols)))
    nearly: list[tuple[Mealy, np.ndarray, np.ndarray | None]] = []
    parts = (len(begun), begun.samples), (some, symbols.shape[1]), symbols.shape
    for strings, samples in dict.fromkeys(parts):  # beginnings may be some strings, whole
        part = symbols[:strings, :samples]
        for view, found in seen:
            if found is None:
                continue
            numbers, told = found[0], found[1] if view is as_they_are else None
            wanted = np.where(part >= 0, numbers[:strings, :samples], np.nan)
            automaton = merged(part, wanted, most_states, len(alphabet.values))
            if automaton is None:
                continue
            _, given = automaton.run(symbols)
            is_right = np.all((given == numbers) | np.isnan(numbers))
            is_held_out = part.size < symbols.size
            if is_right and (is_held_out or is_well_seen(automaton, symbols)):
                return Learnt(automaton, told, (strings, samples) == parts[0])
            nearly.append((automaton, numbers, told))
    for automaton, numbers, told in sorted(nearly, key=lambda one: len(one[0])):
        better = corrected(automaton, symbols, numbers)
        if better is not None and PER_STEP * better.following.size <= np.sum(~np.isnan(numbers)):
            return Learnt(better, told, has_foretold=False)
    return None


def fewest_states(problem: Problem, alphabet: Alphabet, most_states: int) -> float:
    """States of the smallest automaton that all training strings together tell; or infinity.

    Of their answers, or of the changes of these.
    """
    training = problem.split.training
    symbols = alphabet.symbols(training)
    found = (classes(view(training.answers)) for view in VIEWS)
    numbers = (np.where(symbols >= 0, told[0], np.nan) for told in found if told is not None)
    automata = (merged(symbols, asked, most_states, len(alphabet.values)) for asked in numbers)
    return min((float(len(one)) for one in automata if one is not None), default=np.inf)


def is_well_seen(automaton: Mealy, symbols: np.ndarray) -> bool:
    """Whether every symbol came twice in every state.

    The share of steps that were never seen is about that of the steps seen once (I. Good, The
    population frequencies of species, Biometrika 1953).
    """
    steps = automaton.steps(symbols)
    return bool(np.all(steps >= TWICE) and not np.isnan(automaton.answers).any())


def smallest_automaton(
    problem: Problem, most_states: int = 40
) -> tuple[Callable[[Strings], np.ndarray], float] | None:
    """The automaton that gives the answers of the training strings, however it is found.

    Returns
    -------
    (answers, bits), or None
        A function of strings to what the automaton answers, (outputs, samples, strings), NaN where
        no string told; and the bits that its table takes.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1) % 2)[0])
    >>> answers, bits = smallest_automaton(problem)
    >>> told = problem.split.report
    >>> np.stack([told.numbers("stream-x")[0], answers(told)[0, :, 0]]).astype(int)
    array([[1, 1, 0, 0, 1, 1, 1, 0],
           [1, 0, 0, 0, 1, 0, 1, 1]])
    """
    alphabet = Alphabet.of(problem)
    found = None if alphabet is None else _smallest(problem, alphabet, most_states)
    if alphabet is None or found is None:
        return None
    automaton, told = found

    def answers(strings: Strings) -> np.ndarray:
        _, given = automaton.run(alphabet.symbols(strings))
        return answers_told(given, told)

    known = int((~np.isnan(automaton.answers)).sum())
    return answers, known * float(np.log2(len(automaton)) + np.log2(len(told)))


def _smallest(
    problem: Problem, alphabet: Alphabet, most_states: int
) -> tuple[Mealy, np.ndarray] | None:
    """An automaton learnt from training strings, and corrected by those to decide by."""
    split = problem.split
    held = learnt(problem, alphabet, most_states)
    found = classes(as_they_are(split.training.answers))
    if found is None:
        return None
    automaton, told = (held.automaton, held.answers) if held else (None, None)
    if automaton is None or told is None:
        symbols, told = alphabet.symbols(split.training), found[1]
        automaton = merged(symbols, found[0], most_states, len(alphabet.values))
    if automaton is None or split.validation is None:
        return None if automaton is None else (automaton, told)
    every = classes(as_they_are(split.deciding.answers))
    if every is None or not np.array_equal(every[1], told):
        return automaton, told
    return corrected(automaton, alphabet.symbols(split.deciding), every[0]) or automaton, told
