"""The start that reads samples as the digits of numbers.

What has come so far is a number, with the first digit the most significant one or the least. Two
such numbers tell whether strings are alike, whatever their length; what a sum holds exactly ends
with the digits of a float.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from ..problems import Problem, Strings
from .composition import Composition
from .composition.atoms import constant, leaky_signal, product_signal, sum_signal
from .latent import explained
from .proposal import Proposal
from .signals import Builder, Signal

__all__ = ["Numerals"]

NEEDED = {"accum", "dot_free"}


@dataclass(frozen=True)
class Numerals:
    """Circuits with an input's digits so far as two numbers.

    Attributes
    ----------
    largest_base : int
        Of inputs with more values none is made.
    composition : Composition
        Explains how the answers depend on the numbers.
    per_stream : int
        Circuits that are proposed.

    Examples
    --------
    Which bits are the same backwards? Where the number that they are is that of their mirror image:

    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> bits = np.random.default_rng(0).integers(0, 2, (60, 6))
    >>> same = [[float(np.all(row[:k] == row[:k][::-1])) for k in range(1, 7)] for row in bits]
    >>> problem = Problem.of(to_strings(bits, same)[0])
    >>> print(sample_equations(next(Numerals().propose(problem, VOCABULARY)).circuit))
    a = 2 a[t-1] + x
    a2 = 2 a2[t-1] - (t >= 1) + 1
    a3 = a3[t-1] + <x, a2>
    output.dict-1 = (a - a3 > -0.5) - (a - a3 > 0.5)
    """

    name = "numerals"

    largest_base: int = 10
    composition: Composition = field(
        default_factory=lambda: Composition(bank=400, largest=2, is_exact_only=True)
    )
    per_stream: int = 2

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits for every input whose samples are digits."""
        if not set(vocabulary) >= NEEDED:
            return
        for source in problem.sources:
            values = problem.split.training.numbers(source)
            base = float(values.max()) + 1.0
            are_digits = np.array_equal(values, np.round(values)) and values.min() >= 0.0
            if problem.is_numeric(source) and are_digits and 2.0 <= base <= self.largest_base:
                yield from self._of(source, base, problem, vocabulary)

    def _of(
        self, source: str, base: float, problem: Problem, vocabulary: tuple[str, ...]
    ) -> Iterator[Proposal]:
        def numerals(strings: Strings) -> np.ndarray:
            return _numerals(strings.numbers(source), base)

        def read(part: Problem) -> list[Proposal]:
            return [_read(part, source, base)]

        def answers(part: Problem) -> Iterator[Proposal]:
            return islice(self.composition.propose(part, vocabulary), self.per_stream)

        return explained(problem, numerals, read, answers, self.name)


def _numerals(digits: np.ndarray, base: float) -> np.ndarray:
    """The digits so far as a number, first digit first and last digit first."""
    falling, rising = np.zeros(digits.shape), np.zeros(digits.shape)
    unit, first, last = 1.0, np.zeros(len(digits)), np.zeros(len(digits))
    for t, digit in enumerate(digits.T):
        first, last = base * first + digit, last + unit * digit
        falling[:, t], rising[:, t] = first, last
        unit *= base
    return np.stack([falling, rising])


def _read(problem: Problem, source: str, base: float) -> Proposal:
    """The two numbers as a circuit: one is multiplied at every sample, a unit is for the other."""
    builder = Builder.of(problem.sources)
    digit, one = Signal.of(source, "stream"), constant()
    first = leaky_signal(builder, digit, base)
    unit = leaky_signal(builder, one - one.lagged(), base)
    last = sum_signal(builder, product_signal(builder, digit, unit))
    return Proposal(builder.circuit([first, last]), "digits of numbers")
