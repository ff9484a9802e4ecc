"""Training a population: several random starts of one recurrent machine, side by side.

A recurrent machine has many minima, and one start is a lottery ticket. All lanes of a population
are evaluated in one batched computation, on small batches of a pool of strings: the noise and the
number of updates matter more than the exact sum. Each lane has its own gradient clip and its own
guard against running off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dmm import Streams
from vvalues import Support, VValue, from_buffer

from ..optimize.regularizers import SelfLinkRegularizer
from ..process.machines import MachineModel
from ..process.state import SearchState, generator_from, generator_state
from .phases import Outcome, Search, phase

__all__ = ["Population", "PopulationTrainer", "lane", "stack_lanes"]

INITIAL_SCALE = 0.1

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
CLIP_FACTOR = 2.0  # allowed gradient norm relative to its running geometric mean
CLIP_MEMORY = 0.02
RUNAWAY = 1e4  # a loss so many times the best one is no progress
RECOVERY = 1.002  # growth of a halved learning rate per step


class Population(NamedTuple):
    """Weights and optimizer state of all lanes; every array leaf is a V-value for checkpoints.

    Attributes
    ----------
    weights, first, second, good : VValue, lane / link path
        Current weights, moments, and the last weights that were not running off.
    clip, best, factor : VValue, lane -> number
        Running mean of log gradient norms (nan-free: 0 before the first), least loss (slowly
        rising), and factor of the learning rate.
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


def stack_lanes(support: Support, weights: np.ndarray) -> VValue:
    """Weights of shape (lanes, size) as one V-value, lane / path."""
    lanes = [f"{i:03d}" for i in range(len(weights))]
    paths = [(name, *path) for name in lanes for path in support.paths]
    return from_buffer(Support.of(paths, is_sorted=True), np.array(weights).ravel())


def lane(tree: VValue, i: int) -> VValue:
    """One lane's V-value."""
    return tree.subtree(f"{i:03d}")


def _per_lane(values: np.ndarray) -> VValue:
    paths = [(f"{i:03d}",) for i in range(len(values))]
    return from_buffer(Support.of(paths, is_sorted=True), np.array(values, dtype=np.float64))


@dataclass
class PopulationTrainer:
    """Adam on all lanes at once.

    Parameters
    ----------
    model : MachineModel
    support : Support of every lane
    batches : list of (Streams, targets)
        Small batches of the pool; a random one serves each step.
    rate : float
        First learning rate; it decays geometrically.
    steps : int
        Length of the whole training.
    decay : float
        Last learning rate relative to the first.
    l1 : array of shape (lanes,), or float
        Decoupled (proximal) L1, per unit of learning rate.
    mask : boolean array of shape (lanes, size), optional
        Links that each lane has; the others stay 0.
    self_link : float
        Strength of the charge on accumulators that do not hold their state (see
        `synthesis.optimize.regularizers`); it concerns superfluid neurons only.
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

    def start(self, weights: np.ndarray) -> Population:
        """A population from weights of shape (lanes, size)."""
        stacked = stack_lanes(self.support, weights)
        nothing = from_buffer(stacked.support, np.zeros(stacked.size))
        lanes = len(weights)
        return Population(
            stacked,
            nothing,
            nothing,
            stacked,
            _per_lane(np.zeros(lanes)),
            _per_lane(np.full(lanes, 1e30)),
            _per_lane(np.ones(lanes)),
            0,
        )

    def advance(self, population: Population, steps: int, rng: np.random.Generator) -> Population:
        """Some steps further."""
        lanes = population.best.size
        shape = (lanes, self.support.size)
        state = _Arrays(
            *(np.array(tree.buffer).reshape(shape) for tree in population[:4]),
            *(np.array(tree.buffer) for tree in population[4:7]),
        )
        program = self.model.program(self.support)
        charge = SelfLinkRegularizer(self.support, self.self_link) if self.self_link else None
        count = population.updates
        for _ in range(steps):
            streams, targets = self.batches[int(rng.integers(len(self.batches)))]
            self._step(program.bind(streams), targets, state, count, charge)
            count += 1
        stacked = population.weights.support
        weights, first, second, good = (from_buffer(stacked, a.ravel()) for a in state.per_link())
        clip, best, factor = map(_per_lane, state.per_lane())
        return Population(weights, first, second, good, clip, best, factor, count)

    def _step(
        self,
        bound,
        targets: np.ndarray,
        state: _Arrays,
        count: int,
        charge: SelfLinkRegularizer | None,
    ) -> None:
        with np.errstate(all="ignore"):
            error = (bound.forward(state.weights) - np.nan_to_num(targets)) * ~np.isnan(targets)
            loss = np.einsum("motb,motb->m", error, error) / targets.shape[-1]
            gradient = bound.pullback(state.weights, 2.0 * error / targets.shape[-1])
            if charge is not None:
                gradient += charge.gradient(state.weights)
            norm = np.sqrt(np.einsum("mn,mn->m", gradient, gradient))
        ran_off = ~(np.isfinite(loss) & np.isfinite(norm)) | (loss > RUNAWAY * (state.best + 1.0))
        self._go_back(state, ran_off)
        gradient[ran_off] = 0.0
        norm[ran_off] = 0.0
        state.best = np.where(ran_off, state.best, np.minimum(state.best * 1.01, loss))
        state.good = np.where(ran_off[:, None], state.good, state.weights)
        if self.mask is not None:
            gradient *= self.mask
        gradient *= _clip_factors(state, norm, ran_off)[:, None]
        self._adam(state, gradient, ran_off, count)

    @staticmethod
    def _go_back(state: _Arrays, ran_off: np.ndarray) -> None:
        """Lanes that run off return to their last good weights and take smaller steps."""
        if not ran_off.any():
            return
        state.weights = np.where(ran_off[:, None], state.good, state.weights)
        state.first[ran_off] = 0.0
        state.second[ran_off] = 0.0
        state.factor = np.where(ran_off, 0.5 * state.factor, state.factor)

    def _adam(self, state: _Arrays, gradient: np.ndarray, ran_off: np.ndarray, count: int) -> None:
        state.first = BETA1 * state.first + (1 - BETA1) * gradient
        state.second = BETA2 * state.second + (1 - BETA2) * gradient * gradient
        rate = self.rate * self.decay ** min(count / max(self.steps, 1), 1.0)
        first = state.first / (1 - BETA1 ** (count + 1))
        second = state.second / (1 - BETA2 ** (count + 1))
        step = rate * state.factor[:, None] * first / (np.sqrt(second) + EPSILON)
        moved = state.weights - step
        shrinkage = (rate * np.broadcast_to(self.l1, len(moved)))[:, None]
        moved = np.sign(moved) * np.maximum(np.abs(moved) - shrinkage, 0.0)
        state.weights = np.where(ran_off[:, None], state.weights, moved)
        state.factor = np.minimum(state.factor * RECOVERY, 1.0)


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

    def per_link(self) -> tuple[np.ndarray, ...]:
        return self.weights, self.first, self.second, self.good

    def per_lane(self) -> tuple[np.ndarray, ...]:
        return self.clip, self.best, self.factor


def _clip_factors(state: _Arrays, norm: np.ndarray, ran_off: np.ndarray) -> np.ndarray:
    """Scale every lane's gradient to at most twice its usual norm (a running geometric mean)."""
    size = np.log(np.maximum(norm, 1e-12))
    is_first = state.clip == 0.0
    usual = np.where(is_first, size, state.clip)
    entering = np.minimum(size, usual + 1.0)  # one outlier shall not widen the clip
    updated = np.where(is_first, size, (1 - CLIP_MEMORY) * usual + CLIP_MEMORY * entering)
    state.clip = np.where(ran_off, state.clip, updated)
    allowed = CLIP_FACTOR * np.exp(usual)
    return np.minimum(1.0, allowed / np.maximum(norm, 1e-12))


# -------------------- the phase --------------------

UNIT = 250  # steps between checkpoints


@phase
def population(search: Search, state: SearchState) -> Outcome:
    """Train a population; its lanes are the starts for pruning, best ones first."""
    settings = search.settings
    support = search.model.space.trainable.support
    rng = generator_from(state.rng)
    trainer = PopulationTrainer(
        search.model,
        support,
        search.batches,
        settings.lane_rate,
        settings.lane_steps,
        self_link=settings.self_link,
    )
    if state.moments:
        lanes = Population(*state.moments)
    else:
        scale = float(np.std(search.model.space.trainable.buffer)) or INITIAL_SCALE
        lanes = trainer.start(scale * rng.standard_normal((settings.lanes, support.size)))
    steps = min(UNIT, settings.lane_steps - lanes.updates)
    lanes = trainer.advance(lanes, steps, rng)
    starts = [lane(lanes.weights, i) for i in range(settings.lanes)]
    losses = search.objective.losses(support, np.stack([start.buffer for start in starts]))
    order = np.argsort(losses, kind="stable")
    state = replace(
        state,
        parameters=starts[order[0]],
        loss=float(losses[order[0]]),
        step=state.step + steps,
        moments=tuple(lanes),
        rng=generator_state(rng),
    )
    records = [state.record("train", lanes=[float(f"{x:.4g}") for x in losses[order]])]
    if lanes.updates < settings.lane_steps:
        return state, records
    good = tuple(starts[i] for i in order if losses[i] <= settings.lane_success)
    if not good and state.best is not None and state.best_loss <= settings.exact:
        return state.to("judge"), records  # none of these will be better
    if not good and state.passes.get("rescues", 0) < settings.rescues:
        passes = {**state.passes, "rescues": state.passes.get("rescues", 0) + 1}
        return state.to("population", passes=passes), records
    # Every start is pruned under a wide budget first, then, if that ends in a wrong machine, under
    # a tight one (see `synthesis.loop.contest`).
    twice = tuple(start for start in good for _ in range(2))
    return state.to("sparsify", reserve=twice[1:], passes={**state.passes, "starts": 0}), records
