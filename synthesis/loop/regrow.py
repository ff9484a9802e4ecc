"""Phases that look beyond the machine at hand: rescue, regrowth, and the end of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict

from ..edits.normalise import rescaled_products, simplify_weights
from ..optimize.objective import JointObjective, Objective
from ..process.state import SearchState, generator_from, generator_state
from .phases import Outcome, Search, phase

__all__ = ["is_better", "regrown"]

REGROWTH_SCALES = (0.05, 0.30, 0.15)
IN_A_LOOP = 0.1  # noise in a loop of gain 1 grows with every tick
RESCUE_STEPS = 400
RESCUE_SCALE = 0.01


def is_better(links: int, loss: float, than_links: int, than_loss: float, exact: float) -> bool:
    """Exact machines before others; among exact ones fewer links, among others less loss."""
    if loss <= exact and than_loss <= exact:
        return links < than_links  # losses at rounding level mean nothing
    return loss < than_loss


@phase
def judge(search: Search, state: SearchState) -> Outcome:
    """Keep the better of this machine and the best one so far; decide how to go on."""
    settings = search.settings
    improved = state.best is None or is_better(
        len(state.parameters), state.loss, len(state.best), state.best_loss, settings.exact
    )
    if improved:
        state = replace(state, best=state.parameters, best_loss=state.loss)
    failures = 0 if improved else state.passes.get("failures", 0) + 1
    state = replace(state, passes={**state.passes, "failures": failures})
    assert state.best is not None
    records = [state.record("judge", best_links=len(state.best), best_loss=state.best_loss)]
    how, following = _how_to_go_on(search, state, failures)
    if how:
        records.append(following.record(how))
    return following, records


def _how_to_go_on(search: Search, state: SearchState, failures: int) -> tuple[str, SearchState]:
    """What to try next, by name ("" when all has been tried), and the state it begins in."""
    settings = search.settings
    if state.best_loss > settings.exact:
        if state.reserve:
            return "next start", _next_start(search, state)
        if state.passes.get("rescues", 0) < settings.rescues:
            return "rescue", _restart(search, state)
    elif state.reserve and failures < _second_opinions(search):
        return "second opinion", _next_start(search, state)
    elif search.batches and _may_start_afresh(search, state):
        return "fresh start", _fresh_population(state)
    elif failures < _second_opinions(search) + settings.regrow_failures:
        return "regrow", _regrow(search, state)
    elif _may_start_afresh(search, state):
        return "fresh start", _fresh_start(search, state)
    return "", finished(state).to("simplify")


def _second_opinions(search: Search) -> int:
    """How many further starts of a population are pruned once there is an exact machine."""
    settings = search.settings
    return settings.second_opinions if search.batches and settings.regrow_failures else 0


def _may_start_afresh(search: Search, state: SearchState) -> bool:
    settings = search.settings
    wanted = settings.restarts if settings.regrow_failures else 0
    return state.passes.get("restarts", 0) < wanted


@phase
def simplify(search: Search, state: SearchState) -> Outcome:
    """Divide out free scales and round weights to simple values where the loss does not rise."""
    objective, parameters = _settled(search, state.parameters)
    machine = search.model.space.with_trainable(parameters)
    tolerance = max(1.01 * objective.loss(parameters), search.settings.exact)
    parameters = simplify_weights(machine, objective, tolerance)
    state = replace(state, parameters=parameters, loss=search.objective.loss(parameters))
    state = replace(
        state,
        best=parameters,
        best_loss=state.loss,
        front=state.front.add(parameters, state.loss),
    )
    return state.to("done"), [state.record("simplify")]


def _settled(search: Search, parameters: VValue) -> tuple[Objective, VValue]:
    """Make an exact machine exact on the strings of the proof too, if its weights allow.

    Scales of products that the pool leaves free matter where their clamp is reached.
    """
    exact = search.settings.exact
    if search.proof is None or search.objective.loss(parameters) > exact:
        return search.objective, parameters
    both = JointObjective(search.objective, search.proof)
    machine = search.model.space.with_trainable(parameters)
    for variant in (parameters, *rescaled_products(machine)):
        if both.loss(variant) <= exact:
            return both, variant
    return search.objective, parameters


def finished(state: SearchState) -> SearchState:
    """The end of a run: the best machine is the result."""
    best = state.parameters if state.best is None else state.best
    loss = state.loss if state.best is None else state.best_loss
    return state.to("done", parameters=best, loss=loss)


def _counted(state: SearchState, counter: str) -> SearchState:
    passes = {**state.passes, counter: state.passes.get(counter, 0) + 1}
    return replace(state, passes=passes)


def _next_start(search: Search, state: SearchState) -> SearchState:
    """Prune the next lane of the population (or the same one, under a tighter budget)."""
    parameters = state.reserve[0]
    return _counted(state, "starts").to(
        "sparsify",
        parameters=parameters,
        loss=search.objective.loss(parameters),
        reserve=state.reserve[1:],
    )


def _restart(search: Search, state: SearchState) -> SearchState:
    """Another population; or the best machine plus noise on the whole search space, once more."""
    assert state.best is not None
    if search.batches:
        return _counted(state, "rescues").to("population")
    rng = generator_from(state.rng)
    whole = search.model.space.trainable.support
    noise = from_buffer(whole, RESCUE_SCALE * rng.standard_normal(whole.size))
    parameters = restrict(state.best, whole) + noise
    state = _counted(state, "rescues").to(
        "dense",
        parameters=parameters,
        loss=search.objective.loss(parameters),
        rng=generator_state(rng),
    )
    return state.with_memo(steps=RESCUE_STEPS)


def _fresh_start(search: Search, state: SearchState) -> SearchState:
    """New random weights on the whole search space; unless they lead to a better machine, the end.

    Where regrowing is stuck in a strange but exact machine, another start often is not.
    """
    rng = generator_from(state.rng)
    whole = search.model.space.trainable
    scale = float(np.std(whole.buffer))
    parameters = from_buffer(whole.support, scale * rng.standard_normal(whole.size))
    state = _counted(state, "restarts")
    state = replace(state, passes={**state.passes, "failures": search.settings.regrow_failures - 1})
    return state.to(
        "dense" if len(parameters) > search.settings.small else "shrink",
        parameters=parameters,
        loss=search.objective.loss(parameters),
        rng=generator_state(rng),
    )


def _fresh_population(state: SearchState) -> SearchState:
    """Another population, whose starts may be pruned as second opinions.

    In a loop this comes before regrowth, which mostly finds the same machine again.
    """
    state = _counted(state, "restarts")
    return replace(state, passes={**state.passes, "failures": 0}).to("population", reserve=())


def _regrow(search: Search, state: SearchState) -> SearchState:
    """The best machine with a few fresh neurons and all links among those in use, near zero."""
    assert state.best is not None
    rng = generator_from(state.rng)
    scale = REGROWTH_SCALES[state.passes.get("regrowths", 0) % len(REGROWTH_SCALES)]
    scale *= IN_A_LOOP if search.batches else 1.0
    whole = search.model.space.trainable.support
    parameters = regrown(state.best, whole, rng, search.settings.regrow_neurons, scale)
    state = _counted(state, "regrowths").to(
        "shrink",
        parameters=parameters,
        loss=search.objective.loss(parameters),
        rng=generator_state(rng),
    )
    return state.with_memo(give_up=search.settings.budget_floor)


def regrown(
    parameters: VValue, whole: Support, rng: np.random.Generator, n_neurons: int, scale: float
) -> VValue:
    """Add random unused neurons, and every allowed link among neurons in use, near zero.

    A removal can end in a machine that is exact but has relays too many; a few fresh neurons give
    it room to find the shorter way.

    Parameters
    ----------
    whole : Support of the search space
    n_neurons : int
        Unused neurons to add, all equally likely.
    scale : float
        Standard deviation of the new weights.
    """
    used = {key for path in parameters.support.paths for key in (path[0], path[2])}
    unused = sorted({path[0] for path in whole.paths} - used)
    chosen = rng.permutation(len(unused))[:n_neurons]
    available = used | {unused[i] for i in chosen}
    senders = {path[2] for path in whole.paths} - {path[0] for path in whole.paths}
    available |= senders  # sources are always at hand
    keep = np.array([p[0] in available and p[2] in available for p in whole.paths], dtype=bool)
    support = whole.where(keep)
    noise = scale * rng.standard_normal(support.size)
    noise[[support.index[path] for path in parameters.support.paths]] = 0.0
    return restrict(parameters, support) + from_buffer(support, noise)
