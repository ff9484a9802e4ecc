"""Operations on streams: what one neuron makes of signals, as numbers and as a circuit.

Every operation says what it does to arrays - (strings, samples) for numbers, with keys as a third
axis for trees - and which neuron does the same. A composition is a tree of operations, so it can be
tried on data quickly and built exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dmm import get_neuron_type

from ..signals import Builder, Signal
from .running import extreme_since, floored, from_first, held, largest, since, toggled

__all__ = [
    "OPERATIONS",
    "Operation",
    "are_flags",
    "choice_signal",
    "constant",
    "exceeds_signal",
    "floored_signal",
    "held_signal",
    "lagged",
    "leaky_signal",
    "product_signal",
    "relu_signal",
    "sum_signal",
]

Numbers = np.ndarray


@dataclass(frozen=True)
class Operation:
    """What can be made of one or two streams.

    Attributes
    ----------
    name : str
    values : (arrays) -> array
    build : (Builder, signals) -> Signal
    types : tuple of str
        Neuron types that it needs; none for what wires do alone.
    reads : tuple of str
        What its arguments have to be: "number"; "flag" (0 or 1 everywhere); "whole" (few whole
        numbers); "keyed"; "any" (a number or keyed, all arguments alike).
    is_symmetric : bool
        The order of its arguments does not matter.
    size : int
        For how many operations it counts: what takes several neurons is no simple thing.
    """

    name: str
    values: Callable[..., Numbers]
    build: Callable[..., Signal]
    types: tuple[str, ...] = ()
    reads: tuple[str, ...] = ("number",)
    is_symmetric: bool = False
    size: int = 1


# -------------------- numbers --------------------


def are_flags(values: np.ndarray) -> bool:
    """Whether numbers are 0 or 1, all of them."""
    return bool(np.all((values == 0.0) | (values == 1.0)))


def lagged(x: Numbers, samples: int = 1) -> Numbers:
    """So many samples earlier; nothing before the first."""
    return np.pad(x, ((0, 0), (samples, 0), *((0, 0),) * (x.ndim - 2)))[:, : x.shape[1]]


# -------------------- neurons --------------------


def constant(value: float = 1.0) -> Signal:
    """A number at every sample."""
    return value * Signal.of("const_1", "const_1")


def relu_signal(builder: Builder, one: Signal, other: Signal | None = None) -> Signal:
    """By how much one signal exceeds another, or 0."""
    other = Signal({}) if other is None else other
    return Signal.of(builder.neuron("compare", dict_1=one, dict_2=other), "true")


def _norm(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("norm", dict=one), "norm")


def product_signal(builder: Builder, one: Signal, other: Signal) -> Signal:
    """Two numbers multiplied; of two signals with keys, their inner product."""
    return Signal.of(builder.neuron("dot_free", dict_1=one, dict_2=other), "dot")


def _dot(x: Numbers, y: Numbers) -> Numbers:
    return np.einsum("stk,stk->st", x, y)


def _clamped_dot(x: Numbers, y: Numbers) -> Numbers:
    bound = get_neuron_type("dot").kernel.bound  # type: ignore[union-attr]
    return np.clip(_dot(x, y), -bound, bound)


def _clamped_dot_signal(builder: Builder, one: Signal, other: Signal) -> Signal:
    return Signal.of(builder.neuron("dot", dict_1=one, dict_2=other), "dot")


def exceeds_signal(builder: Builder, one: Signal, other: Signal) -> Signal:
    """1 where one signal exceeds another, else 0."""
    # On its false channel: the true one is 1 where nothing has arrived yet.
    neuron = builder.neuron("less_or_equal", left=one, right=other)
    return Signal.of(neuron, "false-channel")


def choice_signal(builder: Builder, gate: Signal, one: Signal, other: Signal) -> Signal:
    """One signal where a gate is 1, the other where it is 0."""
    return Signal.of(builder.neuron("multiplexer", gate=gate, dict_1=one, dict_2=other), "dict")


def sum_signal(builder: Builder, one: Signal) -> Signal:
    """The sum of a signal so far."""
    return Signal.of(builder.neuron("accum", own="dict-1", dict_2=one), "dict")


def floored_signal(builder: Builder, one: Signal) -> Signal:
    """The neuron that does what `floored` does."""
    return Signal.of(builder.neuron("compare", own="dict-1", dict_1=one), "true")


def leaky_signal(builder: Builder, one: Signal, pole: float, reset: Signal | None = None) -> Signal:
    """The neuron that does what `leaky` does."""
    if reset is None:
        neuron = builder.neuron("accum", own="dict-1", memory=pole, dict_2=one)
    else:
        neuron = builder.neuron(
            "multiplexer", own="dict-2", memory=pole, gate=reset, dict_1=one, dict_2=one
        )
    return Signal.of(neuron, "dict")


def held_signal(builder: Builder, one: Signal, gate: Signal) -> Signal:
    """The neuron that does what `held` does."""
    neuron = builder.neuron("multiplexer", own="dict-2", gate=gate, dict_1=one)
    return Signal.of(neuron, "dict")


def _largest_signal(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("running_max", own="best", number=one), "best")


def _toggled_signal(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("norm", own="dict", memory=-1.0, dict=one), "norm")


def _extreme_since_signal(builder: Builder, one: Signal, reset: Signal, sign: float) -> Signal:
    """A memory that is set, or changed by as much as it is exceeded (``sign`` 1) or missed (-1)."""

    def fields(past: Signal) -> dict[str, Signal]:
        exceeded = relu_signal(builder, sign * one, sign * past)
        return {"gate": reset, "dict-1": one, "dict-2": past + sign * exceeded}

    read = frozenset(one.terms.items()), frozenset(reset.terms.items())
    neuron = builder.looped("multiplexer", ("extreme", sign, *read), fields)
    return Signal.of(neuron, "dict")


def _middle(x: Numbers) -> Numbers:
    """The middle one in size of the last three samples, zeros before the first."""
    return np.median([x, lagged(x), lagged(x, 2)], axis=0)


def _middle_signal(builder: Builder, one: Signal) -> Signal:
    """The larger of the smaller of two, and of what of the third does not exceed the larger one."""
    now, before, earlier = one, one.lagged(), one.lagged().lagged()
    excess = relu_signal(builder, now, before)
    larger, smaller = before + excess, now - excess
    bounded = larger - relu_signal(builder, larger, earlier)
    return bounded + relu_signal(builder, smaller, bounded)


def _from_first_signal(builder: Builder, reset: Signal) -> Signal:
    """The signal that does what `_from_first` does: a constant was not there before."""
    first = constant() - constant().lagged()
    return reset + relu_signal(builder, first, reset) if reset.terms else first


# -------------------- the table --------------------

PAIR, FLAGGED, KEYED = ("number", "number"), ("number", "flag"), ("keyed", "keyed")
"""What operations with two arguments read."""


def _extreme_of_all(word: str, extreme: np.ufunc, sign: float) -> Operation:
    nothing = Signal({})
    return Operation(
        f"{word} of all",
        lambda x: extreme_since(x, from_first(np.zeros_like(x)), extreme),
        lambda b, x: _extreme_since_signal(b, x, _from_first_signal(b, nothing), sign),
        ("compare", "multiplexer"),
    )


def _extreme_since_each(word: str, extreme: np.ufunc, sign: float) -> tuple[Operation, Operation]:
    """The one begins with 0, the other with its first sample."""
    from_zero = Operation(
        f"{word} since",
        lambda x, reset: extreme_since(x, reset, extreme),
        lambda b, x, reset: _extreme_since_signal(b, x, reset, sign),
        ("compare", "multiplexer"),
        FLAGGED,
    )
    return from_zero, replace(
        from_zero,
        name=f"{word} since, or of all",
        values=lambda x, reset: from_zero.values(x, from_first(reset)),
        build=lambda b, x, reset: from_zero.build(b, x, _from_first_signal(b, reset)),
    )


def _above(least: int) -> Operation:
    bound = least - 0.5
    return Operation(
        f"{least} or more",
        lambda x: (x > bound).astype(float),
        lambda b, x: exceeds_signal(b, x, constant(bound)),
        ("less_or_equal",),
        ("whole",),
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation("lag", lagged, lambda b, x: x.lagged(), reads=("any",)),
    Operation("not", lambda x: 1.0 - x, lambda b, x: constant() - x, reads=("flag",)),
    Operation("sum", lambda x: np.cumsum(x, axis=1), sum_signal, ("accum",), ("any",)),
    Operation("floored sum", floored, floored_signal, ("compare",)),
    Operation(
        "run",
        lambda x: since(x, 1.0 - x),
        lambda b, x: leaky_signal(b, x, 1.0, constant() - x),
        ("multiplexer",),
        ("flag",),
    ),
    Operation("relu", lambda x: np.maximum(x, 0.0), relu_signal, ("compare",)),
    Operation(
        "fall", lambda x: np.maximum(-x, 0.0), lambda b, x: relu_signal(b, -1.0 * x), ("compare",)
    ),
    Operation("abs", np.abs, _norm, ("norm",)),
    Operation("norm", lambda x: np.abs(x).max(axis=2, initial=0.0), _norm, ("norm",), ("keyed",)),
    Operation(
        "positive",
        lambda x: (x > 0).astype(float),
        lambda b, x: exceeds_signal(b, x, Signal({})),
        ("less_or_equal",),
    ),
    Operation(
        "negative",
        lambda x: (x < 0).astype(float),
        lambda b, x: exceeds_signal(b, Signal({}), x),
        ("less_or_equal",),
    ),
    *(_above(least) for least in (2, 3, 4, 5, 6)),
    Operation("largest", largest, _largest_signal, ("running_max",)),
    _extreme_of_all("largest", np.maximum, 1.0),
    _extreme_of_all("smallest", np.minimum, -1.0),
    Operation("middle of three", _middle, _middle_signal, ("compare",), size=3),
    Operation("toggle", toggled, _toggled_signal, ("norm",), ("flag",)),
    Operation("+", np.add, lambda b, x, y: x + y, (), ("any", "any"), True),
    Operation("-", np.subtract, lambda b, x, y: x - y, (), ("any", "any")),
    Operation("*", np.multiply, product_signal, ("dot_free",), PAIR, True),
    Operation("dot", _dot, product_signal, ("dot_free",), KEYED, True),
    Operation("clamped dot", _clamped_dot, _clamped_dot_signal, ("dot",), KEYED, True),
    Operation(
        "max", np.maximum, lambda b, x, y: y + relu_signal(b, x, y), ("compare",), PAIR, True
    ),
    Operation(
        "min", np.minimum, lambda b, x, y: x - relu_signal(b, x, y), ("compare",), PAIR, True
    ),
    Operation(">", lambda x, y: (x > y).astype(float), exceeds_signal, ("less_or_equal",), PAIR),
    Operation(
        "since", since, lambda b, x, y: leaky_signal(b, x, 1.0, y), ("multiplexer",), FLAGGED
    ),
    Operation("held", held, held_signal, ("multiplexer",), FLAGGED),
    *_extreme_since_each("largest", np.maximum, 1.0),
    *_extreme_since_each("smallest", np.minimum, -1.0),
)
