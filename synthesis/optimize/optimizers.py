"""The plain and the adaptive optimizers, whose rules on arrays are in `synthesis.optimize.rules`.

How they are composed, and what their states are, says `synthesis.optimize.composing`, whose names
are here as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from . import rules
from .composing import (
    Array,
    CountState,
    Optimizer,
    State,
    chain,
    clip,
    clip_by_norm,
    decoupled_l1,
    l1,
    lifted,
    map_trees,
    masked,
    restrict_state,
    state_leaves,
    with_state_leaves,
    zeros,
)
from .rates import Schedule, rate_at, schedule

__all__ = [
    "CountState",
    "Optimizer",
    "Schedule",
    "State",
    "adagrad",
    "adam",
    "chain",
    "clip",
    "clip_by_norm",
    "decoupled_l1",
    "l1",
    "lion",
    "map_trees",
    "masked",
    "momentum",
    "restrict_state",
    "rmsprop",
    "rprop",
    "schedule",
    "sgd",
    "state_leaves",
    "with_state_leaves",
]


def sgd(rate: float | Schedule) -> Optimizer:
    """``step = -rate * gradient``.

    Examples
    --------
    >>> v, slope = VValue({"a": 1.0}), VValue({"a": 4.0})
    >>> sgd(0.1).update(slope, sgd(0.1).init(v), v)[0]
    VValue({'a': -0.4})
    """

    def rule(gradient: Array, parameters: Array, updates: int) -> None:
        rules.sgd(gradient, rate_at(rate, updates))

    return lifted(lambda parameters: CountState(0), rule)


class MomentumState(NamedTuple):
    """Velocity of the heavy ball."""

    updates: int
    velocity: VValue


def momentum(rate: float | Schedule, decay: float = 0.9) -> Optimizer:
    """Heavy ball: ``velocity = decay * velocity + gradient; step = -rate * velocity``.

    Examples
    --------
    >>> optimizer, v, slope = momentum(0.25, decay=0.5), VValue({"a": 1.0}), VValue({"a": 4.0})
    >>> step, state = optimizer.update(slope, optimizer.init(v), v)
    >>> step, optimizer.update(slope, state, v)[0]
    (VValue({'a': -1.0}), VValue({'a': -1.5}))
    """

    def rule(gradient: Array, parameters: Array, updates: int, velocity: Array) -> None:
        rules.momentum(gradient, velocity, rate_at(rate, updates), decay)

    return lifted(lambda parameters: MomentumState(0, zeros(parameters)), rule)


class AdagradState(NamedTuple):
    """Sum of squared gradients."""

    updates: int
    memory: VValue


def adagrad(rate: float | Schedule, epsilon: float = 1e-8) -> Optimizer:
    """``memory += gradient^2; step = -rate * gradient / sqrt(memory + epsilon)``.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, JMLR 12 (2011), 2121-2159.

    Examples
    --------
    >>> optimizer, v, slope = adagrad(0.1), VValue({"a": 1.0}), VValue({"a": 4.0})
    >>> step, state = optimizer.update(slope, optimizer.init(v), v)
    >>> round(step["a"], 4), round(optimizer.update(slope, state, v)[0]["a"], 4)  # less and less
    (-0.1, -0.0707)
    """

    def rule(gradient: Array, parameters: Array, updates: int, memory: Array) -> None:
        rules.adagrad(gradient, memory, rate_at(rate, updates), epsilon)

    return lifted(lambda parameters: AdagradState(0, zeros(parameters)), rule)


class RmspropState(NamedTuple):
    """Running mean of squared gradients."""

    updates: int
    memory: VValue


def rmsprop(rate: float | Schedule, share: float = 0.1, epsilon: float = 1e-8) -> Optimizer:
    """Adagrad with a running mean: ``memory = (1 - share) * memory + share * gradient^2``.

    Without bias correction, ``epsilon`` inside the root.

    References
    ----------
    T. Tieleman, G. Hinton, COURSERA: Neural Networks for Machine Learning (2012), lecture 6.5.

    Examples
    --------
    >>> optimizer, v, slope = rmsprop(0.1), VValue({"a": 1.0}), VValue({"a": 4.0})
    >>> step, state = optimizer.update(slope, optimizer.init(v), v)
    >>> round(step["a"], 4), state.memory
    (-0.3162, VValue({'a': 1.6}))
    """

    def rule(gradient: Array, parameters: Array, updates: int, memory: Array) -> None:
        rules.rmsprop(gradient, memory, rate_at(rate, updates), share, epsilon)

    return lifted(lambda parameters: RmspropState(0, zeros(parameters)), rule)


class AdamState(NamedTuple):
    """Moments of Adam."""

    updates: int
    first: VValue
    second: VValue


def adam(
    rate: float | Schedule, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam with bias correction, ``epsilon`` outside the root.

    References
    ----------
    D. Kingma, J. Ba, arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> optimizer, v = adam(0.1), VValue({"a": 1.0, "b": 1.0})
    >>> step, state = optimizer.update(VValue({"a": 4.0, "b": -0.01}), optimizer.init(v), v)
    >>> round(step["a"], 4), round(step["b"], 4)  # whatever the size of the gradient
    (-0.1, 0.1)
    """

    def rule(g: Array, parameters: Array, updates: int, first: Array, second: Array) -> None:
        now = rate_at(rate, updates)
        rules.adam(g, first, second, updates + 1, now, beta1, beta2, epsilon)

    return lifted(lambda parameters: AdamState(0, zeros(parameters), zeros(parameters)), rule)


def lion(rate: float | Schedule, beta1: float = 0.9, beta2: float = 0.99) -> Optimizer:
    """Lion: steps of one size, with the sign of a mix of gradient and momentum.

    References
    ----------
    X. Chen et al., arXiv:2302.06675, algorithm 2 (without its decay: see `weight_decay`).

    Examples
    --------
    >>> optimizer, v = lion(0.1), VValue({"a": 1.0, "b": 1.0})
    >>> optimizer.update(VValue({"a": 4.0, "b": -0.01}), optimizer.init(v), v)[0]
    VValue({'a': -0.1, 'b': 0.1})
    """

    def rule(gradient: Array, parameters: Array, updates: int, velocity: Array) -> None:
        rules.lion(gradient, velocity, rate_at(rate, updates), beta1, beta2)

    return lifted(lambda parameters: MomentumState(0, zeros(parameters)), rule)


class RpropState(NamedTuple):
    """Step sizes and the last gradient."""

    sizes: VValue
    previous: VValue


def rprop(
    initial: float = 0.01,
    grow: float = 1.2,
    shrink: float = 0.5,
    smallest: float = 1e-9,
    largest: float = 1.0,
) -> Optimizer:
    """Resilient propagation without weight backtracking (iRprop-).

    References
    ----------
    C. Igel, M. Huesken, Neurocomputing 50 (2003), 105-123.

    Examples
    --------
    >>> optimizer, v = rprop(initial=0.1), VValue({"a": 1.0})
    >>> step, state = optimizer.update(VValue({"a": 4.0}), optimizer.init(v), v)
    >>> step, optimizer.update(VValue({"a": 1.0}), state, v)[0]  # the sign has stayed
    (VValue({'a': -0.1}), VValue({'a': -0.12}))
    """

    def init(parameters: VValue) -> RpropState:
        sizes = np.full(parameters.size, initial)
        return RpropState(from_buffer(parameters.support, sizes), zeros(parameters))

    def rule(gradient: Array, parameters: Array, sizes: Array, previous: Array) -> None:
        rules.rprop(gradient, sizes, previous, initial, grow, shrink, smallest, largest)

    return lifted(init, rule)
