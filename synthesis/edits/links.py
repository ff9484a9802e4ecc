"""Structure edits: functions from V-value to V-value with another support.

``state`` is an optimizer's; it is carried to the new support.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict
from vvalues.core.kernels import leaf_magnitudes

from ..optimize.objective import Objective
from ..optimize.optimizers import restrict_state

__all__ = [
    "ablation_losses",
    "prune_by_ablation",
    "prune_by_magnitude",
    "remove_dead",
    "zero_smallest_elements",
]


def remove_dead(parameters: VValue, state: Any, objective: Objective) -> tuple[VValue, Any]:
    """Drop links that cannot influence the loss (nothing reaches them, or nothing reads them)."""
    return _restricted(parameters, state, objective.living(parameters.support))


def prune_by_magnitude(
    parameters: VValue, state: Any = (), objective: Objective | None = None, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` smallest leaves; what is dead then, if an objective says.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    objective : Objective, optional
    count : int

    Notes
    -----
    A leaf is dropped as a whole, and an array is as large as its largest element, as in
    `vvalues.prune`. To thin an array out, see `zero_smallest_elements`.

    Examples
    --------
    >>> tree = VValue({"a": np.array([2.0, 1e-9]), "b": 3.0, "c": 1.0})
    >>> prune_by_magnitude(tree, count=2)[0]
    VValue({'b': 3.0})
    """
    parameters, state = _without(parameters, state, leaf_magnitudes(parameters), count)
    return (parameters, state) if objective is None else remove_dead(parameters, state, objective)


def zero_smallest_elements(parameters: VValue, *, count: int = 1) -> tuple[VValue, VValue]:
    """Set the ``count`` smallest elements to zero, inside arrays and out; the support stays.

    Returns
    -------
    thinned : VValue
    pattern : VValue
        On the same support: 1 where an element was kept, 0 where it was not. Training brings zeros
        back to life: to keep them, multiply the buffers of steps and pattern.

    Examples
    --------
    >>> thinned, pattern = zero_smallest_elements(VValue({"a": np.array([5.0, 1e-9]), "b": 3.0}))
    >>> thinned["a"], thinned["b"], pattern["a"]
    (array([5., 0.]), 3.0, array([1., 0.]))
    """
    kept = np.ones(parameters.size)
    smallest = np.argsort(np.abs(parameters.buffer), kind="stable")
    kept[smallest[: max(0, count)]] = 0.0
    support = parameters.support
    thinned = np.where(kept != 0, parameters.buffer, 0.0)
    return from_buffer(support, thinned), from_buffer(support, kept)


def prune_by_ablation(
    parameters: VValue, state: Any, objective: Objective, *, count: int = 1
) -> tuple[VValue, Any]:
    """Drop the ``count`` leaves whose removal, one at a time, raises the measured loss least."""
    losses = ablation_losses(objective, parameters)
    return remove_dead(*_without(parameters, state, losses, count), objective)


def ablation_losses(objective: Objective, parameters: VValue) -> np.ndarray:
    """True loss without each leaf (an array as a whole), one at a time; array (leaves,)."""
    n_leaves, offsets = len(parameters), parameters.support.offsets
    without = np.tile(parameters.buffer, (n_leaves, 1))
    leaf = np.repeat(np.arange(n_leaves), np.diff(offsets))
    without[leaf, np.arange(parameters.size)] = 0.0
    return objective.losses(parameters.support, without)


def _without(parameters: VValue, state: Any, worth: np.ndarray, count: int) -> tuple[VValue, Any]:
    """Without the ``count`` leaves of least worth."""
    keep = np.ones(len(parameters), dtype=bool)
    keep[np.argsort(worth, kind="stable")[: max(0, count)]] = False
    return _restricted(parameters, state, parameters.support.where(keep))


def _restricted(parameters: VValue, state: Any, support: Support) -> tuple[VValue, Any]:
    return restrict(parameters, support), restrict_state(state, support)
