"""The start that proposes what the user has already: a machine, an automaton, or equations."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dmm import Machine, get_neuron_type
from dmm.machine import Circuit, in_samples
from dmm.proof import Mealy, automaton_from_dot

from ...problems import SOURCE, Problem, answer_port
from ..automata import Automaton
from ..automata.alphabet import Alphabet, classes
from ..automata.mealy import UNKNOWN
from ..automata.mealy import Mealy as Table
from ..proposal import Proposal
from ..recalls import largest_memory
from .equations import circuit_of_equations

__all__ = ["Provided"]


@dataclass(frozen=True)
class Provided:
    r"""Circuits made of what is known; trials tell whether it is right, and what it can do without.

    Attributes
    ----------
    known : Machine, Circuit, dmm.proof.Mealy or str
        A machine reads sources that are called ``stream-x`` after the stream ``x``. An automaton
        reads a number per stream, in the order of the streams. Text is an automaton as a graph in
        DOT (see `dmm.proof.automaton_from_dot`), or equations as a `Synthesizer` writes them (see
        `circuit_of_equations`), with the names of the streams in them.
    delay : int, optional
        After how many ticks a machine answers; what its metadata say where it has a pace.
    outputs : tuple of str, optional
        What equations call the answers; the names of the last equations when omitted.
    automaton : Automaton
        How an automaton is made a circuit.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> x = np.random.default_rng(0).integers(0, 2, (12, 8))
    >>> problem = Problem.of(to_strings({"bit": x}, x.cumsum(axis=1) % 2)[0])
    >>> (proposal,) = Provided("y = abs(y[t-1] - bit)").propose(problem, VOCABULARY)
    >>> proposal.origin, len(proposal.circuit.wires)
    ('given: equations', 3)
    """

    name = "given"

    known: Machine | Circuit | Mealy | str
    delay: int | None = None
    outputs: tuple[str, ...] = ()
    automaton: Automaton = field(default_factory=Automaton)

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The circuit; several of an automaton, whose states are numbered in several ways.

        Raises
        ------
        ValueError
            If the text cannot be read, or a machine has streams, answers or types of neurons that
            the problem has not.
        """
        known, how = self.known, "a circuit"
        if isinstance(known, str) and "->" in known:
            known = automaton_from_dot(known)
        if isinstance(known, Mealy):
            yield from self._of_automaton(known, problem, vocabulary)
            return
        if isinstance(known, str):
            known, how = self._of_equations(known, problem, vocabulary), "equations"
        elif isinstance(known, Machine):
            known, how = in_samples(known, self.delay), "a machine"
        _check(known, problem, vocabulary)
        yield Proposal(_scaled(known, problem), f"{self.name}: {how}")

    def _of_equations(self, text: str, problem: Problem, vocabulary: tuple[str, ...]) -> Circuit:
        streams = [source.removeprefix(SOURCE) for source in problem.sources]
        lines = [line.partition("=")[0].strip() for line in text.splitlines() if line.strip()]
        outputs = self.outputs or lines[len(lines) - problem.n_outputs :]
        memory = largest_memory(vocabulary)
        return circuit_of_equations(text, streams, outputs, *([memory] if memory else []))

    def _of_automaton(
        self, automaton: Mealy, problem: Problem, vocabulary: tuple[str, ...]
    ) -> Iterator[Proposal]:
        alphabet = Alphabet.of(problem)
        if alphabet is None:
            raise ValueError(
                "an automaton is given, and the streams have no finite alphabet: too many "
                "different samples, or numbers that are no multiples of one unit"
            )
        table, told = _tabled(automaton, alphabet, problem)
        for proposal in self.automaton.made_of(table, told, alphabet, problem, vocabulary):
            yield replace(proposal, origin=f"{self.name}: {proposal.origin}")


def _check(circuit: Circuit, problem: Problem, vocabulary: tuple[str, ...]) -> None:
    """Raise ValueError unless a circuit has the streams, answers and types that it may have."""
    types = {name: get_neuron_type(kind) for name, kind in circuit.neurons.items()}
    sources = [n for n, kind in types.items() if kind.is_source and n not in problem.sources]
    if sources:
        raise ValueError(f"what is given reads {sources}; the streams are {list(problem.sources)}")
    ports = [answer_port(k) for k in range(problem.n_outputs)]
    read = {wire[:2] for wire in circuit.wires if not types[wire.neuron_in].writes}
    if read != set(ports):
        raise ValueError(f"what is given answers on {sorted(read)}; the answers are on {ports}")
    always = {"stream", "const_1", "output"}
    other = sorted({*circuit.neurons.values()} - {*vocabulary, *always})
    if other:
        raise ValueError(f"what is given has neurons of {other}, which the vocabulary has not")


def _scaled(circuit: Circuit, problem: Problem) -> Circuit:
    """A circuit in the user's units in those of the problem: the way back from `unscaled`."""
    inverse = replace(
        problem,
        units={name: 1.0 / unit for name, unit in problem.units.items()},
        answer_units=tuple(1.0 / unit for unit in problem.answer_units),
    )
    return inverse.unscaled(circuit)


def _tabled(automaton: Mealy, alphabet: Alphabet, problem: Problem) -> tuple[Table, np.ndarray]:
    """An automaton as tables over the symbols of the data, and what its classes of answers are."""
    units = np.array([problem.units[source] for source in alphabet.sources])
    symbols = [tuple(row) for row in np.round(alphabet.values * units, 9).tolist()]
    states: list[Hashable] = [automaton.start]
    number = {automaton.start: 0}
    rows: list[list[int]] = []
    said: list[list[np.ndarray]] = []
    for state in states:  # which grows, in the order in which these symbols lead to states
        rows.append([])
        said.append([])
        for symbol in symbols:
            found = automaton.step(state, *symbol)
            nothing = np.full(problem.n_outputs, np.nan)
            following, answer = (None, nothing) if found is None else found
            if found is not None and following not in number:
                number[following] = len(states)
                states.append(following)
            rows[-1].append(UNKNOWN if found is None else number[following])
            told = np.atleast_1d(np.array(answer, dtype=float))
            if len(told) != problem.n_outputs:
                raise ValueError(
                    f"state {state!r}: answers with {len(told)} numbers; {problem.n_outputs} are "
                    "asked"
                )
            said[-1].append(told / np.array(problem.answer_units))
    found_classes = classes(np.array(said).transpose(2, 0, 1))
    if found_classes is None:
        raise ValueError("the automaton that is given answers nothing, or with too many numbers")
    return Table(np.array(rows), found_classes[0]), found_classes[1]
