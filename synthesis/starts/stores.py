"""The start that counts into a store: hidden counts with a bound, and what is beyond the bound.

A store is filled by one input and emptied by another, or begins again at its bound: seats, parts of
a box, tokens. Such counts are few enough to try all; one is believed where, beside it, the answers
or their changes are a function of the inputs, and without it they are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from dmm.machine import Circuit

from ..problems import SOURCE, Problem, Strings
from .automata.alphabet import VIEWS, classes
from .composition import Composition
from .composition.atoms import choice_signal, constant, exceeds_signal, lagged, relu_signal
from .composition.start import MEDIUM
from .latent import explained, latent_sources
from .proposal import Proposal
from .signals import ANSWER, Builder, Signal

__all__ = ["Store", "Stores"]

FEW = 12
"""Different values of an input that is counted."""

PER_CASE = 3.0
"""Samples that are asked for every different case."""

CONSTANT = "const_1"


@dataclass(frozen=True)
class Store:
    """A count with a bound.

    Attributes
    ----------
    filled, emptied : str
        Sources; `emptied` is empty for nothing, and a constant for one per sample.
    bound : int
        What it holds at most; where it begins again, the number of different counts.
    begins_again : bool
        It goes on with what is beyond the bound, which is lost otherwise.
    is_emptied_first : bool
        Before it is filled.
    reset : str
        A flag that empties it before all else; none if empty.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> strings = to_strings([[1.0, 2.0, 2.0, 0.0]], [[0.0] * 4])[0]
    >>> Store("stream-x", "", bound=3, begins_again=True).counted(strings)[:, 0].tolist()
    [[1.0, 0.0, 2.0, 2.0], [0.0, 1.0, 0.0, 0.0]]
    >>> Store("stream-x", "const_1", bound=3).counted(strings)[:, 0].tolist()
    [[0.0, 1.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """

    filled: str
    emptied: str
    bound: int
    begins_again: bool = False
    is_emptied_first: bool = False
    reset: str = ""

    def counted(self, strings: Strings) -> np.ndarray:
        """What is in it after every sample, and what went beyond; (2, strings, samples).

        Where it begins again the latter is how often it did.
        """
        come, gone, reset = (
            _numbers(strings, source) for source in (self.filled, self.emptied, self.reset)
        )
        held, beyond = np.zeros(come.shape), np.zeros(come.shape)
        level = np.zeros(len(come))
        for t in range(come.shape[1]):
            level = level * (1.0 - reset[:, t])
            if self.is_emptied_first:
                level = np.maximum(level - gone[:, t], 0.0)
            level = level + come[:, t]
            if self.begins_again:
                beyond[:, t], level = np.divmod(level, self.bound)
            else:
                beyond[:, t] = np.maximum(level - self.bound, 0.0)
                level = level - beyond[:, t]
                if not self.is_emptied_first:
                    level = np.maximum(level - gone[:, t], 0.0)
            held[:, t] = level
        return np.stack([held, beyond])

    def circuit(self, largest: float) -> Circuit:
        """The circuit that answers with the two.

        Parameters
        ----------
        largest : float
            What comes at most at one sample.
        """
        sources = [source for source in (self.filled, self.emptied, self.reset) if source]
        builder = Builder.of(sources)
        level = Signal.of(f"{ANSWER}-0", "", 1)
        if self.reset:
            level = choice_signal(builder, Signal.of(self.reset, "stream"), Signal({}), level)
        gone = self._emptied()
        if self.is_emptied_first:
            level = relu_signal(builder, level, gone)
        level = level + Signal.of(self.filled, "stream")
        if self.begins_again:
            most = int((self.bound - 1 + largest) // self.bound)
            bounds = (constant(times * self.bound - 0.5) for times in range(1, most + 1))
            beyond = sum((exceeds_signal(builder, level, one) for one in bounds), Signal({}))
            return builder.circuit([level - self.bound * beyond, beyond])
        beyond = relu_signal(builder, level, constant(float(self.bound)))
        level = level - beyond
        if self.emptied and not self.is_emptied_first:
            level = relu_signal(builder, level, gone)
        return builder.circuit([level, beyond])

    def _emptied(self) -> Signal:
        if self.emptied == CONSTANT:
            return constant()
        return Signal.of(self.emptied, "stream") if self.emptied else Signal({})


def _numbers(strings: Strings, source: str) -> np.ndarray:
    if source == CONSTANT:
        return np.ones((len(strings), strings.samples))
    return strings.numbers(source) if source else np.zeros((len(strings), strings.samples))


@dataclass(frozen=True)
class Stores:
    """Circuits with a bounded count of inputs.

    Attributes
    ----------
    bounds : tuple of int
        Tried in this order.
    composition : Composition
        Explains how the answers depend on the count and on what goes beyond its bound.
    stores : int
        Counts that are believed and explained at most.
    per_store : int
        Circuits that are proposed.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> x = np.random.default_rng(0).integers(0, 2, (40, 24))
    >>> boxes = x.cumsum(axis=1) // 4
    >>> problem = Problem.of(to_strings(x, boxes)[0])
    >>> start = Stores(composition=Composition(bank=100, largest=2))
    >>> next(start.propose(problem, VOCABULARY)).origin.partition(";")[0]
    'a count of x modulo 4'
    """

    name = "stores"

    bounds: tuple[int, ...] = tuple(range(2, 13))
    composition: Composition = MEDIUM
    stores: int = 2
    per_store: int = 6

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with a store that makes the answers a function; none where none is needed."""
        if not {"accum", "compare", "less_or_equal", "multiplexer"} <= set(vocabulary):
            return
        strings = problem.split.training
        counted = [s for s in problem.sources if problem.is_numeric(s) and _is_few(strings, s)]
        if not counted:
            return
        tables = _tables(strings, counted)

        def is_believed(store: Store) -> bool:
            held = lagged(store.counted(strings)[0])
            return any(table.is_function_beside(held) for table in tables)

        believed = filter(is_believed, _candidates(strings, counted, self.bounds))
        for store in islice(believed, self.stores):
            yield from self._of(store, problem, vocabulary)

    def _of(
        self, store: Store, problem: Problem, vocabulary: tuple[str, ...]
    ) -> Iterator[Proposal]:
        largest = float(problem.split.training.numbers(store.filled).max())

        def counting(part: Problem) -> list[Proposal]:
            return [Proposal(store.circuit(largest), self.name)]

        def answers(part: Problem) -> Iterator[Proposal]:
            found = self.composition.propose(part, vocabulary)
            return islice(filter(_reads_the_store, found), self.per_store)

        return explained(problem, store.counted, counting, answers, _told(store))


def _reads_the_store(proposal: Proposal) -> bool:
    return not proposal.circuit.neurons.keys().isdisjoint(latent_sources(2))


def _told(store: Store) -> str:
    name = store.filled.removeprefix(SOURCE)
    if store.begins_again:
        return f"a count of {name} modulo {store.bound}"
    return f"a store of {name} that holds {store.bound}"


def _is_few(strings: Strings, source: str) -> bool:
    """Whether an input has few values, whole ones from 0 on."""
    values = np.unique(strings.numbers(source)[strings.inside()])
    return bool(len(values) <= FEW and values.min() >= 0.0 and np.all(values == np.round(values)))


def _candidates(strings: Strings, counted: list[str], bounds: tuple[int, ...]) -> Iterator[Store]:
    """Stores, the plain ones first."""
    flags = [source for source in counted if strings.numbers(source).max() <= 1.0]
    for reset, bound, filled in product(("", *flags), bounds, counted):
        if filled != reset:
            yield Store(filled, "", bound, begins_again=True, reset=reset)
    for reset, bound, is_first in product(("", *flags), bounds, (False, True)):
        for filled, emptied in product(counted, ("", *counted, CONSTANT)):
            used = [source for source in (filled, emptied, reset) if source]
            if len(set(used)) == len(used) and not (is_first and not emptied):
                yield Store(filled, emptied, bound, False, is_first, reset)


# -------------------- whether the answers are a function --------------------


@dataclass(frozen=True)
class _Answers:
    """What answers, or their changes, are beside inputs.

    Attributes
    ----------
    asked : bool array (strings, samples)
    told : int array (samples that are asked,)
        Which of few different ones.
    cases : int array (samples that are asked,)
        A number for what all inputs are, and whether the answer before was 0.
    """

    asked: np.ndarray
    told: np.ndarray
    cases: np.ndarray

    def is_function_beside(self, latent: np.ndarray) -> bool:
        """Whether it is one of the cases and a latent stream (strings, samples) together."""
        cases = self.cases * (int(latent.max()) + 1) + latent[self.asked].astype(int)
        return _is_function(cases, self.told)


def _tables(strings: Strings, counted: list[str]) -> list[_Answers]:
    """For every way to see the answers that are no function of the inputs alone."""
    found = []
    columns = [strings.numbers(source) for source in counted]
    columns += [lagged(np.nan_to_num(answers.T)) != 0.0 for answers in strings.answers]
    rows = np.stack(columns, axis=-1).reshape(-1, len(columns))
    case = np.unique(rows, axis=0, return_inverse=True)[1].reshape(columns[0].shape)
    for view in VIEWS:
        told = classes(view(strings.answers))
        if told is None:
            continue
        asked = ~np.isnan(told[0])
        numbers = told[0][asked].astype(int)
        if len(told[1]) > 1 and not _is_function(case[asked], numbers):
            found.append(_Answers(asked, numbers, case[asked]))
    return found


def _is_function(cases: np.ndarray, told: np.ndarray) -> bool:
    """Whether every case has one answer, and there are several samples for each."""
    pairs = np.unique(cases * (int(told.max()) + 1) + told)
    n = len(np.unique(cases))
    return len(pairs) == n and PER_CASE * n <= len(told)
