"""Structure edits: functions from V-value to V-value with fewer links.

A link is a leaf, or an element of an array leaf. Without it a leaf is dropped, an element is zero
(absent is zero, and an array has no holes). Where a model's parameters have one support only,
leaves stay as zeros too. ``state`` is an optimizer's; it is carried along in the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict

from ..optimize.objective import Objective
from ..optimize.optimizers import map_trees, restrict_state
from ..process.abilities import elements_of, living_elements, prunable_elements

__all__ = [
    "ablation_losses",
    "prune_by_ablation",
    "prune_by_magnitude",
    "remove_dead",
    "without_links",
]


def remove_dead(parameters: VValue, state: Any, objective: Objective) -> tuple[VValue, Any]:
    """Drop links that cannot influence the loss (nothing reaches them, or nothing reads them).

    Raises
    ------
    TypeError
        If the objective's model cannot tell.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> fewer, _ = remove_dead(weights, (), objective)
    >>> len(weights), len(fewer), objective.loss(fewer) == objective.loss(weights)
    (78, 66, True)
    """
    model = getattr(objective, "model", None)
    if parameters.support.shapes is None and not hasattr(model, "support"):
        living = objective.living(parameters.support)
        return restrict(parameters, living), restrict_state(state, living)
    return without_links(parameters, state, living_elements(model, parameters), model)  # type: ignore[arg-type]


def prune_by_magnitude(
    parameters: VValue, state: Any = (), objective: Objective | None = None, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` links of least absolute value; what is dead then, if an objective says.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    objective : Objective, optional
        If its model says which parameters are weights, only these are pruned.
    count : int

    Examples
    --------
    >>> prune_by_magnitude(VValue({"a": np.array([5.0, 1e-9]), "b": 3.0}))[0]["a"]
    array([5., 0.])
    """
    pruned = _without(parameters, state, np.abs(parameters.buffer), count, objective)
    return pruned if objective is None else remove_dead(*pruned, objective)


def prune_by_ablation(
    parameters: VValue, state: Any, objective: Objective, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` links whose removal, one at a time, raises the measured loss least.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> fewer, _ = prune_by_ablation(weights, (), objective, count=5)
    >>> len(weights), len(fewer)  # with what is dead without the five
    (78, 61)
    """
    links = _links(parameters, objective)
    worth = np.full(parameters.size, np.inf)
    worth[links] = ablation_losses(objective, parameters, links)
    return remove_dead(*_without(parameters, state, worth, count, objective), objective)


def ablation_losses(
    objective: Objective, parameters: VValue, elements: np.ndarray | None = None
) -> np.ndarray:
    """True loss without each of some elements, one at a time; without each one when omitted.

    Parameters
    ----------
    elements : array of int (n,), optional

    Returns
    -------
    array (n,)

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> ablation_losses(objective, weights, np.array([0, 1])).shape
    (2,)
    """
    chosen = np.arange(parameters.size) if elements is None else elements
    without = np.tile(parameters.buffer, (len(chosen), 1))
    without[np.arange(len(chosen)), chosen] = 0.0
    return objective.losses(parameters.support, without)


def without_links(
    parameters: VValue, state: Any, keep: np.ndarray, model: Any = None
) -> tuple[VValue, Any]:
    """Parameters and state without some links.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    keep : array of bool (size,)
        Elements that stay.
    model : Model, optional
        If it has a ``support`` its parameters keep it.

    Examples
    --------
    >>> tree = VValue({"a": np.array([1.0, 2.0]), "b": 3.0, "c": 4.0})
    >>> kept, _ = without_links(tree, (), np.array([True, False, False, True]))
    >>> kept.support.paths, kept["a"]
    ((('a',), ('c',)), array([1., 0.]))
    """
    support = parameters.support
    if support.shapes is None and not hasattr(model, "support"):
        kept = support.where(keep)
        return restrict(parameters, kept), restrict_state(state, kept)
    stays = np.ones(len(support), dtype=bool)
    if not hasattr(model, "support"):
        scalars = np.flatnonzero(~_are_arrays(support))
        stays[scalars] = keep[support.offsets[scalars]]
    kept = support.where(stays)

    def zeroed(tree: VValue) -> VValue:
        return restrict(from_buffer(support, np.where(keep, tree.buffer, 0.0)), kept)

    return zeroed(parameters), map_trees(state, lambda tree: zeroed(restrict(tree, support)))


def _are_arrays(support: Support) -> np.ndarray:
    return np.array([bool(support.shape(i)) for i in range(len(support))], dtype=bool)


def _links(parameters: VValue, objective: Objective | None) -> np.ndarray:
    """Elements that are links: weights; in arrays, those that are not zero."""
    support = parameters.support
    is_weight = prunable_elements(getattr(objective, "model", None), support)  # type: ignore[arg-type]
    if support.shapes is not None:
        is_leaf = ~elements_of(support, _are_arrays(support))
        is_weight = is_weight & (is_leaf | (parameters.buffer != 0.0))
    return np.flatnonzero(is_weight)


def _without(
    parameters: VValue, state: Any, worth: np.ndarray, count: int, objective: Objective | None
) -> tuple[VValue, Any]:
    """Without the ``count`` links of least worth."""
    links = _links(parameters, objective)
    keep = np.ones(parameters.size, dtype=bool)
    keep[links[_least(worth[links], max(0, min(count, links.size)))]] = False
    return without_links(parameters, state, keep, getattr(objective, "model", None))


def _least(worth: np.ndarray, count: int) -> np.ndarray:
    """Places of the ``count`` least numbers, the first ones of ties."""
    if not count:
        return np.empty(0, dtype=np.intp)
    # A stable order of all is not needed: only those not above the last one that goes are sorted.
    candidates = np.flatnonzero(worth <= np.partition(worth, count - 1)[count - 1])
    return candidates[np.argsort(worth[candidates], kind="stable")[:count]]
