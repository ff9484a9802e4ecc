"""Structure edits: functions from V-value to V-value with another support.

Every edit has the form ``edit(parameters, state, context, rng, *, ...) -> (parameters, state)``.
``state`` is the optimizer's; it is carried to the new support. ``context`` is an `Objective` (only
its ``living`` or ``losses`` are asked).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import VValue, restrict

from ..optimize.objective import Objective
from ..optimize.optimizers import restrict_state

__all__ = ["prune_by_ablation", "prune_by_magnitude", "remove_dead"]


def _keep(parameters: VValue, state: Any, keep: np.ndarray) -> tuple[VValue, Any]:
    support = parameters.support.where(keep)
    return restrict(parameters, support), restrict_state(state, support)


def remove_dead(
    parameters: VValue,
    state: Any = (),
    context: Objective | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[VValue, Any]:
    """Drop links that cannot influence the loss (nothing reaches them, or nothing reads them)."""
    if context is None:
        raise ValueError("context is missing: remove_dead asks an objective which links live")
    support = context.living(parameters.support)
    return restrict(parameters, support), restrict_state(state, support)


def prune_by_magnitude(
    parameters: VValue,
    state: Any = (),
    context: Objective | None = None,
    rng: np.random.Generator | None = None,
    *,
    count: int = 1,
) -> tuple[VValue, Any]:
    """Drop the ``count`` leaves of least absolute value, then what is dead without them."""
    count = max(0, min(count, parameters.size))
    keep = np.ones(parameters.size, dtype=bool)
    keep[np.argsort(np.abs(parameters.buffer), kind="stable")[:count]] = False
    parameters, state = _keep(parameters, state, keep)
    return (parameters, state) if context is None else remove_dead(parameters, state, context)


def prune_by_ablation(
    parameters: VValue,
    state: Any = (),
    context: Objective | None = None,
    rng: np.random.Generator | None = None,
    *,
    count: int = 1,
) -> tuple[VValue, Any]:
    """Drop the ``count`` leaves whose removal, one at a time, raises the measured loss least."""
    if context is None:
        raise ValueError("context is missing: prune_by_ablation measures losses with an objective")
    n = parameters.size
    without = np.tile(parameters.buffer, (n, 1))
    np.fill_diagonal(without, 0.0)
    order = np.argsort(context.losses(parameters.support, without), kind="stable")
    keep = np.ones(n, dtype=bool)
    keep[order[: max(0, min(count, n))]] = False
    parameters, state = _keep(parameters, state, keep)
    return remove_dead(parameters, state, context)
