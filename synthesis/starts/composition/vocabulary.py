"""What neurons of a vocabulary can do: the operations of the table, and those of a user's types."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from dmm import NeuronType, get_neuron_type
from dmm.machine import TYPES
from dmm.neurons import Kernel, Stream, may_flow
from vvalues import NUMBER, VValue

from ..signals import Builder, Signal
from .atoms import OPERATIONS, Operation

__all__ = ["known_operations", "operations_of"]

MOST_INPUTS = 2

IN_THE_TABLE = {*TYPES, *(name for operation in OPERATIONS for name in operation.types)}
"""Types whose use the table of operations knows."""


def known_operations(vocabulary: Collection[str], arguments: int) -> list[Operation]:
    """The operations with so many arguments that neurons of these types can do.

    Examples
    --------
    >>> [operation.name for operation in known_operations(["norm", "tanh"], 1)]
    ['lag', 'not', 'abs', 'norm', 'toggle', 'tanh']
    """
    table = [op for op in OPERATIONS if set(op.types) <= set(vocabulary)]
    others = [op for name in vocabulary if name not in IN_THE_TABLE for op in operations_of(name)]
    return [op for op in (*table, *others) if len(op.reads) == arguments]


def operations_of(type_name: str) -> Iterator[Operation]:
    """A neuron type as operations on numbers, one for every field that it writes.

    There are none of a type that reads nothing, more than two fields, or no numbers.

    Examples
    --------
    >>> (tanh,) = operations_of("tanh")
    >>> tanh.values(np.array([[0.0, 50.0]]))
    array([[0., 1.]])
    """
    kind = get_neuron_type(type_name)
    if kind.is_source or not 1 <= len(kind.reads) <= MOST_INPUTS:
        return
    number = get_neuron_type("stream").writes[0].kind
    if not all(may_flow(number, port.kind) for port in (*kind.reads, *kind.writes)):
        return
    for place, port in enumerate(kind.writes):
        name = type_name if len(kind.writes) == 1 else f"{type_name}.{port.name}"
        yield Operation(
            name,
            partial(_values, kind, place),
            partial(_built, kind, port.name),
            (type_name,),
            ("number",) * len(kind.reads),
        )


def _built(kind: NeuronType, field: str, builder: Builder, *signals: Signal) -> Signal:
    inputs = {port.name: signal for port, signal in zip(kind.reads, signals, strict=True)}
    return Signal.of(builder.reading(kind.name, inputs), field)


def _values(kind: NeuronType, place: int, *arrays: np.ndarray) -> np.ndarray:
    """By the kernel, where there is one; else by the reference implementation."""
    if isinstance(kind.kernel, Kernel):
        with np.errstate(all="ignore"):
            outputs = kind.kernel.forward([Stream(array[None]) for array in arrays])
        return np.array(np.broadcast_to(outputs[place].number[0], arrays[0].shape))
    rows = np.stack([array.ravel() for array in arrays], axis=1)
    different, where = np.unique(rows, axis=0, return_inverse=True)
    with np.errstate(all="ignore"):
        answers = np.array([_answer(kind, kind.writes[place].name, row) for row in different])
    return answers[np.ravel(where)].reshape(arrays[0].shape)


def _answer(kind: NeuronType, field: str, numbers: np.ndarray) -> float:
    """What the reference implementation makes of one number per field; NaN where it fails."""
    inputs = {
        port.name: {NUMBER: float(number)}
        for port, number in zip(kind.reads, numbers, strict=True)
        if number
    }
    try:
        outputs: Mapping[str, Any] = kind.activation(VValue(inputs))
    except ArithmeticError:  # where it is not defined, it is of no use
        return np.nan
    answer = outputs.get(field, 0.0)
    return float(answer[NUMBER] if isinstance(answer, VValue) else answer)
