"""``remove`` takes one link after the other, judged by true loss; ``polish`` ends a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vvalues import VValue, from_buffer

from ...edits.links import remove_dead
from ...optimize.least_squares import Fit, compensated_removals, levenberg_marquardt
from ...optimize.objective import Objective
from ...process.bounds import at_least, finite, whole
from ...process.records import Record
from ..search import Phase, Search, SearchState, Step, Words, fitted

__all__ = ["Polish", "Remove", "RemoveMemory", "link_text", "without_link"]


@dataclass(frozen=True)
class RemoveMemory:
    """What removing remembers.

    Attributes
    ----------
    base : float
        Loss at the last acceptance.
    """

    base: float


@dataclass(frozen=True)
class Remove(Phase):
    """Drop the link that costs least, if the rest recovers within the budget; else go on.

    A link is chosen by the true loss of the machine without it, not by its size. Links that are
    cheap are tried first, with short fits; when none of these is accepted, the cheapest are tried
    once more with long ones.

    Attributes
    ----------
    factor : float
        A removal is accepted if, refitted, the loss is below ``max(budget, factor * loss at the
        last acceptance)``.
    candidates : int
        Links tried before giving up a round, while there are more than ``all_below``.
    all_below : int
    iterations : int
        Least-squares steps of a short fit.
    long_iterations, long_patience : int
        Of a long one.
    long_l1 : float
        L1 of a long fit, relative to that of a short one.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(remove={"candidates": 12}).remove.candidates
    12
    """

    factor: float = at_least(1.3, 1.0)
    candidates: int = whole(6)
    all_below: int = whole(24)
    iterations: int = whole(25)
    long_iterations: int = whole(200)
    long_patience: int = whole(15)
    long_l1: float = finite(0.25)

    words: ClassVar[Words] = {
        "more": "a link is gone",
        "stuck": "no link can go",
    }
    memory = RemoveMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One link, or the end of removing."""
        if not len(state.parameters):
            return Step("stuck", state, [])
        base = state.memory.base if state.memory else state.loss
        budget = max(search.common.budget, self.factor * base)
        removals = compensated_removals(search.objective, state.parameters)
        tried: list[Record] = []
        for q, fit in self._short_fits(search, state.parameters, *removals):
            if fit.loss < budget:
                return _accepted(state, fit, q, tried)
            tried.append(
                state.record("back-out", link=link_text(state.parameters, q), loss_without=fit.loss)
            )
        for q, fit in self._long_fits(search, state.parameters, *removals):
            if fit.loss < budget:
                return _accepted(state, fit, q, tried)
        return Step("stuck", state, tried)

    def _short_fits(
        self, search: Search, parameters: VValue, losses: np.ndarray, candidates: np.ndarray
    ) -> Iterator[tuple[int, Fit]]:
        """Machines without one link, the cheapest first, refitted."""
        objective, l1 = search.objective, search.common.fit_l1
        limit = self.candidates if len(losses) > self.all_below else len(losses)
        for q in np.argsort(losses, kind="stable")[:limit]:
            kept = without_link(objective, parameters, candidates[q], q)
            yield q, levenberg_marquardt(objective, kept, iterations=self.iterations, l1=l1)

    def _long_fits(
        self, search: Search, parameters: VValue, losses: np.ndarray, candidates: np.ndarray
    ) -> Iterator[tuple[int, Fit]]:
        """The cheapest few once more, from the compensated and from the plain weights."""
        objective, l1 = search.objective, self.long_l1 * search.common.fit_l1
        for q in np.argsort(losses, kind="stable")[: self.candidates]:
            for weights in (candidates[q], parameters.buffer):
                kept = without_link(objective, parameters, weights, q)
                fit = levenberg_marquardt(
                    objective,
                    kept,
                    iterations=self.long_iterations,
                    l1=l1,
                    patience=self.long_patience,
                )
                yield q, fit


def _accepted(state: SearchState, fit: Fit, q: int, tried: list[Record]) -> Step:
    link = link_text(state.parameters, q)
    state = replace(fitted(state, fit), memory=RemoveMemory(fit.loss)).with_front()
    return Step("more", state, [*tried, state.record("remove", link=link)])


def link_text(parameters: VValue, q: int) -> str:
    """The path of link ``q``, for a record."""
    return "/".join(parameters.support.paths[q])


def without_link(objective: Objective, parameters: VValue, weights: np.ndarray, q: int) -> VValue:
    """The machine of these weights without link ``q``, and without what is dead then."""
    keep = np.arange(parameters.size) != q
    kept = from_buffer(parameters.support.where(keep), weights[keep].copy())
    return remove_dead(kept, (), objective)[0]


@dataclass(frozen=True)
class Polish(Phase):
    """Least squares without penalty, to the limit of the arithmetic.

    Attributes
    ----------
    iterations, patience : int
    tolerance : float
        See `synthesis.levenberg_marquardt`.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(polish={"iterations": 100}).polish.iterations
    100
    """

    iterations: int = whole(300)
    patience: int = whole(30)
    tolerance: float = finite(1e-9)

    words: ClassVar[Words] = {
        "done": "there are no further strings",
        "further": "there are further strings",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One fit."""
        fit = levenberg_marquardt(
            search.objective,
            state.parameters,
            iterations=self.iterations,
            patience=self.patience,
            tolerance=self.tolerance,
        )
        state = fitted(state, fit).with_front()
        word = "done" if search.further is None else "further"
        return Step(word, state, [state.record("polish")])
