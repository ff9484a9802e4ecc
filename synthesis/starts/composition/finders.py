"""How the answers may be made of known streams: one finder per kind of form, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice, product

import numpy as np

from .atoms import are_flags
from .bank import values_key
from .cases import cases
from .choices import extremes, gated, often_right
from .forms import TOLERANCE, Case, Gated, Staircase, Sum, Threshold
from .functions import PROJECTIONS, WIDE, FunctionFinder, Told
from .known import Floored, Known, Leaky, Past
from .sums import affine_matches, best_sums, exact_sums, sum_of_all
from .thresholds import bounded_sums, separations, single_thresholds, with_bound

__all__ = ["Told", "forms_of", "inexact_forms"]

SEPARABLE = 200
"""Small streams of which sums with a bound are tried."""

MANY, CHOSEN = 2_000, 30
"""Small streams between which others may decide, and how many of them are looked at."""

FLAGS, SUMMED = 60, 6
"""Flags by which cases are told apart, and given streams of whose sums a case is a function."""

LAGS = 6
"""Samples ago that sums with a bound may look at an input."""

FILTER, ORDER = 10, 3
"""Samples of an input, and of past answers, that a filter may look at."""

LEVELS, LEVEL_POOL = 6, 140
"""Different answers that are explained one by one: whether it is this one or a larger one. Small
streams of which all short sums are tried for that."""

POLES = tuple(pole / 100.0 for pole in range(5, 100))
FLAG_POLES = tuple(pole / 100.0 for pole in range(60, 100, 5))
"""Below these a leaky sum of zeros and ones spells out its last few samples."""

DRIFTS = tuple(sign * k / 20.0 for k in range(1, 20) for sign in (1.0, -1.0))
FEW_POLES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


def forms_of(known: Known, output: int, most: int) -> Iterator[Told]:
    """Forms that give the answers on all samples that are asked, at most so many of a kind."""
    answers = known.wanted(output)
    if not len(answers):
        return
    if np.ptp(answers) == 0.0:
        yield Sum((), (), float(answers[0])), "a constant"
        return
    while len(known.bank) < SEPARABLE and known.bank.grow():
        pass
    finder = _Finder(known, output, answers)
    is_flag = are_flags(answers)
    is_step = is_flag and finder.has_steps
    yield from finder.filters()
    yield from islice(finder.functions(), most)
    yield from islice(finder.windows(), most)
    yield from islice(finder.projections(), PROJECTIONS)
    if is_step:
        yield from finder.separations()
    yield from islice(finder.compositions(is_step), 2 * most)
    if is_step:
        yield from islice(finder.leaky_thresholds(), most)
        yield from islice(finder.floored_thresholds(), most)
    if not is_flag and finder.has_steps:
        yield from finder.staircases()
    yield from islice(finder.pairs(), most)
    yield from islice(finder.by_cases(), most)
    yield from islice(finder.choices(), most)
    yield from islice(finder.long_sums(), most)


class _Finder(FunctionFinder):
    """The finders for one output."""

    # -------------------- linear filters --------------------

    def filters(self) -> Iterator[Told]:
        """Sums over the last samples of inputs; and over the last answers, too."""
        known = self.known
        inputs = [Past(i, lag) for i in known.inputs() for lag in range(FILTER)]
        past = [Past(i, lag) for i in known.past() for lag in range(ORDER)]
        for streams in (inputs, [*past, *inputs]):
            pool = [0, *(known.add(stream) for stream in streams)]
            # What is far back is left out first, but for past answers.
            costs = [0.0, *(s.lag - FILTER * (s in past) for s in streams)]
            found = sum_of_all(self.rows(pool), self.answers, np.array(costs))
            if found is not None:
                yield self.told(found, pool, "a filter")

    # -------------------- bounds --------------------

    def separations(self) -> Iterator[Told]:
        """Sums of several streams that exceed a bound."""
        known = self.known
        filters = [*known.inputs(), *known.past()]
        for i in known.inputs():
            filters += [known.add(Past(i, lag)) for lag in range(1, LAGS + 1)]
            poles = () if known.bank.streams[i].is_flag else FEW_POLES
            filters += [known.add(Leaky(i, pole)) for pole in poles]
        small = known.smallest(SEPARABLE)
        for pool in (filters, [*small, *filters]):
            cost = np.array([1.0 + known.size(i) for i in pool])
            for threshold in separations(self.rows(pool), self.answers, cost):
                yield self.told(threshold, pool, "a threshold")

    def thresholds(self, numbers: Iterable[int]) -> Iterator[Told]:
        """Bounds of single streams that tell zeros from ones."""
        for number in numbers:
            row = self.rows([number])
            sense = single_thresholds(row, self.answers).astype(float)
            form = with_bound(row, self.answers, [number], sense) if sense[0] else None
            if form is not None:
                yield self.told(form, None, "a threshold")

    def leaky_thresholds(self) -> Iterator[Told]:
        """Sums that forget, over every pole of two decimals; reset by an answer or a flag, too."""
        if "accum" not in self.known.vocabulary:
            return
        streams = self.known.bank.streams
        resets: list[int | None] = [None]
        if "multiplexer" in self.known.vocabulary:
            resets += [i for i in (*self.known.past(), *self.known.inputs()) if streams[i].is_flag]
        leaks = [
            Leaky(stream, pole, reset)
            for stream, reset in product(self.known.inputs(), resets)
            for pole in (FLAG_POLES if streams[stream].is_flag else POLES)
        ]
        # A pole of one decimal is believed before one of two; both are proposed.
        leaks.sort(key=lambda leak: len(f"{leak.pole:g}"))
        yield from self.thresholds(map(self.known.add, leaks))

    def floored_thresholds(self) -> Iterator[Told]:
        """Sums of an input less a constant that do not fall below 0, over constants of 0.05."""
        known = self.known
        if "compare" not in known.vocabulary:
            return
        measured = [i for i in known.inputs() if not known.bank.streams[i].is_flag]
        floors = (Floored(stream, less) for stream, less in product(measured, DRIFTS))
        yield from self.thresholds(map(known.add, floors))

    def staircases(self) -> Iterator[Told]:
        """Few different answers, each a step up from the one below by a bound of its own."""
        values = np.unique(self.answers)
        if not 2 < len(values) <= LEVELS:
            return
        steps = []
        for value in values[1:]:
            step = self._step_to(value)
            if step is None:
                return
            steps.append(step)
        heights = tuple(map(float, np.diff(values)))
        yield self.told(Staircase(tuple(steps), heights, float(values[0])), None, "levels")

    def _step_to(self, value: float) -> Threshold | None:
        """What tells answers from this one on from smaller ones."""
        known = self.known
        few = (known.few_wanted(self.output) >= value).astype(float)
        answers = (self.answers >= value).astype(float)
        if np.ptp(few):
            numbers = known.numbers()
            sense = single_thresholds(known.few_rows(numbers, self.output), few)
            for k in np.flatnonzero(sense)[:LEVELS]:
                row = self.rows([numbers[k]])
                form = with_bound(row, answers, [numbers[k]], sense[[k]].astype(float))
                if form is not None:
                    return form
        small = known.smallest(3 * SEPARABLE)
        for pool in ([i for i in small if known.is_open(i)], small):
            cost = np.array([1.0 + known.size(i) for i in pool])
            rows = self.rows(pool)
            tried = chain(
                bounded_sums(rows, answers, cost, width=2),
                bounded_sums(rows[:LEVEL_POOL], answers, cost[:LEVEL_POOL], width=3),
                separations(rows[:SEPARABLE], answers, cost[:SEPARABLE], tries=1),
            )
            found = next(tried, None)
            if found is not None:
                return found.renumbered(pool)
        return None

    # -------------------- streams of the bank --------------------

    def compositions(self, is_step: bool) -> Iterator[Told]:
        """Single streams that are the answer, or tell zeros from ones, while the bank grows."""
        seen = 0
        while True:
            new = self.known.numbers(seen)
            seen = len(self.known.bank)
            if new:
                yield from self._single(new)
                if is_step:
                    yield from self._single_thresholds(new)
            if not self.known.bank.grow():
                return

    def _single(self, numbers: list[int]) -> Iterator[Told]:
        """Single streams that are the answer, but for a factor and a constant."""
        few = self.known.few_wanted(self.output)
        rows = self.known.few_rows(numbers, self.output)
        for k in np.flatnonzero(affine_matches(rows, few, np.ones((1, len(few))))[:, 0]):
            pair = [numbers[k], 0]  # stream 0 is the constant
            for form in islice(exact_sums(self.rows(pair), self.answers, 2), 1):
                yield self.told(form, pair, "a composition")

    def _single_thresholds(self, numbers: list[int]) -> Iterator[Told]:
        few = self.known.few_wanted(self.output)
        if np.ptp(few) == 0.0:
            return
        found = single_thresholds(self.known.few_rows(numbers, self.output), few)
        yield from self.thresholds(numbers[k] for k in np.flatnonzero(found))

    def pairs(self) -> Iterator[Told]:
        """Sums and differences of two streams: what one lacks is looked up in the bank."""
        numbers = self.known.numbers()
        rows = self.known.few_rows(numbers, self.output)
        few = self.known.few_wanted(self.output)
        place = {values_key(row): k for k, row in reversed(list(enumerate(rows)))}
        for i, row in enumerate(rows):
            for sign in (1.0, -1.0):
                j = place.get(values_key(sign * (few - row)))
                if j is None or (sign > 0 and j < i):
                    continue
                pair = [numbers[i], numbers[j]]
                total = np.array([1.0, sign]) @ self.rows(pair)
                if np.abs(total - self.answers).max() <= TOLERANCE * self.scale:
                    yield self.told(Sum((0, 1), (1.0, sign)), pair, "a sum")

    def long_sums(self) -> Iterator[Told]:
        """Sums of up to four streams."""
        numbers = self.known.numbers()
        rows = self.known.few_rows(numbers, self.output)
        for form in exact_sums(rows, self.known.few_wanted(self.output), 4):
            chosen = [numbers[row] for row in form.rows]
            if not chosen:
                continue  # the bank's few strings ask for zeros alone
            for whole in islice(exact_sums(self.rows(chosen), self.answers, 4), 1):
                yield self.told(whole, chosen, "a sum")

    # -------------------- one stream or another --------------------

    def by_cases(self) -> Iterator[Told]:
        """Decision trees over flags."""
        if "multiplexer" not in self.known.vocabulary:
            return
        numbers, bank = self.known.numbers(), self.known.bank
        flags = [k for k, i in enumerate(numbers) if bank.streams[i].is_flag]
        flags = [k for k in flags if np.ptp(bank.values[numbers[k]]) > 0]
        flags.sort(key=lambda k: bank.streams[numbers[k]].size)
        rows, few = self.known.few_rows(numbers, self.output), self.known.few_wanted(self.output)
        place = {number: k for k, number in enumerate(numbers)}
        past = [place[i] for i in self.known.past()] if "compare" in self.known.vocabulary else []
        summed = [*past, *(place[i] for i in self.known.inputs())]
        for form in cases(rows, flags[:FLAGS], few, past=past, summed=summed[:SUMMED]):
            yield self.told(form, numbers, "cases")

    def choices(self) -> Iterator[Told]:
        """One of two streams by a bound that is learned; the larger of one and part of another.

        Looked for on the few strings of the bank, and again on all for what was found.
        """
        known = self.known
        numbers = known.smallest(len(known.bank))
        rows, few = known.few_rows(numbers, self.output), known.few_wanted(self.output)
        sizes = np.array([known.bank.streams[i].size for i in numbers])
        chosen = often_right(rows[:MANY], few, sizes[:MANY], CHOSEN)
        order = chosen + [k for k in range(len(numbers)) if k not in chosen]
        rows, numbers = rows[order], [numbers[k] for k in order]
        if "compare" in known.vocabulary:
            for extreme in extremes(rows[:MANY], len(chosen), few):
                pair = [numbers[k] for k in extreme.rows]
                for found in extremes(self.rows(pair), 1, self.answers):
                    yield self.told(found, pair, "the larger or smaller")
        if {"multiplexer", "less_or_equal"} <= set(known.vocabulary):
            given = {*known.inputs(), *known.past()}
            beside = [k for k, number in enumerate(numbers) if number in given]
            for choice in gated(rows, len(chosen), few, beside):
                yield from self._chosen_again(choice, numbers)
            for flag in (k for k in beside if known.bank.streams[numbers[k]].is_flag):
                yield from self._chosen_beside(flag, rows, few, beside, len(chosen), numbers)

    def _chosen_again(self, choice: Gated, numbers: list[int]) -> Iterator[Told]:
        """A choice that was found on few samples, looked for on all."""
        known = [numbers[k] for k in (choice.one, choice.other, *choice.gate.rows)]
        beside = range(2, len(known))
        for again in islice(gated(self.rows(known), 2, self.answers, beside), 1):
            yield self.told(again, known, "a choice")

    def _chosen_beside(
        self,
        flag: int,
        rows: np.ndarray,
        few: np.ndarray,
        beside: list[int],
        chosen: int,
        numbers: list[int],
    ) -> Iterator[Told]:
        """One stream while a flag is up (or down), a choice between two while it is not."""
        for is_up in (True, False):
            part = (rows[flag] > 0.5) == is_up
            plain = np.all(
                np.abs(rows[:chosen, part] - few[part]) <= TOLERANCE * self.scale, axis=1
            )
            if not plain.any() or part.all():
                continue
            leaf = Sum((int(np.argmax(plain)),), (1.0,))
            for choice in islice(gated(rows[:, ~part], chosen, few[~part], beside), 1):
                form = Case(flag, leaf, choice) if is_up else Case(flag, choice, leaf)
                yield self.told(form, numbers, "a choice")


# -------------------- where nothing is exact --------------------


def inexact_forms(known: Known, output: int) -> Iterator[Told]:
    """A constant, and the best sums of one small stream, of two, ..., without past answers.

    A machine that is off by a little would feed its error back to itself. Every sum comes a second
    time with its weights rounded to two digits.
    """
    answers = known.wanted(output)
    yield Sum((), (), float(f"{np.mean(answers):.3g}") if len(answers) else 0.0), "a constant"
    if not len(answers):
        return
    pool = [i for i in known.smallest(4 * WIDE) if known.is_open(i)][:WIDE]
    pool += [known.add(Past(i, lag)) for i in known.inputs() for lag in range(1, FILTER)]
    leaks = [known.add(Leaky(i, pole)) for i in known.inputs() for pole in POLES[::5]]
    for numbers in (pool, [*pool, *leaks]):
        for form in best_sums(known.rows(numbers, output), answers, 6):
            rounded = tuple(float(f"{weight:.2g}") for weight in form.weights)
            for weights in (form.weights, rounded):
                named = Sum(form.rows, weights).renumbered(numbers)
                yield named, f"the best sum of {', '.join(map(known.name, named.rows))}"
