"""Starts that see other answers (late, changes, from another beginning), or fewer streams.

The start inside sees other answers for the same streams; its circuits are completed to ones that
give the answers that are asked. Or it hears some of the streams only: the rest is kept from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from dmm.machine import Circuit, Wire

from ..problems import Problem, Strings, answer_port
from .composition.atoms import lagged
from .proposal import Proposal, Start
from .signals import free_name

__all__ = ["Changes", "Delayed", "Shifted", "Since", "View", "heard", "through"]

Way = tuple[Callable[[Strings], Strings], Callable[[Circuit], Circuit], str]
"""How strings are seen, what circuits for these are completed to, and what is told of both."""


def through(
    start: Start, asked: Problem, vocabulary: tuple[str, ...], way: Way
) -> Iterator[Proposal]:
    """What a start proposes for a problem as it is seen, as proposals for the strings as they are.

    Parameters
    ----------
    start : Start
    asked : Problem
        What the start sees.
    vocabulary : tuple of str
    way : Way
    """
    for proposal in start.propose(asked, vocabulary):
        yield _taken_back(proposal, way)


def _taken_back(proposal: Proposal, way: Way) -> Proposal:
    seen, completed, words = way
    refit = proposal.refitted
    return replace(
        proposal,
        circuit=completed(proposal.circuit),
        origin=f"{proposal.origin}, {words}",
        refitted=None if refit is None else lambda strings: _taken_back(refit(seen(strings)), way),
        expected=None,
        holds=None,
    )


@dataclass(frozen=True)
class View(ABC):
    """A start inside sees other answers; its circuits are completed to those that are asked.

    Attributes
    ----------
    start : Start
    """

    how: ClassVar[str]
    """Told with the name of the start."""

    start: Start

    @property
    def name(self) -> str:
        """Of the start, and how it sees the answers."""
        return f"{self.start.name}, {self.how}"

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The start's circuits, completed; none where there is no way to see the answers."""
        for way in self._ways(problem, vocabulary):
            yield from through(self.start, problem.seen(way[0]), vocabulary, way)

    @abstractmethod
    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        """Ways to see the answers, the most promising first."""


# -------------------- late --------------------


@dataclass(frozen=True)
class Delayed(View):
    """Answers that say what could have been said some samples before.

    Attributes
    ----------
    start : Start
        Proposes for the same streams with answers moved to where they belong.
    samples : int
        How much too late the answers come.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> from synthesis.starts import Composition
    >>> x = np.random.default_rng(0).normal(size=(12, 8)).round(1)
    >>> problem = Problem.of(to_strings(x, np.pad(x, ((0, 0), (2, 0)))[:, :8])[0])
    >>> start = Delayed(Composition(bank=50, largest=2), samples=2)
    >>> proposals = start.propose(problem, ("accum", "dot"))
    >>> print(sample_equations(next(proposals).circuit))
    output.dict-1 = x[t-2]
    """

    samples: int

    @property
    def name(self) -> str:
        """Of the start, with the delay."""
        return f"{self.start.name}, {self.samples} late"

    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        if problem.split.training.lengths.min() > 2 * self.samples:
            earlier = partial(Strings.earlier, samples=self.samples)
            later = partial(_read_later, samples=self.samples)
            yield earlier, later, f"{self.samples} samples later"


def _read_later(circuit: Circuit, samples: int) -> Circuit:
    """Sinks read what was there some samples ago; constants are the same at any time."""
    wires = []
    for wire in circuit.wires:
        is_late = (
            circuit.neurons[wire.neuron_in] == "output"
            and circuit.neurons[wire.neuron_out] != "const_1"
        )
        wires.append(wire._replace(lag=wire.lag + samples * is_late))
    return Circuit(circuit.neurons, tuple(wires))


# -------------------- added up --------------------


@dataclass(frozen=True)
class Changes(View):
    """Answers that add up what the start proposes: it sees how they change.

    Attributes
    ----------
    start : Start

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> from synthesis.starts import Composition
    >>> x = np.random.default_rng(0).normal(size=(12, 8)).round(1)
    >>> problem = Problem.of(to_strings(x, x.cumsum(axis=1))[0])
    >>> proposals = Changes(Composition(bank=50, largest=2)).propose(problem, ("accum", "dot"))
    >>> print(sample_equations(next(proposals).circuit))
    output.dict-1 = output.dict-1[t-1] + x
    """

    how = "added up"

    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        """With an accumulator before every sink."""
        if "accum" in vocabulary:
            yield _changes, _added_up, self.how


def _changes(strings: Strings) -> Strings:
    """From sample to sample; nothing came before the first."""
    return replace(strings, answers=np.diff(strings.answers, axis=1, prepend=0.0))


def _added_up(circuit: Circuit, reset: str | None = None) -> Circuit:
    """With a sum before every sink: of all samples, or since a flag was last 1."""
    neurons, wires = dict(circuit.neurons), []
    kind, memory = "accum", "dict-1"
    fields: tuple[str, ...] = ("dict-2",)
    if reset is not None:  # both what is chosen, and only one of them remembers
        kind, memory, fields = "multiplexer", "dict-2", ("dict-1", "dict-2")
        neurons[reset] = "stream"
    totals: dict[tuple[str, str], str] = {}
    for wire in circuit.wires:
        port = wire.neuron_in, wire.field_in
        if circuit.neurons[wire.neuron_in] != "output":
            wires.append(wire)
            continue
        if port not in totals:
            totals[port] = free_name(kind, neurons)
            neurons[totals[port]] = kind
        wires += [wire._replace(neuron_in=totals[port], field_in=field) for field in fields]
    for port, total in totals.items():
        if reset is not None:
            wires.append(Wire(total, "gate", reset, "stream"))
        wires += [Wire(total, memory, total, "dict", 1.0, 1), Wire(*port, total, "dict")]
    return Circuit(neurons, tuple(wires))


# -------------------- added up since --------------------

FEWER = 0.5
"""Of the different answers, the share of different changes that a reset has to leave, at most."""

RESETS = 2


@dataclass(frozen=True)
class Since(View):
    """Answers that add up what the start proposes since a stream of flags was last 1.

    What is owed since the last payment, what came since the shift began: with the right stream for
    the reset the changes are few different numbers.

    Attributes
    ----------
    start : Start

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> from synthesis.starts import Composition
    >>> rng = np.random.default_rng(0)
    >>> x, paid = rng.integers(0, 5, (20, 12)), rng.integers(0, 2, (20, 12))
    >>> owed = np.zeros((20, 12))
    >>> for t in range(12):
    ...     owed[:, t] = (x[:, t] > 2) + (1 - paid[:, t]) * owed[:, t - 1]
    >>> problem = Problem.of(to_strings({"x": x, "paid": paid}, owed)[0])
    >>> start = Since(Composition(bank=50, largest=2))
    >>> proposal = next(start.propose(problem, ("multiplexer", "less_or_equal")))
    >>> print(sample_equations(proposal.circuit))
    s = (x > 2.5)
    output.dict-1 = (s if paid else s + output.dict-1[t-1])
    """

    how = "added up since"

    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        """With a memory that is reset before the sink."""
        if "multiplexer" not in vocabulary or problem.n_outputs > 1:
            return
        for reset in _resets(problem):
            seen = partial(_changes_since, reset=reset)
            yield seen, partial(_added_up, reset=reset), f"{self.how} {reset}"


def _resets(problem: Problem) -> list[str]:
    """The flags since which answers may be added up: those that leave the fewest changes."""
    strings = problem.split.training

    def different(reset: str | None) -> int:
        seen = _changes(strings) if reset is None else _changes_since(strings, reset)
        return len(np.unique(seen.answers[seen.asked].round(9)))

    flags = [s for s in problem.counted if set(np.unique(strings.numbers(s))) == {0.0, 1.0}]
    counts = {flag: different(flag) for flag in flags}
    least = min(different(None), FEWER * len(np.unique(strings.answers[strings.asked])))
    return sorted((f for f in flags if counts[f] < least), key=counts.__getitem__)[:RESETS]


def _changes_since(strings: Strings, reset: str) -> Strings:
    """From sample to sample, or from nothing where a flag is 1."""
    past = np.where(strings.numbers(reset).T < 1.0, lagged(strings.answers), 0.0)
    return replace(strings, answers=strings.answers - past)


# -------------------- from another beginning --------------------


@dataclass(frozen=True)
class Shifted(View):
    """Answers with a memory that begins at another number than 0: the most frequent first answer.

    Attributes
    ----------
    start : Start
        Sees what the answers differ from it.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.problems import Problem
    >>> from synthesis.starts import Composition
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings(x, 3 + x + np.pad(x, ((0, 0), (1, 0)))[:, :8])[0])
    >>> proposals = Shifted(Composition(bank=200, largest=3)).propose(problem, ("accum", "dot"))
    >>> print(sample_equations(next(proposals).circuit))
    output.dict-1 = x[t-1] + x + 3
    """

    how = "shifted"

    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        """With a constant added; none where answers begin with 0."""
        begun = [_most_frequent(first) for first in problem.split.training.answers[:, 0]]
        if any(begun):
            seen = partial(_without, constants=np.array(begun))
            yield seen, partial(_with, constants=begun), self.how


def _most_frequent(answers: np.ndarray) -> float:
    values, counts = np.unique(answers[~np.isnan(answers)], return_counts=True)
    return float(values[counts.argmax()]) if len(values) else 0.0


def _without(strings: Strings, constants: np.ndarray) -> Strings:
    return replace(strings, answers=strings.answers - constants[:, None, None])


def _with(circuit: Circuit, constants: list[float]) -> Circuit:
    added = [
        Wire(*answer_port(k), "const_1", "const_1", constant)
        for k, constant in enumerate(constants)
        if constant
    ]
    sinks = {answer_port(k)[0]: "output" for k in range(len(constants))}
    neurons = {**circuit.neurons, **sinks, "const_1": "const_1"}
    return Circuit(neurons, (*circuit.wires, *added))


# -------------------- of fewer streams --------------------


def heard(
    start: Start, problem: Problem, vocabulary: tuple[str, ...], sources: Collection[str]
) -> Iterator[Proposal]:
    """What a start proposes for some of the streams, as proposals for all of them.

    Parameters
    ----------
    start : Start
    problem : Problem
    vocabulary : tuple of str
    sources : collection of str
        What it hears.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.problems import Problem
    >>> from synthesis.starts import Automaton
    >>> x, z = np.random.default_rng(0).integers(0, 3, (2, 40, 12))
    >>> problem = Problem.of(to_strings({"x": x, "z": z}, x.cumsum(axis=1) % 3)[0])
    >>> proposal = next(heard(Automaton(), problem, VOCABULARY, ["stream-x"]))
    >>> sorted(name for name in proposal.circuit.neurons if name.startswith("stream-"))
    ['stream-x']
    """
    for proposal in start.propose(problem.restricted(sources), vocabulary):
        yield _of_all(proposal, sources)


def _of_all(proposal: Proposal, sources: Collection[str]) -> Proposal:
    """The proposal, which hears some streams, of strings that have more."""
    hear = partial(Strings.restricted, sources=sources)
    refit, expect = proposal.refitted, proposal.expected
    return replace(
        proposal,
        refitted=None if refit is None else lambda strings: _of_all(refit(hear(strings)), sources),
        expected=None if expect is None else lambda strings: expect(hear(strings)),
    )
