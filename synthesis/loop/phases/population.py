"""``population``: several random starts of a recurrent machine are trained side by side."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from vvalues import VValue

from ...process.bounds import finite, positive, whole
from ..search import Phase, Search, SearchState, Step, Words
from ..trainer import Guard, PopulationMemory, PopulationTrainer, member

__all__ = ["Population"]


@dataclass(frozen=True)
class Population(Phase):
    """Train a population; its members are the starts for pruning, best ones first.

    Attributes
    ----------
    starts : int
        Random starts that are trained side by side.
    steps : int
        Adam steps.
    rate : float
        First learning rate.
    success : float
        A start whose loss is not above this is worth pruning.
    strings : int
        Strings of the pool that machines are fitted and pruned on.
    self_link : float
        Charge on superfluid accumulators that do not hold their state (see
        `synthesis.optimize.regularizers`); 0 for none.
    scale : float
        Standard deviation of first weights, where the search space has none of its own.
    unit : int
        Steps between checkpoints.
    guard : Guard

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(population={"starts": 4}).population.starts
    4
    """

    starts: int = whole(8, least=1)
    steps: int = whole(6000, least=1)
    rate: float = positive(0.03)
    success: float = finite(1.0)
    strings: int = whole(16, least=1)
    self_link: float = finite(0.0)
    scale: float = positive(0.1)
    unit: int = whole(250, least=1)
    guard: Guard = field(default_factory=Guard)

    words: ClassVar[Words] = {
        "more": "steps are left",
        "starts": "the good starts are in reserve",
        "none": "no start is good: another population",
        "no better": "no start is good, but there is an exact machine already",
    }
    memory = PopulationMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """Up to ``unit`` steps of all members."""
        support = search.model.space.trainable.support
        rng = state.generator()
        trainer = PopulationTrainer(
            search.model,
            support,
            search.batches,
            self.rate,
            self.steps,
            self_link=self.self_link,
            guard=self.guard,
        )
        population: PopulationMemory | None = state.memory
        if population is None:
            population = trainer.start(self.first_weights(search, rng))
        steps = min(self.unit, self.steps - population.updates)
        population = trainer.advance(population, steps, rng)
        members = [member(population.weights, i) for i in range(self.starts)]
        losses = search.objective.losses(support, np.stack([one.buffer for one in members]))
        order = np.argsort(losses, kind="stable")
        state = state.after(
            rng,
            parameters=members[order[0]],
            loss=float(losses[order[0]]),
            step=state.step + steps,
            memory=population,
        )
        records = [state.record("train", losses=[float(f"{x:.4g}") for x in losses[order]])]
        if population.updates < self.steps:
            return Step("more", state, records)
        good = tuple(members[i] for i in order if losses[i] <= self.success)
        return self._over(search, state, good, records)

    def first_weights(self, search: Search, rng: np.random.Generator) -> np.ndarray:
        """A row of weights for every start."""
        if search.fresh is not None:
            return np.stack([search.fresh(rng).buffer for _ in range(self.starts)])
        space = search.model.space.trainable
        scale = float(np.std(space.buffer)) or self.scale
        return scale * rng.standard_normal((self.starts, space.size))

    @staticmethod
    def _over(search: Search, state: SearchState, good: tuple[VValue, ...], records: list) -> Step:
        if not good and state.best is not None and state.best_loss <= search.common.exact:
            return Step("no better", state, records)
        if not good and state.counts.rescues < search.common.rescues:
            return Step("none", state.counted("rescues"), records)
        # Every start is pruned under a wide budget first, then, if that ends in a wrong machine,
        # under a tight one (see `synthesis.loop.contest`). Without a good start the best one has
        # to do.
        twice = tuple(start for start in good for _ in range(2))
        counts = replace(state.counts, starts=0)
        return Step("starts", replace(state, reserve=twice[1:], counts=counts), records)
