"""Expressions over the streams of a machine: built, printed, and evaluated on traces.

An expression is a `Linear` combination of atoms plus a number. An atom is a `Symbol` - an output
port some ticks ago - or a `Call` of a function on expressions. All are immutable and hashable, so
that equal atoms add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Union

import numpy as np

from vvalues import NUMBER, VValue, assemble

from ...neurons.types import NeuronType
from ..labels import number_text, plain

__all__ = [
    "Call",
    "ClipDot",
    "Evaluator",
    "Function",
    "Linear",
    "MaxNormOf",
    "OfType",
    "Port",
    "Relu",
    "Symbol",
    "call",
    "delayed",
    "only_number",
    "text",
]

Port = tuple[str, str]
Atom = Union["Symbol", "Call"]

NEGLIGIBLE = 1e-13
"""Coefficients that cancel to this fraction of what was added up are dropped."""


@dataclass(frozen=True)
class Symbol:
    """What a port emitted some ticks ago; with ``is_number``, only its ``:number``."""

    port: Port
    delay: int
    is_number: bool = False


@dataclass(frozen=True)
class Linear:
    """A sum of coefficients times atoms, plus a number."""

    terms: tuple[tuple[Atom, float], ...] = ()
    constant: float = 0.0

    @staticmethod
    def of(terms: Iterable[tuple[Atom, float]], constant: float = 0.0) -> Linear:
        """Equal atoms are added up, in the order of their first appearance."""
        total: dict[Atom, float] = {}
        size: dict[Atom, float] = {}
        for atom, coefficient in terms:
            total[atom] = total.get(atom, 0.0) + coefficient
            size[atom] = max(size.get(atom, 0.0), abs(coefficient))
        kept = {a: c for a, c in total.items() if abs(c) > NEGLIGIBLE * size[a]}
        return Linear(tuple(kept.items()), constant)

    def __add__(self, other: Linear) -> Linear:
        constant = self.constant + other.constant
        if abs(constant) <= NEGLIGIBLE * abs(self.constant):
            constant = 0.0
        return Linear.of((*self.terms, *other.terms), constant)

    def __mul__(self, factor: float) -> Linear:
        terms = tuple((atom, factor * c) for atom, c in self.terms)
        return Linear.of(terms, factor * self.constant)

    @property
    def is_negative(self) -> bool:
        """Whether it starts with a minus sign."""
        return (self.terms[0][1] if self.terms else self.constant) < 0

    def upright(self) -> tuple[Linear, int]:
        """Itself or its negative, whichever starts without a minus sign; and the sign."""
        return (self * -1.0, -1) if self.is_negative else (self, 1)

    def symbols(self) -> Iterator[Symbol]:
        """All symbols, those inside calls included."""
        for atom, _ in self.terms:
            if isinstance(atom, Symbol):
                yield atom
            else:
                for argument in atom.arguments:
                    yield from argument.symbols()

    def n_atoms(self) -> int:
        """Number of atoms at all depths."""
        return sum(1 + _n_inside(atom) for atom, _ in self.terms)


@dataclass(frozen=True)
class Call:
    """A function of expressions."""

    function: Function
    arguments: tuple[Linear, ...]


def _n_inside(atom: Atom) -> int:
    return sum(a.n_atoms() for a in atom.arguments) if isinstance(atom, Call) else 0


# -------------------- functions --------------------
# Arrays are (ticks, keys); column 0 holds the :number.


@dataclass(frozen=True)
class Function:
    """What a call prints as and computes."""

    def text(self, arguments: list[str]) -> str:
        raise NotImplementedError

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        raise NotImplementedError


def _as_number(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    out = np.zeros_like(like)
    out[:, 0] = values
    return out


@dataclass(frozen=True)
class Relu(Function):
    """``max(0, x)`` of a number."""

    def text(self, arguments: list[str]) -> str:
        return f"relu({arguments[0]})"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        return _as_number(np.maximum(arguments[0][:, 0], 0.0), arguments[0])


@dataclass(frozen=True)
class MaxNormOf(Function):
    """The largest absolute entry."""

    def text(self, arguments: list[str]) -> str:
        return f"max_norm({arguments[0]})"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        return _as_number(np.abs(arguments[0]).max(axis=1), arguments[0])


@dataclass(frozen=True)
class ClipDot(Function):
    """The dot product, clipped."""

    bound: float

    def text(self, arguments: list[str]) -> str:
        product = f"<{arguments[0]}, {arguments[1]}>"
        return f"clip{self.bound:g}({product})" if np.isfinite(self.bound) else product

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        product = np.sum(arguments[0] * arguments[1], axis=1)
        return _as_number(np.clip(product, -self.bound, self.bound), arguments[0])


@dataclass(frozen=True)
class OfType(Function):
    """One written field of any registered neuron type, in function notation."""

    kind: NeuronType
    written: str
    reads: tuple[str, ...]

    def text(self, arguments: list[str]) -> str:
        if len(self.kind.reads) > 1:
            pairs = zip(self.reads, arguments, strict=True)
            arguments = [f"{plain(name)}: {argument}" for name, argument in pairs]
        call = f"{plain(self.kind.name)}({', '.join(arguments)})"
        return call if len(self.kind.writes) == 1 else f"{call}.{plain(self.written)}"

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        like = arguments[0]
        out = np.zeros_like(like)
        column = {key: i for i, key in enumerate(keys)}
        for t in range(1, len(like)):  # before the first tick nothing has fired
            inputs = {
                name: _tree(argument[t], keys)
                for name, argument in zip(self.reads, arguments, strict=bool(self.reads))
            }
            outputs = assemble(dict(self.kind.activation(assemble(inputs))))
            for path, leaf in outputs.subtree(self.written).items():
                out[t, column.get(path, 0)] = leaf if path in column else np.nan
        return out


def _tree(row: np.ndarray, keys: list[tuple[str, ...]]) -> VValue:
    return assemble({(*keys[i], NUMBER): float(row[i]) for i in np.flatnonzero(row)})


# -------------------- rewriting --------------------


def call(function: Function, *arguments: Linear) -> Linear:
    """A call as an expression."""
    if any(not a.terms and not a.constant for a in arguments):
        return Linear()  # these functions map zero to zero
    return Linear(((Call(function, arguments), 1.0),))


def delayed(expression: Linear) -> Linear:
    """The same expression one tick ago."""
    terms = []
    for atom, coefficient in expression.terms:
        if isinstance(atom, Symbol):
            later: Symbol | Call = Symbol(atom.port, atom.delay + 1, atom.is_number)
        else:
            later = Call(atom.function, tuple(map(delayed, atom.arguments)))
        terms.append((later, coefficient))
    return Linear(tuple(terms), expression.constant)


def only_number(
    expression: Linear, is_scalar: bool, is_scalar_port: Callable[[Port], bool]
) -> Linear:
    """Its ``:number``: calls give numbers already, symbols may carry keys."""
    if not is_scalar:
        return expression
    terms = [
        (Symbol(atom.port, atom.delay, not is_scalar_port(atom.port)), c)
        if isinstance(atom, Symbol)
        else (atom, c)
        for atom, c in expression.terms
    ]
    return Linear(tuple(terms), expression.constant)


# -------------------- printing --------------------


def text(expression: Linear, name: Callable[[Symbol], str]) -> str:
    """An expression as text, symbols named by ``name``.

    Examples
    --------
    >>> x = Symbol(("n", "x"), 1)
    >>> text(Linear(((x, -0.5),), 1.0), lambda symbol: "x")
    '1 - 0.500 x'
    """
    parts = [(c, _atom_text(atom, name)) for atom, c in expression.terms]
    if expression.constant or not parts:
        leads = expression.constant > 0 and bool(parts) and parts[0][0] < 0
        parts.insert(0 if leads else len(parts), (expression.constant, ""))
    out = ""
    for i, (coefficient, atom) in enumerate(parts):
        sign = "-" if coefficient < 0 else "+"
        size = number_text(abs(coefficient))
        term = f"{size} {atom}".strip() if size != "1" or not atom else atom
        if i == 0:
            out = f"-{term}" if sign == "-" else term
        else:
            out += f" {sign} {term}"
    return out


def _atom_text(atom: Atom, name: Callable[[Symbol], str]) -> str:
    if isinstance(atom, Symbol):
        return f"number({name(atom)})" if atom.is_number else name(atom)
    return atom.function.text([text(argument, name) for argument in atom.arguments])


# -------------------- evaluating --------------------


class Evaluator:
    """Values of expressions from the traces of ports.

    Parameters
    ----------
    trace : function of a port to an array (1 + ticks, keys)
        Row 0 is the empty state before the first tick.
    keys : paths of the columns; column 0 is the ``:number``
    ticks : int
    """

    def __init__(
        self, trace: Callable[[Port], np.ndarray], keys: list[tuple[str, ...]], ticks: int
    ) -> None:
        self.trace = trace
        self.keys = keys
        self.shape = 1 + ticks, len(keys)

    def values(self, expression: Linear) -> np.ndarray:
        """The expression at every tick, as (1 + ticks, keys)."""
        out = np.zeros(self.shape)
        out[:, 0] = expression.constant
        for atom, coefficient in expression.terms:
            out += coefficient * self._atom(atom)
        return out

    def _atom(self, atom: Atom) -> np.ndarray:
        if isinstance(atom, Symbol):
            return self._symbol(atom)
        arguments = [self.values(argument) for argument in atom.arguments]
        # A neuron that reads nothing still needs to know how many ticks there are.
        return atom.function.values(arguments or [np.zeros(self.shape)], self.keys)

    def _symbol(self, symbol: Symbol) -> np.ndarray:
        trace = self.trace(symbol.port)
        out = np.zeros(self.shape)
        out[symbol.delay :] = trace[: len(trace) - symbol.delay]
        if symbol.is_number:
            out[:, 1:] = 0.0
        return out
