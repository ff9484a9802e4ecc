"""Optimizers on V-values: pure ``(init, update)`` pairs that compose.

``update(gradient, state, parameters) -> (step, state)``; the new parameters are
``parameters + step``. All state is made of V-values and counts of updates, so when an edit changes
the support of the parameters, `restrict_state` carries the state along: moments of removed leaves
are dropped, new leaves start from zero. (An update does the same with what it is given.)

What is here makes an optimizer of a rule on arrays (`synthesis.optimize.rules`), is done to
gradients and steps before and after a rule, or is done to states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from vvalues import Pattern, Support, VValue, from_buffer, restrict, select
from vvalues.core import align

from . import rules
from .rates import Schedule, rate_at

__all__ = [
    "CountState",
    "Optimizer",
    "chain",
    "clip",
    "clip_by_norm",
    "decoupled_l1",
    "l1",
    "lifted",
    "map_trees",
    "masked",
    "restrict_state",
    "state_leaves",
    "with_state_leaves",
    "zeros",
]

State = Any
Array = np.ndarray
S = TypeVar("S")


class Optimizer(NamedTuple):
    """A pair of pure functions.

    Attributes
    ----------
    init : parameters -> state
    update : (gradient, state, parameters) -> (step, state)

    Examples
    --------
    >>> halving = Optimizer(lambda parameters: (), lambda g, state, v: (-0.5 * v, state))
    >>> v = VValue({"a": 4.0})
    >>> v + halving.update(VValue(), halving.init(v), v)[0]
    VValue({'a': 2.0})
    """

    init: Callable[[VValue], State]
    update: Callable[[VValue, State, VValue], tuple[VValue, State]]


def zeros(tree: VValue) -> VValue:
    """Zeros on the support of a tree."""
    return from_buffer(tree.support, np.zeros(tree.size))


def lifted(init: Callable[[VValue], State], rule: Callable[..., None]) -> Optimizer:
    """An optimizer on trees from a rule on arrays.

    Parameters
    ----------
    init : parameters -> state
        The state is a tuple of V-values and numbers; a number counts updates.
    rule : (gradient, parameters, *parts of the state) -> None
        V-values are replaced by arrays. It makes the gradient the step, in place, and updates the
        arrays of the state.
    """

    def update(gradient: VValue, state: State, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        step = np.array(align(gradient, support))  # a gradient may live on a larger support
        # A state may come from parameters on another support: what is new starts from zero.
        parts = [np.array(align(part, support)) if _is_tree(part) else part for part in state]
        rule(step, parameters.buffer, *parts)
        new = [from_buffer(support, p) if isinstance(p, np.ndarray) else p + 1 for p in parts]
        return from_buffer(support, step), _alike(state, new)

    return Optimizer(init, update)


def _alike(state: Any, parts: list[Any]) -> Any:
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


class CountState(NamedTuple):
    """Number of updates so far."""

    updates: int


# -------------------- transformations, for `chain` --------------------


def clip_by_norm(largest: float, order: float | None = None, *, each: bool = False) -> Optimizer:
    """Scale the gradient down to a norm of at most ``largest``.

    Parameters
    ----------
    largest : float
    order : float, optional
        As that of ``numpy.linalg.norm``; Euclidean when omitted.
    each : bool
        Every leaf by itself, not the whole tree.

    Examples
    --------
    >>> v = VValue({"a": 3.0, "b": -4.0})
    >>> clip_by_norm(2.5).update(v, (), v)[0]
    VValue({'a': 1.5, 'b': -2.0})
    """

    def update(gradient: VValue, state: State, parameters: VValue) -> tuple[VValue, State]:
        support = parameters.support
        step = np.array(align(gradient, support))
        n = len(support)
        for span in (support.span(i, i + 1) for i in range(n)) if each else [support.span(0, n)]:
            rules.clip_by_norm(step[span], largest, order)
        return from_buffer(support, step), state

    return Optimizer(lambda parameters: (), update)


def clip(bound: float) -> Optimizer:
    """Clip every element of the gradient to ``[-bound, bound]``.

    Examples
    --------
    >>> v = VValue({"a": 4.0, "b": -0.5})
    >>> clip(1.0).update(v, clip(1.0).init(v), v)[0]
    VValue({'a': 1.0, 'b': -0.5})
    """
    return lifted(lambda parameters: (), lambda g, parameters: rules.clip(g, bound))


def l1(strength: float | Schedule) -> Optimizer:
    """Coupled L1: adds ``strength * sign(parameter)`` to the gradient, before the adaptive step.

    Examples
    --------
    >>> v, slope = VValue({"a": 2.0, "b": -3.0}), VValue({"a": 0.5, "b": 0.5})
    >>> l1(0.1).update(slope, l1(0.1).init(v), v)[0]
    VValue({'a': 0.6, 'b': 0.4})
    """

    def rule(gradient: Array, parameters: Array, updates: int) -> None:
        rules.l1(gradient, parameters, rate_at(strength, updates))

    return lifted(lambda parameters: CountState(0), rule)


def decoupled_l1(strength: float | Schedule) -> Optimizer:
    """Proximal L1 after the adaptive step: shrinks towards zero by ``strength``, stopping there.

    Goes *last* in a chain: it sees the step, not the gradient. ``strength`` is per step, so with a
    learning rate it is ``rate * lambda``.

    Notes
    -----
    Adaptive optimizers divide a coupled penalty by their own gradient memory, so that it fades;
    the decoupled one keeps its strength.

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> optimizer, v = chain(sgd(0.1), decoupled_l1(0.05)), VValue({"a": 1.0, "b": 0.02})
    >>> v + optimizer.update(VValue(), optimizer.init(v), v)[0]  # b stops at zero
    VValue({'a': 0.95, 'b': 0.0})
    """

    def rule(step: Array, parameters: Array, updates: int) -> None:
        rules.decoupled_l1(step, parameters, rate_at(strength, updates))

    return lifted(lambda parameters: CountState(0), rule)


def chain(*parts: Optimizer) -> Optimizer:
    """Apply transformations one after the other, each to the output of the one before.

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> optimizer, v = chain(clip(1.0), sgd(0.1)), VValue({"a": 4.0, "b": -0.5})
    >>> optimizer.update(v, optimizer.init(v), v)[0]
    VValue({'a': -0.1, 'b': 0.05})
    """

    def init(parameters: VValue) -> tuple:
        return tuple(part.init(parameters) for part in parts)

    def update(gradient: VValue, states: tuple, parameters: VValue) -> tuple[VValue, State]:
        new = []
        for part, state in zip(parts, states, strict=True):
            gradient, state = part.update(gradient, state, parameters)
            new.append(state)
        return gradient, tuple(new)

    return Optimizer(init, update)


def masked(inner: Optimizer, choose: Callable[[VValue], Pattern] | Pattern) -> Optimizer:
    """Let an optimizer see and move only some leaves; the others stay where they are.

    Parameters
    ----------
    inner : Optimizer
    choose : pattern of `vvalues.select`, or a function from parameters to one

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> optimizer = masked(sgd(0.5), "layer-2/**")
    >>> v = VValue({"layer-1": {"w": 1.0}, "layer-2": {"w": 2.0}})
    >>> optimizer.update(v, optimizer.init(v), v)[0]
    VValue({'layer-1': {'w': 0.0}, 'layer-2': {'w': -1.0}})
    """

    def part(parameters: VValue) -> VValue:
        return select(parameters, choose(parameters) if callable(choose) else choose)

    def update(gradient: VValue, state: State, parameters: VValue) -> tuple[VValue, State]:
        chosen = part(parameters)
        step, state = inner.update(restrict(gradient, chosen.support), state, chosen)
        return restrict(step, parameters.support), state

    return Optimizer(lambda parameters: inner.init(part(parameters)), update)


# -------------------- state across edits and checkpoints --------------------


def restrict_state(state: S, support: Support) -> S:
    """Optimizer state for parameters on another support; counts are kept.

    Examples
    --------
    >>> from synthesis.optimize import adam
    >>> state = adam(0.1).init(VValue({"a": 1.0, "b": 2.0}))
    >>> restrict_state(state, VValue({"b": 1.0, "c": 1.0}).support).first
    VValue({'b': 0.0, 'c': 0.0})
    """
    return map_trees(state, lambda tree: restrict(tree, support))


def map_trees(state: S, change: Callable[[VValue], VValue]) -> S:
    """Optimizer state with its trees changed; counts are kept."""
    return _map_state(state, lambda leaf: change(leaf) if _is_tree(leaf) else leaf)


def state_leaves(state: State) -> list[Any]:
    """V-values and numbers of a state in a fixed order, for checkpoints.

    Examples
    --------
    >>> from synthesis.optimize import momentum
    >>> state_leaves(momentum(0.1).init(VValue({"a": 1.0})))
    [0, VValue({'a': 0.0})]
    """
    leaves: list[Any] = []
    _map_state(state, lambda leaf: leaves.append(leaf))
    return leaves


def with_state_leaves(template: S, leaves: list[Any]) -> S:
    """Inverse of `state_leaves` for a state of the same make.

    Examples
    --------
    >>> from synthesis.optimize import momentum
    >>> state = momentum(0.1).init(VValue({"a": 1.0}))
    >>> with_state_leaves(state, [7, VValue({"a": 0.25})])
    MomentumState(updates=7, velocity=VValue({'a': 0.25}))
    """
    remaining = iter(leaves)
    return _map_state(template, lambda leaf: next(remaining))


def _is_tree(leaf: Any) -> bool:
    return isinstance(leaf, VValue)


def _map_state(state: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(state, tuple):
        return _alike(state, [_map_state(part, function) for part in state])
    return function(state)
