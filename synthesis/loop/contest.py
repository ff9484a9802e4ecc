"""Pruning recurrent machines by contests: competing variants, retrained in one batched computation.

Through a cycle a loss is rough, and least squares sticks where noisy steps go on. So variants of
one machine - with different penalties, or without different links - are retrained side by side by
Adam on small batches; the sparsest one that keeps the loss within the budget wins. When no variant
does any more, least squares takes over (`synthesis.loop.phases`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vvalues import VValue, restrict

from ..edits.links import remove_dead
from ..process.state import SearchState, generator_from, generator_state
from .phases import Outcome, Search, phase
from .population import PopulationTrainer, lane

__all__ = ["ablation_losses", "contest"]

PENALTIES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
PENALTY_RATE, RATE, DECAY = 0.008, 0.004, 0.05
SHARES = (0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.65)
L1 = 0.05
SMALL = 25  # links below which least squares goes on
LANES = 8
TIGHT = 0.1  # a tight budget, relative to a wide one
SLACK = 1.3  # by how much a contest may raise a loss that is above the tight budget


def contest(
    search: Search,
    parameters: VValue,
    mask: np.ndarray,
    rng: np.random.Generator,
    *,
    rate: float,
    l1: np.ndarray | float,
    steps: int,
) -> tuple[list[VValue], np.ndarray]:
    """Retrain variants of a machine side by side.

    Parameters
    ----------
    mask : boolean array of shape (variants, size)
        Links that each variant keeps.
    rate, l1, steps
        First learning rate, decoupled L1 (per variant or common), Adam steps.

    Returns
    -------
    variants : list of VValue, on their own supports (links that L1 took to 0 are dropped)
    losses : array (variants,)
    """
    trainer = PopulationTrainer(
        search.model, parameters.support, search.batches, rate, steps, DECAY, l1, mask
    )
    lanes = trainer.advance(trainer.start(parameters.buffer * mask), steps, rng)
    rows = [lane(lanes.weights, i) for i in range(len(mask))]
    variants = []
    for row in rows:
        kept = restrict(row, row.support.where(row.buffer != 0.0))
        variants.append(remove_dead(kept, (), search.objective)[0])
    stacked = np.stack([row.buffer for row in rows])
    return variants, search.objective.losses(parameters.support, stacked)


def ablation_losses(search: Search, parameters: VValue) -> np.ndarray:
    """True loss without each link, one at a time."""
    without = np.tile(parameters.buffer, (parameters.size, 1))
    np.fill_diagonal(without, 0.0)
    return search.objective.losses(parameters.support, without)


def _winner(variants: list[VValue], losses: np.ndarray, budget: float) -> int | None:
    """The sparsest variant within the budget (the better one of equals)."""
    within = [i for i, loss in enumerate(losses) if loss <= budget]
    return min(within, key=lambda i: (len(variants[i]), losses[i]), default=None)


def _budget(search: Search, state: SearchState) -> float:
    """Starts come in pairs: the second time the budget is tight, or just above what there is."""
    wide = search.settings.contest_budget
    if state.passes.get("starts", 0) % 2 == 0:
        return wide
    return max(TIGHT * wide, min(SLACK * state.loss, wide))


@phase
def sparsify(search: Search, state: SearchState) -> Outcome:
    """Compete with different L1 penalties; the strongest that keeps the loss wins."""
    rng = generator_from(state.rng)
    mask = np.ones((len(PENALTIES), state.parameters.size), dtype=bool)
    variants, losses = contest(
        search,
        state.parameters,
        mask,
        rng,
        rate=PENALTY_RATE,
        l1=np.array(PENALTIES),
        steps=search.settings.contest_steps,
    )
    state = replace(state, rng=generator_state(rng))
    return _won(search, state, variants, losses, "thin")


@phase
def thin(search: Search, state: SearchState) -> Outcome:
    """Compete without different shares of the links that matter least."""
    if len(state.parameters) < SMALL:
        return state.to("refine"), []
    rng = generator_from(state.rng)
    order = np.argsort(ablation_losses(search, state.parameters), kind="stable")
    n = len(order)
    mask = np.ones((len(SHARES), n), dtype=bool)
    for row, share in zip(mask, SHARES, strict=True):
        row[order[: max(1, int(share * n))]] = False
    variants, losses = contest(
        search,
        state.parameters,
        mask,
        rng,
        rate=RATE,
        l1=L1,
        steps=search.settings.contest_steps,
    )
    state = replace(state, rng=generator_state(rng))
    return _won(search, state, variants, losses, "refine", again=True)


def _won(
    search: Search,
    state: SearchState,
    variants: list[VValue],
    losses: np.ndarray,
    then: str,
    *,
    again: bool = False,
) -> Outcome:
    winner = _winner(variants, losses, _budget(search, state))
    if winner is None or len(variants[winner]) >= len(state.parameters):
        record = state.record("back-out", best_loss=float(np.min(losses)))
        return state.to(then), [record]
    state = _with(state, variants[winner], float(losses[winner]))
    records = [state.record("prune")]
    return (state if again else state.to(then)), records


def _with(state: SearchState, parameters: VValue, loss: float) -> SearchState:
    return replace(state, parameters=parameters, loss=loss, front=state.front.add(parameters, loss))


@phase
def refine(search: Search, state: SearchState) -> Outcome:
    """Train the surviving machine without penalty at falling rates, then by least squares."""
    rng = generator_from(state.rng)
    mask = np.ones((LANES, state.parameters.size), dtype=bool)
    variants, losses = contest(
        search,
        state.parameters,
        mask,
        rng,
        rate=RATE,
        l1=0.0,
        steps=2 * search.settings.contest_steps,
    )
    best = int(np.argmin(losses))
    state = replace(state, rng=generator_state(rng))
    if losses[best] < state.loss:
        state = _with(state, variants[best], float(losses[best]))
    # Least squares cannot thin out what contests could not: this start leads nowhere.
    is_small = len(state.parameters) <= search.settings.small
    return state.to("remove" if is_small else "judge"), [state.record("train")]
