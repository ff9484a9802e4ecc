"""``judge`` keeps the better machine and decides how to go on; ``simplify`` ends the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from vvalues import VValue

from ...edits.normalise import rescaled_products, simplify_weights
from ...optimize.objective import JointObjective, Objective
from ...process.bounds import at_least, whole
from ..search import Phase, Search, SearchState, Step, Words, is_better

__all__ = ["Judge", "NextStart", "Simplify", "with_best"]


@dataclass(frozen=True)
class Judge(Phase):
    """Keep the better of this machine and the best one so far; say what to try next.

    Attributes
    ----------
    second_opinions : int
        Once a recurrent machine is exact, so many further starts in a row may be pruned without
        finding a smaller one before regrowing begins.
    regrowths : int
        Regrowing stops after so many failures in a row; 0: the first exact machine is the result.
    restarts : int
        Fresh random starts, if there is any regrowing (after it; in recurrent spaces, as another
        population, before it), or if machines are compared on further strings and none is exact;
        the best machine counts.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(judge={"regrowths": 0}).judge.regrowths
    0
    """

    second_opinions: int = whole(3)
    regrowths: int = whole(12)
    restarts: int = whole(1)

    words: ClassVar[Words] = {
        "next start": "not exact, and starts are in reserve",
        "rescue": "not exact",
        "second opinion": "exact, and starts are in reserve",
        "regrow": "exact, and regrowing may help",
        "fresh start": "exact, and regrowing does not help; or compared on further strings",
        "enough": "all has been tried, or all work is done that a run may do",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One judgement."""
        known = state.best
        state = with_best(search, state)
        failures = 0 if state.best is not known else state.counts.failures + 1
        state = replace(state, counts=replace(state.counts, failures=failures))
        assert state.best is not None
        records = [state.record("judge", best_links=len(state.best), best_loss=state.best_loss)]
        word, state = self.following(search, state)
        if state.step >= search.common.steps:
            records.append(state.record("out of work", steps=search.common.steps))
        return Step(word, state, records)

    def following(self, search: Search, state: SearchState) -> tuple[str, SearchState]:
        """What to try next after a judgement, in a word ("enough" when all has been tried)."""
        if state.step >= search.common.steps:
            return "enough", finished(state)
        counts, is_recurrent = state.counts, bool(search.batches)
        opinions = self.second_opinions if is_recurrent and self.regrowths else 0
        may_restart = counts.restarts < (self.restarts if self.regrowths else 0)
        if state.best_loss > search.common.exact:
            if state.reserve:
                return "next start", state
            if counts.rescues < search.common.rescues:
                return "rescue", state.counted("rescues")
            if search.further is not None and counts.restarts < self.restarts:
                return "fresh start", _fresh(state, failures=0)
        elif state.reserve and counts.failures < opinions:
            return "second opinion", state
        elif is_recurrent and may_restart:
            # In a loop this comes before regrowth, which mostly finds the same machine again.
            return "fresh start", _fresh(state, failures=0)
        elif counts.failures < opinions + self.regrowths:
            return "regrow", state.counted("regrowths")
        elif may_restart:
            # Unless it leads to a better machine, this is the end.
            return "fresh start", _fresh(state, failures=self.regrowths - 1)
        return "enough", finished(state)


def _fresh(state: SearchState, failures: int) -> SearchState:
    counts = replace(state.counts.one_more("restarts"), failures=failures)
    return replace(state, counts=counts)


def with_best(search: Search, state: SearchState) -> SearchState:
    """The state whose best machine is the one at hand, if it is better than the best so far."""
    best, loss, common = state.best, search.rating(state), search.common
    if best is None or is_better(
        len(state.parameters), loss, len(best), state.best_loss, common.exact, common.alike
    ):
        return replace(state, best=state.parameters, best_loss=loss)
    return state


def finished(state: SearchState) -> SearchState:
    """The end of a run: the best machine is the result."""
    if state.best is None:
        return state
    return replace(state, parameters=state.best, loss=state.best_loss)


@dataclass(frozen=True)
class NextStart(Phase):
    """Take up the next start of the population (or the same one, under a tighter budget).

    Examples
    --------
    >>> NextStart.words
    {'done': 'always'}
    """

    words: ClassVar[Words] = {
        "done": "always",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """The start, as it was trained."""
        parameters = state.reserve[0]
        state = replace(
            state.counted("starts"),
            parameters=parameters,
            loss=search.objective.loss(parameters),
            reserve=state.reserve[1:],
        )
        return Step("done", state, [state.record("next start")])


@dataclass(frozen=True)
class Simplify(Phase):
    """Divide out free scales and round weights to simple values where the loss does not rise.

    Attributes
    ----------
    slack : float
        By how much the loss may rise, relative, to rounding errors.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(simplify={"slack": 1.0}).simplify.slack
    1.0
    """

    slack: float = at_least(1.01, 1.0)

    words: ClassVar[Words] = {
        "done": "always",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """All of it, at once."""
        objective, parameters = _settled(search, state.parameters)
        machine = search.model.space.with_trainable(parameters)
        tolerance = max(self.slack * objective.loss(parameters), search.common.exact)
        parameters = simplify_weights(machine, objective, tolerance)
        loss = search.objective.loss(parameters)
        state = replace(
            state, parameters=parameters, loss=loss, best=parameters, best_loss=loss
        ).with_front()
        return Step("done", state, [state.record("simplify")])


def _settled(search: Search, parameters: VValue) -> tuple[Objective, VValue]:
    """Make an exact machine exact on the strings of the proof too, if its weights allow.

    Scales of products that the pool leaves free matter where their clamp is reached.
    """
    exact = search.common.exact
    if search.further is not None:
        return JointObjective(*search.further), parameters
    if search.proof is None or search.objective.loss(parameters) > exact:
        return search.objective, parameters
    both = JointObjective(search.objective, search.proof)
    machine = search.model.space.with_trainable(parameters)
    for variant in (parameters, *rescaled_products(machine)):
        if both.loss(variant) <= exact:
            return both, variant
    return search.objective, parameters
