"""Contests: variants of one machine, retrained side by side in one batched computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dmm import Streams
from vvalues import VValue, restrict

from ..edits.links import remove_dead
from ..optimize.objective import Objective
from ..process.bounds import Bounded, at_least, finite, positive, share, whole
from ..process.models import MachineModel
from .trainer import Guard, PopulationTrainer, member

__all__ = ["Contest"]

Batches = Sequence[tuple[Streams, np.ndarray]]


@dataclass(frozen=True)
class Contest(Bounded, called="setting {}"):
    """How variants of a machine compete.

    Attributes
    ----------
    steps : int
        Adam steps of one contest.
    rate, decay : float
        First learning rate, and the last one relative to it.
    budget : float
        Largest loss of a variant that may win, the first time a start is pruned.
    tight : float
        The second time, relative to that.
    slack : float
        By how much a contest may raise a loss that is above the tight budget.
    guard : Guard
    """

    steps: int = whole(1200)
    rate: float = positive(0.004)
    decay: float = positive(0.05)
    budget: float = finite(1.0)
    tight: float = share(0.1)
    slack: float = at_least(1.3, 1.0)
    guard: Guard = field(default_factory=Guard)

    def variants(
        self,
        model: MachineModel,
        objective: Objective,
        batches: Batches,
        parameters: VValue,
        mask: np.ndarray,
        l1: np.ndarray | float,
        rng: np.random.Generator,
    ) -> tuple[list[VValue], np.ndarray]:
        """Retrain variants of a machine side by side.

        Parameters
        ----------
        model, objective, batches : of the search
        parameters : VValue
        mask : boolean array of shape (variants, size)
            Links that each variant keeps.
        l1 : array of shape (variants,), or float
            Decoupled L1, per unit of learning rate.
        rng : numpy.random.Generator

        Returns
        -------
        variants : list of VValue, on their own supports (links that L1 took to 0 are dropped)
        losses : array (variants,)
        """
        trainer = PopulationTrainer(
            model,
            parameters.support,
            batches,
            self.rate,
            self.steps,
            self.decay,
            l1,
            mask,
            guard=self.guard,
        )
        trained = trainer.advance(trainer.start(parameters.buffer * mask), self.steps, rng)
        rows = [member(trained.weights, i) for i in range(len(mask))]
        variants = []
        for row in rows:
            kept = restrict(row, row.support.where(row.buffer != 0.0))
            variants.append(remove_dead(kept, (), objective)[0])
        weights = np.stack([row.buffer for row in rows])
        return variants, objective.losses(parameters.support, weights)
