"""The search: starts propose circuits, every one is tried, the shortest that is right wins.

A circuit is right if, run free from its own memory, it gives every asked number of the training and
the validation strings, and stays sound on strings ten times as long. Where none is right, the
smallest one within a standard error of the best validation error wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings, telling_streams
from ..starts import Proposal, Start, heard, without_slips
from ..starts.views import View
from ..verdicts import Candidate, answers_of, circuit_bits, errors_of, long_strings, stress
from .efforts import Effort
from .failures import left_out
from .tried import Trial, standard_error

__all__ = ["RIVAL", "Search"]

RIVAL = 12.0
"""Bits by which another right machine may be longer and still cast doubt on one; and by which it
may be longer and still be chosen, where it alone has foretold the ends of strings."""

FIRST = 40
"""Short strings on which a circuit with a wire less is looked at first."""

FROM_CLEAN = 5
"""Machines that are right on cleaner answers and are tried on these."""

LOOKS = 3
"""How often one looks for answers that are wrong now and then."""

LEAST = 1e-12
"""Mean squared error, relative to that of zero, below which no bits are counted."""


@dataclass
class Search:
    """One search; what has been found so far can be read at any time.

    Parameters
    ----------
    problem : Problem
    effort : Effort
    vocabulary : tuple of str
    rng : numpy.random.Generator
        For the strings of the stress test, and the test which streams tell anything.
    is_strict : bool
        Errors that starts raise end the search; else such a start is left out, with a warning.

    Examples
    --------
    >>> from synthesis.problems import Problem
    >>> from .data import to_strings
    >>> from .efforts import VOCABULARY, effort_named
    >>> x = np.random.default_rng(0).integers(0, 5, (12, 8))
    >>> problem, effort = Problem.of(to_strings(x, x.cumsum(axis=1))[0]), effort_named("quick")
    >>> search = Search(problem, effort, VOCABULARY, np.random.default_rng(0))
    >>> search.run(effort.starts, lambda origin, search: None)
    >>> shortest = search.right()[0]
    >>> shortest.links, shortest.is_right, search.count
    (3, True, 32)
    """

    problem: Problem
    effort: Effort
    vocabulary: tuple[str, ...]
    rng: np.random.Generator
    is_strict: bool = False
    trials: list[Trial] = field(default_factory=list)
    count: int = 0
    is_complete: bool = False
    """Whether the starts had nothing more to propose."""

    def __post_init__(self) -> None:
        self.long = long_strings(self.problem.split.training, self.rng)
        self._drifting: dict[Trial, bool] = {}

    def run(self, starts: Sequence[Start], tell: Callable[[str, Search], None]) -> None:
        """Try what the starts propose, until the effort is spent.

        After every trial ``tell`` is called with what was tried, and this search.
        """
        if not (self.problem.is_contradictory and self.effort.noisy):
            self._hear(starts, tell)
        if not self.right():
            self._clean(starts, tell)
            self._try(self.effort.noisy, tell, self.problem.sources)

    def _hear(self, starts: Sequence[Start], tell: Callable[[str, Search], None]) -> None:
        """Starts hear what tells something of the answers; all only where nothing is right so."""
        sources = self.problem.sources
        telling = telling_streams(self.problem.split.deciding, self.rng.spawn(1)[0])
        self._try(starts, tell, telling or sources)
        if not self.right() and 0 < len(telling) < len(sources):
            self._try(starts, tell, sources)

    def _try(
        self,
        starts: Sequence[Start],
        tell: Callable[[str, Search], None],
        sources: tuple[str, ...],
    ) -> None:
        """Try what some starts propose for some streams; the effort is meant for these."""
        first_right: int | None = None
        last = self.count + self.effort.trials
        self.is_complete = False
        for proposal in self._proposals(starts, sources):
            if self.count >= last:
                return
            if first_right is not None and self.count >= first_right + self.effort.after:
                return
            self.count += 1
            with self._outliving(f"a machine of the start {proposal.origin!r}"):
                self.trials.append(self.tried(proposal))
                if self.trials[-1].is_right and first_right is None:
                    first_right = self.count
            tell(proposal.origin, self)
        self.is_complete = True

    def _clean(self, starts: Sequence[Start], tell: Callable[[str, Search], None]) -> None:
        """Try on the answers as they are what is right on cleaner ones, if there are such."""
        for clean in self._cleaner():
            effort = replace(self.effort, noisy=())
            inner = Search(clean, effort, self.vocabulary, self.rng, self.is_strict)
            inner._hear(starts, tell)
            self.count += inner.count
            for right in inner.right()[:FROM_CLEAN]:
                small = inner.compacted(right)
                circuit = self.problem.taken_over(small.circuit, clean)
                self.trials.append(self.measured(Proposal(circuit, small.proposal.origin)))

    def _cleaner(self) -> Iterator[Problem]:
        """Without the noise of answers about levels; without those that are wrong now and then."""
        levels = self.problem.cleaned()
        if levels is not None:
            yield levels
        cleaner = self.problem
        for rng in self.rng.spawn(LOOKS):  # what is left after one look may be seen at the next
            taken_back = without_slips(cleaner, rng)
            if taken_back is None:
                break
            cleaner = cleaner.seen(taken_back)
        if cleaner is not self.problem:
            yield cleaner

    def reconsider(self, trials: Iterable[Trial]) -> None:
        """Try circuits of an earlier search on this one's strings."""
        for trial in trials:
            self.trials.append(self.measured(trial.proposal))

    def _proposals(self, starts: Iterable[Start], sources: tuple[str, ...]) -> Iterator[Proposal]:
        for start in starts:
            # Answers that are understood as they are need no other view.
            if isinstance(start, View) and self.right():
                continue
            with self._outliving(f"the start {start.name!r}"):
                yield from heard(start, self.problem, self.vocabulary, sources)
            right = self.right()
            if right and right[0].bits <= self.effort.small:
                return

    def _outliving(self, what: str) -> AbstractContextManager[None]:
        return nullcontext() if self.is_strict else left_out(what)

    # -------------------- one trial --------------------

    def tried(self, proposal: Proposal) -> Trial:
        """A proposal on trial; its free numbers are chosen again by all strings if it is right.

        Where it is right on training strings only, these may choose them better; but where
        something much shorter is right, it is left as it is.
        """
        trial = self.measured(proposal)
        if proposal.refitted is None or trial.training.right < 1.0:
            return trial
        right = self.right()
        if right and trial.bits > right[0].bits + RIVAL:
            return trial
        if not trial.is_right:
            trial = self._finer(trial, self.problem.split.training)
        return self._finer(trial, self.problem.split.deciding) if trial.is_right else trial

    def _finer(self, trial: Trial, strings: Strings) -> Trial:
        """With free numbers chosen by some strings, if it is right then."""
        proposal = trial.proposal
        assert proposal.refitted is not None
        again = replace(proposal.refitted(strings), has_foretold=proposal.has_foretold)
        finer = self.measured(again)
        return finer if finer.is_right else trial

    def measured(self, proposal: Proposal) -> Trial:
        """A circuit run free."""
        circuit = proposal.circuit
        machine, pace = circuit.lowered()
        candidate = Candidate(machine, pace, proposal.origin)
        split, whole = self.problem.split, self.problem.is_whole
        answers = answers_of(candidate, split.training, len(whole))
        training = errors_of(answers, split.training, whole)
        validation, spread = training, 0.0
        if split.validation is not None:
            answers = answers_of(candidate, split.validation, len(whole))
            validation = errors_of(answers, split.validation, whole)
            spread = standard_error(answers, split.validation)
        bits = circuit_bits(circuit)
        trial = Trial(proposal, candidate, training, validation, spread, bits)
        if not trial.is_right:
            return trial
        if self._is_outdone(bits):
            return replace(trial, flaw="not tried on long strings: something shorter is right")
        flaw = stress(candidate, split.training, self.long, whole) or self._forgetful(trial)
        return replace(trial, flaw=flaw)

    def _is_outdone(self, bits: float) -> bool:
        """Whether something right is so much shorter that so many bits neither win nor cast doubt.

        Long strings take longer than all others, and most that is right is longer than need be.
        """
        right = self.right()
        return bool(right) and bits > right[0].bits + 2.0 * RIVAL

    def _forgetful(self, trial: Trial) -> str:
        """Whether a memory does not keep what it was made to keep."""
        proposal = trial.proposal
        if proposal.holds is not None and not proposal.holds(proposal.circuit):
            return "on other strings it is not the automaton that it was made of"
        if proposal.expected is None:
            return ""
        expected = proposal.expected(self.long)
        answers = answers_of(trial.candidate, self.long, self.problem.n_outputs)
        size = max(float(np.nanmax(np.abs(expected), initial=0.0)), 1e-300)
        is_off = np.abs(answers - expected) > 1e-6 * size
        if not is_off.any():
            return ""
        first = int(np.flatnonzero(is_off.any(axis=(0, 2)))[0])
        return f"its memory goes astray on longer strings, from sample {first} on"

    # -------------------- what was found --------------------

    def right(self) -> list[Trial]:
        """What is right, the shortest first; what has foretold nothing has to be much shorter."""
        right = (t for t in self.trials if t.is_right)
        return sorted(right, key=lambda t: t.bits + RIVAL * (not t.proposal.has_foretold))

    def best(self) -> Trial | None:
        """The shortest that is right; else the one that describes the answers in fewest bits."""
        right = self.right()
        if right:
            return right[0]
        sound = [t for t in self.trials if np.isfinite(t.training.mean_square)]
        sound = [t for t in sound if np.isfinite(t.validation.mean_square)]
        sound.sort(key=self.described)
        return next((t for t in sound if not self._drifts(t)), sound[0] if sound else None)

    def described(self, trial: Trial) -> float:
        """Bits of a machine and, but for a constant, of what it leaves of the answers."""
        asked, lost = trial.training.asked, trial.training.mean_square * trial.training.asked
        if self.problem.split.validation is not None:
            asked += trial.validation.asked
            lost += trial.validation.mean_square * trial.validation.asked
        answers = self.problem.split.training.answers
        least = LEAST * float(np.nanmean(answers**2)) + 1e-300
        return trial.bits + 0.5 * asked * float(np.log2(max(lost / asked, least)))

    def _drifts(self, trial: Trial) -> bool:
        """Whether an inexact machine leaves all bounds on longer strings."""
        if trial not in self._drifting:
            split, whole = self.problem.split, (False,) * self.problem.n_outputs
            self._drifting[trial] = bool(stress(trial.candidate, split.training, self.long, whole))
        return self._drifting[trial]

    def front(self, best: Trial, most: int = 20) -> list[Trial]:
        """Other machines that are smaller than the best one or, where none is right, better.

        Of machines that another one beats in both links and validation error none is among them.
        """
        found: list[Trial] = []
        error = np.inf
        for trial in sorted(self.trials, key=lambda t: (t.links, t.validation.mean_square)):
            if trial.validation.mean_square < error:
                error = trial.validation.mean_square
                found.append(trial)
        smaller = [t for t in found if not best.is_right or t.links < best.links]
        return [t for t in smaller if t is not best][:most]

    def compacted(self, trial: Trial) -> Trial:
        """Without the wires that a right circuit can do without."""
        shortest = trial
        for wire in trial.circuit.wires:
            left = shortest.circuit.wires
            fewer = shortest.circuit.without(left[left.index(wire)]) if wire in left else None
            if fewer is None or self._is_wrong_at_first(fewer):
                continue
            shorter = self.measured(replace(trial.proposal, circuit=fewer))
            if shorter.is_right and shorter.bits < shortest.bits:
                shortest = shorter
        return trial if shortest is trial else self.compacted(shortest)

    def _is_wrong_at_first(self, circuit: Circuit) -> bool:
        """Whether a circuit fails on a few short strings: most do that lack a wire."""
        whole = self.problem.is_whole
        if not all(whole):  # how near is right depends on the largest answer of all strings
            return False
        answers = answers_of(Candidate(*circuit.lowered()), self._first, len(whole))
        return errors_of(answers, self._first, whole).right < 1.0

    @cached_property
    def _first(self) -> Strings:
        """The shortest training strings."""
        training = self.problem.split.training
        return training.select(np.argsort(training.lengths, kind="stable")[:FIRST])
