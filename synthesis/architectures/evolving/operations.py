"""Elementary operations of evolving layers: values, partial derivatives and spellings by kind.

An operation is a function of one or two rows of samples. Everything a kind needs is in one entry
here: its kernel with hand-written partial derivatives, the same function for autograd (the judge of
the kernel), and how it is spelled for people and for Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from dmm.neurons import logistic

__all__ = ["OPERATIONS", "SEED_OPERATIONS", "Operation", "get_operations", "register_operation"]

SMALLEST = 1e-9  # below this a divisor or an argument of log counts as zero
LARGEST = 50.0  # exp is cut off here: e^50 is 5e21

Rows = np.ndarray


@dataclass(frozen=True)
class Operation:
    """One kind of operation.

    Attributes
    ----------
    kind : str
        Name in the registry; an operation in a tree is called ``kind-number``.
    arguments : tuple of str
        Fields that links arrive at, in order.
    apply : callable, rows -> rows
        Untraced values; also of complex rows (see `vvalues.core.fused`).
    partials : callable, (value, rows...) -> tuple of rows
        Partial derivatives by each argument, given the value; likewise. One that is the same
        everywhere may be a number.
    traced : callable
        The same as ``apply`` on ``autograd.numpy``.
    text : str
        Format for people, one placeholder per argument.
    python : str
        Format for Python with numpy as ``np`` (also understood by sympy after renaming).
    start : float
        First value of a trained constant in place of an argument. For a product it is 1: from 0
        and an output weight of 0 both gradients would vanish for ever.
    commutes : bool
        Whether the order of the arguments does not matter.
    binds : int
        How tightly ``text`` binds: 1 a sum, 2 a product, 3 an atom.
    needs : tuple of int
        How tightly the arguments must bind to stand without brackets.
    needs_value : bool
        Whether ``partials`` looks at the value; where not, it may be given any.

    Examples
    --------
    >>> get_operations(["multiply"])[0].text
    '{}·{}'
    """

    kind: str
    arguments: tuple[str, ...]
    apply: Callable[..., Rows]
    partials: Callable[..., tuple[Rows | float, ...]]
    traced: Callable[..., Any]
    text: str
    python: str
    start: float = 0.0
    commutes: bool = False
    binds: int = 3
    needs: tuple[int, ...] = (1, 1)
    needs_value: bool = True

    @property
    def arity(self) -> int:
        """Number of arguments."""
        return len(self.arguments)


SEED_OPERATIONS = ("add", "multiply")

ONE = ("value",)
TWO = ("first", "second")


# -------------------- functions of more than a line --------------------


def _divide(a: Rows, b: Rows) -> Rows:
    is_zero = np.abs(b) < SMALLEST
    return np.where(is_zero, 0.0, a / np.where(is_zero, 1.0, b))


def _divide_partials(v: Rows, a: Rows, b: Rows) -> tuple[Rows, ...]:
    is_zero = np.abs(b) < SMALLEST
    reciprocal = np.where(is_zero, 0.0, 1.0 / np.where(is_zero, 1.0, b))
    return reciprocal, -v * reciprocal


def _divide_traced(a: Any, b: Any) -> Any:
    is_zero = np.abs(getval(b)) < SMALLEST
    return anp.where(is_zero, 0.0, a / anp.where(is_zero, 1.0, b))


def _log(a: Rows) -> Rows:
    is_zero = np.abs(a) < SMALLEST
    return np.where(is_zero, 0.0, np.log(np.where(is_zero, 1.0, a * np.sign(np.real(a)))))


def _log_partials(v: Rows, a: Rows) -> tuple[Rows, ...]:
    is_zero = np.abs(a) < SMALLEST
    return (np.where(is_zero, 0.0, 1.0 / np.where(is_zero, 1.0, a)),)


def _log_traced(a: Any) -> Any:
    is_zero = np.abs(getval(a)) < SMALLEST
    return anp.where(is_zero, 0.0, anp.log(anp.abs(anp.where(is_zero, 1.0, a))))


def _larger(a: Rows, b: Rows) -> Rows:
    """1 where ``a`` is larger, one half at a tie: the rule of autograd's own ``maximum``."""
    return 0.5 + 0.5 * np.sign(np.real(a - b))


def _gate_partials(v: Rows, a: Rows, b: Rows) -> tuple[Rows, ...]:
    opening = logistic(a)
    return opening * (1.0 - opening) * b, opening


# -------------------- the registry --------------------

_OWN = (
    # arithmetic
    Operation(
        "add",
        TWO,
        lambda a, b: a + b,
        lambda v, a, b: (1.0, 1.0),
        lambda a, b: a + b,
        "{} + {}",
        "({} + {})",
        commutes=True,
        binds=1,
        needs=(1, 2),
        needs_value=False,
    ),
    Operation(
        "subtract",
        TWO,
        lambda a, b: a - b,
        lambda v, a, b: (1.0, -1.0),
        lambda a, b: a - b,
        "{} - {}",
        "({} - {})",
        binds=1,
        needs=(1, 2),
        needs_value=False,
    ),
    Operation(
        "multiply",
        TWO,
        lambda a, b: a * b,
        lambda v, a, b: (b, a),
        lambda a, b: a * b,
        "{}·{}",
        "({} * {})",
        start=1.0,
        commutes=True,
        binds=2,
        needs=(2, 2),
        needs_value=False,
    ),
    Operation(
        "divide",
        TWO,
        _divide,
        _divide_partials,
        _divide_traced,
        "{} / {}",
        "divide({}, {})",
        start=1.0,
        binds=2,
        needs=(2, 3),
    ),
    Operation(
        "square",
        ONE,
        lambda a: a * a,
        lambda v, a: (2.0 * a,),
        lambda a: a * a,
        "{}²",
        "np.square({})",
        needs=(3,),
        needs_value=False,
    ),
    # elementary functions
    Operation(
        "sin",
        ONE,
        np.sin,
        lambda v, a: (np.cos(a),),
        anp.sin,
        "sin({})",
        "np.sin({})",
        needs_value=False,
    ),
    Operation(
        "cos",
        ONE,
        np.cos,
        lambda v, a: (-np.sin(a),),
        anp.cos,
        "cos({})",
        "np.cos({})",
        needs_value=False,
    ),
    Operation(
        "exp",
        ONE,
        lambda a: np.exp(np.minimum(a, LARGEST)),
        lambda v, a: (np.where(np.real(a) < LARGEST, v, 0.0),),
        lambda a: anp.exp(anp.where(getval(a) < LARGEST, a, LARGEST)),
        "exp({})",
        "np.exp({})",
    ),
    Operation(
        "log",
        ONE,
        _log,
        _log_partials,
        _log_traced,
        "log|{}|",
        "log({})",
        start=1.0,
        needs_value=False,
    ),
    # choices
    Operation(
        "relu",
        ONE,
        lambda a: np.maximum(a, 0.0),
        lambda v, a: (_larger(a, np.zeros_like(a)),),
        lambda a: anp.maximum(a, 0.0),
        "relu({})",
        "np.maximum({}, 0)",
        needs_value=False,
    ),
    Operation(
        "max",
        TWO,
        np.maximum,
        lambda v, a, b: (_larger(a, b), _larger(b, a)),
        anp.maximum,
        "max({}, {})",
        "np.maximum({}, {})",
        commutes=True,
        needs_value=False,
    ),
    Operation(
        "min",
        TWO,
        np.minimum,
        lambda v, a, b: (_larger(b, a), _larger(a, b)),
        anp.minimum,
        "min({}, {})",
        "np.minimum({}, {})",
        commutes=True,
        needs_value=False,
    ),
    Operation(
        "gate",
        TWO,
        lambda a, b: logistic(a) * b,
        _gate_partials,
        lambda a, b: logistic(a) * b,
        "gate({}; {})",
        "gate({}, {})",
        start=1.0,
        needs_value=False,
    ),
)

OPERATIONS = {operation.kind: operation for operation in _OWN}
"""By kind: the library's own, and what has been registered."""


def register_operation(operation: Operation) -> Operation:
    """Add a kind to the registry (a kind that is there already is replaced).

    Raises
    ------
    ValueError
        If the kind is no plain lower-case word, or has other than one or two arguments.

    Examples
    --------
    >>> from dataclasses import replace
    >>> register_operation(replace(OPERATIONS["sin"], kind="Not a word"))
    Traceback (most recent call last):
        ...
    ValueError: kind is 'Not a word'; expected a lower-case word
    """
    if not (operation.kind.isalpha() and operation.kind.islower()):
        raise ValueError(f"kind is {operation.kind!r}; expected a lower-case word")
    if operation.arity not in (1, 2):
        raise ValueError(f"{operation.kind} has {operation.arity} arguments; expected one or two")
    OPERATIONS[operation.kind] = operation
    return operation


def get_operations(kinds: Iterable[str]) -> tuple[Operation, ...]:
    """Operations by name.

    Raises
    ------
    ValueError
        If the set is empty, or a kind is not registered; the message lists the known ones.

    Examples
    --------
    >>> [operation.arity for operation in get_operations(["add", "sin"])]
    [2, 1]
    """
    kinds = tuple(dict.fromkeys(kinds))
    known = ", ".join(OPERATIONS)
    if not kinds:
        raise ValueError(f"the set of operations is empty; choose some of: {known}")
    for kind in kinds:
        if kind not in OPERATIONS:
            raise ValueError(f"unknown operation {kind!r}; known operations: {known}")
    return tuple(OPERATIONS[kind] for kind in kinds)
