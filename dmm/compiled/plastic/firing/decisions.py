"""Neurons that decide by the numbers they read which of their terms count, see `dmm.neurons.terms`.

A decision is taken at every tick in every string, from real numbers alone. Each of its cases has a
switch among the rows, which is a factor of all terms of that case: so derivatives are those of
products, and a switch has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ....neurons import Decision
from .one_vector import SWITCH, Entry, Layout, Side

__all__ = ["Beyond", "Decided", "Decisions"]


class Beyond(ValueError):
    """A decision for a case that the arrays of a run have no room for.

    Attributes
    ----------
    needed : int or None
        How many cases there must be; None where no number would do.
    """

    def __init__(self, reason: str, needed: int | None) -> None:
        super().__init__(reason)
        self.needed = needed


class Decided(NamedTuple):
    """A decision of one neuron.

    Attributes
    ----------
    neuron : str
    decision : Decision
    reads : list of Entry or None
        Where what it reads is in the rows; None for what is never there.
    first : int
        Its first switch, that of case 1; the others follow.
    """

    neuron: str
    decision: Decision
    reads: list[Entry | None]
    first: int

    def switch(self, case: int) -> Entry:
        """Where the switch of a case is."""
        return Entry(self.first + case - 1, SWITCH)


class Decisions:
    """Sets the switches of a machine.

    Parameters
    ----------
    decided : sequence of Decided
    rows : Layout

    Examples
    --------
    >>> sign = Decision((("dict", ()),), lambda x: np.where(x[0] > 0, 1, 2), cases=2)
    >>> rows = Layout(places=1, key_places=0, strings=2, columns=0, switches=2)
    >>> read = rows.zeros((), float, 1.0)
    >>> read.numbers[:] = [[3.0, -3.0]]
    >>> Decisions([Decided("cell", sign, [Entry(0, -1)], 0)], rows).decide(read)
    >>> read.flat
    array([ 3., -3.,  1.,  0.,  0.,  1.,  1.])
    """

    def __init__(self, decided: Sequence[Decided], rows: Layout) -> None:
        self._all = [_Deciding(one, rows) for one in decided]

    def decide(self, rows: Side) -> None:
        """Set all switches at one tick, or at as many as there are.

        Raises
        ------
        Beyond
            If a decision falls for a case that has no switch.
        """
        for one in self._all:
            one.decide(rows.flat)


class _Deciding:
    def __init__(self, decided: Decided, rows: Layout) -> None:
        self.neuron, self.decision = decided.neuron, decided.decision
        there = [(i, entry) for i, entry in enumerate(decided.reads) if entry is not None]
        self.there = [i for i, _ in there]
        place, column = np.array([entry for _, entry in there], np.intp).reshape(-1, 2).T
        self.read = rows.positions(place, column)
        self.n_reads = len(decided.reads)
        self.cases = np.arange(1, self.decision.cases + 1)
        switches = decided.first + self.cases - 1
        self.written = rows.positions(switches, np.full_like(switches, SWITCH))

    def decide(self, flat: np.ndarray) -> None:
        case = self.decision.decide(self._numbers(flat))
        if case.min(initial=0) < 0:
            raise Beyond(f"neuron {self.neuron!r}: {self.decision.untold}", None)
        needed = int(case.max(initial=0))
        if needed > self.decision.cases:
            raise Beyond(f"neuron {self.neuron!r} needs {needed} cases", needed)
        flat[..., self.written] = case[..., None, :] == self.cases[:, None]

    def _numbers(self, flat: np.ndarray) -> np.ndarray:
        """What is read, (reads, ..., strings); 0 for what is never there."""
        found = flat[..., self.read].real
        if found.ndim > 2:
            found = np.moveaxis(found, -2, 0)
        if len(found) == self.n_reads:
            return found
        numbers = np.zeros((self.n_reads, *found.shape[1:]))
        numbers[self.there] = found
        return numbers
