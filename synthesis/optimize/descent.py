"""ClippedAdam by Adam, while a machine has many links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vvalues import VValue

from ..process.bounds import Bounded, above, finite, positive
from .objective import Objective
from .optimizers import (
    Optimizer,
    adam,
    chain,
    clip_by_norm,
    decoupled_l1,
    l1,
    state_leaves,
    with_state_leaves,
)

__all__ = ["SHRINKAGE", "ClippedAdam", "resumed", "trained"]

SHRINKAGE = 0.9
"""What parameters are multiplied by where the gradient is not finite."""

Moments = tuple[Any, ...]
"""Leaves of an optimizer's state (see `synthesis.optimize.state_leaves`)."""


@dataclass(frozen=True)
class ClippedAdam(Bounded, called="setting {}"):
    """How weights move while there are many of them.

    Attributes
    ----------
    rate : float
        Learning rate of Adam.
    largest_gradient : float
        The gradient is clipped to this Euclidean norm.
    proximal_l1 : float
        Decoupled L1, per unit of learning rate; 0 for none.
    """

    rate: float = positive(0.003)
    largest_gradient: float = above(1.0, 0.0)
    proximal_l1: float = finite(0.0)

    def optimizer(self, coupled_l1: float) -> Optimizer:
        """Adam on the clipped gradient of the loss plus ``coupled_l1`` times the L1 norm."""
        parts = [l1(coupled_l1), clip_by_norm(self.largest_gradient), adam(self.rate)]
        if self.proximal_l1:
            parts.append(decoupled_l1(self.rate * self.proximal_l1))
        return chain(*parts)


def resumed(optimizer: Optimizer, parameters: VValue, moments: Moments) -> Any:
    """The optimizer's state from its leaves; a fresh one where there are none."""
    state = optimizer.init(parameters)
    return with_state_leaves(state, list(moments)) if moments else state


def trained(
    objective: Objective, parameters: VValue, optimizer: Optimizer, moments: Moments, steps: int
) -> tuple[VValue, Moments]:
    """Parameters and moments after some steps.

    Where the gradient is not finite - a machine that edits itself can run off at any time - all
    parameters shrink a little instead.
    """
    state = resumed(optimizer, parameters, moments)
    for _ in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):
            _, gradient = objective.gradient(parameters)
        if not np.all(np.isfinite(gradient.buffer)):
            parameters = SHRINKAGE * parameters
            continue
        update, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + update
    return parameters, tuple(state_leaves(state))
