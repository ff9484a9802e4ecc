"""Optimizers made of optimizers: groups by pattern, freezing, accumulation, averages, precision.

Patterns are those of `vvalues.select`: ``"layer-*/**/bias"``. They are matched anew when an edit
has changed the support; what is new finds its group by its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from vvalues import Pattern, VValue, drop, from_buffer, partition, restrict, select

from .optimizers import CountState, Optimizer, State, adam, chain
from .rates import Schedule, rate_at

__all__ = [
    "accumulate",
    "adamw",
    "average",
    "averaged",
    "freeze",
    "frozen",
    "groups",
    "mixed_precision",
    "weight_decay",
]


# -------------------- by pattern --------------------


def frozen() -> Optimizer:
    """The optimizer that moves nothing.

    Examples
    --------
    >>> frozen().update(VValue({"a": 5.0}), (), VValue({"a": 1.0}))
    (VValue({'a': 0.0}), ())
    """
    return Optimizer(lambda parameters: (), lambda g, state, parameters: (0.0 * parameters, state))


def groups(choices: Mapping[Any, Optimizer], otherwise: Optimizer | None = None) -> Optimizer:
    """Another optimizer for every group of leaves: other rates, other decay, another method.

    Parameters
    ----------
    choices : mapping of pattern -> Optimizer
        A leaf goes to the first pattern that selects it.
    otherwise : Optimizer, optional
        For the rest, which stands still without one.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer = groups({"**/bias": sgd(1.0), "frozen": frozen()}, otherwise=sgd(0.1))
    >>> v = VValue({"layer": {"bias": 1, "w": 2}, "frozen": 3})
    >>> optimizer.update(v, optimizer.init(v), v)[0]
    VValue({'frozen': 0.0, 'layer': {'bias': -1.0, 'w': -0.2}})
    """
    patterns = tuple(choices)
    optimizers = (*choices.values(), otherwise or frozen())

    def init(parameters: VValue) -> tuple:
        parts = partition(parameters, *patterns)
        return tuple(o.init(part) for o, part in zip(optimizers, parts, strict=True))

    def update(gradient: VValue, states: tuple, parameters: VValue) -> tuple[VValue, State]:
        total, new = 0.0 * parameters, []
        parts = partition(parameters, *patterns)
        for optimizer, state, part in zip(optimizers, states, parts, strict=True):
            step, state = optimizer.update(restrict(gradient, part.support), state, part)
            total = total + step
            new.append(state)
        return total, tuple(new)

    return Optimizer(init, update)


class FrozenState(NamedTuple):
    """Number of updates, and what the optimizer inside remembers."""

    updates: int
    inner: State


def freeze(inner: Optimizer, *patterns: Pattern, until: int | None = None) -> Optimizer:
    """Let some leaves stand still, for good or for the first updates.

    Parameters
    ----------
    inner : Optimizer
        It does not see them meanwhile; what it remembers of them starts from zero when they thaw.
    *patterns : as those of `vvalues.select`
    until : int, optional
        Number of updates after which they thaw. To thaw them by hand go on with ``inner`` and
        ``state.inner``.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer, v = freeze(sgd(1.0), "a", until=1), VValue({"a": 1, "b": 2})
    >>> first, state = optimizer.update(v, optimizer.init(v), v)
    >>> first, optimizer.update(v, state, v)[0]
    (VValue({'a': 0.0, 'b': -2.0}), VValue({'a': -1.0, 'b': -2.0}))
    """

    def moving(tree: VValue, updates: int) -> VValue:
        return tree if until is not None and updates >= until else drop(tree, *patterns)

    def update(
        gradient: VValue, state: FrozenState, parameters: VValue
    ) -> tuple[VValue, FrozenState]:
        part = moving(parameters, state.updates)
        step, new = inner.update(restrict(gradient, part.support), state.inner, part)
        return restrict(step, parameters.support), FrozenState(state.updates + 1, new)

    return Optimizer(lambda parameters: FrozenState(0, inner.init(moving(parameters, 0))), update)


# -------------------- over several updates --------------------


class AccumulatorState(NamedTuple):
    """Number of updates, the sum of gradients since the last step, the optimizer inside."""

    updates: int
    total: VValue
    inner: State


def accumulate(inner: Optimizer, n: int) -> Optimizer:
    """A step with the mean gradient of ``n`` updates, and none in between.

    Raises
    ------
    ValueError
        If n is below 1.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer, v = accumulate(sgd(1.0), 2), VValue({"a": 1})
    >>> first, state = optimizer.update(VValue({"a": 1}), optimizer.init(v), v)
    >>> first, optimizer.update(VValue({"a": 3}), state, v)[0]
    (VValue({'a': 0.0}), VValue({'a': -2.0}))
    """
    if n < 1:
        raise ValueError(f"n is {n!r}; expected at least 1")

    def init(parameters: VValue) -> AccumulatorState:
        return AccumulatorState(0, 0.0 * parameters, inner.init(parameters))

    def update(
        gradient: VValue, state: AccumulatorState, parameters: VValue
    ) -> tuple[VValue, AccumulatorState]:
        total = restrict(state.total + gradient, parameters.support)
        updates, nothing = state.updates + 1, 0.0 * parameters
        if updates % n:
            return nothing, AccumulatorState(updates, total, state.inner)
        step, new = inner.update(total / n, state.inner, parameters)
        return step, AccumulatorState(updates, nothing, new)

    return Optimizer(init, update)


class AverageState(NamedTuple):
    """How far the average of the parameters is from them, and the optimizer inside."""

    offset: VValue
    inner: State


def average(inner: Optimizer, decay: float) -> Optimizer:
    """An optimizer that keeps an exponential moving average of the parameters: `averaged`.

    Parameters
    ----------
    inner : Optimizer
    decay : float in [0, 1)
        Share of the old average that stays at every update.

    Raises
    ------
    ValueError
        If the decay is out of bounds.

    Notes
    -----
    What is remembered is the distance of the average from the parameters. So leaves that an edit
    has opened start with themselves as their average, not with zero.

    References
    ----------
    B. Polyak, A. Juditsky, SIAM J. Control and Optimization 30 (1992), 838-855.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer, v = average(sgd(0.5), decay=0.5), VValue({"a": 1.0})
    >>> step, state = optimizer.update(v, optimizer.init(v), v)
    >>> averaged(state, v + step)
    VValue({'a': 0.75})
    """
    if not 0.0 <= decay < 1.0:
        raise ValueError(f"decay is {decay!r}; expected a number in [0, 1)")

    def update(
        gradient: VValue, state: AverageState, parameters: VValue
    ) -> tuple[VValue, AverageState]:
        step, new = inner.update(gradient, state.inner, parameters)
        offset = decay * (restrict(state.offset, parameters.support) - step)
        return step, AverageState(offset, new)

    return Optimizer(lambda p: AverageState(0.0 * p, inner.init(p)), update)


def averaged(state: AverageState, parameters: VValue) -> VValue:
    """The moving average of the parameters, with which an `average` is after an update.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer, v = average(sgd(1.0), 0.5), VValue({"a": 4})
    >>> step, state = optimizer.update(VValue({"a": 4}), optimizer.init(v), v)
    >>> v + step, averaged(state, v + step)
    (VValue({'a': 0.0}), VValue({'a': 2.0}))
    """
    return parameters + restrict(state.offset, parameters.support)


# -------------------- precision --------------------


class MasterState(NamedTuple):
    """The parameters before they were rounded, and the optimizer inside."""

    master: VValue
    inner: State


def mixed_precision(inner: Optimizer, dtype: Any = np.float32) -> Optimizer:
    """Parameters of a lower precision, whose exact copy in double precision takes the steps.

    Parameters
    ----------
    inner : Optimizer
        It sees the exact copy, and gradients as they come.
    dtype : numpy float type
        Of what uses the parameters: every element of ``parameters + step`` can be written in it.

    Raises
    ------
    ValueError
        If the type is not a floating one.

    Notes
    -----
    Steps that are lost in rounding one by one add up in the copy. Where parameters are not what it
    rounds to (an edit has changed them, or opened new leaves) the copy starts from them.

    References
    ----------
    P. Micikevicius et al., arXiv:1710.03740, section 3.1.

    Examples
    --------
    >>> from synthesis.optimize.optimizers import sgd
    >>> optimizer, v = mixed_precision(sgd(1.0), np.float16), VValue({"a": 1})
    >>> small, state = VValue({"a": 0.0003}), optimizer.init(v)
    >>> for _ in range(3):
    ...     step, state = optimizer.update(small, state, v)
    ...     v = v + step
    >>> v["a"], round(state.master["a"], 4)
    (0.9990234375, 0.9991)
    """
    if not np.issubdtype(dtype, np.floating):
        raise ValueError(f"dtype is {dtype!r}; expected a floating type, such as numpy.float32")

    def rounded(tree: VValue) -> VValue:
        return from_buffer(tree.support, tree.buffer.astype(dtype).astype(np.float64))

    def update(
        gradient: VValue, state: MasterState, parameters: VValue
    ) -> tuple[VValue, MasterState]:
        master = restrict(state.master, parameters.support)
        is_ours = rounded(master).buffer == rounded(parameters).buffer
        exact = np.where(is_ours, master.buffer, parameters.buffer)
        master = from_buffer(parameters.support, exact)
        step, new = inner.update(gradient, state.inner, master)
        master = master + step
        return rounded(master) - parameters, MasterState(master, new)

    return Optimizer(lambda p: MasterState(p, inner.init(p)), update)


# -------------------- decay --------------------


def weight_decay(strength: float | Schedule, *patterns: Pattern) -> Optimizer:
    """Decoupled decay: every step also shrinks the parameters by the share ``strength``.

    Goes *last* in a chain, as `decoupled_l1`; ``strength`` is per step, so with a learning rate it
    is ``rate * decay``.

    Parameters
    ----------
    strength : float, or a schedule
    *patterns : as those of `vvalues.select`
        Which leaves decay; all without any.

    Examples
    --------
    >>> optimizer, v = weight_decay(0.1), VValue({"a": 1.0})
    >>> optimizer.update(0.0 * v, optimizer.init(v), v)[0]
    VValue({'a': -0.1})
    """

    def update(step: VValue, state: CountState, parameters: VValue) -> tuple[VValue, CountState]:
        part = select(parameters, *patterns) if patterns else parameters
        return step - rate_at(strength, state.updates) * part, CountState(state.updates + 1)

    return Optimizer(lambda parameters: CountState(0), update)


def adamw(
    rate: float | Schedule,
    *patterns: Pattern,
    decay: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Optimizer:
    """Adam with decoupled decay: the parameters shrink by ``rate * decay`` at every step.

    Parameters
    ----------
    rate, beta1, beta2, epsilon : as those of `adam`
    *patterns : as those of `vvalues.select`
        Which leaves decay; all without any.
    decay : float

    References
    ----------
    I. Loshchilov, F. Hutter, arXiv:1711.05101, algorithm 2.

    Examples
    --------
    >>> optimizer, v = adamw(0.1, decay=0.5), VValue({"a": 1.0})
    >>> step, state = optimizer.update(0.0 * v, optimizer.init(v), v)
    >>> step  # nothing but decay
    VValue({'a': -0.05})
    """

    decaying = weight_decay(lambda count: decay * rate_at(rate, count), *patterns)
    return chain(adam(rate, beta1, beta2, epsilon), decaying)
