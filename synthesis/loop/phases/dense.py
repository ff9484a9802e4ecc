"""``dense``: descent on the whole search space; ``bite``: bites out of it until it is small."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vvalues import VValue, from_buffer

from ...edits.links import prune_by_magnitude
from ...optimize.descent import ClippedAdam, Moments, resumed, trained
from ...optimize.objective import MachineObjective, Objective
from ...optimize.optimizers import Optimizer, state_leaves
from ...process.bounds import checked, finite, share, whole
from ...process.checks import check_probability
from ..search import Phase, Search, SearchState, Step, Words

__all__ = ["Bite", "Dense", "DenseMemory", "fresh_weights"]


@dataclass(frozen=True)
class DenseMemory:
    """What descent remembers.

    Attributes
    ----------
    moments : tuple
        Leaves of the optimizer's state.
    done : int
        Steps of this phase so far.
    steps : int, optional
        How many it has in all, where these are not the settings'.
    """

    moments: Moments = ()
    done: int = 0
    steps: int | None = None

    def check(self, descent: ClippedAdam, parameters: VValue) -> None:
        """Refuse, with a ValueError, moments that are not of these parameters."""
        leaves = state_leaves(descent.optimizer(0.0).init(parameters))
        if self.moments and [*map(_kind, self.moments)] != [*map(_kind, leaves)]:
            raise ValueError("memory/moments do not fit the parameters")


def _kind(leaf: object) -> object:
    return leaf.support if isinstance(leaf, VValue) else type(leaf)


def _moved(search: Search, state: SearchState, parameters: VValue, steps: int) -> SearchState:
    loss = search.objective.loss(parameters)
    return replace(state, parameters=parameters, loss=loss, step=state.step + steps)


@dataclass(frozen=True)
class Dense(Phase):
    """Adam on the whole search space.

    Attributes
    ----------
    steps : int
    l1 : float
        Coupled L1, loss per unit of weight.
    unit : int
        Steps between checkpoints.
    first_life : float
        Share of every string's ticks that descent begins with. It grows to all of them over the
        first half of the steps: what learns in its life must not run off before it has begun to.
    trials : int
        Further random starts that have a trial; the best goes on. 0: there is no trial.
    trial_steps : int
    trial_life : float
        How far lives have grown in a trial, from ``first_life`` (0) to the whole (1).

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(dense={"steps": 300}).dense.steps
    300
    """

    steps: int = whole(600)
    l1: float = finite(0.001)
    unit: int = whole(50, least=1)
    first_life: float = share(1.0)
    trials: int = whole(0)
    trial_steps: int = whole(60)
    trial_life: float = share(0.3)

    words: ClassVar[Words] = {
        "more": "steps are left",
        "done": "all steps are done",
    }
    memory = DenseMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """Up to ``unit`` steps."""
        memory: DenseMemory = state.memory or DenseMemory()
        total = self.steps if memory.steps is None else memory.steps
        steps = min(self.unit, total - memory.done)
        optimizer = search.common.descent.optimizer(self.l1)
        if self.trials and not memory.done:
            state = self._best_of_trials(search, state, optimizer)
        objective = self._objective(search, memory.done / max(total, 1))
        parameters, moments = trained(objective, state.parameters, optimizer, memory.moments, steps)
        memory = replace(memory, moments=moments, done=memory.done + steps)
        state = replace(_moved(search, state, parameters, steps), memory=memory)
        word = "more" if memory.done < total else "done"
        return Step(word, state, [state.record("train")], DenseMemory(moments))

    def _objective(self, search: Search, done: float) -> Objective:
        """What descent goes by when this share of its steps is done."""
        life = self.first_life + (1.0 - self.first_life) * min(1.0, 2.0 * done)
        if life == 1.0:
            return search.objective
        assert isinstance(search.objective, MachineObjective)
        return search.objective.begin(life)

    def _best_of_trials(
        self, search: Search, state: SearchState, optimizer: Optimizer
    ) -> SearchState:
        """Whichever start has the least loss after its trial, the present one among them."""
        rng, objective = state.generator(), self._objective(search, self.trial_life / 2.0)
        starts = [state.parameters, *(fresh_weights(search, rng) for _ in range(self.trials))]
        ends = [trained(objective, start, optimizer, (), self.trial_steps)[0] for start in starts]
        losses = [objective.loss(end) for end in ends]
        best = min(range(len(ends)), key=lambda i: losses[i])
        return state.after(
            rng, parameters=ends[best], step=state.step + self.trial_steps * len(starts)
        )


def fresh_weights(search: Search, rng: np.random.Generator) -> VValue:
    """Random weights on the whole search space, of the size of its own."""
    whole = search.model.space.trainable
    return from_buffer(whole.support, float(np.std(whole.buffer)) * rng.standard_normal(whole.size))


def _check_part(name: str, value: float) -> None:
    check_probability(name, value)
    if value == 1.0:
        raise ValueError(f"{name} is {value!r}; a bite leaves something: expected less than 1")


@dataclass(frozen=True)
class Bite(Phase):
    """Drop the smallest links, then train on with the moments kept.

    Attributes
    ----------
    fraction : float
        Share of the links that one bite drops, by magnitude.
    steps : int
        Adam steps between bites.
    l1 : float
        Coupled L1, loss per unit of weight.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(bite={"fraction": 0.2}).bite.fraction
    0.2
    """

    fraction: float = checked(0.1, _check_part)
    steps: int = whole(60, least=1)
    l1: float = finite(0.03)

    words: ClassVar[Words] = {
        "more": "bitten",
        "small": "few enough links for least squares",
    }
    memory = DenseMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """One bite."""
        objective, small = search.objective, search.common.small
        before = len(state.parameters)
        if before <= small:
            return Step("small", state, [])
        optimizer = search.common.descent.optimizer(self.l1)
        memory: DenseMemory = state.memory or DenseMemory()
        moments = resumed(optimizer, state.parameters, memory.moments)
        count = min(max(1, int(self.fraction * before)), before - small)
        parameters, moments = prune_by_magnitude(state.parameters, moments, objective, count=count)
        loss, dropped = objective.loss(parameters), before - len(parameters)
        leaves = tuple(state_leaves(moments))
        parameters, leaves = trained(objective, parameters, optimizer, leaves, self.steps)
        state = replace(_moved(search, state, parameters, self.steps), memory=DenseMemory(leaves))
        return Step("more", state, [state.record("prune", dropped=dropped, loss_at_cut=loss)])
