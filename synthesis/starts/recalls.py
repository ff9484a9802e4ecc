"""The start for answers that repeat what came before: stacks, queues and walks along a string.

Such an answer is far from what it repeats, and the farther the longer the string is: no delay
reaches it and no automaton has states enough. What is put into a memory with addresses and where it
is read are counted by a few neurons, whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dmm.machine import Circuit

from ..problems import Problem
from ..verdicts import Candidate, answers_of, errors_of
from .addressing import Rule, Stack, Walk, rules
from .composition import Composition
from .composition.atoms import constant, exceeds_signal, floored_signal, sum_signal
from .composition.start import SMALL
from .latent import asking_for, explained, latent_sources
from .proposal import Proposal
from .signals import Builder, Signal
from .splicing import joined

__all__ = ["Recalls", "largest_memory"]

NEEDED = {"accum", "compare", "less_or_equal", "multiplexer"}
MEMORY = "cells"


@dataclass(frozen=True)
class Recalls:
    """Circuits with a memory that is filled and read by counting.

    Attributes
    ----------
    rules : int
        Rules by which the memory may be used that are tried.
    composition : Composition
        Explains what every sample does to the memory, and how the answers depend on what it
        recalls.
    per_part : int
        Circuits of either kind that are combined.

    Examples
    --------
    >>> import numpy as np
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> bits = np.random.default_rng(0).integers(0, 2, (40, 5)).astype(float)
    >>> nothing, mark = np.zeros((40, 5)), np.ones((40, 1))
    >>> x, end = np.hstack([bits, 0 * mark, nothing]), np.hstack([nothing, mark, nothing])
    >>> backwards = np.hstack([np.full((40, 6), np.nan), bits[:, ::-1]])
    >>> problem = Problem.of(to_strings({"x": x, "end": end}, backwards)[0])
    >>> next(Recalls().propose(problem, VOCABULARY)).origin.partition(";")[0]
    'a stack of stream-x'
    """

    name = "recalls"

    rules: int = 3
    composition: Composition = SMALL
    per_part: int = 2

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits for every rule that the data allow; none without a memory in the vocabulary."""
        memory = largest_memory(vocabulary)
        if memory is None or not set(vocabulary) >= NEEDED:
            return
        for rule in islice(rules(problem), self.rules):
            yield from self._of(rule, memory, problem, vocabulary)

    def _of(
        self, rule: Rule, memory: str, problem: Problem, vocabulary: tuple[str, ...]
    ) -> Iterator[Proposal]:
        def composed(part: Problem) -> Iterator[Proposal]:
            proposed = self.composition.propose(part, vocabulary)
            return islice((one for one in proposed if _is_right(one, part)), self.per_part)

        def remembering(part: Problem) -> Iterator[Proposal]:
            actions, situations = rule.actions(part.split.training), rule.situations
            table = _memory(rule, memory, part, len(actions))
            asked = asking_for(part, actions)
            found: Iterator[Proposal] = composed(asked)
            if situations.mark is not None:
                found = explained(asked, situations.phase, composed, composed, "after a mark")
            for does in found:
                circuit = joined(table, does.circuit, latent_sources(len(actions)))
                yield Proposal(circuit, does.origin, does.gaps)

        name = f"a {type(rule.kind).__name__.lower()} of {rule.source}"
        return explained(problem, rule.recalled, remembering, composed, name)


def largest_memory(vocabulary: tuple[str, ...]) -> str | None:
    """The memory with addresses of a vocabulary that has the most cells; None without any."""
    memories = [name for name in vocabulary if name.partition("(")[0] == MEMORY]
    return max(memories, key=lambda name: int(name[len(MEMORY) + 1 : -1]), default=None)


def _is_right(proposal: Proposal, problem: Problem) -> bool:
    """Whether a circuit gives all answers of whole strings, run free."""
    strings, n_outputs = problem.split.training, problem.n_outputs
    answers = answers_of(Candidate(*proposal.circuit.lowered()), strings, n_outputs)
    return errors_of(answers, strings, problem.is_whole).right == 1.0


def _memory(rule: Rule, memory: str, problem: Problem, actions: int) -> Circuit:
    """A circuit that recalls by a rule; it reads what every sample does as latent streams."""
    given = latent_sources(actions)
    builder = Builder.of((*problem.sources, *given))
    does = [Signal.of(source, "stream") for source in given]
    if isinstance(rule.kind, Stack):
        to, at = _stack(builder, rule.kind, *does)
    else:
        to, at = _walk(builder, rule.kind, *does)
    put = Signal.of(rule.source, "stream") + constant(rule.shift)
    cells = builder.reading(memory, {"number": put, "to": to, "from": at})
    builder.inputs[cells, "cells"] = Signal.of(cells, "cells", 1)
    return builder.circuit([Signal.of(cells, "number")])


Addresses = tuple[Signal, Signal]
"""Where a sample is put, and where one is looked up."""


def _stack(builder: Builder, kind: Stack, change: Signal) -> Addresses:
    """Every sample is put above the top; it is forgotten if the stack does not grow."""
    depth = floored_signal(builder, change)
    return depth.lagged() + constant(), depth if kind.is_after else depth.lagged()


def _walk(builder: Builder, kind: Walk, put: Signal, moves: Signal) -> Addresses:
    """Every sample is put behind the last one; it is forgotten if that stays the last."""
    count = sum_signal(builder, put)
    to, goes = count.lagged() + constant(), float(kind.step) * moves
    if kind.wrap is None:
        return to, sum_signal(builder, goes)
    begin = constant(float(kind.wrap))

    def fields(past: Signal) -> dict[str, Signal]:
        on = past + goes
        return {"gate": exceeds_signal(builder, on, count), "dict-1": begin, "dict-2": on}

    return to, Signal.of(builder.looped("multiplexer", ("place",), fields), "dict")
