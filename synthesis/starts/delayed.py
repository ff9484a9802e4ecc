"""The start for answers that come late: what another start proposes for them, so much later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dmm.machine import Circuit

from ..problems import Problem, Strings
from .proposal import Proposal, Start

__all__ = ["Delayed"]


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
