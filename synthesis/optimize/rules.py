"""Rules of descent on arrays, in place: for trees (`optimizers`) and for lanes of many networks.

A rule takes gradients, an array of shape (..., size), and turns them into the step. What it
remembers are arrays of the same shape, which it updates. Nothing is allocated but a scratch array,
and that can be handed in. Shapes before the last are lanes: each goes its own way.

The rate is part of the adaptive rules: a factor applied to the step afterwards would round
otherwise, and every result of this library is kept to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "adagrad",
    "adam",
    "clip",
    "clip_by_norm",
    "decoupled_l1",
    "l1",
    "lion",
    "momentum",
    "rmsprop",
    "rprop",
    "sgd",
    "soft_threshold",
]

Rate = Any
"""A number, or an array that broadcasts with the gradient: (..., 1) holds a rate per lane."""


# -------------------- plain and adaptive steps --------------------


def sgd(gradient: np.ndarray, rate: Rate) -> None:
    """``step = -rate * gradient``.

    Examples
    --------
    >>> step = np.array([1.0, -2.0])
    >>> sgd(step, 0.5)
    >>> step
    array([-0.5,  1. ])
    """
    gradient *= -rate


def momentum(gradient: np.ndarray, velocity: np.ndarray, rate: Rate, decay: float) -> None:
    """``velocity = decay * velocity + gradient; step = -rate * velocity``."""
    velocity *= decay
    velocity += gradient
    np.multiply(velocity, -rate, out=gradient)


def adagrad(
    gradient: np.ndarray,
    memory: np.ndarray,
    rate: Rate,
    epsilon: float,
    scratch: np.ndarray | None = None,
) -> None:
    """``memory += gradient^2; step = -rate * gradient / sqrt(memory + epsilon)``."""
    root = np.multiply(gradient, gradient, out=scratch)
    memory += root
    _divide_by_root(gradient, memory, rate, epsilon, root)


def rmsprop(
    gradient: np.ndarray,
    memory: np.ndarray,
    rate: Rate,
    share: float,
    epsilon: float,
    scratch: np.ndarray | None = None,
) -> None:
    """As `adagrad`, with ``memory = (1 - share) * memory + share * gradient^2``."""
    root = np.multiply(gradient, gradient, out=scratch)
    memory *= 1.0 - share
    root *= share
    memory += root
    _divide_by_root(gradient, memory, rate, epsilon, root)


def _divide_by_root(
    gradient: np.ndarray, memory: np.ndarray, rate: Rate, epsilon: float, root: np.ndarray
) -> None:
    np.add(memory, epsilon, out=root)
    np.sqrt(root, out=root)
    gradient *= -rate
    gradient /= root


def adam(
    gradient: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    count: int,
    rate: Rate,
    beta1: float,
    beta2: float,
    epsilon: float,
    scratch: np.ndarray | None = None,
) -> None:
    """Adam with bias correction, ``epsilon`` outside the root.

    Parameters
    ----------
    gradient, first, second : arrays (..., size)
    count : int
        Number of this update, from 1.
    rate : number or array
        A number takes the bias of the first moment upon itself; with an array of rates it is the
        moment that is corrected (the two differ in the last bit).
    """
    work = np.multiply(gradient, 1.0 - beta1, out=scratch)
    first *= beta1
    first += work
    np.multiply(gradient, 1.0 - beta2, out=work)
    work *= gradient
    second *= beta2
    second += work
    np.divide(second, 1.0 - beta2**count, out=work)
    np.sqrt(work, out=work)
    work += epsilon
    correction = 1.0 - beta1**count
    if np.ndim(rate):
        np.divide(first, correction, out=gradient)
        gradient *= -rate
    else:
        np.multiply(first, -(rate / correction), out=gradient)
    gradient /= work


def lion(
    gradient: np.ndarray, momentum: np.ndarray, rate: Rate, beta1: float, beta2: float
) -> None:
    """``step = -rate * sign(beta1 * m + (1 - beta1) * g); m = beta2 * m + (1 - beta2) * g``."""
    direction = beta1 * momentum
    direction += (1.0 - beta1) * gradient
    momentum *= beta2
    gradient *= 1.0 - beta2
    momentum += gradient
    np.sign(direction, out=gradient)
    gradient *= -rate


def rprop(
    gradient: np.ndarray,
    sizes: np.ndarray,
    previous: np.ndarray,
    initial: float,
    grow: float,
    shrink: float,
    smallest: float,
    largest: float,
) -> None:
    """Step sizes that grow while the sign of the gradient stays, and shrink where it changes."""
    agreement = np.sign(gradient * previous)
    # A leaf that an edit has just opened has size 0: it starts like all others did.
    sizes[...] = np.where(sizes > 0, sizes, initial)
    sizes *= np.where(agreement > 0, grow, np.where(agreement < 0, shrink, 1.0))
    np.clip(sizes, smallest, largest, out=sizes)
    previous[...] = np.where(agreement < 0, 0.0, gradient)
    np.multiply(-sizes, np.sign(previous), out=gradient)


# -------------------- before and after --------------------


def clip(gradient: np.ndarray, bound: float) -> None:
    """Every element into ``[-bound, bound]``."""
    np.maximum(gradient, -bound, out=gradient)
    np.minimum(gradient, bound, out=gradient)


def clip_by_norm(gradient: np.ndarray, largest: float, order: float | None = None) -> None:
    """Every vector scaled down to a norm of at most ``largest``, Euclidean unless another is given.

    ``order`` is as that of ``numpy.linalg.norm``.
    """
    for lane in np.ndindex(gradient.shape[:-1]):
        norm = float(np.linalg.norm(gradient[lane], order))
        if norm > largest:
            gradient[lane] *= largest / norm


def l1(gradient: np.ndarray, parameters: np.ndarray, strength: Rate) -> None:
    """Adds the gradient of ``strength * |parameters|``, taken as 0 at 0."""
    gradient += strength * np.sign(parameters)


def decoupled_l1(step: np.ndarray, parameters: np.ndarray, strength: Rate) -> None:
    """Makes the step end where `soft_threshold` has it."""
    step += parameters
    soft_threshold(step, strength)
    step -= parameters


def soft_threshold(values: np.ndarray, strength: Rate) -> None:
    """Shrinks every value towards zero by ``strength``, stopping there: the proximal step of L1.

    References
    ----------
    I. Daubechies et al., Comm. Pure Appl. Math. 57 (2004), 1413-1457.

    Examples
    --------
    >>> values = np.array([3.0, -0.5])
    >>> soft_threshold(values, 1.0)
    >>> values
    array([ 2., -0.])
    """
    size = np.abs(values)
    size -= strength
    np.maximum(size, 0.0, out=size)
    np.sign(values, out=values)
    values *= size
