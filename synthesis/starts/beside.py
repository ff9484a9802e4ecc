"""The start that takes a stream off the answers: what is left beside it may be few numbers.

A price and a fee, a reading and an offset that a memory chooses: the answers have many values, but
are a stream times a number, and one of few numbers more. That many pairs of samples have the same
one beside them tells the factor: from one to the other the answer changes by it and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dmm.machine import Circuit, Wire

from ..problems import SOURCE, Problem, Strings, answer_port
from .composition.sums import tidy
from .views import View, Way

__all__ = ["Beside"]

APART = 40
"""Samples that pairs are apart, at most, strings one after the other."""

MOVED = 1e-4
"""Of the largest number of a stream, by how much it has to differ in a pair."""

PAIRS = 0.02
"""Share of the pairs that have to tell of a factor."""

SAME = 1e-9
"""Numbers that differ by less, of the largest one, are the same."""

FEW = 64
"""Different numbers that may be left."""

FEWER = 0.5
"""Of the different answers, the largest share that may be left."""

FACTORS = 3
"""Factors of a stream that are tried."""


@dataclass(frozen=True)
class Beside(View):
    """What another start proposes for what is left of answers without a multiple of a stream.

    Attributes
    ----------
    start : Start

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.starts import Automaton
    >>> rng = np.random.default_rng(0)
    >>> price, member = rng.uniform(1.0, 9.0, (40, 12)), rng.integers(0, 2, (40, 12))
    >>> paid = 2.0 * price + (member.cumsum(axis=1) % 2)
    >>> problem = Problem.of(to_strings({"price": price, "member": member}, paid)[0])
    >>> proposal = next(Beside(Automaton()).propose(problem, VOCABULARY))
    >>> proposal.origin.rpartition(", ")[2]
    'beside price'
    """

    how = "beside a stream"

    def _ways(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Way]:
        """With a stream added; none where more than few numbers are left."""
        if problem.n_outputs > 1:
            return
        for source in filter(problem.is_numeric, problem.sources):
            factor = _factor(problem.split.training, source)
            if factor is not None:
                seen = partial(_without, source=source, factor=factor)
                completed = partial(_with, source=source, factor=factor)
                yield seen, completed, f"beside {source.removeprefix(SOURCE)}"


def _factor(strings: Strings, source: str) -> float | None:
    """The number that leaves the fewest different ones; None if these are many."""
    asked = strings.asked[0].T
    answers, values = strings.answers[0].T[asked], strings.numbers(source)[asked]
    different = len(np.unique(answers))
    left = {
        factor: len(np.unique(_left(answers, values, factor)))
        for factor in _factors(answers, values)
    }
    best = min(left, key=lambda factor: left[factor], default=None)
    if best is None or left[best] > min(FEW, FEWER * different):
        return None
    return best


def _factors(answers: np.ndarray, values: np.ndarray) -> list[float]:
    """By how much answers change, for every unit of a stream, most often."""
    ratios = []
    for apart in range(1, min(APART, len(values) - 1) + 1):
        change = values[apart:] - values[:-apart]
        has_moved = np.abs(change) > MOVED * np.abs(values).max()
        ratios.append((answers[apart:] - answers[:-apart])[has_moved] / change[has_moved])
    every = np.concatenate(ratios) if ratios else np.zeros(0)
    if not every.any():
        return []
    rounded = np.round(every / (SAME * float(np.median(np.abs(every[every != 0.0])))))
    _, first, counts = np.unique(rounded, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:FACTORS]
    often = [tidy(every[first[k]]) for k in order if counts[k] > PAIRS * len(every)]
    return [factor for factor in often if factor]


def _left(answers: np.ndarray, values: np.ndarray, factor: float) -> np.ndarray:
    """What is left of answers, without rounding errors."""
    largest = max(float(np.nanmax(np.abs(answers), initial=0.0)), 1e-300)
    places = -int(np.floor(np.log10(SAME * largest)))
    return np.round(answers - factor * values, places)


def _without(strings: Strings, source: str, factor: float) -> Strings:
    left = _left(strings.answers[0].T, strings.numbers(source), factor)
    return replace(strings, answers=left.T[None])


def _with(circuit: Circuit, source: str, factor: float) -> Circuit:
    sink = answer_port(0)
    added = Wire(*sink, source, "stream", factor)
    neurons = {**circuit.neurons, sink[0]: "output", source: "stream"}
    return Circuit(neurons, (*circuit.wires, added))
