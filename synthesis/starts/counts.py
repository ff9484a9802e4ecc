"""The start that counts: how much more often one symbol came than another, as hidden streams.

Counters have no bound, so no automaton has them for states; and what is asked about them is often a
comparison, which tells little of their size. But there are few of them to try.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice

import numpy as np

from ..problems import Problem, Strings
from .automata.alphabet import Alphabet
from .composition import Composition
from .latent import explained
from .proposal import Proposal

__all__ = ["Counts"]


@dataclass(frozen=True)
class Counts:
    """Circuits that compare how often symbols came.

    Attributes
    ----------
    symbols : int
        Different samples at most.
    composition : Composition
        Explains how the answers depend on the counts.
    per_part : int
        Circuits that are proposed.
    """

    name = "counts"

    symbols: int = 4
    composition: Composition = field(
        default_factory=lambda: Composition(bank=1_500, largest=3, is_exact_only=True)
    )
    per_part: int = 4

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with the differences of two counts; none where there are many symbols."""
        alphabet = Alphabet.of(problem)
        if alphabet is None or len(alphabet.values) > self.symbols:
            return

        def differences(strings: Strings) -> np.ndarray:
            return _differences(alphabet.symbols(strings), len(alphabet.values))

        def parts(part: Problem) -> Iterator[Proposal]:
            return islice(self.composition.propose(part, vocabulary), self.per_part)

        def carrying(part: Problem) -> Iterator[Proposal]:
            return islice(parts(part), 1)

        yield from explained(problem, differences, carrying, parts, self.name)


def _differences(symbols: np.ndarray, count: int) -> np.ndarray:
    """How much more often one symbol came than another so far, (pairs, strings, samples)."""
    came = np.stack([np.cumsum(symbols == symbol, axis=1) for symbol in range(count)])
    return np.stack([came[i] - came[j] for i, j in combinations(range(count), 2)]).astype(float)
