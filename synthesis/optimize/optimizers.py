"""Optimizers on V-values: pure ``(init, update)`` pairs that compose.

``update(gradient, state, parameters) -> (step, state)``; the new parameters are
``parameters + step``. All state is made of V-values and numbers, so when an edit changes the
support of the parameters, `restrict_state` carries the state along: moments of removed leaves are
dropped, new leaves start from zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict
from vvalues.core.kernels import align

__all__ = [
    "Optimizer",
    "adagrad",
    "adam",
    "chain",
    "clip",
    "clip_by_norm",
    "decoupled_l1",
    "l1",
    "masked",
    "momentum",
    "restrict_state",
    "rprop",
    "schedule",
    "sgd",
    "state_leaves",
    "with_state_leaves",
]

State = Any
Schedule = Callable[[int], float]
S = TypeVar("S")


class Optimizer(NamedTuple):
    """A pair of pure functions.

    Attributes
    ----------
    init : parameters -> state
    update : (gradient, state, parameters) -> (step, state)
    """

    init: Callable[[VValue], State]
    update: Callable[[VValue, State, VValue], tuple[VValue, State]]


def _rate(rate: float | Schedule, count: int) -> float:
    return rate(count) if callable(rate) else rate


def _zeros(tree: VValue) -> VValue:
    return from_buffer(tree.support, np.zeros(tree.size))


def _on(tree: VValue, support: Support) -> np.ndarray:
    """Buffer of a tree on a support (a gradient may live on a larger one)."""
    return align(tree, support)


# -------------------- plain and adaptive steps --------------------


class CountState(NamedTuple):
    """Number of updates so far."""

    updates: int


def sgd(rate: float | Schedule) -> Optimizer:
    """``step = -rate * gradient``."""

    def update(gradient: VValue, state: CountState, parameters: VValue) -> tuple[VValue, State]:
        step = -_rate(rate, state.updates) * _on(gradient, parameters.support)
        return from_buffer(parameters.support, step), CountState(state.updates + 1)

    return Optimizer(lambda parameters: CountState(0), update)


class MomentumState(NamedTuple):
    """Velocity of the heavy ball."""

    updates: int
    velocity: VValue


def momentum(rate: float | Schedule, decay: float = 0.9) -> Optimizer:
    """Heavy ball: ``velocity = decay * velocity + gradient; step = -rate * velocity``."""

    def update(gradient: VValue, state: MomentumState, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        velocity = decay * state.velocity.buffer + _on(gradient, support)
        step = from_buffer(support, -_rate(rate, state.updates) * velocity)
        return step, MomentumState(state.updates + 1, from_buffer(support, velocity))

    return Optimizer(lambda parameters: MomentumState(0, _zeros(parameters)), update)


class AdagradState(NamedTuple):
    """Sum of squared gradients."""

    updates: int
    memory: VValue


def adagrad(rate: float | Schedule, epsilon: float = 1e-8) -> Optimizer:
    """``memory += gradient^2; step = -rate * gradient / sqrt(memory + epsilon)``.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, JMLR 12 (2011), 2121-2159.
    """

    def update(gradient: VValue, state: AdagradState, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        g = _on(gradient, support)
        memory = state.memory.buffer + g * g
        step = -_rate(rate, state.updates) * g / np.sqrt(memory + epsilon)
        return from_buffer(support, step), AdagradState(
            state.updates + 1, from_buffer(support, memory)
        )

    return Optimizer(lambda parameters: AdagradState(0, _zeros(parameters)), update)


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
    """

    def update(gradient: VValue, state: AdamState, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        g = _on(gradient, support)
        count = state.updates + 1
        first = beta1 * state.first.buffer + (1 - beta1) * g
        second = beta2 * state.second.buffer + (1 - beta2) * g * g
        scale = _rate(rate, state.updates) / (1 - beta1**count)
        step = -scale * first / (np.sqrt(second / (1 - beta2**count)) + epsilon)
        moments = from_buffer(support, first), from_buffer(support, second)
        return from_buffer(support, step), AdamState(count, *moments)

    return Optimizer(lambda p: AdamState(0, _zeros(p), _zeros(p)), update)


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
    """

    def init(parameters: VValue) -> RpropState:
        return RpropState(
            from_buffer(parameters.support, np.full(parameters.size, initial)), _zeros(parameters)
        )

    def update(gradient: VValue, state: RpropState, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        g = _on(gradient, support)
        agreement = np.sign(g * state.previous.buffer)
        # A leaf that an edit has just opened has size 0: it starts like all others did.
        sizes = np.where(state.sizes.buffer > 0, state.sizes.buffer, initial)
        sizes = sizes * np.where(agreement > 0, grow, np.where(agreement < 0, shrink, 1.0))
        sizes = np.clip(sizes, smallest, largest)
        g = np.where(agreement < 0, 0.0, g)
        new = RpropState(from_buffer(support, sizes), from_buffer(support, g))
        return from_buffer(support, -sizes * np.sign(g)), new

    return Optimizer(init, update)


# -------------------- transformations, for `chain` --------------------


def clip_by_norm(largest: float) -> Optimizer:
    """Scale the gradient down to a Euclidean norm of at most ``largest``."""

    def update(gradient: VValue, state: tuple, parameters: VValue) -> tuple[VValue, State]:
        g = _on(gradient, parameters.support)
        norm = float(np.linalg.norm(g))
        return from_buffer(parameters.support, g * (largest / norm) if norm > largest else +g), ()

    return Optimizer(lambda parameters: (), update)


def clip(bound: float) -> Optimizer:
    """Clip every element of the gradient to ``[-bound, bound]``."""

    def update(gradient: VValue, state: tuple, parameters: VValue) -> tuple[VValue, State]:
        g = np.clip(_on(gradient, parameters.support), -bound, bound)
        return from_buffer(parameters.support, g), ()

    return Optimizer(lambda parameters: (), update)


def l1(strength: float | Schedule) -> Optimizer:
    """Coupled L1: adds ``strength * sign(parameter)`` to the gradient, before the adaptive step."""

    def update(gradient: VValue, state: CountState, parameters: VValue) -> tuple[VValue, State]:
        g = _on(gradient, parameters.support)
        penalty = _rate(strength, state.updates) * np.sign(parameters.buffer)
        return from_buffer(parameters.support, g + penalty), CountState(state.updates + 1)

    return Optimizer(lambda parameters: CountState(0), update)


def decoupled_l1(strength: float | Schedule) -> Optimizer:
    """Proximal L1 after the adaptive step: shrinks towards zero by ``strength``, stopping there.

    Goes *last* in a chain: it sees the step, not the gradient. ``strength`` is per step, so with a
    learning rate it is ``rate * lambda``.

    Notes
    -----
    Adaptive optimizers divide a coupled penalty by their own gradient memory, so that it fades;
    the decoupled one keeps its strength.

    References
    ----------
    Soft thresholding: I. Daubechies et al., Comm. Pure Appl. Math. 57 (2004), 1413-1457.
    """

    def update(step: VValue, state: CountState, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        target = parameters.buffer + _on(step, support)
        size = np.maximum(np.abs(target) - _rate(strength, state.updates), 0.0)
        shrunk = np.sign(target) * size
        return from_buffer(support, shrunk - parameters.buffer), CountState(state.updates + 1)

    return Optimizer(lambda parameters: CountState(0), update)


def chain(*parts: Optimizer) -> Optimizer:
    """Apply transformations one after the other, each to the output of the one before."""

    def init(parameters: VValue) -> tuple:
        return tuple(part.init(parameters) for part in parts)

    def update(gradient: VValue, states: tuple, parameters: VValue) -> tuple[VValue, State]:
        new = []
        for part, state in zip(parts, states, strict=True):
            gradient, state = part.update(gradient, state, parameters)
            new.append(state)
        return gradient, tuple(new)

    return Optimizer(init, update)


def masked(inner: Optimizer, choose: Callable[[VValue], Support] | Support) -> Optimizer:
    """Let an optimizer see and move only some leaves; the others stay where they are.

    Parameters
    ----------
    inner : Optimizer
    choose : Support, or a function from parameters to one
    """

    def part(parameters: VValue) -> VValue:
        wanted = choose(parameters) if callable(choose) else choose
        keep = np.array([path in wanted for path in parameters.support.paths], dtype=bool)
        return restrict(parameters, parameters.support.where(keep))

    def update(gradient: VValue, state: State, parameters: VValue) -> tuple[VValue, State]:
        chosen = part(parameters)
        step, state = inner.update(restrict(gradient, chosen.support), state, chosen)
        return restrict(step, parameters.support), state

    return Optimizer(lambda parameters: inner.init(part(parameters)), update)


def schedule(start: float, end: float, steps: int, kind: str = "geometric") -> Schedule:
    """A learning rate that goes from ``start`` to ``end`` in ``steps`` updates and stays there.

    Parameters
    ----------
    kind : {"geometric", "linear", "cosine"}

    Examples
    --------
    >>> rate = schedule(0.1, 0.001, 100)
    >>> round(rate(0), 6), round(rate(50), 6), round(rate(500), 6)
    (0.1, 0.01, 0.001)
    """
    kinds = ("geometric", "linear", "cosine")
    if kind not in kinds:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds)}")

    def rate(count: int) -> float:
        done = min(count / max(steps, 1), 1.0)
        if kind == "geometric":
            return start * (end / start) ** done
        if kind == "cosine":
            done = (1 - np.cos(np.pi * done)) / 2
        return start + (end - start) * done

    return rate


# -------------------- state across edits and checkpoints --------------------


def restrict_state(state: S, support: Support) -> S:
    """Optimizer state for parameters on another support; counts are kept.

    Examples
    --------
    >>> from vvalues import VValue
    >>> state = adam(0.1).init(VValue({"a": 1.0, "b": 2.0}))
    >>> restrict_state(state, VValue({"b": 1.0, "c": 1.0}).support).first
    VValue({'b': 0.0, 'c': 0.0})
    """
    return _map_state(state, lambda leaf: restrict(leaf, support) if _is_tree(leaf) else leaf)


def state_leaves(state: State) -> list[Any]:
    """V-values and numbers of a state in a fixed order, for checkpoints."""
    leaves: list[Any] = []
    _map_state(state, lambda leaf: leaves.append(leaf))
    return leaves


def with_state_leaves(template: S, leaves: list[Any]) -> S:
    """Inverse of `state_leaves` for a state of the same make."""
    remaining = iter(leaves)
    return _map_state(template, lambda leaf: next(remaining))


def _is_tree(leaf: Any) -> bool:
    return isinstance(leaf, VValue)


def _map_state(state: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(state, tuple):
        parts = [_map_state(part, function) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return function(state)
