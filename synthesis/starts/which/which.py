"""The start that asks which: answers that are one of few simple things at every sample.

What passes through while a switch is on, the stream of a chosen channel, a sum that is refused:
which of the few things was the answer is known wherever they differ, and is a stream of flags of
its own. Another start explains these; a multiplexer per flag makes the answers of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dmm.machine import Circuit

from ...problems import Problem, Strings
from ..composition.atoms import choice_signal
from ..composition.choices import are_answers
from ..latent import latent_sources, with_latent
from ..proposal import Proposal, Start
from ..signals import Builder, Signal
from ..splicing import fed_back, joined
from ..views import through
from .leaves import PAST, Leaf, covers

__all__ = ["Which"]

COVERS = 2
"""Sets of leaves that are tried."""

TOLD = 0.6
"""Share of the samples that have to tell which leaf it is; else the first of several is taken."""

MOST = 5
"""Leaves of an answer."""

HELD, *FLAGS = latent_sources(MOST)
"""What stands for the past answer, and for the flags."""


@dataclass(frozen=True)
class Which:
    """What another start proposes for which of few things the answer is.

    Attributes
    ----------
    start : Start
    has_past : bool
        The start may look at the past answer.
    leaves : int
        Things that an answer may be; two to five.

    Raises
    ------
    ValueError
        If it is another number of leaves.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> from synthesis.starts import Automaton
    >>> rng = np.random.default_rng(0)
    >>> x, press = rng.normal(size=(60, 12)), rng.integers(0, 2, (60, 12))
    >>> passed = np.where(press.cumsum(axis=1) % 2, x, 0.0)  # while a switch is on
    >>> problem = Problem.of(to_strings({"x": x, "press": press}, passed)[0])
    >>> proposal = next(Which(Automaton()).propose(problem, VOCABULARY))
    >>> print(sample_equations(proposal.circuit))
    a = a[t-1] + press - 2 relu(press + a[t-1] - 1)
    output.dict-1 = (x if a else 0)
    """

    start: Start
    has_past: bool = False
    leaves: int = MOST

    def __post_init__(self) -> None:
        if not 1 < self.leaves <= MOST:
            raise ValueError(f"leaves is {self.leaves}; expected 2 to {MOST} things to choose from")

    @property
    def name(self) -> str:
        """Of the start."""
        return f"which, by {self.start.name}"

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The start's circuits, with multiplexers behind them."""
        if "multiplexer" not in vocabulary or problem.n_outputs > 1:
            return
        training = problem.split.training
        numeric = [source for source in problem.sources if problem.is_numeric(source)]
        for leaves in covers(training, [PAST, *numeric], self.leaves, COVERS):
            told = partial(_told, leaves=leaves, has_past=self.has_past)
            if told(training).asked.all(axis=0).sum() < TOLD * training.asked.sum():
                told = partial(told, is_first=True)
            words = f"which of {', '.join(leaf.told() for leaf in leaves)}"
            way = told, partial(_chosen, leaves=leaves, sources=problem.sources), words
            asked = self._asked(problem, told, len(leaves) - 1)
            yield from through(self.start, asked, vocabulary, way)

    def _asked(self, problem: Problem, told: Callable[[Strings], Strings], n: int) -> Problem:
        """The problem whose answers are the flags, so many of them."""
        seen = problem.seen(told)
        units = {**problem.units, **({HELD: 1.0} if self.has_past else {})}
        return replace(seen, units=units, answer_units=(1.0,) * n, is_whole=(True,) * n)


def _told(
    strings: Strings, leaves: Sequence[Leaf], has_past: bool, is_first: bool = False
) -> Strings:
    """Strings whose answers are flags: whether it is the second leaf, the third, ...

    Of leaves that are the same number none is asked, or the first one is taken.
    """
    answers = strings.answers[0].T
    is_it = are_answers(np.stack([leaf.values(strings) for leaf in leaves]), answers)
    is_open = is_it & (is_it.sum(axis=0) > 1)
    if is_first:
        is_it = is_it & (np.cumsum(is_it, axis=0) == 1)
        is_open = np.zeros_like(is_it)
    flags = np.where(is_open | np.isnan(answers) | ~is_it.any(axis=0), np.nan, is_it)[1:]
    seen = replace(strings, answers=flags.transpose(0, 2, 1))
    if not has_past:
        return seen
    past = Leaf(((PAST, 1.0),)).values(strings)
    return with_latent(seen, past[None])


def _chosen(circuit: Circuit, leaves: Sequence[Leaf], sources: Sequence[str]) -> Circuit:
    """The circuit that answers with the leaf which another one's flags say."""
    flags = FLAGS[: len(leaves) - 1]
    builder = Builder.of([*sources, *flags])
    answer = leaves[0].signal()
    for flag, leaf in zip(flags, leaves[1:], strict=True):
        answer = choice_signal(builder, Signal.of(flag, "stream"), leaf.signal(), answer)
    whole = joined(builder.circuit([answer]), circuit, flags)
    return fed_back(whole, HELD) if HELD in whole.neurons else whole
