"""What a start knows of a problem: the streams of a bank and a few beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...problems import Problem, Strings
from ..signals import ANSWER, Builder, Signal
from .atoms import constant, exceeds_signal, floored_signal, lagged, leaky_signal, relu_signal
from .bank import Bank
from .running import floored, leaky
from .vocabulary import known_operations

__all__ = ["Bent", "Beside", "Cut", "Floored", "Known", "Leaky", "Past"]

MOSTLY = 0.6
"""Share of the answers whose predecessor has to be known, for past answers to be looked at."""


@dataclass(frozen=True)
class Leaky:
    """A sum of a stream that forgets, and may be reset; too many to stand in the bank."""

    stream: int
    pole: float
    reset: int | None = None


@dataclass(frozen=True)
class Floored:
    """A sum of a stream less a constant that does not fall below 0."""

    stream: int
    less: float


@dataclass(frozen=True)
class Bent:
    """A stream where it is positive, or its negative where it is negative; else 0."""

    stream: int
    sign: float


@dataclass(frozen=True)
class Cut:
    """1 where a stream exceeds a bound."""

    stream: int
    bound: float


@dataclass(frozen=True)
class Past:
    """A stream some samples ago."""

    stream: int
    lag: int


Beside = Leaky | Floored | Bent | Cut | Past


class Known:
    """Streams over the samples that a start sees.

    Parameters
    ----------
    problem : Problem
    vocabulary : tuple of str
    most, largest : int
        Streams in the bank, and operations in a stream.
    strings : int
        Strings that the bank is grown on.
    has_past : bool
        Whether past answers are streams, where they are known.
    """

    def __init__(
        self,
        problem: Problem,
        vocabulary: tuple[str, ...],
        most: int,
        largest: int,
        strings: int,
        has_past: bool = True,
    ) -> None:
        self.problem, self.vocabulary = problem, vocabulary
        self._past = _known_answers(problem) if has_past else []
        self.look_at(problem.beginnings)
        self.few = self._few(strings)
        self.bank = Bank(
            {name: values[self.few] for name, values in self.given.items()},
            _signals(problem, self._past),
            known_operations(vocabulary, 1),
            known_operations(vocabulary, 2),
            most,
            largest,
        )
        self.beside: list[Beside] = []
        """Numbered from -1 downwards."""
        self._numbers: dict[Beside, int] = {}

    def _few(self, strings: int) -> np.ndarray:
        """The first strings; half of them are others where those are all answered alike."""
        few = np.arange(min(strings, len(self.answers[0])))
        for asked, answers in zip(self.asked, self.answers, strict=True):
            told = answers[few][asked[few]]
            if not told.size or np.ptp(told):
                continue
            others = np.flatnonzero((asked & (answers != told[0])).any(axis=1))[: strings // 2]
            few = np.concatenate([few[: len(few) - len(others)], others])
        return few

    def look_at(self, strings: Strings) -> None:
        """Look at other strings than before."""
        inside = strings.inside()
        for k in self._past:
            inside &= _asked_before(strings, k)
        self.asked = [asked.T & inside for asked in strings.asked]
        self.answers = [answers.T for answers in strings.answers]
        self.given = _given(self.problem, strings, self._past)

    def add(self, stream: Beside) -> int:
        """Remember a stream that is not in the bank; its number."""
        if stream not in self._numbers:
            self.beside.append(stream)
            self._numbers[stream] = -len(self.beside)
        return self._numbers[stream]

    # -------------------- streams as numbers --------------------

    def wanted(self, output: int) -> np.ndarray:
        """The answers that are asked, (samples,)."""
        return np.asarray(self.answers[output][self.asked[output]])

    def rows(self, numbers: Sequence[int], output: int) -> np.ndarray:
        """Streams on all samples that are asked."""
        asked = self.asked[output]
        return np.stack([self.values(i)[asked] for i in numbers])

    def values(self, number: int) -> np.ndarray:
        """A stream, (strings, samples)."""
        if number >= 0:
            return self.bank.evaluated(number, self.given)
        return self._made_of(self.values, self.beside[-1 - number])

    def _few_values(self, number: int) -> np.ndarray:
        """A stream on the bank's strings."""
        if number >= 0:
            return self.bank.values[number]
        return self._made_of(self._few_values, self.beside[-1 - number])

    @staticmethod
    def _made_of(values_of: Callable[[int], np.ndarray], stream: Beside) -> np.ndarray:
        """What a stream beside the bank makes of the streams that it names."""
        values = values_of(stream.stream)
        if isinstance(stream, Leaky):
            reset = None if stream.reset is None else values_of(stream.reset)
            return leaky(values, stream.pole, reset)
        if isinstance(stream, Floored):
            return floored(values - stream.less)
        if isinstance(stream, Bent):
            return np.maximum(stream.sign * values, 0.0)
        if isinstance(stream, Cut):
            return (values > stream.bound).astype(float)
        return lagged(values, stream.lag)

    def few_rows(self, numbers: Sequence[int], output: int) -> np.ndarray:
        """Streams on the samples of the bank's strings that are asked."""
        asked = self.asked[output][self.few]
        return np.stack([self._few_values(i)[asked] for i in numbers])

    def few_wanted(self, output: int) -> np.ndarray:
        """The answers that are asked of the bank's strings."""
        return np.asarray(self.answers[output][self.few][self.asked[output][self.few]])

    def size(self, number: int) -> int:
        """Operations in a stream."""
        if number >= 0:
            return self.bank.streams[number].size
        return 1 + self.size(self.beside[-1 - number].stream)

    # -------------------- as signals --------------------

    def signal(self, number: int, builder: Builder) -> Signal:
        """A stream as a signal of a circuit."""
        if number >= 0:
            return self.bank.built(number, builder)
        stream = self.beside[-1 - number]
        one = self.signal(stream.stream, builder)
        if isinstance(stream, Leaky):
            reset = None if stream.reset is None else self.signal(stream.reset, builder)
            return leaky_signal(builder, one, stream.pole, reset)
        if isinstance(stream, Floored):
            return floored_signal(builder, one - stream.less * self.signal(0, builder))
        if isinstance(stream, Bent):
            return relu_signal(builder, stream.sign * one)
        if isinstance(stream, Cut):
            return exceeds_signal(builder, one, constant(stream.bound))
        return one.lagged(stream.lag)

    def name(self, number: int) -> str:
        """What a stream is made of."""
        if number >= 0:
            return self.bank.streams[number].name
        stream = self.beside[-1 - number]
        if isinstance(stream, Leaky):
            return f"{stream.pole:g}-leaky({self.name(stream.stream)})"
        if isinstance(stream, Floored):
            return f"floored sum({self.name(stream.stream)} - {stream.less:g})"
        if isinstance(stream, Bent):
            return f"{'relu' if stream.sign > 0 else 'fall'}({self.name(stream.stream)})"
        if isinstance(stream, Cut):
            return f"({self.name(stream.stream)} > {stream.bound:g})"
        return f"lag{stream.lag}({self.name(stream.stream)})"

    # -------------------- which streams --------------------

    def numbers(self, first: int = 0) -> list[int]:
        """Streams of the bank that are numbers."""
        streams = self.bank.streams
        return [i for i in range(first, len(streams)) if not streams[i].is_keyed]

    def smallest(self, most: int) -> list[int]:
        """The smallest streams of the bank that are numbers."""
        return sorted(self.numbers(), key=lambda i: self.bank.streams[i].size)[:most]

    def inputs(self) -> list[int]:
        """The streams that were given, without the constant and past answers."""
        given = [i for i in self.numbers() if self.bank.streams[i].operation is None]
        return [i for i in given[1:] if not self.name(i).startswith(ANSWER)]

    def past(self) -> list[int]:
        """Past answers."""
        return [i for i in self.numbers() if self.bank.streams[i].name.startswith(ANSWER)]

    def source(self, number: int) -> str:
        """The source of a stream that was given; empty for other streams."""
        return self.name(number) if number in self.inputs() else ""

    def is_open(self, number: int) -> bool:
        """Whether a stream is made of inputs alone."""
        if number < 0:
            return self.is_open(self.beside[-1 - number].stream)
        stream = self.bank.streams[number]
        if stream.operation is None:
            return not stream.name.startswith(ANSWER)
        return all(self.is_open(i) for i in stream.arguments)


def _given(problem: Problem, known: Strings, past_of: Sequence[int]) -> dict[str, np.ndarray]:
    """The streams that are given: constant, inputs, past answers."""
    given = {"1": np.ones((len(known), known.samples))}
    for source in problem.sources:
        is_number = problem.is_numeric(source)
        given[source] = known.numbers(source) if is_number else known.trees(source)
    for k in past_of:
        past = np.nan_to_num(known.answers[k].T)
        given[f"{ANSWER}-{k}"] = np.concatenate([0.0 * past[:, :1], past[:, :-1]], axis=1)
    return given


def _signals(problem: Problem, past_of: Sequence[int]) -> dict[str, Signal]:
    """What the given streams are in a circuit."""
    signals = {source: Signal.of(source, "stream") for source in problem.sources}
    answers = [f"{ANSWER}-{k}" for k in past_of]
    past = {name: Signal.of(name, "", 1) for name in answers}
    return {"1": constant(), **signals, **past}


def _known_answers(problem: Problem) -> list[int]:
    """Outputs whose past is known without a machine, at most samples that are asked.

    Where an answer is not asked, the sample behind it tells nothing to a start.
    """
    training = problem.split.training
    found = []
    for k in range(problem.n_outputs):
        asked = training.asked[k].T
        known = asked & _asked_before(training, k)
        if known.sum() > MOSTLY * asked.sum():
            found.append(k)
    return found


def _asked_before(strings: Strings, output: int) -> np.ndarray:
    """Where the answer to the sample before was asked; at first there is none to ask for."""
    asked = strings.asked[output].T
    return np.concatenate([np.ones_like(asked[:, :1]), asked[:, :-1]], axis=1)
