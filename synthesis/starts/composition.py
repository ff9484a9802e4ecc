"""The start that composes: answers as few operations on streams, found by trying all small ones.

While a machine is looked for, its own past answers are known: they are in the data. With them as
one more stream ("teacher forcing") most programs with a memory have none left to find, and an
answer is a function of the sample. Other memories - sums, runs, what was held - are streams of a
bank, which holds all that few operations make of the given ones. A form is then looked for in which
the answer is made of streams of the bank; the circuit is built from it, and takes its own answers
where the data's were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product

import numpy as np

from ..problems import Problem, Strings
from .atoms import leaky, leaky_signal
from .bank import Bank
from .cases import cases
from .forms import TOLERANCE, Case, Form, Kinked, Sum, Threshold
from .kinks import functions_of_a_sum
from .proposal import Proposal
from .signals import ANSWER, Builder, Signal
from .sums import affine_matches, best_sums, exact_sums
from .thresholds import separations, single_thresholds, with_bound
from .vocabulary import known_operations

__all__ = ["Composition"]

NEEDED = ("stream", "const_1", "output")
"""Neuron types that circuits have whatever the vocabulary."""

POLES = tuple(pole / 100.0 for pole in range(5, 100))
FLAG_POLES = tuple(pole / 100.0 for pole in range(60, 100, 5))
"""Below these a leaky sum of zeros and ones spells out its last few samples."""


@dataclass(frozen=True)
class Composition:
    """Answers composed of few operations.

    Attributes
    ----------
    bank : int
        Streams in the bank.
    largest : int
        Operations in a stream.
    strings : int
        Training strings that the bank is grown on; the others only check.
    pool : int
        Small streams of which sums of three with kinks are tried.
    wide_pool : int
        Small streams of which sums of two with kinks, with thresholds, and inexact sums are tried.
    flags : int
        Flags by which cases are told apart.
    is_exact_only : bool
        Propose nothing that is not right on the data that it sees.
    per_form : int
        Forms of one kind that are proposed.
    per_output : int
        Forms of one output that are combined with those of others.
    """

    name = "composition"

    bank: int = 12_000
    largest: int = 5
    strings: int = 14
    pool: int = 26
    wide_pool: int = 90
    flags: int = 40
    is_exact_only: bool = False
    per_form: int = 8
    per_output: int = 5

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits that give the answers of the training strings' beginnings, teacher-forced.

        Where none does, the best sums of one stream, two, ... that need no past answers.
        """
        allowed = {*vocabulary, *NEEDED}
        for proposal in self._composed(_Search(self, problem, vocabulary), problem):
            # An answer that is a sum with its own past in it needs an accumulator.
            if allowed.issuperset(proposal.circuit.neurons.values()):
                yield proposal

    def _composed(self, search: _Search, problem: Problem) -> Iterator[Proposal]:
        if problem.n_outputs == 1:
            for form, what in search.forms(0):
                yield search.proposal([form], what)
        else:
            found = [
                list(islice(search.forms(k), self.per_output)) for k in range(problem.n_outputs)
            ]
            for chosen in product(*found):
                what = "; ".join(what for _, what in chosen)
                yield search.proposal([form for form, _ in chosen], what)
        if not self.is_exact_only:
            yield from search.inexact()


class _Search:
    """Forms for every output, over one bank."""

    def __init__(
        self, settings: Composition, problem: Problem, vocabulary: tuple[str, ...]
    ) -> None:
        self.settings, self.problem, self.vocabulary = settings, problem, vocabulary
        known = problem.beginnings
        self.know(known)
        signals = _signals(problem)
        self.few = slice(0, settings.strings)
        self.bank = Bank(
            {name: values[self.few] for name, values in self.given.items()},
            signals,
            known_operations(vocabulary, 1),
            known_operations(vocabulary, 2),
            settings.bank,
            settings.largest,
        )
        self.extra: dict[int, tuple[int, float]] = {}
        """Leaky sums beside the bank: number (negative) to stream and pole."""

    def know(self, strings: Strings) -> None:
        """Look at other strings than before."""
        inside = strings.inside()
        self.asked = [asked.T & inside for asked in strings.asked]
        self.answers = [answers.T for answers in strings.answers]
        self.given = _given(self.problem, strings)

    # -------------------- streams as rows --------------------

    def rows(self, numbers: list[int] | tuple[int, ...], output: int) -> np.ndarray:
        """Streams on all samples that are asked."""
        asked = self.asked[output]
        return np.stack([self._values(i)[asked] for i in numbers])

    def _values(self, number: int) -> np.ndarray:
        if number in self.extra:
            stream, pole = self.extra[number]
            return leaky(self.bank.evaluated(stream, self.given), pole)
        return self.bank.evaluated(number, self.given)

    def _signal(self, number: int, builder: Builder) -> Signal:
        if number in self.extra:
            stream, pole = self.extra[number]
            return leaky_signal(builder, self.bank.built(stream, builder), pole)
        return self.bank.built(number, builder)

    def _numbers(self, first: int = 0) -> list[int]:
        """Streams that are numbers."""
        streams = self.bank.streams
        return [i for i in range(first, len(streams)) if not streams[i].is_keyed]

    def _few_rows(self, numbers: list[int], output: int) -> np.ndarray:
        asked = self.asked[output][self.few]
        return np.stack([self.bank.values[i][asked] for i in numbers])

    def _few_answers(self, output: int) -> np.ndarray:
        return np.asarray(self.answers[output][self.few][self.asked[output][self.few]])

    def proposal(self, forms: Sequence[Form], what: str) -> Proposal:
        """The circuit of forms over the bank, one per output."""
        sources = {**dict.fromkeys(self.problem.sources, "stream"), "const_1": "const_1"}
        builder = Builder(sources)
        signals = [form.signal(builder, lambda i: self._signal(i, builder)) for form in forms]
        gaps = tuple(gap for form in forms for gap in form.gaps)
        origin = f"{Composition.name}: {what}"
        refitted = partial(self.refitted, forms, what) if gaps else None
        return Proposal(builder.circuit(signals), origin, gaps, refitted)

    def refitted(self, forms: Sequence[Form], what: str, strings: Strings) -> Proposal:
        """The same circuit with bounds chosen by more strings."""
        before = self.asked, self.answers, self.given
        self.know(strings)
        chosen = [self._bounded(form, output) for output, form in enumerate(forms)]
        self.asked, self.answers, self.given = before
        return self.proposal(chosen, what)

    def _bounded(self, form: Form, output: int) -> Form:
        if not isinstance(form, Threshold):
            return form
        rows, answers = self.rows(form.rows, output), self.answers[output][self.asked[output]]
        return with_bound(rows, answers, form.rows, np.array(form.weights)) or form

    def name(self, number: int) -> str:
        """What a stream is made of."""
        if number in self.extra:
            stream, pole = self.extra[number]
            return f"{pole:g}-leaky({self.bank.streams[stream].name})"
        return self.bank.streams[number].name

    def told(self, form: Form, what: str) -> tuple[Form, str]:
        """A form with words for it."""
        return form, f"{what} of {', '.join(self.name(i) for i in form.rows)}"

    # -------------------- forms for one output --------------------

    def forms(self, output: int) -> Iterator[tuple[Form, str]]:
        """Forms over the bank that give the answers on all samples that are asked."""
        answers = self.answers[output][self.asked[output]]
        if not len(answers):
            return
        if np.ptp(answers) == 0.0:
            yield Sum((), (), float(answers[0])), "a constant"
            return
        while len(self.bank) < self.settings.wide_pool and self.bank.grow():
            pass
        most = self.settings.per_form
        yield from islice(self._functions(output, answers), most)
        is_step = self._is_step(answers)
        if is_step:
            yield from self._separations(output, answers)
        yield from islice(self._compositions(output, answers, is_step), 2 * most)
        if is_step:
            yield from islice(self._leaky_thresholds(output, answers), most)
        yield from islice(self._pairs(output, answers), most)
        yield from islice(self._by_cases(output), most)
        yield from islice(self._long_sums(output, answers), most)

    def _compositions(
        self, output: int, answers: np.ndarray, is_step: bool
    ) -> Iterator[tuple[Form, str]]:
        seen = 0
        while True:
            new = self._numbers(seen)
            seen = len(self.bank)
            yield from self._single(new, output, answers)
            if is_step:
                yield from self._single_thresholds(new, output, answers)
            if not self.bank.grow():
                return

    def _is_step(self, answers: np.ndarray) -> bool:
        is_flag = bool(np.all((answers == 0.0) | (answers == 1.0)))
        return is_flag and "less_or_equal" in self.vocabulary

    def _smallest(self, most: int) -> list[int]:
        numbers = self._numbers()
        return sorted(numbers, key=lambda i: self.bank.streams[i].size)[:most]

    def _functions(self, output: int, answers: np.ndarray) -> Iterator[tuple[Form, str]]:
        if "compare" not in self.vocabulary:
            return
        for most, widths in ((self.settings.wide_pool, (1, 2)), (self.settings.pool, (3,))):
            pool = self._smallest(most)
            for form in functions_of_a_sum(self.rows(pool, output), answers, widths):
                yield self.told(_renumbered(form, pool), "a function")

    def _separations(self, output: int, answers: np.ndarray) -> Iterator[tuple[Form, str]]:
        pool = self._smallest(self.settings.wide_pool)
        cost = np.array([1.0 + self.bank.streams[i].size for i in pool])
        for form in separations(self.rows(pool, output), answers, cost):
            yield self.told(_renumbered(form, pool), "a threshold")

    def _single(
        self, numbers: list[int], output: int, answers: np.ndarray
    ) -> Iterator[tuple[Form, str]]:
        """Single streams of the bank that are the answer, but for a factor and a constant."""
        if not numbers:
            return
        few = self._few_answers(output)
        rows = self._few_rows(numbers, output)
        for k in np.flatnonzero(affine_matches(rows, few, np.ones((1, len(few))))[:, 0]):
            pair = [numbers[k], 0]  # stream 0 is the constant
            for form in exact_sums(self.rows(pair, output), answers, 2):
                yield self.told(_renumbered(form, pair), "a composition")
                break

    def _single_thresholds(
        self, numbers: list[int], output: int, answers: np.ndarray
    ) -> Iterator[tuple[Form, str]]:
        """Single streams of the bank that tell zeros from ones."""
        few = self._few_answers(output)
        if not numbers or np.ptp(few) == 0.0:
            return
        found = single_thresholds(self._few_rows(numbers, output), few)
        for k in np.flatnonzero(found):
            form = self._threshold(numbers[k], output, answers)
            if form is not None:
                yield self.told(form, "a threshold")

    def _threshold(self, number: int, output: int, answers: np.ndarray) -> Threshold | None:
        row = self.rows([number], output)
        sense = single_thresholds(row, answers)
        return with_bound(row, answers, [number], sense.astype(float)) if sense[0] else None

    def _leaky_thresholds(self, output: int, answers: np.ndarray) -> Iterator[tuple[Form, str]]:
        """Sums that forget, over every pole of two decimals."""
        if "accum" not in self.vocabulary:
            return
        found = []
        streams = [i for i in self._numbers() if self.bank.streams[i].size == 0][1:]
        poles = {i: FLAG_POLES if self.bank.streams[i].is_flag else POLES for i in streams}
        for stream, pole in ((i, pole) for i in streams for pole in poles[i]):
            number = -1 - len(self.extra)
            self.extra[number] = stream, pole
            form = self._threshold(number, output, answers)
            if form is not None:
                found.append((number, form))
        # A pole of one decimal is believed before one of two; both are proposed.
        for _, form in sorted(found, key=lambda item: len(f"{self.extra[item[0]][1]:g}")):
            yield self.told(form, "a threshold")

    def _by_cases(self, output: int) -> Iterator[tuple[Form, str]]:
        if "multiplexer" not in self.vocabulary:
            return
        numbers = self._numbers()
        flags = [k for k, i in enumerate(numbers) if self.bank.streams[i].is_flag]
        flags.sort(key=lambda k: self.bank.streams[numbers[k]].size)
        flags = [k for k in flags if np.ptp(self.bank.values[numbers[k]]) > 0]
        rows, few = self._few_rows(numbers, output), self._few_answers(output)
        for form in cases(rows, flags[: self.settings.flags], few):
            yield self.told(_renumbered(form, numbers), "cases")

    def _pairs(self, output: int, answers: np.ndarray) -> Iterator[tuple[Form, str]]:
        """Sums and differences of two streams of the bank: what one lacks is looked up."""
        wanted = self.answers[output][self.few]
        if not self.asked[output][self.few].all():
            return
        for i in self._numbers():
            for sign in (1.0, -1.0):
                j = self.bank.find(sign * (wanted - self.bank.values[i]))
                if j is None or (sign > 0 and j < i):
                    continue
                total = np.array([1.0, sign]) @ self.rows([i, j], output)
                if np.abs(total - answers).max() <= TOLERANCE * max(np.abs(answers).max(), 1e-300):
                    yield self.told(Sum((i, j), (1.0, sign)), "a sum")

    def _long_sums(self, output: int, answers: np.ndarray) -> Iterator[tuple[Form, str]]:
        """Sums of several streams of the bank."""
        numbers = self._numbers()
        sums = exact_sums(self._few_rows(numbers, output), self._few_answers(output), 4)
        for form in sums:
            chosen = [numbers[row] for row in form.rows]
            whole = next(exact_sums(self.rows(chosen, output), answers, 4), None)
            if whole is not None:
                yield self.told(_renumbered(whole, chosen), "a sum")

    # -------------------- where nothing is exact --------------------

    def inexact(self) -> Iterator[Proposal]:
        """The best sums of one small stream, of two, ... for every output, without past answers.

        A machine that is off by a little would feed its error back to itself.
        """
        pool = [i for i in self._smallest(4 * self.settings.wide_pool) if self._is_open(i)]
        pool = pool[: self.settings.wide_pool]
        found = []
        for output in range(self.problem.n_outputs):
            answers = self.answers[output][self.asked[output]]
            if not len(answers):
                return
            rows = self.rows(pool, output)
            found.append([_renumbered(form, pool) for form in best_sums(rows, answers, 6)])
        for forms in zip(*found, strict=False):
            names = ", ".join(dict.fromkeys(self.name(i) for form in forms for i in form.rows))
            yield self.proposal(list(forms), f"the best sum of {names}")

    def _is_open(self, number: int) -> bool:
        """Whether a stream is made of inputs alone."""
        stream = self.bank.streams[number]
        if stream.operation is None:
            return not stream.name.startswith(ANSWER)
        return all(self._is_open(i) for i in stream.arguments)


def _renumbered(form: Form, numbers: list[int]) -> Form:
    """A form over rows of a matrix as one over the streams that the rows are."""
    if isinstance(form, Case):
        return Case(
            numbers[form.flag], _renumbered(form.one, numbers), _renumbered(form.other, numbers)
        )
    assert isinstance(form, (Sum, Kinked, Threshold))
    return replace(form, rows=tuple(numbers[row] for row in form.rows))


def _given(problem: Problem, known: Strings) -> dict[str, np.ndarray]:
    """The streams that are given: constant, inputs, past answers."""
    given = {"1": np.ones((len(known), known.samples))}
    for source in problem.sources:
        is_number = problem.is_numeric(source)
        given[source] = known.numbers(source) if is_number else known.trees(source)
    for k in _known_answers(problem):
        past = np.nan_to_num(known.answers[k].T)
        given[f"{ANSWER}-{k}"] = np.concatenate([0.0 * past[:, :1], past[:, :-1]], axis=1)
    return given


def _signals(problem: Problem) -> dict[str, Signal]:
    """What the given streams are in a circuit."""
    signals = {source: Signal.of(source, "stream") for source in problem.sources}
    answers = [f"{ANSWER}-{k}" for k in _known_answers(problem)]
    past = {name: Signal.of(name, "", 1) for name in answers}
    return {"1": Signal.of("const_1", "const_1"), **signals, **past}


def _known_answers(problem: Problem) -> list[int]:
    """Outputs that are asked at every sample: only their past is known without a machine."""
    training = problem.split.training
    inside = training.inside()
    return [k for k in range(problem.n_outputs) if np.all(training.asked[k].T | ~inside)]
