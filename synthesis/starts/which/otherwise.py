"""The start that asks for one simple thing, and for what the answer is where it is another.

A report every fifth sample and nothing in between, a price that is worked out anew at an order and
stays until the next: at many samples the answer is one number, or what it was before. Where it is
not, a composition explains it by itself, with nothing asked elsewhere; when it is which is a stream
of flags, which another start explains.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from dmm.machine import Circuit

from ...problems import Problem, Strings
from ...verdicts import Candidate, answers_of
from ..composition.atoms import choice_signal, constant, relu_signal
from ..composition.choices import are_answers
from ..composition.start import Composition
from ..latent import latent_sources
from ..proposal import Proposal, Start
from ..signals import Builder, Signal
from ..splicing import joined
from ..views import through
from .leaves import PAST, TWO, Leaf, frequent

__all__ = ["Otherwise"]

LEAST, MOST = 0.3, 0.97
"""Share of the samples at which the answer may be the simple thing."""

FEWEST = 40
"""Samples, at least, at which it is another."""

RESTS = 2
"""Explanations of these that are tried."""

REST, FLAG = latent_sources(2)
"""What the circuits that choose and bound may read."""


@dataclass(frozen=True)
class Otherwise:
    """What other starts propose for when the answer is not the one simple thing.

    Attributes
    ----------
    starts : tuple of Start
        Explain the flags.
    rest : Composition
        Explains what the answer is otherwise.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.starts import Clocks
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 60, 12)).round(1)
    >>> report = np.where(np.arange(12) % 3 == 2, np.maximum(a - b, 0.0), 0.0)
    >>> problem = Problem.of(to_strings({"a": a, "b": b}, report)[0])
    >>> rest = Composition(bank=50, largest=2, is_exact_only=True)
    >>> proposal = next(Otherwise((Clocks(),), rest).propose(problem, VOCABULARY))
    >>> print(sample_equations(proposal.circuit).splitlines()[-1])
    output.dict-1 = (relu(a - b) if r else 0)
    """

    name = "otherwise"

    starts: tuple[Start, ...]
    rest: Composition

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """Circuits with a multiplexer between the simple thing and what it is otherwise."""
        if "multiplexer" not in vocabulary or problem.n_outputs > 1:
            return
        for leaf in _usual(problem.split.training):
            others = problem.seen(partial(_where_it_is_not, leaf=leaf))
            for rest in islice(self.rest.propose(others, vocabulary), RESTS):
                if rest.gaps or not _is_right(rest.circuit, others.split.training):
                    continue
                words = f"where it is not {leaf.told()}; otherwise {rest.origin}"
                for circuit in (*_bounded(rest.circuit, leaf, others), rest.circuit):
                    yield from self._chosen(problem, vocabulary, leaf, circuit, words)

    def _chosen(
        self,
        problem: Problem,
        vocabulary: tuple[str, ...],
        leaf: Leaf,
        rest: Circuit,
        words: str,
    ) -> Iterator[Proposal]:
        told = partial(_told, leaf=leaf, rest=Candidate(*rest.lowered()))
        way = told, partial(_completed, leaf=leaf, rest=rest), words
        asked = replace(problem.seen(told), answer_units=(1.0,), is_whole=(True,))
        for start in self.starts:
            yield from through(start, asked, vocabulary, way)


def _usual(strings: Strings) -> Iterator[Leaf]:
    """The most frequent number and the past answer, if they are the answer often and not always."""
    asked = strings.asked[0].T
    answers = strings.answers[0].T[asked]
    if len(np.unique(answers)) <= TWO:  # what is 0 or 1 is nothing else
        return
    constants = [Leaf((), number) for number in frequent(answers)[:1]]
    for leaf in (*constants, Leaf(((PAST, 1.0),))):
        is_it = are_answers(leaf.values(strings)[asked], answers)
        if LEAST <= is_it.mean() <= MOST and (~is_it).sum() >= FEWEST:
            yield leaf


def _where_it_is_not(strings: Strings, leaf: Leaf) -> Strings:
    """The same, asked only where the answer is another."""
    is_it = are_answers(leaf.values(strings), strings.answers[0].T).T
    return replace(strings, answers=np.where(is_it, np.nan, strings.answers))


def _is_right(circuit: Circuit, strings: Strings) -> bool:
    """Whether it gives all that is asked."""
    answers = answers_of(Candidate(*circuit.lowered()), strings, 1)
    return bool(are_answers(answers, strings.answers)[strings.asked].all())


def _bounded(rest: Circuit, leaf: Leaf, others: Problem) -> Iterator[Circuit]:
    """The rest with the number that is usual as its bound, if it lies on one side of it.

    Where it would lie on the other one, nobody sees what it is.
    """
    training = others.split.training
    apart = training.answers[training.asked] - leaf.constant
    if leaf.terms or apart.min() < 0.0 < apart.max():
        return
    sign = 1.0 if apart.min() >= 0.0 else -1.0
    builder = Builder.of((REST, FLAG))
    past_it = Signal.of(REST, "stream") - constant(leaf.constant)
    answer = constant(leaf.constant) + sign * relu_signal(builder, sign * past_it)
    yield joined(builder.circuit([answer]), rest, [REST])


def _told(strings: Strings, leaf: Leaf, rest: Candidate) -> Strings:
    """Strings whose answers are flags: whether it is otherwise; not asked where both are right."""
    answers = strings.answers[0].T
    is_leaf = are_answers(leaf.values(strings), answers)
    is_rest = are_answers(answers_of(rest, strings, 1)[0].T, answers)
    flags = np.where(is_leaf == is_rest, np.nan, is_rest)
    return replace(strings, answers=flags.T[None])


def _completed(circuit: Circuit, leaf: Leaf, rest: Circuit) -> Circuit:
    """The circuit that answers with the leaf, or with the rest where another one's flag says so."""
    builder = Builder.of((REST, FLAG))
    gate, other = Signal.of(FLAG, "stream"), Signal.of(REST, "stream")
    reader = builder.circuit([choice_signal(builder, gate, other, leaf.signal())])
    return joined(joined(reader, rest, [REST]), circuit, [FLAG])
