"""Operations on streams: what one neuron makes of signals, as numbers and as a circuit.

Every operation says what it does to arrays of numbers, (strings, samples), and which neuron does the
same. A composition is a tree of operations, so it can be tried on data quickly and built exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .signals import Builder, Signal

__all__ = ["BINARY", "UNARY", "Operation", "known_operations"]

Numbers = np.ndarray


@dataclass(frozen=True)
class Operation:
    """What can be made of one or two streams.

    Attributes
    ----------
    name : str
    values : (arrays (strings, samples)) -> array
    build : (Builder, signals) -> Signal
    types : tuple of str
        Neuron types that it needs; none for what wires do alone.
    links : int
        Wires beside those of its arguments, about.
    wants : str
        What the last argument has to be: "flag" (0 or 1 everywhere) or "any".
    is_symmetric : bool
        The order of its arguments does not matter.
    """

    name: str
    values: Callable[..., Numbers]
    build: Callable[..., Signal]
    types: tuple[str, ...] = ()
    links: int = 1
    wants: str = "any"
    is_symmetric: bool = False


# -------------------- numbers --------------------


def lag(x: Numbers) -> Numbers:
    """One sample earlier; nothing before the first."""
    return np.concatenate([np.zeros_like(x[..., :1]), x[..., :-1]], axis=-1)


def since(x: Numbers, reset: Numbers) -> Numbers:
    """The sum of ``x`` since ``reset`` was last 1 (that sample included)."""
    out = np.empty(np.broadcast_shapes(x.shape, reset.shape))
    total = np.zeros(out.shape[:-1])
    for t in range(out.shape[-1]):
        total = x[..., t] + (1.0 - reset[..., t]) * total
        out[..., t] = total
    return out


def held(x: Numbers, gate: Numbers) -> Numbers:
    """The ``x`` of the last sample at which ``gate`` was 1; 0 before."""
    out = np.empty(np.broadcast_shapes(x.shape, gate.shape))
    kept = np.zeros(out.shape[:-1])
    for t in range(out.shape[-1]):
        kept = gate[..., t] * x[..., t] + (1.0 - gate[..., t]) * kept
        out[..., t] = kept
    return out


def largest_so_far(x: Numbers) -> Numbers:
    """The largest so far, 0 at least."""
    return np.maximum(np.maximum.accumulate(x, axis=-1), 0.0)


# -------------------- neurons --------------------


def _relu(builder: Builder, one: Signal, other: Signal | None = None) -> Signal:
    fields = {"dict_1": one} if other is None else {"dict_1": one, "dict_2": other}
    return Signal.of(builder.neuron("compare", **fields), "true")


def _norm(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("norm", dict=one), "norm")


def _product(builder: Builder, one: Signal, other: Signal) -> Signal:
    return Signal.of(builder.neuron("dot_free", dict_1=one, dict_2=other), "dot")


def _exceeds(builder: Builder, one: Signal, other: Signal) -> Signal:
    neuron = builder.neuron("less_or_equal", left=one, right=other)
    return Signal.of(neuron, "false-channel")


def _sum(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("accum", own="dict-1", dict_2=one), "dict")


def _held(builder: Builder, one: Signal, gate: Signal) -> Signal:
    neuron = builder.neuron("multiplexer", own="dict-2", gate=gate, dict_1=one)
    return Signal.of(neuron, "dict")


def _since(builder: Builder, one: Signal, reset: Signal) -> Signal:
    neuron = builder.neuron("multiplexer", own="dict-2", gate=reset, dict_1=one, dict_2=one)
    return Signal.of(neuron, "dict")


def _largest(builder: Builder, one: Signal) -> Signal:
    return Signal.of(builder.neuron("running_max", own="best", number=one), "best")


def _constant() -> Signal:
    return Signal.of("const_1", "const_1")


UNARY: Mapping[str, Operation] = {
    op.name: op
    for op in (
        Operation("lag", lag, lambda b, x: x.lagged(), links=1),
        Operation("not", lambda x: 1.0 - x, lambda b, x: _constant() - x, wants="flag"),
        Operation("sum", lambda x: np.cumsum(x, axis=-1), _sum, ("accum",), 2),
        Operation(
            "run",
            lambda x: since(x, 1.0 - x),
            lambda b, x: _since(b, x, _constant() - x),
            ("multiplexer",),
            5,
            "flag",
        ),
        Operation("relu", lambda x: np.maximum(x, 0.0), _relu, ("compare",), 1),
        Operation(
            "minus", lambda x: np.maximum(-x, 0.0), lambda b, x: _relu(b, -1.0 * x), ("compare",), 1
        ),
        Operation("abs", np.abs, _norm, ("norm",), 1),
        Operation(
            "positive",
            lambda x: (x > 0).astype(float),
            lambda b, x: _exceeds(b, x, Signal({})),
            ("less_or_equal",),
            1,
        ),
        Operation(
            "negative",
            lambda x: (x < 0).astype(float),
            lambda b, x: _exceeds(b, Signal({}), x),
            ("less_or_equal",),
            1,
        ),
        Operation("largest", largest_so_far, _largest, ("running_max",), 2),
    )
}

BINARY: Mapping[str, Operation] = {
    op.name: op
    for op in (
        Operation("+", np.add, lambda b, x, y: x + y, links=0, is_symmetric=True),
        Operation("-", np.subtract, lambda b, x, y: x - y, links=0),
        Operation("*", np.multiply, _product, ("dot_free",), 2, is_symmetric=True),
        Operation(
            "max",
            np.maximum,
            lambda b, x, y: y + _relu(b, x, y),
            ("compare",),
            2,
            is_symmetric=True,
        ),
        Operation(
            "min",
            np.minimum,
            lambda b, x, y: x - _relu(b, x, y),
            ("compare",),
            2,
            is_symmetric=True,
        ),
        Operation(
            ">", lambda x, y: (x > y).astype(float), _exceeds, ("less_or_equal",), 2
        ),
        Operation("since", since, _since, ("multiplexer",), 4, "flag"),
        Operation("held", held, _held, ("multiplexer",), 3, "flag"),
    )
}


def known_operations(
    vocabulary: Mapping[str, object] | tuple[str, ...], table: Mapping[str, Operation]
) -> list[Operation]:
    """The operations of a table that neurons of these types can do."""
    return [op for op in table.values() if set(op.types) <= set(vocabulary)]
