"""The start for strings of several parts, whose symbols are met side by side after the end.

Two numbers one after the other that are to be added, two words that are to be compared: marks that
stand once in every string divide it into parts. After the last mark all parts are read at once,
from their beginnings, out of a memory with addresses; what is made of the symbols that meet has few
states, and is left to other starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, pairwise

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings
from .automata import Automaton
from .composition import Composition
from .composition.atoms import constant, exceeds_signal, held_signal, sum_signal
from .composition.start import SMALL
from .latent import explained, latent_sources
from .proposal import Proposal
from .recalls import largest_memory
from .signals import Builder, Signal
from .splicing import renamed

__all__ = ["Mark", "Parts", "marks_of"]

NEEDED = {"accum", "less_or_equal", "multiplexer"}
MOST_PARTS = 4


@dataclass(frozen=True)
class Mark:
    """A number that a stream has once in every string, the largest that it has.

    Attributes
    ----------
    source : str
    value : float
    below : float
        The largest of its other numbers.
    """

    source: str
    value: float
    below: float

    def is_at(self, strings: Strings) -> np.ndarray:
        """Where it stands, (strings, samples)."""
        return (strings.numbers(self.source) == self.value) & strings.inside()

    def places(self, strings: Strings) -> np.ndarray:
        """At which sample it stands, (strings,)."""
        return self.is_at(strings).argmax(axis=1)

    def signal(self, builder: Builder) -> Signal:
        """1 where it stands, else 0."""
        stream = Signal.of(self.source, "stream")
        if self.below == 0.0:
            return 1.0 / self.value * stream
        return exceeds_signal(builder, stream, constant(0.5 * (self.value + self.below)))


def marks_of(problem: Problem) -> tuple[Mark, ...]:
    """Marks in the order in which they stand in every string; none if that changes.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.tile([1.0, 0.0, 2.0, 1.0, 0.0, 0.0], (9, 1))
    >>> strings, _ = to_strings({"x": x, "end": x[:, ::-1] == 2.0}, np.cumsum(x, axis=1))
    >>> [(mark.source, mark.value) for mark in marks_of(Problem.of(strings))]
    [('stream-x', 2.0), ('stream-end', 1.0)]
    """
    training = problem.split.training
    found = []
    for source in filter(problem.is_numeric, problem.sources):
        numbers = np.unique(training.numbers(source)[training.inside()])
        if len(numbers) < 2 or numbers[0] < 0.0:
            continue
        mark = Mark(source, float(numbers[-1]), float(numbers[-2]))
        if (mark.is_at(training).sum(axis=1) == 1).all():
            found.append(mark)
    found.sort(key=lambda mark: float(mark.places(training).mean()))
    pairs = pairwise(mark.places(training) for mark in found)
    return tuple(found) if all((one < other).all() for one, other in pairs) else ()


@dataclass(frozen=True)
class Parts:
    """Circuits that read the parts of a string side by side.

    Attributes
    ----------
    automaton : Automaton
        Explains how the answers depend on the symbols that meet, with states.
    composition : Composition
        The same, without any.
    per_part : int
        Circuits of either kind.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> x = np.zeros((60, 12))
    >>> x[:, :7] = np.random.default_rng(0).integers(0, 2, (60, 7))
    >>> x[:, 3], end = 2.0, np.arange(12) == 7  # a b c 2 d e f, then which letters differ
    >>> asked = np.full(x.shape, np.nan)
    >>> asked[:, 8:11] = x[:, :3] != x[:, 4:7]
    >>> streams = {"x": x, "end": np.tile(end, (60, 1))}
    >>> problem = Problem.of(to_strings(streams, asked)[0])
    >>> next(Parts().propose(problem, VOCABULARY)).origin.partition(";")[0]
    'parts of stream-x'
    """

    name = "parts"

    automaton: Automaton = field(default_factory=Automaton)
    composition: Composition = SMALL
    per_part: int = 2

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits for every stream that has parts; none where there are fewer than two."""
        memory, marks = largest_memory(vocabulary), marks_of(problem)
        if memory is None or not set(vocabulary) >= NEEDED or not 2 <= len(marks) <= MOST_PARTS:
            return
        for source in dict.fromkeys(mark.source for mark in marks[:-1]):
            for is_trimmed in (False, True):
                parts = _Parts(source, marks, is_trimmed)
                yield from self._of(parts, memory, problem, vocabulary)

    def _of(
        self, parts: _Parts, memory: str, problem: Problem, vocabulary: tuple[str, ...]
    ) -> Iterator[Proposal]:
        def reading(part: Problem) -> list[Proposal]:
            return [Proposal(parts.circuit(part.sources, memory), "read side by side")]

        def meeting(part: Problem) -> Iterator[Proposal]:
            # Starts inside have latent streams of their own, which are called the same.
            names = {one: f"{one}-met" for one in latent_sources(len(parts.marks) + 1)}
            back = {name: one for one, name in names.items()}
            met = replace(part.seen(partial(_called, names=names)), units=dict.fromkeys(back, 1.0))
            for start in (self.automaton, self.composition):
                for proposal in islice(start.propose(met, vocabulary), self.per_part):
                    circuit = renamed(proposal.circuit, back)
                    yield Proposal(circuit, proposal.origin, proposal.gaps)

        name = f"{self.name} of {parts.source}"
        return explained(problem, parts.met, reading, meeting, name)


def _called(strings: Strings, names: Mapping[str, str]) -> Strings:
    """Strings of some of the streams alone, under other names."""
    arrays = {name: strings.inputs.arrays[one] for one, name in names.items()}
    return replace(strings, inputs=replace(strings.inputs, arrays=arrays))


@dataclass(frozen=True)
class _Parts:
    """Parts of one stream between marks.

    Attributes
    ----------
    source : str
    marks : tuple of Mark
        The end of every part; the last one is the end of all.
    is_trimmed : bool
        Parts end behind their last number that is not 0.
    """

    source: str
    marks: tuple[Mark, ...]
    is_trimmed: bool

    def met(self, strings: Strings) -> np.ndarray:
        """What is read of every part, and whether all are over, (parts + 1, strings, samples).

        It is not known (NaN) of strings in which not every mark stands once.
        """
        numbers = strings.numbers(self.source)
        is_at = np.stack([mark.is_at(strings) for mark in self.marks])
        met = np.zeros((len(self.marks) + 1, *numbers.shape))
        for s, length in enumerate(strings.lengths):
            if (is_at[:, s].sum(axis=1) != 1).any():
                met[:, s] = np.nan
                continue
            ends = is_at[:, s].argmax(axis=1).tolist()
            begun = [0, *(end + 1 for end in ends[:-1])]
            parts = [
                self._ended(numbers[s, begin:end]) for begin, end in zip(begun, ends, strict=True)
            ]
            for i, t in enumerate(range(ends[-1] + 1, length)):
                met[:-1, s, t] = [part[i] if i < len(part) else 0.0 for part in parts]
                met[-1, s, t] = all(i >= len(part) for part in parts)
        return met

    def _ended(self, part: np.ndarray) -> np.ndarray:
        if not self.is_trimmed:
            return part
        kept = np.flatnonzero(part)
        return part[: kept[-1] + 1] if len(kept) else part[:0]

    def circuit(self, sources: tuple[str, ...], memory: str) -> Circuit:
        """The circuit that reads them."""
        builder = Builder.of(sources)
        stream, one = Signal.of(self.source, "stream"), constant()
        flags = [mark.signal(builder) for mark in self.marks]
        came = [sum_signal(builder, flag) for flag in flags]
        place = sum_signal(builder, one)
        behind = sum_signal(builder, came[-1].lagged())
        put = stream
        for mark, flag in zip(self.marks, flags, strict=True):
            if mark.source == self.source:
                put = put - mark.value * flag
        read, over, begin = [], [], Signal({})
        for k, done in enumerate(came):
            end = sum_signal(builder, one - done.lagged())  # stands still behind the mark
            begun = came[k - 1].lagged() if k else one
            last = end - one if not self.is_trimmed else _last(builder, put, begun - done, place)
            at = begin + behind
            over.append(exceeds_signal(builder, at, last))
            shown = builder.neuron("multiplexer", gate=over[-1], dict_2=at)
            fields = {"number": put, "to": place, "from": Signal.of(shown, "dict")}
            cells = builder.reading(memory, fields)
            builder.inputs[cells, "cells"] = Signal.of(cells, "cells", 1)
            read.append(Signal.of(cells, "number"))
            begin = end
        whole = exceeds_signal(builder, sum(over, Signal({})), constant(len(over) - 0.5))
        return builder.circuit([*read, whole])


def _last(builder: Builder, put: Signal, inside: Signal, place: Signal) -> Signal:
    """The last place inside a part at which something other than 0 was put."""
    something = exceeds_signal(builder, put, Signal({}))
    gate = exceeds_signal(builder, something + inside, constant(1.5))
    return held_signal(builder, place, gate)
