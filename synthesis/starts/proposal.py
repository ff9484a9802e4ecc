"""What a start proposes, and what a start is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings

__all__ = ["Gap", "Proposal", "Start"]


@dataclass(frozen=True)
class Gap:
    """A number that the data leave free between two bounds.

    Attributes
    ----------
    value, low, high : float
        What was chosen, and where it may lie without changing an answer.
    is_settled : bool
        The choice is forced (the data lie on a grid and the bounds are neighbours on it), or a
        number so simple that it lies between bounds so narrow by no accident.
    stream : str
        The source that is compared with it, if it is one alone: the number has its unit.

    Examples
    --------
    >>> gap = Gap(value=2.5, low=2.0, high=3.0, is_settled=False)
    >>> f"{gap.value:g}, or any number from {gap.low:g} to {gap.high:g}"
    '2.5, or any number from 2 to 3'
    """

    value: float
    low: float
    high: float
    is_settled: bool
    stream: str = field(default="", repr=False)

    def times(self, factor: float, stream: str) -> Gap:
        """The gap of a multiple, compared with a stream."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Gap(factor * self.value, low, high, self.is_settled, stream)


@dataclass(frozen=True)
class Proposal:
    """A circuit that a start proposes.

    Attributes
    ----------
    circuit : Circuit
    origin : str
        Which start, and what it saw in the data.
    gaps : tuple of Gap
        Numbers that were chosen, with the bounds between which the data leave them free.
    refitted : Strings -> Proposal, optional
        The same circuit with its free numbers chosen by more strings.
    expected : Strings -> float array (outputs, samples, strings), optional
        What the circuit was made to answer on any strings; NaN where its maker does not know. Where
        it answers something else on long ones, its memory does not keep what it should.
    holds : Circuit -> bool, optional
        Whether this circuit, or a smaller one made of it, does on strings of every length what it
        was made for. Asked of circuits that are right on the data.
    has_foretold : bool
        It was made from what training sees, and the rest could prove it wrong. What is made of
        whole strings, because their beginnings tell something else, may be cut to their length.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> echo = Circuit({"stream-x": "stream", "output": "output"},
    ...                [Wire("output", "dict-1", "stream-x", "stream")])
    >>> Proposal(echo, "by hand", gaps=(Gap(2.5, 2.0, 3.0, is_settled=False),)).origin
    'by hand'
    """

    circuit: Circuit
    origin: str
    gaps: tuple[Gap, ...] = ()
    refitted: Callable[[Strings], Proposal] | None = None
    expected: Callable[[Strings], np.ndarray] | None = None
    holds: Callable[[Circuit], bool] | None = None
    has_foretold: bool = True


class Start(Protocol):
    """Whatever proposes circuits for a problem; what they are worth is found out by trial.

    Examples
    --------
    >>> from synthesis.starts import Automaton, Clocks, Composition, Delayed
    >>> [start.name for start in (Composition(), Delayed(Composition(), 2), Clocks(), Automaton())]
    ['composition', 'composition, 2 late', 'clocks', 'automaton']
    """

    @property
    def name(self) -> str:
        """In records and reports."""
        ...

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits of neurons of these types, the most promising first."""
        ...
