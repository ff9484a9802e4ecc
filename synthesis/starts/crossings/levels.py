"""Measured streams of which only matters which bounds they exceed: seen as so many levels.

The start inside sees levels in place of the stream, and so may be one that knows symbols only. A
circuit that is right then tells how far its bounds may be moved: by all strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dmm.machine import Circuit

from ...problems import Problem, Strings
from ...verdicts import Candidate, answers_of, errors_of
from ..automata import Automaton
from ..composition.atoms import constant, exceeds_signal
from ..proposal import Proposal, Start
from ..signals import Builder, Signal
from ..splicing import joined
from .holes import holes_of
from .limits import crossings_of
from .sharpening import sharpened
from .widening import Gaps, values_of, widened

__all__ = ["Crossings"]

FEW = 20
"""Values of a stream that is not measured but counted."""

MOST, PAIR = 3, 2
"""Bounds of a stream at most, and so many that the levels on either side may be one."""


@dataclass(frozen=True)
class Crossings:
    """What another start proposes where measured streams are seen as levels between bounds.

    Attributes
    ----------
    start : Start
    is_sure : bool
        Bounds that answers tell of from both sides; else those that they end at, too, where there
        are such.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.starts import Automaton
    >>> x = np.random.default_rng(0).uniform(-1.0, 1.0, (60, 12))
    >>> hot = x > 0.2
    >>> hot[:, 1:] &= x[:, :-1] > 0.2
    >>> hot[:, 0] = False  # twice running
    >>> problem = Problem.of(to_strings(x, hot.astype(float))[0])
    >>> proposal = next(Crossings(Automaton()).propose(problem, VOCABULARY))
    >>> print(sample_equations(proposal.circuit))
    s = (x > 0.2)
    c = (s if 1 - s else s + c[t-1])
    output.dict-1 = (c > 1.5)
    """

    start: Start
    is_sure: bool = True

    @property
    def name(self) -> str:
        """Of the start."""
        return f"{self.start.name}, of levels"

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The start's circuits, with comparisons before them."""
        if "less_or_equal" not in vocabulary:
            return
        gaps = self._bounds(problem)
        if gaps is None:
            return
        for is_folded in (False, True)[: 1 + any(len(own) == PAIR for own in gaps.values())]:
            sharp = gaps if self.is_sure else self._sharpened(gaps, is_folded, problem)
            for proposal in self.start.propose(_seen(problem, sharp, is_folded), vocabulary):
                yield _whole(proposal, sharp, is_folded, problem)

    def _bounds(self, problem: Problem) -> Gaps | None:
        """Bounds of the measured streams that have some; None if there are none."""
        training = problem.split.training
        counted = problem.counted
        numeric = filter(problem.is_numeric, problem.sources)
        others = [source for source in numeric if source not in counted]
        measured = [source for source in others if _has_many_values(training, source)]
        sure = found = crossings_of(training, measured)
        if not self.is_sure:
            found = holes_of(training, measured, sure, MOST)
            if found == sure:
                return None
        return {source: gaps for source, gaps in found.items() if 0 < len(gaps) <= MOST} or None

    def _sharpened(self, gaps: Gaps, is_folded: bool, problem: Problem) -> Gaps:
        """The bounds where an automaton needs the fewest states, if the start inside is one."""
        start = self.start
        if not isinstance(start, Automaton):
            return gaps

        def states(moved: Gaps) -> float:
            return start.states_needed(_seen(problem, moved, is_folded))

        return sharpened(gaps, problem.split.training, states)


def _seen(problem: Problem, gaps: Gaps, is_folded: bool) -> Problem:
    """The problem with levels in place of streams."""
    return problem.seen(partial(_levels, bounds=values_of(gaps), is_folded=is_folded))


def _whole(proposal: Proposal, gaps: Gaps, is_folded: bool, problem: Problem) -> Proposal:
    """A circuit of levels with comparisons before it; with bounds moved by more strings."""

    def refitted(strings: Strings) -> Proposal:
        again = proposal
        if proposal.refitted is not None:
            again = proposal.refitted(_levels(strings, values_of(gaps), is_folded))
        moved = _moved(again.circuit, gaps, is_folded, problem, strings)
        return _whole(again, moved, is_folded, problem)

    return replace(
        proposal,
        circuit=joined(proposal.circuit, _comparing(values_of(gaps), is_folded), tuple(gaps)),
        origin=f"{proposal.origin}, of levels",
        gaps=(*proposal.gaps, *(g.times(1.0, name) for name, own in gaps.items() for g in own)),
        refitted=refitted,
        expected=None,
        holds=None,
    )


def _moved(
    circuit: Circuit, gaps: Gaps, is_folded: bool, problem: Problem, strings: Strings
) -> Gaps:
    """Bounds as far apart as a circuit of levels stays right on some strings, where it is."""
    candidate = Candidate(*circuit.lowered(), "of levels")

    def is_right(moved: Gaps) -> bool:
        seen = _levels(strings, values_of(moved), is_folded)
        answers = answers_of(candidate, seen, problem.n_outputs)
        return errors_of(answers, strings, problem.is_whole).right == 1.0

    return widened(gaps, strings, is_right) if is_right(gaps) else gaps


def _has_many_values(strings: Strings, source: str) -> bool:
    return len(np.unique(strings.numbers(source)[strings.inside()])) > FEW


def _heights(bounds: list[float], is_folded: bool) -> tuple[float, tuple[float, ...]]:
    """The lowest level, and what every bound adds where it is exceeded."""
    if is_folded and len(bounds) == PAIR:
        return 1.0, (-1.0, 1.0)
    return 0.0, (1.0,) * len(bounds)


def _levels(strings: Strings, bounds: Mapping[str, list[float]], is_folded: bool) -> Strings:
    """Strings with levels in place of streams: the number of bounds that they exceed.

    Folded, a level is 1 outside of two bounds, 0 between them.
    """
    arrays = dict(strings.inputs.arrays)
    for source, numbers in bounds.items():
        lowest, heights = _heights(numbers, is_folded)
        is_above = strings.numbers(source)[..., None] > np.array(numbers)
        level = lowest + is_above @ np.array(heights)
        arrays[source] = (level * strings.inside()).T[..., None]
    return replace(strings, inputs=replace(strings.inputs, arrays=arrays))


def _comparing(bounds: Mapping[str, list[float]], is_folded: bool) -> Circuit:
    """The circuit that answers with the levels."""
    builder = Builder.of(bounds)
    levels = []
    for source, numbers in bounds.items():
        lowest, heights = _heights(numbers, is_folded)
        level, stream = constant(lowest), Signal.of(source, "stream")
        for number, height in zip(numbers, heights, strict=True):
            level = level + height * exceeds_signal(builder, stream, constant(number))
        levels.append(level)
    return builder.circuit(levels)
