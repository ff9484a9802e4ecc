"""The start that learns an automaton, and turns it into a circuit of few neurons.

What the strings tell of their hidden states is found by state merging. States get numbers under
which the next state is a function with few kinks and steps; as a stream of numbers the state is
then explained like an answer, and the answers are composed of it and the inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from dmm import get_neuron_type
from dmm.machine import Circuit
from dmm.neurons import Kernel
from dmm.proof import Transducer, prove, reachable

from ...problems import Problem, Strings
from ..composition import Composition
from ..composition.finders import Told
from ..composition.forms import Case, Form, Kinked, Plus
from ..composition.kinks import function_of
from ..composition.known import Known, Past
from ..composition.start import SMALL, built
from ..latent import explained, latent_sources
from ..proposal import Proposal
from .alphabet import Alphabet
from .codes import Coding, codings, sums_of
from .flagged import flagged_codings
from .learnt import fewest_states, learnt
from .mealy import Mealy

__all__ = ["Automaton"]

MOST_PIECES = 64
"""Kinks and steps of a function that is built as it is."""

MOST_FOLDS = 3
MOST_STATES, STATES_PER_STATE = 500, 20
"""States that a circuit may have, and more for each state and symbol: it remembers what is
about to be answered, too."""

UNHEARD = 12
"""States at most where some streams are no symbols and are not listened to."""

WORDS = "a function of the state"


@dataclass(frozen=True)
class Automaton:
    """Circuits made from the automaton that the strings tell.

    Attributes
    ----------
    states : int
        At most.
    codings : int
        Ways to number the states that are tried.
    composition : Composition
        Explains how the states go on, and how the answers depend on them.
    per_part : int
        Circuits of either kind that are combined.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1) % 2)[0])
    >>> small = Composition(bank=200, largest=3)
    >>> start = Automaton(states=4, composition=small)
    >>> next(start.propose(problem, ("accum", "compare", "less_or_equal"))).origin.partition(";")[0]
    'automaton of 2 states'
    """

    name = "automaton"

    states: int = 40
    codings: int = 2
    composition: Composition = SMALL
    per_part: int = 3

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with the states of an automaton; none where the strings tell of none."""
        counted = problem.counted
        alphabet = Alphabet.of(problem, counted)
        if alphabet is None:
            return
        is_whole = len(counted) == len(problem.sources)
        most = self.states if is_whole else min(self.states, UNHEARD)
        found = learnt(problem, alphabet, most)
        if found is not None:
            heard = problem.restricted(alphabet.sources)
            made = self.made_of(found.automaton, found.answers, alphabet, heard, vocabulary)
            yield from (replace(one, has_foretold=found.has_foretold) for one in made)

    def states_needed(self, problem: Problem) -> float:
        """Fewest states of an automaton that is right on all training strings; infinity for none.

        Examples
        --------
        >>> from synthesis.fit.data.asked import to_strings
        >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
        >>> Automaton().states_needed(Problem.of(to_strings(x, x.cumsum(axis=1) % 3)[0]))
        3.0
        """
        alphabet = Alphabet.of(problem, problem.counted)
        return np.inf if alphabet is None else fewest_states(problem, alphabet, self.states)

    def made_of(
        self,
        automaton: Mealy,
        answers: np.ndarray | None,
        alphabet: Alphabet,
        problem: Problem,
        vocabulary: tuple[str, ...],
    ) -> Iterator[Proposal]:
        """Circuits with the states of an automaton; none if it has one state only.

        Parameters
        ----------
        automaton : Mealy
            It answers with numbers of classes.
        answers : float array (classes, outputs), optional
            What these stand for; None for changes of answers.
        alphabet : Alphabet
        problem : Problem
        vocabulary : tuple of str
        """
        if len(automaton) == 1:
            return
        # What only the reference engine runs cannot be proved.
        compiled = [n for n in vocabulary if isinstance(get_neuron_type(n).kernel, Kernel)]
        found = codings(automaton, alphabet.values, self.codings)
        if {"multiplexer", "compare", "norm", "less_or_equal"} <= set(compiled):
            found += flagged_codings(automaton, alphabet.values, self.codings)
        for coding in found:
            told = _Numbered(problem, alphabet, automaton, coding, tuple(compiled), answers)
            yield from self._of(told)

    def _of(self, told: _Numbered) -> Iterator[Proposal]:
        def goes_on(problem: Problem) -> Iterator[Proposal]:
            direct = told.next_state(problem)
            found: Iterable[Proposal] = self._parts(told, problem, direct)
            if told.coding.flag is not None:
                found = [] if direct is None else [direct]
            return (proposal for proposal in found if told.is_finite(proposal.circuit))

        def answers(problem: Problem) -> Iterator[Proposal]:
            return self._parts(told, problem, told.answer(problem))

        name = f"{self.name} of {len(told.automaton)} states"
        return explained(told.problem, told.on, goes_on, answers, name, told.holds)

    def _parts(
        self, told: _Numbered, problem: Problem, direct: Proposal | None
    ) -> Iterator[Proposal]:
        yield from islice(self.composition.propose(problem, told.vocabulary), self.per_part)
        if direct is not None:
            yield direct


@dataclass(frozen=True)
class _Numbered:
    """An automaton with numbers for its states."""

    problem: Problem
    alphabet: Alphabet
    automaton: Mealy
    coding: Coding
    vocabulary: tuple[str, ...]
    answers: np.ndarray | None
    """What the automaton's classes stand for; None for changes."""

    def on(self, strings: Strings) -> np.ndarray:
        """The number of the state after every sample, (1, strings, samples)."""
        states, _ = self.automaton.run(self.alphabet.symbols(strings))
        return np.where(states >= 0, self.coding.codes[states], np.nan)[None]

    @property
    def streams(self) -> dict[str, list[float]]:
        """Values of every stream."""
        columns = zip(self.alphabet.sources, self.alphabet.values.T, strict=True)
        return {source: np.unique(column).tolist() for source, column in columns}

    @property
    def limit(self) -> int:
        """States that a circuit may take."""
        return MOST_STATES + STATES_PER_STATE * len(self.automaton) * len(self.alphabet.values)

    def is_finite(self, circuit: Circuit) -> bool:
        """Whether a circuit has finitely many states, as it should; rounding errors may grow."""
        return reachable(self._hearing(circuit), self.streams, limit=self.limit).is_closed

    def holds(self, circuit: Circuit) -> bool:
        """Whether a circuit is the automaton on strings of every length.

        Where answers add up, or not every symbol was seen in every state, that cannot be asked.
        """
        if self.answers is None:
            return True
        combinations = prod(map(len, self.streams.values()))
        is_seen = len(self.alphabet.values) >= combinations
        if np.isnan(self.automaton.answers).any() or not is_seen:
            return self.is_finite(circuit)
        automaton = Transducer(self._step, 0)
        proof = prove(self._hearing(circuit), automaton, self.streams, limit=self.limit)
        return proof.verdict == "proved"

    def _hearing(self, circuit: Circuit) -> Circuit:
        """The circuit with every stream as a source, also those that it does not read."""
        sources = dict.fromkeys(self.alphabet.sources, "stream")
        return Circuit({**sources, **circuit.neurons}, circuit.wires)

    def _step(self, state: int, *numbers: float) -> tuple[int, Any]:
        assert self.answers is not None
        symbol = self.alphabet.numbers[numbers]
        told = self.answers[int(self.automaton.answers[state, symbol])]
        answer = float(told[0]) if len(told) == 1 else tuple(map(float, told))
        return int(self.automaton.following[state, symbol]), answer

    # -------------------- functions of the coding's sums --------------------

    def next_state(self, problem: Problem) -> Proposal | None:
        """The next state as a function of the coding's sum."""
        known = self._known(problem)
        state, answers = known.past(), known.wanted(0)
        if not state:
            return None
        form: Form | None
        if self.coding.flag is None:
            form = self._function(known, state[0], [self.coding.weights], 0, answers)
        else:
            form = self._by_flag(known, self.coding.flag, state[0])
        return None if form is None else built(known, [(form, WORDS)])

    def _by_flag(self, known: Known, place: int, state: int) -> Case | None:
        """The next state as one function where a flag is 1, and another where it is 0."""
        coding, answers = self.coding, known.wanted(0)
        flag = self._heard(known)[place]
        is_on = known.rows([flag], 0)[0] == 1.0
        sides = (coding.weights, is_on), (coding.weights_off, ~is_on)
        on, off = (self._function(known, state, [w], 0, answers, part) for w, part in sides)
        return None if on is None or off is None else Case(flag, on, off)

    def answer(self, problem: Problem) -> Proposal | None:
        """Every answer, or its change, as a function of a state, or of its sum with the inputs."""
        known = self._known(problem)
        latent = [i for i in known.inputs() if known.name(i) in latent_sources(1)]
        if not latent:  # the state is a stream that was given: no need to remember another
            return None
        told = [self._answer(known, latent[0], output) for output in range(problem.n_outputs)]
        found = [form for form in told if form is not None]
        return built(known, found) if len(found) == len(told) else None

    def _answer(self, known: Known, after: int, output: int) -> Told | None:
        """As a function of the number after the sample, or of the one before it and the inputs."""
        answers = known.wanted(output)
        if self.coding.flag is not None:
            of_state = self._function(known, after, [self.coding.answer_weights], output, answers)
            if of_state is not None:
                return of_state, WORDS
        state = known.add(Past(after, 1))
        sums = sums_of(self.alphabet.values, self.coding.codes)
        weights = dict.fromkeys((self.coding.answer_weights, *sums))
        plain = self._function(known, state, weights, output, answers)
        if plain is not None:
            return plain, WORDS
        for past in known.past():
            change = answers - known.rows([past], output)[0]
            added = self._function(known, state, weights, output, change)
            if added is not None:
                return Plus(past, added), WORDS
        return None

    def _heard(self, known: Known) -> list[int]:
        """The inputs that symbols are made of."""
        return [i for i in known.inputs() if known.name(i) in self.alphabet.sources]

    def _known(self, problem: Problem) -> Known:
        return Known(problem, self.vocabulary, most=1, largest=1, strings=len(problem.beginnings))

    def _function(
        self,
        known: Known,
        state: int,
        weights: Iterable[tuple[float, ...]],
        output: int,
        answers: np.ndarray,
        part: np.ndarray | None = None,
    ) -> Kinked | None:
        """The function of a sum, with any of these weights of the inputs, of the fewest wires.

        It holds on a part of the samples, where one is given.
        """
        if "compare" not in self.vocabulary:
            return None
        has_steps = "less_or_equal" in self.vocabulary
        folds = MOST_FOLDS * ("norm" in self.vocabulary)
        inputs, best, fewest = self._heard(known), None, np.inf
        for chosen in weights:
            terms = [(state, 1.0), *zip(inputs, map(float, chosen), strict=True)]
            rows, factors = zip(*((row, w) for row, w in terms if w), strict=True)
            total = np.array(factors) @ known.rows(rows, output)
            x, y = (total, answers) if part is None else (total[part], answers[part])
            pieces = function_of(x, y, MOST_PIECES, has_steps, folds, len(rows))
            if pieces is not None and pieces.wires(len(rows)) < fewest:
                best, fewest = Kinked(rows, factors, *pieces), pieces.wires(len(rows))
        return best
