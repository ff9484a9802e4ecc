"""Training a population: several random starts of one recurrent machine, side by side.

A recurrent machine has many minima, and one start is a lottery ticket. All members of a population
are evaluated in one batched computation, on small batches of a pool of strings: the noise and the
number of updates matter more than the exact sum. Each member has its own gradient clip and its own
guard against running off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dmm import Streams
from dmm.compiled import BoundProgram
from vvalues import Support, VValue, from_buffer

from ..optimize import rules
from ..optimize.regularizers import SelfLinkRegularizer
from ..process.bounds import Bounded, above, at_least, share
from ..process.models import MachineModel

__all__ = ["Guard", "PopulationMemory", "PopulationTrainer", "member", "stacked"]

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8


@dataclass(frozen=True)
class Guard(Bounded, called="setting {}"):
    """What keeps every member of a population from running off.

    Attributes
    ----------
    clip : float
        Allowed gradient norm relative to its running geometric mean.
    clip_memory : float
        Share of the newest norm in that mean.
    runaway : float
        A loss so many times the best one is no progress: the member goes back and halves its rate.
    recovery : float
        Growth of a halved learning rate per step.
    """

    clip: float = above(2.0, 0.0)
    clip_memory: float = share(0.02)
    runaway: float = above(1e4, 0.0)
    recovery: float = at_least(1.002, 1.0)


class PopulationMemory(NamedTuple):
    """Weights and optimizer state of all members; every array is a V-value.

    Attributes
    ----------
    weights, first, second, good : VValue, member / link path
        Current weights, moments, and the last weights that were not running off.
    clip, best, factor : VValue, member -> number
        Running mean of log gradient norms (0 before the first), least loss (slowly rising), and
        factor of the learning rate.
    updates : int
        Steps so far.
    """

    weights: VValue
    first: VValue
    second: VValue
    good: VValue
    clip: VValue
    best: VValue
    factor: VValue
    updates: int

    def check(self, space: Support, members: int) -> None:
        """Refuse, with a ValueError, what is not of so many members of a search space."""
        whole = stacked(space, np.zeros((members, space.size))).support
        one_each = _per_member(np.zeros(members)).support
        for name, expected in (
            *((name, whole) for name in ("weights", "first", "second", "good")),
            *((name, one_each) for name in ("clip", "best", "factor")),
        ):
            if getattr(self, name).support is not expected:
                raise ValueError(
                    f"memory/{name} does not fit {members} members of the search space"
                )


def stacked(support: Support, weights: np.ndarray) -> VValue:
    """Weights of shape (members, size) as one V-value, member / path."""
    names = [f"{i:03d}" for i in range(len(weights))]
    paths = [(name, *path) for name in names for path in support.paths]
    return from_buffer(Support.of(paths, is_sorted=True), np.array(weights).ravel())


def member(tree: VValue, i: int) -> VValue:
    """One member's V-value."""
    return tree.subtree(f"{i:03d}")


def _per_member(values: np.ndarray) -> VValue:
    paths = [(f"{i:03d}",) for i in range(len(values))]
    return from_buffer(Support.of(paths, is_sorted=True), np.array(values, dtype=np.float64))


@dataclass
class PopulationTrainer:
    """Adam on all members at once.

    Parameters
    ----------
    model : MachineModel
    support : Support of every member
    batches : list of (Streams, targets)
        Small batches of the pool; a random one serves each step.
    rate : float
        First learning rate; it decays geometrically.
    steps : int
        Length of the whole training.
    decay : float
        Last learning rate relative to the first.
    l1 : array of shape (members,), or float
        Decoupled (proximal) L1, per unit of learning rate.
    mask : boolean array of shape (members, size), optional
        Links that each member has; the others stay 0.
    self_link : float
        Strength of the charge on accumulators that do not hold their state (see
        `synthesis.optimize.regularizers`); it concerns superfluid neurons only.
    guard : Guard
    """

    model: MachineModel
    support: Support
    batches: Sequence[tuple[Streams, np.ndarray]]
    rate: float
    steps: int
    decay: float = 0.03
    l1: np.ndarray | float = 0.0
    mask: np.ndarray | None = None
    self_link: float = 0.0
    guard: Guard = field(default_factory=Guard)

    def start(self, weights: np.ndarray) -> PopulationMemory:
        """A population from weights of shape (members, size)."""
        tree = stacked(self.support, weights)
        nothing = from_buffer(tree.support, np.zeros(tree.size))
        n = len(weights)
        return PopulationMemory(
            tree,
            nothing,
            nothing,
            tree,
            _per_member(np.zeros(n)),
            _per_member(np.full(n, 1e30)),
            _per_member(np.ones(n)),
            0,
        )

    def advance(
        self, population: PopulationMemory, steps: int, rng: np.random.Generator
    ) -> PopulationMemory:
        """Some steps further."""
        shape = (population.best.size, self.support.size)
        state = _Arrays(
            *(np.array(tree.buffer).reshape(shape) for tree in population[:4]),
            *(np.array(tree.buffer) for tree in population[4:7]),
        )
        program = self.model.program(self.support)
        charge = SelfLinkRegularizer(self.support, self.self_link) if self.self_link else None
        batches = [_Batch.of(program.bind(streams), targets) for streams, targets in self.batches]
        updates = population.updates + steps
        for count in range(population.updates, updates):
            self._step(batches[int(rng.integers(len(batches)))], state, count, charge)
        support = population.weights.support
        per_link = (state.weights, state.first, state.second, state.good)
        weights, first, second, good = (from_buffer(support, a.ravel()) for a in per_link)
        clip, best, factor = map(_per_member, (state.clip, state.best, state.factor))
        return PopulationMemory(weights, first, second, good, clip, best, factor, updates)

    def _step(
        self, batch: _Batch, state: _Arrays, count: int, charge: SelfLinkRegularizer | None
    ) -> None:
        bound, strings = batch.bound, batch.targets.shape[-1]
        with np.errstate(all="ignore"):
            error = (bound.forward(state.weights) - batch.targets) * batch.is_asked
            loss = np.einsum("motb,motb->m", error, error) / strings
            gradient = bound.pullback(state.weights, 2.0 * error / strings)
            if charge is not None:
                gradient += charge.gradient(state.weights)
            norm = np.sqrt(np.einsum("mn,mn->m", gradient, gradient))
        limit = self.guard.runaway * (state.best + 1.0)
        ran_off = ~(np.isfinite(loss) & np.isfinite(norm)) | (loss > limit)
        _go_back(state, ran_off)
        gradient[ran_off] = 0.0
        norm[ran_off] = 0.0
        state.best = np.where(ran_off, state.best, np.minimum(state.best * 1.01, loss))
        state.good = np.where(ran_off[:, None], state.good, state.weights)
        if self.mask is not None:
            gradient *= self.mask
        gradient *= _clip_factors(state, norm, ran_off, self.guard)[:, None]
        self._adam(state, gradient, ran_off, count)

    def _adam(self, state: _Arrays, gradient: np.ndarray, ran_off: np.ndarray, count: int) -> None:
        rate = self.rate * self.decay ** min(count / max(self.steps, 1), 1.0)
        rates = rate * state.factor[:, None]
        rules.adam(gradient, state.first, state.second, count + 1, rates, BETA1, BETA2, EPSILON)
        moved = state.weights + gradient
        rules.soft_threshold(moved, (rate * np.broadcast_to(self.l1, len(moved)))[:, None])
        state.weights = np.where(ran_off[:, None], state.weights, moved)
        state.factor = np.minimum(state.factor * self.guard.recovery, 1.0)


class _Batch(NamedTuple):
    """Strings, and what is asked of them."""

    bound: BoundProgram
    targets: np.ndarray
    is_asked: np.ndarray

    @classmethod
    def of(cls, bound: BoundProgram, targets: np.ndarray) -> _Batch:
        """Targets are NaN where nothing is asked."""
        return cls(bound, np.nan_to_num(targets), ~np.isnan(targets))


@dataclass
class _Arrays:
    """The population as plain arrays, while it is being trained."""

    weights: np.ndarray
    first: np.ndarray
    second: np.ndarray
    good: np.ndarray
    clip: np.ndarray
    best: np.ndarray
    factor: np.ndarray


def _go_back(state: _Arrays, ran_off: np.ndarray) -> None:
    """Members that run off return to their last good weights and take smaller steps."""
    if not ran_off.any():
        return
    state.weights = np.where(ran_off[:, None], state.good, state.weights)
    state.first[ran_off] = 0.0
    state.second[ran_off] = 0.0
    state.factor = np.where(ran_off, 0.5 * state.factor, state.factor)


def _clip_factors(
    state: _Arrays, norm: np.ndarray, ran_off: np.ndarray, guard: Guard
) -> np.ndarray:
    """Scale every gradient to at most ``guard.clip`` times its usual norm (a geometric mean)."""
    size = np.log(np.maximum(norm, 1e-12))
    is_first = state.clip == 0.0
    usual = np.where(is_first, size, state.clip)
    entering = np.minimum(size, usual + 1.0)  # one outlier shall not widen the clip
    share = guard.clip_memory
    updated = np.where(is_first, size, (1 - share) * usual + share * entering)
    state.clip = np.where(ran_off, state.clip, updated)
    allowed = guard.clip * np.exp(usual)
    return np.minimum(1.0, allowed / np.maximum(norm, 1e-12))
