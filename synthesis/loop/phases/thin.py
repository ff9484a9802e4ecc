"""Pruning recurrent machines by contests between variants.

Through a cycle a loss is rough, and least squares sticks where noisy steps go on. So variants of
one machine - with different penalties (``sparsify``), or without different links (``thin``) -
compete; the sparsest one that keeps the loss within the budget wins. When no variant does any
more, ``refine`` trains the winner without penalty, and least squares takes over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vvalues import VValue

from ...edits.links import ablation_losses
from ...process.bounds import checked, finite, positive, whole
from ...process.checks import check_each
from ..contest import Contest
from ..search import Phase, Search, SearchState, Step, Words

__all__ = ["Refine", "Sparsify", "Thin"]


def _variants(
    contest: Contest,
    search: Search,
    state: SearchState,
    mask: np.ndarray,
    l1: np.ndarray | float,
) -> tuple[SearchState, list[VValue], np.ndarray]:
    """The state after a contest, its variants and their losses."""
    rng = state.generator()
    variants, losses = contest.variants(
        search.model, search.objective, search.batches, state.parameters, mask, l1, rng
    )
    return state.after(rng), variants, losses


def _budget(contest: Contest, state: SearchState) -> float:
    """Starts come in pairs: the second time the budget is tight, or just above what there is."""
    if state.counts.starts % 2 == 0:
        return contest.budget
    return max(contest.tight * contest.budget, min(contest.slack * state.loss, contest.budget))


def _won(contest: Contest, state: SearchState, variants: list[VValue], losses: np.ndarray) -> Step:
    """The sparsest variant within the budget (the better of equals), if it is a sparser one."""
    within = [i for i, loss in enumerate(losses) if loss <= _budget(contest, state)]
    best = min(within, key=lambda i: (len(variants[i]), losses[i]), default=None)
    if best is None or len(variants[best]) >= len(state.parameters):
        record = state.record("back-out", best_loss=float(np.min(losses)))
        return Step("no winner", state, [record])
    state = replace(state, parameters=variants[best], loss=float(losses[best])).with_front()
    return Step("winner", state, [state.record("prune")])


@dataclass(frozen=True)
class Sparsify(Phase):
    """Compete with different L1 penalties; the strongest that keeps the loss wins.

    Attributes
    ----------
    penalties : tuple of float
        One variant each.
    rate : float
        First learning rate, in place of the contests' own.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(sparsify={"rate": 0.01}).sparsify.rate
    0.01
    """

    penalties: tuple[float, ...] = checked((0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0), check_each)
    rate: float = positive(0.008)

    words: ClassVar[Words] = {
        "winner": "a sparser variant",
        "no winner": "none within the budget",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One contest."""
        contest = replace(search.common.contest, rate=self.rate)
        mask = np.ones((len(self.penalties), state.parameters.size), dtype=bool)
        return _won(contest, *_variants(contest, search, state, mask, np.array(self.penalties)))


@dataclass(frozen=True)
class Thin(Phase):
    """Compete without different shares of the links that matter least.

    Attributes
    ----------
    shares : tuple of float
        One variant each.
    l1 : float
        Decoupled L1 of all variants, per unit of learning rate.
    least : int
        With fewer links than this, least squares goes on.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(thin={"least": 10}).thin.least
    10
    """

    shares: tuple[float, ...] = checked((0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.65), check_each)
    l1: float = finite(0.05)
    least: int = whole(25)

    words: ClassVar[Words] = {
        "winner": "a sparser variant",
        "no winner": "none within the budget",
        "small": "few links are left",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One contest."""
        if len(state.parameters) < self.least:
            return Step("small", state, [])
        order = np.argsort(ablation_losses(search.objective, state.parameters), kind="stable")
        n = len(order)
        mask = np.ones((len(self.shares), n), dtype=bool)
        for row, share in zip(mask, self.shares, strict=True):
            row[order[: max(1, int(share * n))]] = False
        contest = search.common.contest
        return _won(contest, *_variants(contest, search, state, mask, self.l1))


@dataclass(frozen=True)
class Refine(Phase):
    """Train the surviving machine without penalty at falling rates.

    Attributes
    ----------
    lengthening : int
        So many times as many steps as a contest.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(refine={"lengthening": 3}).refine.lengthening
    3
    """

    lengthening: int = whole(2, least=1)

    words: ClassVar[Words] = {
        "small": "few enough links for least squares",
        "large": "a start that leads nowhere",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One training."""
        contest = search.common.contest
        longer = replace(contest, steps=self.lengthening * contest.steps)
        everything = np.ones((1, state.parameters.size), dtype=bool)
        state, (trained,), (loss,) = _variants(longer, search, state, everything, 0.0)
        if loss < state.loss:
            state = replace(state, parameters=trained, loss=float(loss)).with_front()
        # Least squares cannot thin out what contests could not: this start leads nowhere.
        word = "small" if len(state.parameters) <= search.common.small else "large"
        return Step(word, state, [state.record("train")])
