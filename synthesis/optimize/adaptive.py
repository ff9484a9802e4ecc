"""Further adaptive steps on trees, as papers have them: relatives of Adam, Nesterov, Adadelta.

Each is a rule on arrays that returns the step and what it remembers; none of the published runs
uses them, so they are written for reading, not in place as those of `rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vvalues import VValue, from_buffer
from vvalues.core import align

from .optimizers import Optimizer
from .rates import Schedule, rate_at

__all__ = [
    "MemoryState",
    "adabelief",
    "adadelta",
    "adamax",
    "amsgrad",
    "nadam",
    "nesterov",
    "optimistic_adam",
    "radam",
]

Array = np.ndarray
Rate = float | Schedule


class MemoryState(NamedTuple):
    """Number of updates, and what the rule remembers of every element."""

    updates: int
    memories: tuple[VValue, ...]


def _remembering(rate: Rate, n: int, rule: Callable[..., tuple[Array, ...]]) -> Optimizer:
    """An optimizer from a rule ``(count, gradient, *memories) -> (direction, *memories)``.

    The count is 1 at the first update; the step is minus the rate times the direction.
    """

    def init(parameters: VValue) -> MemoryState:
        return MemoryState(0, (0.0 * parameters,) * n)

    def update(
        gradient: VValue, state: MemoryState, parameters: VValue
    ) -> tuple[VValue, MemoryState]:
        support = parameters.support
        memories = (align(memory, support) for memory in state.memories)
        direction, *new = rule(state.updates + 1, align(gradient, support), *memories)
        kept = tuple(from_buffer(support, memory) for memory in new)
        step = -rate_at(rate, state.updates) * direction
        return from_buffer(support, step), MemoryState(state.updates + 1, kept)

    return Optimizer(init, update)


def mixed(share: float, memory: Array, new: Array) -> Array:
    """A running mean, of which the memory is the share ``share``."""
    return share * memory + (1.0 - share) * new


def nesterov(rate: Rate, decay: float = 0.9) -> Optimizer:
    """Momentum that looks ahead: ``v = decay * v + g; step = -rate * (g + decay * v)``.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl, G. Hinton, ICML (2013), 1139-1147.

    Examples
    --------
    >>> optimizer, v = nesterov(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.19, 0.38)
    """

    def rule(count: int, g: Array, velocity: Array) -> tuple[Array, ...]:
        velocity = decay * velocity + g
        return g + decay * velocity, velocity

    return _remembering(rate, 1, rule)


def nadam(rate: Rate, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Adam with Nesterov's momentum.

    References
    ----------
    T. Dozat, ICLR workshop (2016).

    Examples
    --------
    >>> optimizer, v = nadam(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.1474, 0.1474)
    """

    def rule(count: int, g: Array, first: Array, second: Array) -> tuple[Array, ...]:
        first, second = mixed(beta1, first, g), mixed(beta2, second, g**2)
        ahead = beta1 * first / (1.0 - beta1 ** (count + 1))
        ahead = ahead + (1.0 - beta1) * g / (1.0 - beta1**count)
        return ahead / (np.sqrt(second / (1.0 - beta2**count)) + epsilon), first, second

    return _remembering(rate, 2, rule)


def radam(rate: Rate, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Adam that rectifies the variance of its early steps.

    References
    ----------
    L. Liu et al., arXiv:1908.03265, algorithm 2.

    Examples
    --------
    >>> optimizer, v = radam(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.1, 0.2)
    """
    longest = 2.0 / (1.0 - beta2) - 1.0

    def rule(count: int, g: Array, first: Array, second: Array) -> tuple[Array, ...]:
        first, second = mixed(beta1, first, g), mixed(beta2, second, g**2)
        mean, power = first / (1.0 - beta1**count), beta2**count
        length = longest - 2.0 * count * power / (1.0 - power)
        if length <= 4.0:
            return mean, first, second
        rectified = (length - 4.0) * (length - 2.0) * longest
        rectified /= (longest - 4.0) * (longest - 2.0) * length
        root = np.sqrt(second / (1.0 - power)) + epsilon
        return np.sqrt(rectified) * mean / root, first, second

    return _remembering(rate, 2, rule)


def adamax(
    rate: Rate, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam with the largest magnitude in place of the second moment.

    References
    ----------
    D. Kingma, J. Ba, arXiv:1412.6980, algorithm 2.

    Examples
    --------
    >>> optimizer, v = adamax(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.1, 0.1)
    """

    def rule(count: int, g: Array, first: Array, largest: Array) -> tuple[Array, ...]:
        first, largest = mixed(beta1, first, g), np.maximum(beta2 * largest, np.abs(g))
        return first / (1.0 - beta1**count) / (largest + epsilon), first, largest

    return _remembering(rate, 2, rule)


def amsgrad(
    rate: Rate, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Optimizer:
    """Adam whose second moment never falls; without bias correction.

    References
    ----------
    S. Reddi, S. Kale, S. Kumar, arXiv:1904.09237, algorithm 2.

    Examples
    --------
    >>> optimizer, v = amsgrad(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.3162, 0.3162)
    """

    def rule(
        count: int, g: Array, first: Array, second: Array, largest: Array
    ) -> tuple[Array, ...]:
        first, second = mixed(beta1, first, g), mixed(beta2, second, g**2)
        largest = np.maximum(largest, second)
        return first / (np.sqrt(largest) + epsilon), first, second, largest

    return _remembering(rate, 3, rule)


def adabelief(
    rate: Rate, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-16
) -> Optimizer:
    """Adam that divides by how much gradients differ from their mean.

    References
    ----------
    J. Zhuang et al., arXiv:2010.07468, algorithm 2.

    Examples
    --------
    >>> optimizer, v = adabelief(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.1111, 0.1111)
    """

    def rule(count: int, g: Array, first: Array, spread: Array) -> tuple[Array, ...]:
        first = mixed(beta1, first, g)
        spread = mixed(beta2, spread, (g - first) ** 2) + epsilon
        root = np.sqrt(spread / (1.0 - beta2**count)) + epsilon
        return first / (1.0 - beta1**count) / root, first, spread

    return _remembering(rate, 2, rule)


def adadelta(rate: Rate = 1.0, decay: float = 0.9, epsilon: float = 1e-6) -> Optimizer:
    """Steps in the units of the parameters: past steps over past gradients.

    References
    ----------
    M. Zeiler, arXiv:1212.5701, algorithm 1.

    Examples
    --------
    >>> optimizer, v = adadelta(), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.0032, 0.0032)
    """

    def rule(count: int, g: Array, gradients: Array, steps: Array) -> tuple[Array, ...]:
        gradients = mixed(decay, gradients, g**2)
        direction = np.sqrt(steps + epsilon) / np.sqrt(gradients + epsilon) * g
        return direction, gradients, mixed(decay, steps, direction**2)

    return _remembering(rate, 2, rule)


def optimistic_adam(
    rate: Rate, beta1: float = 0.5, beta2: float = 0.9, epsilon: float = 1e-8
) -> Optimizer:
    """Adam that takes its step twice and the one before back, for games.

    References
    ----------
    C. Daskalakis, A. Ilyas, V. Syrgkanis, H. Zeng, arXiv:1711.00141.

    Examples
    --------
    >>> optimizer, v = optimistic_adam(0.1), VValue({"a": 1.0, "b": -2.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)  # of the gradient v
    >>> round(step["a"], 4), round(step["b"], 4)
    (-0.2, 0.2)
    """

    def rule(count: int, g: Array, first: Array, second: Array, before: Array) -> tuple[Array, ...]:
        first, second = mixed(beta1, first, g), mixed(beta2, second, g**2)
        root = np.sqrt(second / (1.0 - beta2**count)) + epsilon
        now = first / (1.0 - beta1**count) / root
        return 2.0 * now - before, first, second, now

    return _remembering(rate, 3, rule)
