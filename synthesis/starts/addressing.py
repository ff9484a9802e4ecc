"""Where answers come from: rules by which a memory is filled and read again, tried on the data.

A rule says what each situation does to a memory - a sample, and whether the mark has come that
stands once in every string. Rules are tried all at once: where the number that one recalls tells
every answer, the rule is one that the data could have been made by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..problems import Problem, Strings
from .automata.alphabet import Alphabet
from .composition.atoms import lagged

__all__ = ["Rule", "Situations", "Stack", "Walk", "rules"]

MOST_RULES = 5_000
"""Rules of one kind that are tried; with more situations none is."""

FEW = (3, 12)
"""Strings on which most rules fail, and most of those that are left."""

MOST_VALUES = 64
"""Of a stream with more, answers are what is recalled itself."""

UNKNOWN = -1

STEPS = (1, 2, 3)
WRAPS = (None, 1)


@dataclass(frozen=True)
class Situations:
    """The different situations in which the training strings' samples stand.

    Attributes
    ----------
    alphabet : Alphabet
    mark : tuple of (source, value), optional
        What comes once in every string.
    known : tuple of int
        Codes of the situations, in order.
    """

    alphabet: Alphabet
    mark: tuple[str, float] | None
    known: tuple[int, ...]

    @staticmethod
    def of(problem: Problem, sources: tuple[str, ...]) -> Situations | None:
        """As far as some streams tell; None where their samples are no symbols."""
        alphabet = Alphabet.of(problem, sources)
        if alphabet is None:
            return None
        strings = problem.split.training
        mark = _mark(strings, alphabet.sources)
        codes = _codes(alphabet, mark, strings)
        return Situations(alphabet, mark, tuple(np.unique(codes[codes >= 0]).tolist()))

    def numbers(self, strings: Strings) -> np.ndarray:
        """Numbers of the situations, (strings, samples); -1 for what is none."""
        codes = _codes(self.alphabet, self.mark, strings)
        places = np.searchsorted(self.known, codes).clip(max=len(self.known) - 1)
        return np.where(np.array(self.known)[places] == codes, places, UNKNOWN)

    def phase(self, strings: Strings) -> np.ndarray:
        """1 from the sample after the mark on, (1, strings, samples)."""
        assert self.mark is not None
        return _came(self.mark, strings)[None].astype(float)


def _came(mark: tuple[str, float], strings: Strings) -> np.ndarray:
    """Whether the mark came before a sample, (strings, samples)."""
    source, value = mark
    came = np.cumsum(strings.numbers(source) == value, axis=1) > 0
    return lagged(came)


def _mark(strings: Strings, sources: tuple[str, ...]) -> tuple[str, float] | None:
    """A value of one stream that comes once in every string, and not always first."""
    inside = strings.inside()
    for source in sources:
        numbers = strings.numbers(source)
        for value in np.unique(numbers[inside]).tolist():
            is_there = (numbers == value) & inside
            if (is_there.sum(axis=1) == 1).all() and not is_there[:, 0].all():
                return source, value
    return None


def _codes(alphabet: Alphabet, mark: tuple[str, float] | None, strings: Strings) -> np.ndarray:
    symbols = alphabet.symbols(strings)
    if mark is None:
        return symbols
    return np.where(symbols >= 0, symbols + len(alphabet.values) * _came(mark, strings), UNKNOWN)


# -------------------- kinds of rules --------------------


@dataclass(frozen=True)
class Stack:
    """What was put down last is taken up first.

    Attributes
    ----------
    is_after : bool
        Whether the top is looked at after what the sample does to the stack.
    """

    is_after: bool

    choices = ((1.0,), (-1.0,), (0.0,))
    """Per situation: one is put down, one is taken up, nothing."""

    def sources(self, actions: np.ndarray) -> np.ndarray:
        """The sample that each one looks at, -1 for none.

        Parameters
        ----------
        actions : array (1, rules, strings, samples)
            By how much the stack grows.

        Returns
        -------
        int array (rules, strings, samples)
        """
        change = actions[0].astype(int)
        samples = change.shape[-1]
        held = np.full((*change.shape[:2], samples + 2), UNKNOWN)
        depth = np.zeros(change.shape[:2], int)
        found = np.empty(change.shape, int)
        for t in range(samples):
            before, depth = depth, np.maximum(depth + change[..., t], 0)
            _put(held, before + 1, t)
            found[..., t] = _taken(held, depth if self.is_after else before)
        return found


@dataclass(frozen=True)
class Walk:
    """What was put down is walked along in the order in which it came.

    Attributes
    ----------
    step : int
        Places that a move goes on.
    wrap : int, optional
        Where the walk goes on from the end.
    """

    step: int
    wrap: int | None

    choices = ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1.0, 1.0))
    """Per situation: one is put down, a move is made, nothing, both."""

    def sources(self, actions: np.ndarray) -> np.ndarray:
        """As `Stack.sources`; actions are how many are put down, and how many moves are made."""
        put, moves = actions.astype(int)
        samples = put.shape[-1]
        held = np.full((*put.shape[:2], self.step * samples + 2), UNKNOWN)
        count, place = np.zeros((2, *put.shape[:2]), int)
        found = np.empty(put.shape, int)
        for t in range(samples):
            _put(held, count + 1, t)
            count = count + put[..., t]
            place = place + self.step * moves[..., t]
            if self.wrap is not None:
                place = np.where(place <= count, place, self.wrap)
            found[..., t] = _taken(held, place)
        return found


def _put(held: np.ndarray, place: np.ndarray, sample: int) -> None:
    np.put_along_axis(held, place[..., None], sample, axis=-1)


def _taken(held: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.take_along_axis(held, place[..., None], axis=-1)[..., 0]


KINDS: tuple[Stack | Walk, ...] = (
    Stack(is_after=False),
    Stack(is_after=True),
    *(Walk(step, wrap) for step, wrap in product(STEPS, WRAPS)),
)


@dataclass(frozen=True)
class Rule:
    """A kind of memory, and what each situation does to it.

    Attributes
    ----------
    kind : Stack or Walk
    situations : Situations
    table : tuple of tuple of float
        Actions by situation.
    source : str
        The stream whose samples are put down.
    shift : float
        What is added to them, so that nothing is told from 0.
    """

    kind: Stack | Walk
    situations: Situations
    table: tuple[tuple[float, ...], ...]
    source: str
    shift: float

    def actions(self, strings: Strings) -> np.ndarray:
        """What every sample does, (actions, strings, samples); NaN from an unknown one on."""
        numbers = self.situations.numbers(strings)
        is_lost = np.cumsum((numbers == UNKNOWN) & strings.inside(), axis=1) > 0
        return np.where(is_lost, np.nan, np.array(self.table).T[:, numbers])

    def recalled(self, strings: Strings) -> np.ndarray:
        """What is recalled at every sample, (1, strings, samples); 0 for nothing, NaN as above."""
        actions = self.actions(strings)
        sources = self.kind.sources(np.nan_to_num(actions)[:, None])[0]
        numbers = np.take_along_axis(strings.numbers(self.source), np.maximum(sources, 0), axis=1)
        held = np.where(sources < 0, 0.0, numbers + self.shift)
        return np.where(np.isnan(actions).any(axis=0), np.nan, held)[None]


# -------------------- which rules the data allow --------------------


def rules(problem: Problem) -> Iterator[Rule]:
    """Rules under which what is recalled tells every answer of the training strings.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> rng = np.random.default_rng(0)
    >>> number, move = rng.integers(1, 9, (30, 20)), rng.integers(-1, 2, (30, 20))
    >>> piles = [[0] for _ in number]
    >>> top = np.zeros(number.shape)
    >>> for s, t in np.ndindex(number.shape):
    ...     if move[s, t] == 1:
    ...         piles[s].append(number[s, t])
    ...     elif move[s, t] == -1:
    ...         piles[s] = piles[s][:-1] or [0]
    ...     top[s, t] = piles[s][-1]
    >>> problem = Problem.of(to_strings({"number": number, "move": move}, top)[0])
    >>> rule = next(rules(problem))
    >>> rule.kind, rule.source
    (Stack(is_after=True), 'stream-number')
    """
    strings = problem.split.training
    if problem.n_outputs != 1 or np.ptp(strings.answers[strings.asked]) == 0.0:
        return
    for source in filter(problem.is_numeric, problem.sources):
        others = tuple(name for name in problem.sources if name != source)
        for seen in (others, problem.sources):
            situations = Situations.of(problem, seen)
            found = [] if situations is None else list(_rules_of(situations, source, problem))
            yield from found
            if found:
                break


def _rules_of(situations: Situations, source: str, problem: Problem) -> Iterator[Rule]:
    """Rules by which one stream is put down, in the order of how little they do."""
    strings = problem.split.training
    parts = [strings.select(np.arange(min(few, len(strings)))) for few in FEW]
    for kind in KINDS:
        if len(kind.choices) ** len(situations.known) > MOST_RULES:
            continue
        left = np.array(list(product(kind.choices, repeat=len(situations.known))))
        for part in (*parts, strings):
            left = left[_tells(kind, situations, left, source, part)]
        for table in sorted(left.tolist(), key=_effort):
            yield _rule(kind, situations, table, source, strings)


def _effort(table: list[list[float]]) -> float:
    return sum(abs(action) for actions in table for action in actions)


def _tells(
    kind: Stack | Walk,
    situations: Situations,
    tables: np.ndarray,
    source: str,
    strings: Strings,
) -> np.ndarray:
    """For which tables the answers are a function of what is recalled."""
    numbers = situations.numbers(strings)
    actions = np.moveaxis(tables, 2, 0)[:, :, numbers]
    sources = kind.sources(actions)
    asked = strings.asked[0].T
    values = np.broadcast_to(strings.numbers(source), sources.shape)
    recalled = np.take_along_axis(values, np.maximum(sources, 0), axis=-1)
    labels, answers = np.where(sources < 0, np.inf, recalled)[:, asked], strings.answers[0].T[asked]
    if len(np.unique(values)) > MOST_VALUES:
        is_same = np.where(np.isinf(labels), 0.0, labels) == answers
        return is_same.all(axis=1)
    told = np.ones(len(tables), bool)
    for label in np.unique(labels):
        met = labels == label
        most = np.where(met, answers, -np.inf).max(axis=1, initial=-np.inf)
        least = np.where(met, answers, np.inf).min(axis=1, initial=np.inf)
        told &= most <= least
    return told


def _rule(
    kind: Stack | Walk,
    situations: Situations,
    table: list[list[float]],
    source: str,
    strings: Strings,
) -> Rule:
    """The rule; what is put down is shifted where nothing has to be told from it."""
    plain = Rule(kind, situations, tuple(map(tuple, table)), source, 0.0)
    asked, recalled = strings.asked[0], plain.recalled(strings)[0].T
    told: dict[float, float] = {}
    pairs = zip(recalled[asked].tolist(), strings.answers[0][asked].tolist(), strict=True)
    for number, answer in pairs:
        if told.setdefault(number, answer) != answer:  # 0 was put down there, and nothing here
            least = float(strings.numbers(source)[strings.inside()].min())
            return replace(plain, shift=1.0 - least)
    return plain
