"""``shrink``: least squares, then as many of the smallest links go as the loss allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vvalues import VValue, restrict

from ...edits.links import remove_dead
from ...optimize.least_squares import levenberg_marquardt
from ...optimize.objective import Objective
from ...process.bounds import at_least, finite, share, whole
from ..search import Phase, Search, SearchState, Step, Words, fitted

__all__ = ["Shrink", "ShrinkMemory", "drop_smallest"]


@dataclass(frozen=True)
class ShrinkMemory:
    """What shrinking remembers.

    Attributes
    ----------
    rounds : int
        So far.
    give_up : float
        A machine that ends above this loss is not pruned further: a regrowth began from an exact
        one, and has lost it.
    """

    rounds: int = 0
    give_up: float = float("inf")


@dataclass(frozen=True)
class Shrink(Phase):
    """Fit, then drop as many of the smallest links as the loss allows.

    Attributes
    ----------
    rounds : int
        At most so many rounds; half of them while the loss is above the budget.
    iterations : int
        Least-squares steps of a round.
    factor, floor : float
        A round may raise the loss to ``max(factor * loss, floor)``.
    settled : float
        A round that drops a smaller share of the links than this was the last one.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(shrink={"rounds": 4}).shrink.rounds
    4
    """

    rounds: int = whole(8)
    iterations: int = whole(60)
    factor: float = at_least(1.5, 1.0)
    floor: float = finite(0.025)
    settled: float = share(0.03)

    words: ClassVar[Words] = {
        "more": "rounds are left",
        "settled": "nothing much falls any more",
        "lost": "a regrowth has lost its exact machine",
    }
    memory = ShrinkMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One round."""
        memory: ShrinkMemory = state.memory or ShrinkMemory()
        memory = replace(memory, rounds=memory.rounds + 1)
        l1 = search.common.fit_l1
        fit = levenberg_marquardt(
            search.objective, state.parameters, iterations=self.iterations, l1=l1
        )
        state = replace(fitted(state, fit), memory=memory)
        records = [state.record("fit")]
        before = len(state.parameters)
        bound = max(self.factor * state.loss, self.floor)
        parameters = drop_smallest(search.objective, state.parameters, bound)
        state = replace(state, parameters=parameters, loss=search.objective.loss(parameters))
        dropped = before - len(parameters)
        records.append(state.record("prune", dropped=dropped))
        budget = search.common.budget
        is_settled = state.loss < budget and dropped < self.settled * before
        is_stuck = state.loss > budget and memory.rounds >= self.rounds // 2
        if not (is_settled or is_stuck or memory.rounds >= self.rounds):
            return Step("more", state, records)
        return Step("lost" if state.loss > memory.give_up else "settled", state, records)


def drop_smallest(objective: Objective, parameters: VValue, bound: float) -> VValue:
    """Drop the largest number of smallest links that keeps the loss within a bound (bisection)."""
    order = np.argsort(np.abs(parameters.buffer), kind="stable")

    def without(count: int) -> np.ndarray:
        weights = np.array(parameters.buffer)
        weights[order[:count]] = 0.0
        return weights

    low, high = 0, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        if objective.losses(parameters.support, without(middle)[None])[0] <= bound:
            low = middle
        else:
            high = middle - 1
    keep = np.ones(len(order), dtype=bool)
    keep[order[:low]] = False
    kept = restrict(parameters, parameters.support.where(keep))
    return remove_dead(kept, (), objective)[0]
