"""The start for noisy answers: sums of few streams, by what they explain and what they cost.

No sum of streams is the answers where these hold noise. Streams of the bank that need no past
answers are added one by one while a sum explains more bits of the answers than it takes to write it
down; weights are made as simple as their standard errors allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...problems import Problem, Strings
from ..proposal import Proposal
from ..signals import Builder, Signal
from .finders import Told
from .forms import SignalOf, Sum
from .known import Bent, Known, Leaky, Past
from .start import proposals_of

__all__ = ["Noisy"]

BITS = 7.0
"""What another operation costs, roughly: a neuron's type, a wire and its ends."""

SURE = 3.0
"""Standard errors by which a weight may be moved to a simpler number ..."""

NEAR = 0.05
"""... or this share of it: a chance error of four is worth less than the digits of a weight."""

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 20, 25, 50, 100)
LAGS = 8
POLES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)

LATE = 6
"""Samples that answers may come too late by."""

TRIED = 2
"""Delays that are followed up, of those that promise most."""


@dataclass(frozen=True)
class _Later(Sum):
    """A sum that is read some samples later; constants are the same at any time."""

    samples: int = 0

    def signal(self, builder: Builder, signal_of: SignalOf) -> Signal:
        terms = super().signal(builder, signal_of).terms
        return Signal(
            {
                term if term.neuron == "const_1" else term._replace(lag=term.lag + self.samples): w
                for term, w in terms.items()
            }
        )


class _Set(NamedTuple):
    """Streams of a sum, and the bits per sample that it leaves and costs."""

    bits: float
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Noisy:
    """Sums of streams by description length.

    Attributes
    ----------
    bank : int
        Streams in the bank.
    largest : int
        Operations in a stream.
    strings : int
        Training strings that the bank is grown on.
    most : int
        Streams in a sum.
    beam : int
        Sums that are kept at every size.

    Examples
    --------
    In units of the problem, which are tens here:

    >>> from itertools import islice
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 2, (30, 12))
    >>> noisy = x.cumsum(axis=1) + 0.2 * rng.standard_normal(x.shape)
    >>> start = Noisy(bank=200, largest=3)
    >>> proposals = start.propose(Problem.of(to_strings(x, noisy)[0]), ("accum", "dot"))
    >>> for one in islice(proposals, 3):
    ...     print(sample_equations(one.circuit))
    output.dict-1 = 0.241
    a = a[t-1] + x
    output.dict-1 = 0.0999152 a - 0.00283483
    a = a[t-1] + x
    output.dict-1 = 0.1 a
    """

    name = "noisy sums"

    bank: int = 8_000
    largest: int = 5
    strings: int = 14
    most: int = 4
    beam: int = 24

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The sums that explain most for their length, for all outputs at once."""
        known = Known(problem, vocabulary, self.bank, self.largest, self.strings, has_past=False)
        while known.bank.grow():
            pass
        per_output = [self._told(known, k) for k in range(problem.n_outputs)]
        yield from proposals_of(known, zip(*per_output, strict=False))

    def _told(self, known: Known, output: int) -> list[Told]:
        """Forms of one output; those that come first promise most."""
        answers = known.wanted(output)
        if not len(answers):
            return []
        pool = self._pool(known)
        found: list[Told] = [(Sum((), (), float(f"{answers.mean():.3g}")), "a constant")]
        late = range(min(LATE, int(known.problem.beginnings.lengths.min()) // 4) + 1)
        promise = {samples: self._sets(known, pool, output, samples, 1)[0] for samples in late}
        for samples in sorted(promise, key=promise.__getitem__)[:TRIED]:
            for one in self._sets(known, pool, output, samples, self.most):
                found += self._weighed(known, [pool[row] for row in one.rows], output, samples)
        known.look_at(known.problem.beginnings)
        return found

    def _pool(self, known: Known) -> list[int]:
        pool = known.numbers()[1:]  # all but the constant
        pool += [known.add(Past(i, lag)) for i in known.inputs() for lag in range(1, LAGS)]
        if "accum" in known.vocabulary:
            pool += [known.add(Leaky(i, pole)) for i in known.inputs() for pole in POLES]
        if "compare" in known.vocabulary:
            pool += [known.add(bent) for bent in self._bent(known)]
        return pool

    def _weighed(
        self, known: Known, numbers: Sequence[int], output: int, late: int
    ) -> Iterator[Told]:
        what = f"a sum of {', '.join(map(known.name, numbers))}"
        what += f", {late} samples later" if late else ""
        for form in _weighed(known.rows([0, *numbers], output), known.wanted(output)):
            later = _Later(form.rows, form.weights, form.constant, samples=late)
            yield later.renumbered([0, *numbers]), what

    def _bent(self, known: Known) -> Iterator[Bent]:
        """The parts above and below 0 of streams too large to be bent in the bank."""
        largest = max(map(known.size, known.numbers()))
        for number in known.numbers():
            values = known.bank.values[number]
            if known.size(number) >= largest - 1 and values.min() < 0.0 < values.max():
                yield from (Bent(number, 1.0), Bent(number, -1.0))

    def _sets(
        self, known: Known, pool: Sequence[int], output: int, late: int, most: int
    ) -> list[_Set]:
        """The best sets of one stream, two, ... by the bank's few strings, the best first."""
        known.look_at(_answered_earlier(known.problem.beginnings, late))
        rows, answers = known.few_rows(pool, output), known.few_wanted(output)
        rows = rows - rows.mean(axis=1, keepdims=True)
        size = np.linalg.norm(rows, axis=1)
        is_new = size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)
        rows = np.where(is_new[:, None], rows / np.where(is_new, size, 1.0)[:, None], 0.0)
        costs = BITS * np.array([1.0 + known.size(number) for number in pool])
        answers = answers - answers.mean()
        # Bits per sample, so that delays, which leave samples out, can be compared.
        sets, best = [_Set(0.0, ())], []
        for _ in range(most):
            grown: dict[frozenset[int], _Set] = {}
            for one in sets:
                for other in _grown(rows, answers, costs, one.rows, self.beam):
                    grown.setdefault(frozenset(other.rows), other)
            sets = sorted(grown.values())[: self.beam]
            best += sets[: self.beam // 3]
        return sorted(best) or [_Set(np.inf, ())]


def _answered_earlier(strings: Strings, samples: int) -> Strings:
    """The same strings with answers so many samples earlier; the last ones are not asked."""
    answers = np.full_like(strings.answers, np.nan)
    answers[:, : strings.samples - samples] = strings.answers[:, samples:]
    return Strings(strings.inputs, answers, strings.lengths)


def _grown(
    rows: np.ndarray, answers: np.ndarray, costs: np.ndarray, taken: tuple[int, ...], most: int
) -> list[_Set]:
    """The best sets of one stream more."""
    basis = np.linalg.qr(rows[list(taken)].T)[0] if taken else np.zeros((len(answers), 0))
    left = answers - basis @ (basis.T @ answers)
    own = 1.0 - ((rows @ basis) ** 2).sum(axis=1)
    told = np.where(own > 1e-6, (rows @ left) ** 2 / np.maximum(own, 1e-6), 0.0)
    error = np.maximum(left @ left - told, 1e-12 * (answers @ answers) + 1e-300)
    bits = 0.5 * np.log2(error / len(answers))
    bits = bits + (costs + costs[list(taken)].sum()) / len(answers)
    bits = np.where(own > 1e-6, bits, np.inf)
    chosen = np.argsort(bits, kind="stable")[:most]
    return [_Set(float(bits[k]), (*taken, int(k))) for k in chosen if np.isfinite(bits[k])]


def _weighed(rows: np.ndarray, answers: np.ndarray) -> Iterator[Sum]:
    """A sum with weights by least squares, and simple ones; with a constant and without."""
    numbers = tuple(range(1, len(rows)))
    seen: list[np.ndarray] = []
    for kept in (list(range(len(rows))), list(numbers)):
        weights, error = _estimated(rows[kept], answers)
        reaches = (0.0 * error, SURE * error, np.maximum(SURE * error, NEAR * np.abs(weights)))
        for chosen in (_simplest(weights, reach) for reach in reaches):
            full = np.zeros(len(rows))
            full[kept] = chosen
            if not any(np.array_equal(full, other) for other in seen):
                seen.append(full)
                yield Sum(numbers, tuple(map(float, full[1:])), float(full[0]))


def _estimated(rows: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and their standard errors."""
    weights = np.linalg.lstsq(rows.T, answers, rcond=None)[0]
    left = answers - weights @ rows
    noise = float(left @ left) / max(len(answers) - len(rows), 1)
    return weights, np.sqrt(noise * np.maximum(np.diag(np.linalg.pinv(rows @ rows.T)), 0.0))


def _simplest(values: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The numbers of the smallest denominators within reach of some."""
    simple = values.copy()
    for k, (value, room) in enumerate(zip(values, reach, strict=True)):
        for denominator in DENOMINATORS:
            rounded = round(value * denominator) / denominator
            if abs(rounded - value) <= room:
                simple[k] = rounded
                break
    return simple
