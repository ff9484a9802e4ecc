"""Structure edits: functions from V-value to V-value with another support.

``state`` is an optimizer's; it is carried to the new support.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import Support, VValue, restrict

from ..optimize.objective import Objective
from ..optimize.optimizers import restrict_state

__all__ = ["ablation_losses", "prune_by_ablation", "prune_by_magnitude", "remove_dead"]


def remove_dead(parameters: VValue, state: Any, objective: Objective) -> tuple[VValue, Any]:
    """Drop links that cannot influence the loss (nothing reaches them, or nothing reads them)."""
    return _restricted(parameters, state, objective.living(parameters.support))


def prune_by_magnitude(
    parameters: VValue, state: Any = (), objective: Objective | None = None, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` leaves of least absolute value; what is dead then, if an objective says.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    objective : Objective, optional
    count : int
    """
    parameters, state = _without(parameters, state, np.abs(parameters.buffer), count)
    return (parameters, state) if objective is None else remove_dead(parameters, state, objective)


def prune_by_ablation(
    parameters: VValue, state: Any, objective: Objective, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` leaves whose removal, one at a time, raises the measured loss least."""
    losses = ablation_losses(objective, parameters)
    return remove_dead(*_without(parameters, state, losses, count), objective)


def ablation_losses(objective: Objective, parameters: VValue) -> np.ndarray:
    """True loss without each link, one at a time; array (size,)."""
    without = np.tile(parameters.buffer, (parameters.size, 1))
    np.fill_diagonal(without, 0.0)
    return objective.losses(parameters.support, without)


def _without(parameters: VValue, state: Any, worth: np.ndarray, count: int) -> tuple[VValue, Any]:
    """Without the ``count`` leaves of least worth."""
    keep = np.ones(parameters.size, dtype=bool)
    keep[np.argsort(worth, kind="stable")[: max(0, min(count, parameters.size))]] = False
    return _restricted(parameters, state, parameters.support.where(keep))


def _restricted(parameters: VValue, state: Any, support: Support) -> tuple[VValue, Any]:
    return restrict(parameters, support), restrict_state(state, support)
