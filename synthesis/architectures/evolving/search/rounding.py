"""Making trained networks simple where the loss does not rise: operations, then numbers."""

from __future__ import annotations

import numpy as np

from vvalues import VValue, restrict

from ....edits.mending import PartObjective
from ....optimize.least_squares import levenberg_marquardt
from ..objective import EvolvingObjective
from ..structure import OUTPUT, remove_operation, remove_unused, unread_operations, without_scales

__all__ = ["rounded", "simple_numbers", "without_spare_operations"]

FURTHEST = 0.05  # a simple number further away than this is not tried


def simple_numbers(x: float) -> list[float]:
    """Simple numbers near ``x``, the simplest first: 1, integers, fractions, multiples of pi/2.

    1 (or -1) need not be near: where two factors make up for each other, one of them can be 1.

    Examples
    --------
    >>> simple_numbers(0.4999)[:2], simple_numbers(2.0)[:1]
    ([1.0, 0.5], [2.0])
    """
    near = [float(round(x))]
    near += [round(x * d) / d for d in (2, 3, 4, 5, 6, 8, 10)]
    near += [np.pi / 2 * round(x / (np.pi / 2))]
    near += [round(x, digits) for digits in (2, 3, 4)]
    close = [float(value) for value in near if abs(value - x) <= FURTHEST * max(1.0, abs(x))]
    unit = [float(np.copysign(1.0, x))] if x and abs(x - round(x)) > 1e-9 else []
    return list(dict.fromkeys([*unit, *close]))


def rounded(objective: EvolvingObjective, parameters: VValue, tolerated: float) -> VValue:
    """The parameters with as many simple numbers as the loss allows; zeros leave the tree.

    Parameters
    ----------
    objective : EvolvingObjective
    parameters : VValue
    tolerated : float
        Loss that may be reached.

    Notes
    -----
    One number after the other; those that were not rounded yet follow by least squares, so that a
    scale which several numbers share settles on the first of them.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> rough = tree * 1.0003
    >>> rounded(objective, rough, tolerated=1e-5)["layer-1", "output", "y0", "multiply-1"]
    2.0
    """
    parameters = without_scales(parameters)
    fixed: set[tuple[str, ...]] = set()
    order = sorted(parameters.support.paths, key=lambda path: (path[1] == OUTPUT, path))
    for path in order:
        own = (*path, ":number")
        for value in simple_numbers(float(parameters[own])):
            trial = parameters.at(own).set(value)
            loss = objective.loss(trial)
            if loss > tolerated:
                trial, loss = _refitted(objective, trial, fixed | {path}, tolerated)
            if loss <= tolerated:
                parameters = trial
                fixed.add(path)
                break
    return _without_zeros(objective, parameters, tolerated)


def without_spare_operations(
    objective: EvolvingObjective, parameters: VValue, tolerated: float
) -> VValue:
    """The network without operations that the others can stand in for.

    Parameters
    ----------
    objective : EvolvingObjective
    parameters : VValue
    tolerated : float
        Loss that may be reached.

    Notes
    -----
    Unread operations go one by one, youngest first; after each removal all trained numbers are
    fitted again by least squares, and the removal stands if the loss is tolerated.

    Examples
    --------
    >>> from synthesis.architectures.evolving import EvolvingModel, EvolvingObjective
    >>> from vvalues import VValue
    >>> product = {"multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}}}
    >>> tree = VValue({"layer-1": {**product, "output": {"y0": {"multiply-1": 2}}}})
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> objective = EvolvingObjective(EvolvingModel(2, 1), x, 2.0 * x[:, :1] * x[:, 1:])
    >>> spare = {"sin-2": {"value": {"x0": 1.0}}, "output": {"y0": {"sin-2": 0.001}}}
    >>> larger = tree + VValue({"layer-1": spare})
    >>> larger.size, without_spare_operations(objective, larger, tolerated=1e-9).size
    (5, 3)
    """
    for layer in reversed(objective.model.layers):
        tried: set[str] = set()
        while left := [n for n in unread_operations(parameters.support, layer) if n not in tried]:
            tried.add(left[-1])
            trial = remove_operation(parameters, layer, left[-1])
            trial, loss = _refitted(objective, trial, set(), tolerated)
            if loss <= tolerated:
                parameters = trial
    return parameters


def _refitted(
    objective: EvolvingObjective,
    parameters: VValue,
    fixed: set[tuple[str, ...]],
    tolerated: float,
) -> tuple[VValue, float]:
    """Least squares on the numbers that are still free."""
    trained = objective.model.plan(parameters.support).trained
    is_open = np.array([path not in fixed for path in parameters.support.paths], dtype=bool)
    free = PartObjective(objective, parameters, np.flatnonzero(is_open & trained))
    if not len(free.elements):
        return parameters, objective.loss(parameters)
    with np.errstate(all="ignore"):
        result = levenberg_marquardt(free, free.part, iterations=8, tries=4, target=0.1 * tolerated)
    return free.whole(result.parameters), result.loss


def _without_zeros(objective: EvolvingObjective, parameters: VValue, tolerated: float) -> VValue:
    """Drop constants and links that are 0, as far as that leaves the predictions alone."""
    paths = parameters.support.paths
    is_bias = [path[1] == OUTPUT and len(path) == 3 for path in paths]
    # Without any leaf an operation would not exist, and its readers would read nothing.
    alive = {path[:2] for path, value in parameters.items() if value != 0.0}
    keep = (parameters.buffer != 0.0) | is_bias | [path[:2] not in alive for path in paths]
    smaller = remove_unused(restrict(parameters, parameters.support.where(keep)))
    return smaller if objective.loss(smaller) <= tolerated else parameters
