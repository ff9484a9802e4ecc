"""The start that composes: answers as few operations on streams, found by trying all small ones.

While a machine is looked for, its own past answers are known: they are in the data. With them as
one more stream ("teacher forcing") most programs with a memory have none left to find, and an answer
is a function of the sample. Other memories - sums, runs, what was held - are streams of a bank, which
holds all that few operations make of the given ones. A form is then looked for in which the answer
is made of streams of the bank; the circuit is built from it, and takes its own answers where the
data's were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings
from .bank import Bank
from .forms import Form, exact_sums, functions_of_a_sum, separations
from .operations import BINARY, UNARY, known_operations, lag
from .signals import ANSWER, Builder, Signal

__all__ = ["Composition", "Proposal"]


@dataclass(frozen=True)
class Proposal:
    """A circuit that a start proposes.

    Attributes
    ----------
    circuit : Circuit
    origin : str
        Which start, and what it saw in the data.
    gaps : tuple of (float, float, float)
        Thresholds that were chosen, with the bounds between which the data leave them free.
    """

    circuit: Circuit
    origin: str
    gaps: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Composition:
    """Answers composed of few operations.

    Attributes
    ----------
    bank : int
        Streams in the bank.
    strings : int
        Training strings that the bank is grown on; the others only check.
    pool : int
        Small streams of which sums with kinks and thresholds are tried.
    largest : int
        Operations in a stream.
    """

    bank: int = 12_000
    strings: int = 14
    pool: int = 26
    largest: int = 5

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits that give the answers of the training strings' beginnings, teacher-forced."""
        known = problem.beginnings
        searches = [_Search(self, problem, known, k, vocabulary) for k in range(problem.n_outputs)]
        if problem.n_outputs == 1:
            yield from searches[0].proposals()
            return
        found = [next(search.signals(), None) for search in searches]
        if all(found):
            yield from _joined(problem, found)


def _sources(problem: Problem) -> dict[str, str]:
    return {**dict.fromkeys(problem.sources, "stream"), "const_1": "const_1"}


class _Search:
    """The search for one output."""

    def __init__(
        self,
        settings: Composition,
        problem: Problem,
        known: Strings,
        output: int,
        vocabulary: tuple[str, ...],
    ) -> None:
        self.settings, self.problem, self.output = settings, problem, output
        self.given, signals = _given(problem, known)
        asked = known.asked[output].T & known.inside()
        self.answers = known.answers[output].T
        self.asked = asked
        few = slice(0, settings.strings)
        self.few_asked = asked[few]
        self.bank = Bank(
            {name: values[few] for name, values in self.given.items()},
            signals,
            known_operations(vocabulary, UNARY),
            known_operations(vocabulary, BINARY),
            settings.bank,
        )
        self.vocabulary = vocabulary

    def proposals(self) -> Iterator[Proposal]:
        """Circuits, in the order in which they are found."""
        for builder, signal, origin, gaps in self.signals():
            yield Proposal(builder.circuit([signal]), origin, gaps)

    def signals(self) -> Iterator[tuple[Builder, Signal, str, tuple]]:
        """Builders and the answer's signal in them."""
        growth = self.bank.grown(self.settings.largest)
        for size in growth:
            if size >= self.settings.pool:
                break
        pool = self._pool()
        rows = np.stack([self._values(i) for i in pool])
        answers = self.answers[self.asked]
        for form in functions_of_a_sum(rows, answers):
            if self._can("compare", form):
                yield self._built(form, pool, "a function of a sum")
        is_flag = bool(np.all((answers == 0.0) | (answers == 1.0)))
        if is_flag and 0.0 < answers.mean() < 1.0 and "less_or_equal" in self.vocabulary:
            for form in separations(rows, answers):
                yield self._built(form, pool, "a threshold")
        seen = 0
        for size in growth:
            yield from self._sums(seen, size)
            seen = size
        yield from self._long_sums()

    def _can(self, type_name: str, form: Form) -> bool:
        return not form.kinks or type_name in self.vocabulary

    def _pool(self) -> list[int]:
        order = sorted(range(len(self.bank)), key=lambda i: self.bank.streams[i].size)
        return order[: self.settings.pool]

    def _values(self, number: int) -> np.ndarray:
        """A stream of the bank on all known samples that are asked."""
        return self.bank.evaluated(number, self.given)[self.asked]

    def _few(self, numbers: range) -> np.ndarray:
        return np.stack([self.bank.values[i][self.few_asked] for i in numbers])

    def _sums(self, first: int, last: int) -> Iterator[tuple[Builder, Signal, str, tuple]]:
        """Single streams of the bank that are the answer, but for a factor and a constant."""
        if first == last:
            return
        few = self.answers[: self.settings.strings][self.few_asked]
        rows = self._few(range(first, last))
        centred = rows - rows.mean(axis=1, keepdims=True)
        target = few - few.mean()
        with np.errstate(all="ignore"):
            share = (centred @ target) ** 2 / np.sum(centred**2, axis=1) / (target @ target)
        for k in np.flatnonzero(share > 1.0 - 1e-9):
            pair = [first + int(k), 0]  # stream 0 is the constant
            for form in exact_sums(self._rows(pair), self.answers[self.asked], 2):
                yield self._built(form, pair, "a composition")
                break

    def _rows(self, numbers: list[int]) -> np.ndarray:
        return np.stack([self._values(i) for i in numbers])

    def _long_sums(self) -> Iterator[tuple[Builder, Signal, str, tuple]]:
        """Sums of several streams of the bank."""
        few = self.answers[: self.settings.strings][self.few_asked]
        for form in exact_sums(self._few(range(len(self.bank))), few, 4):
            chosen = list(form.streams)
            whole = next(exact_sums(self._rows(chosen), self.answers[self.asked], 4), None)
            if whole is not None:
                yield self._built(whole, chosen, "a sum of compositions")

    # -------------------- as a circuit --------------------

    def _built(
        self, form: Form, numbers: list[int], what: str
    ) -> tuple[Builder, Signal, str, tuple]:
        builder = Builder(_sources(self.problem))
        total = Signal({})
        names = []
        for row, weight in zip(form.streams, form.weights, strict=True):
            stream = numbers[row]
            total = total + weight * self.bank.built(stream, builder)
            names.append(self.bank.streams[stream].name)
        one = Signal.of("const_1", "const_1")
        if form.threshold is not None:
            neuron = builder.neuron("less_or_equal", left=total, right=form.threshold * one)
            signal = Signal.of(neuron, "false-channel")
        else:
            signal = form.slope * total + form.constant * one
            for place, change in form.kinks:
                neuron = builder.neuron("compare", dict_1=total, dict_2=place * one)
                signal = signal + change * Signal.of(neuron, "true")
        gaps = () if form.gap is None else ((float(form.threshold or 0.0), *form.gap),)
        return builder, signal, f"{what}: {', '.join(names)}", gaps


def _joined(problem: Problem, found: list) -> Iterator[Proposal]:
    """Several outputs, each found by itself, in one circuit."""
    raise NotImplementedError


def _given(
    problem: Problem, known: Strings
) -> tuple[dict[str, np.ndarray], Mapping[str, Signal]]:
    """The streams that are given, as numbers and as signals: constant, inputs, past answers."""
    shape = (len(known), known.samples)
    given = {"1": np.ones(shape)}
    signals = {"1": Signal.of("const_1", "const_1")}
    for source in problem.sources:
        if problem.is_numeric(source):
            given[source] = known.numbers(source)
            signals[source] = Signal.of(source, "stream")
    inside = known.inside()
    for k in range(problem.n_outputs):
        if np.all(known.asked[k].T | ~inside):
            given[f"{ANSWER}-{k}"] = lag(np.nan_to_num(known.answers[k].T))
            signals[f"{ANSWER}-{k}"] = Signal.of(f"{ANSWER}-{k}", "", 1)
    return given, signals
