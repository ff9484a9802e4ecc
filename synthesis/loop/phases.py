"""The phases of the unattended loop, from a large random machine to a small exact one.

A phase is a function ``(search, state) -> (state, records)`` that does one unit of work - small
enough to checkpoint after each - and names the phase that comes next. What they do, in order:

``dense``    Adam on the whole search space
``bites``    drop a share of the links by magnitude, train on; until the network is small
``shrink``   least squares; drop as many smallest links as the loss allows (bisection)
``remove``   drop one link: the one whose removal, refitted, costs least by *true* loss
``polish``   least squares without penalty

No target number of links is known anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dmm import Streams
from vvalues import VValue, from_buffer, restrict

from ..edits.links import prune_by_magnitude, remove_dead
from ..optimize.least_squares import Fit, compensated_removals, levenberg_marquardt
from ..optimize.objective import Objective
from ..optimize.optimizers import (
    Optimizer,
    adam,
    chain,
    clip_by_norm,
    decoupled_l1,
    l1,
    state_leaves,
    with_state_leaves,
)
from ..process.machines import MachineModel
from ..process.records import Record
from ..process.state import SearchState
from .settings import Settings

__all__ = ["PHASES", "Search", "phase"]

DENSE_UNIT = 50  # Adam steps between checkpoints


@dataclass(frozen=True)
class Search:
    """What does not change during a run.

    Attributes
    ----------
    objective : Objective
        What machines are fitted and pruned on.
    model : MachineModel
    settings : Settings
    batches : sequence of (Streams, targets)
        Small batches of a pool of strings, for populations of recurrent machines.
    proof : Objective, optional
        Further strings that an exact machine has to be exact on too. What these strings show only
        (a clamp out of the pool's reach) is settled at the end, without another link.
    """

    objective: Objective
    model: MachineModel
    settings: Settings
    batches: Sequence[tuple[Streams, np.ndarray]] = ()
    proof: Objective | None = None


Outcome = tuple[SearchState, list[Record]]
Phase = Callable[[Search, SearchState], Outcome]

PHASES: dict[str, Phase] = {}


def phase(function: Phase) -> Phase:
    """Register a phase under the function's name."""
    PHASES[function.__name__] = function
    return function


# -------------------- training --------------------


def _trainer(settings: Settings, coupled_l1: float) -> Optimizer:
    parts = [l1(coupled_l1), clip_by_norm(settings.largest_gradient), adam(settings.rate)]
    if settings.proximal_l1:
        parts.append(decoupled_l1(settings.rate * settings.proximal_l1))
    return chain(*parts)


def _train(
    search: Search, state: SearchState, optimizer: Optimizer, steps: int
) -> tuple[SearchState, float]:
    """Some optimizer steps; returns the least loss seen as well."""
    parameters = state.parameters
    moments = optimizer.init(parameters)
    if state.moments:
        moments = with_state_leaves(moments, list(state.moments))
    least = np.inf
    for _ in range(steps):
        loss, gradient = search.objective.gradient(parameters)
        least = min(least, loss)
        update, moments = optimizer.update(gradient, moments, parameters)
        parameters = parameters + update
    trained = replace(
        state,
        parameters=parameters,
        loss=search.objective.loss(parameters),
        step=state.step + steps,
        moments=tuple(state_leaves(moments)),
    )
    return trained, least


@phase
def dense(search: Search, state: SearchState) -> Outcome:
    """Adam on the whole search space."""
    total = int(state.memo.get("steps", search.settings.dense_steps))
    done = int(state.memo.get("done", 0))
    steps = min(DENSE_UNIT, total - done)
    trainer = _trainer(search.settings, search.settings.dense_l1)
    state, _ = _train(search, state, trainer, steps)
    state = state.with_memo(done=done + steps, steps=total)
    records = [state.record("train")]
    return (state.to("bites", moments=state.moments) if done + steps >= total else state), records


@phase
def bites(search: Search, state: SearchState) -> Outcome:
    """Drop the smallest links, then train on with the moments kept."""
    settings = search.settings
    before = len(state.parameters)
    if before <= settings.small:
        return state.to("shrink"), []
    trainer = _trainer(settings, settings.bite_l1)
    moments = trainer.init(state.parameters)
    if state.moments:
        moments = with_state_leaves(moments, list(state.moments))
    count = min(max(1, int(settings.bite_fraction * before)), before - settings.small)
    parameters, moments = prune_by_magnitude(
        state.parameters, moments, search.objective, count=count
    )
    state = replace(state, parameters=parameters, moments=tuple(state_leaves(moments)))
    bitten = search.objective.loss(parameters)
    state, _ = _train(search, state, trainer, settings.bite_steps)
    dropped = before - len(parameters)
    return state, [state.record("prune", dropped=dropped, loss_at_cut=bitten)]


# -------------------- least squares --------------------


def fitted(state: SearchState, fit: Fit) -> SearchState:
    """The state with the outcome of a least-squares fit."""
    step = state.step + fit.iterations
    return replace(state, parameters=fit.parameters, loss=fit.loss, step=step)


@phase
def shrink(search: Search, state: SearchState) -> Outcome:
    """Fit, then drop as many of the smallest links as the loss allows."""
    settings = search.settings
    round_number = int(state.memo.get("round", 0)) + 1
    fit = levenberg_marquardt(search.objective, state.parameters, iterations=60, l1=settings.fit_l1)
    state = fitted(state, fit).with_memo(round=round_number)
    records = [state.record("fit")]
    before = len(state.parameters)
    bound = max(settings.shrink_factor * state.loss, settings.shrink_floor)
    parameters = drop_smallest(search.objective, state.parameters, bound)
    state = replace(state, parameters=parameters, loss=search.objective.loss(parameters))
    records.append(state.record("prune", dropped=before - len(parameters)))
    is_settled = state.loss < settings.budget_floor and before - len(parameters) < 0.03 * before
    is_stuck = state.loss > settings.budget_floor and round_number >= settings.shrink_rounds // 2
    if is_settled or is_stuck or round_number >= settings.shrink_rounds:
        # A regrowth began from an exact machine: one that has lost it is not worth pruning.
        is_lost = state.loss > float(state.memo.get("give_up", np.inf))
        state = state.to("judge" if is_lost else "remove")
    return state, records


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


@phase
def remove(search: Search, state: SearchState) -> Outcome:
    """Drop the link that costs least, if the rest recovers within the budget; else go on."""
    settings, objective = search.settings, search.objective
    base = float(state.memo.get("base", state.loss))
    budget = max(settings.budget_floor, settings.budget_factor * base)
    if not len(state.parameters):
        return state.to("polish"), []
    losses, candidates = compensated_removals(objective, state.parameters)
    order = np.argsort(losses, kind="stable")
    limit = settings.candidates if len(order) > 24 else len(order)
    tried: list[Record] = []
    for q in order[:limit]:
        fit = _refit(
            objective, state.parameters, candidates[q], q, iterations=25, l1=settings.fit_l1
        )
        if fit.loss < budget:
            return _accept(state, fit, q, tried)
        tried.append(_backed_out(state, fit, q))
    for q in order[: settings.candidates]:
        for start in (candidates[q], _plainly(state.parameters, q)):
            fit = _refit(objective, state.parameters, start, q, 200, settings.fit_l1 / 4, 15)
            if fit.loss < budget:
                return _accept(state, fit, q, tried)
    return state.to("polish"), tried


def _plainly(parameters: VValue, q: int) -> np.ndarray:
    weights = np.array(parameters.buffer)
    weights[q] = 0.0
    return weights


def _refit(
    objective: Objective,
    parameters: VValue,
    weights: np.ndarray,
    q: int,
    iterations: int,
    l1: float,
    patience: int = 4,
) -> Fit:
    """Fit the machine without link ``q`` (and what is dead without it), from given weights."""
    keep = np.arange(parameters.size) != q
    kept = from_buffer(parameters.support.where(keep), weights[keep].copy())
    living = remove_dead(kept, (), objective)[0]
    return levenberg_marquardt(objective, living, iterations=iterations, l1=l1, patience=patience)


def _accept(state: SearchState, fit: Fit, q: int, tried: list[Record]) -> Outcome:
    path = "/".join(state.parameters.support.paths[q])
    state = fitted(state, fit).with_memo(base=fit.loss)
    state = replace(state, front=state.front.add(fit.parameters, fit.loss))
    return state, [*tried, state.record("remove", link=path)]


def _backed_out(state: SearchState, fit: Fit, q: int) -> Record:
    path = "/".join(state.parameters.support.paths[q])
    return state.record("back-out", link=path, loss_without=fit.loss)


@phase
def polish(search: Search, state: SearchState) -> Outcome:
    """Least squares without penalty, to the limit of the arithmetic."""
    fit = levenberg_marquardt(
        search.objective, state.parameters, iterations=300, patience=30, tolerance=1e-9
    )
    state = fitted(state, fit)
    state = replace(state, front=state.front.add(state.parameters, state.loss))
    return state.to("judge"), [state.record("polish")]
