"""What a start proposes, what a start is; and the start for answers that come late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from dmm.machine import Circuit

from ..problems import Problem, Strings

__all__ = ["Delayed", "Gap", "Proposal", "Start"]


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
    """

    value: float
    low: float
    high: float
    is_settled: bool


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
    """

    circuit: Circuit
    origin: str
    gaps: tuple[Gap, ...] = ()
    refitted: Callable[[Strings], Proposal] | None = None


class Start(Protocol):
    """Whatever proposes circuits for a problem; what they are worth is found out by trial."""

    @property
    def name(self) -> str:
        """In records and reports."""
        ...

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits of neurons of these types, the most promising first."""
        ...


@dataclass(frozen=True)
class Delayed:
    """Answers that say what could have been said some samples before.

    Attributes
    ----------
    start : Start
        Proposes for the same streams with answers moved to where they belong.
    samples : int
        How much too late the answers come.
    """

    start: Start
    samples: int

    @property
    def name(self) -> str:
        """Of the start, with the delay."""
        return f"{self.start.name}, {self.samples} late"

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The start's circuits, read later."""
        lengths = problem.split.training.lengths
        if lengths.min() <= 2 * self.samples:
            return
        for proposal in self.start.propose(problem.earlier(self.samples), vocabulary):
            yield self._late(proposal)

    def _late(self, proposal: Proposal) -> Proposal:
        refitted = proposal.refitted

        def late(strings: Strings) -> Proposal:
            assert refitted is not None
            return self._late(refitted(strings.earlier(self.samples)))

        return replace(
            proposal,
            circuit=_read_later(proposal.circuit, self.samples),
            origin=f"{proposal.origin}, {self.samples} samples later",
            refitted=None if refitted is None else late,
        )


def _read_later(circuit: Circuit, samples: int) -> Circuit:
    """Sinks read what was there some samples ago; constants are the same at any time."""
    wires = []
    for wire in circuit.wires:
        is_late = (
            circuit.neurons[wire.neuron_in] == "output"
            and circuit.neurons[wire.neuron_out] != "const_1"
        )
        wires.append(wire._replace(lag=wire.lag + samples * is_late))
    return Circuit(circuit.neurons, tuple(wires))
