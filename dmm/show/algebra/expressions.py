"""Expressions over the streams of a machine: rewritten, printed, named, evaluated on traces.

What an expression is, `dmm.neurons.spelling` says: the cards of neuron types are written in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vvalues import NUMBER, VValue, assemble

from ...machine.machine import Machine
from ...neurons import NeuronType
from ...neurons.spelling import Call, Function, Linear, Port, Symbol, latex_call
from ..labels import number_text, plain

__all__ = ["Evaluator", "OfType", "delayed", "only_number", "sum_text", "symbol_names", "text"]

MOST_CELLS = 20
"""A type or field with a longer name is cut to this in the name of a stream."""


@dataclass(frozen=True)
class OfType(Function):
    """One written field of any registered neuron type, in function notation."""

    neuron_type: NeuronType
    written: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arguments."""
        return tuple(field.name for field in self.neuron_type.reads)

    def text(self, arguments: list[str]) -> str:
        if len(self.neuron_type.reads) > 1:
            pairs = zip(self.reads, arguments, strict=True)
            arguments = [f"{plain(name)}: {argument}" for name, argument in pairs]
        call = f"{plain(self.neuron_type.name)}({', '.join(arguments)})"
        return call if len(self.neuron_type.writes) == 1 else f"{call}.{plain(self.written)}"

    def latex(self, arguments: list[str]) -> str:
        """The call in LaTeX; the written field is an index where there are several."""
        index = self.written if len(self.neuron_type.writes) > 1 else ""
        return latex_call(self.neuron_type.name, arguments, index)

    def values(self, arguments: list[np.ndarray], keys: list[tuple[str, ...]]) -> np.ndarray:
        like = arguments[0]
        out = np.zeros_like(like)
        column = {key: i for i, key in enumerate(keys)}
        for t in range(1, len(like)):  # before the first tick nothing has fired
            inputs = {
                name: _tree(argument[t], keys)
                for name, argument in zip(self.reads, arguments, strict=bool(self.reads))
            }
            outputs = assemble(dict(self.neuron_type.activation(assemble(inputs))))
            for path, leaf in outputs.subtree(self.written).items():
                out[t, column.get(path, 0)] = leaf if path in column else np.nan
        return out


def _tree(row: np.ndarray, keys: list[tuple[str, ...]]) -> VValue:
    return assemble({(*keys[i], NUMBER): float(row[i]) for i in np.flatnonzero(row)})


# -------------------- rewriting --------------------


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


def text(
    expression: Linear,
    name: Callable[[Symbol], str],
    number: Callable[[float], str] = number_text,
) -> str:
    """An expression as text, symbols named by ``name``, coefficients written by ``number``.

    Examples
    --------
    >>> x = Symbol(("n", "x"), 1)
    >>> text(Linear(((x, -0.5),), 1.0), lambda symbol: "x")
    '1 - 0.500 x'
    """
    terms = [(_atom_text(atom, name, number), c) for atom, c in expression.terms]
    return sum_text(terms, expression.constant, number)


def sum_text(
    terms: Iterable[tuple[str, float]],
    constant: float,
    number: Callable[[float], str],
    times: str = " ",
) -> str:
    """A sum of written atoms times coefficients, and a constant; a positive one leads.

    Examples
    --------
    >>> sum_text([("x", -0.5), ("y", 1.0)], 1.0, number_text)
    '1 - 0.500 x + y'
    """
    parts = [(c, atom) for atom, c in terms]
    if constant or not parts:
        leads = constant > 0 and bool(parts) and parts[0][0] < 0
        parts.insert(0 if leads else len(parts), (constant, ""))
    out = ""
    for i, (coefficient, atom) in enumerate(parts):
        sign = "-" if coefficient < 0 else "+"
        size = number(abs(coefficient))
        term = atom if atom and size == "1" else times.join(filter(None, (size, atom)))
        if i == 0:
            out = f"-{term}" if sign == "-" else term
        else:
            out += f" {sign} {term}"
    return out


def _atom_text(
    atom: Symbol | Call, name: Callable[[Symbol], str], number: Callable[[float], str]
) -> str:
    if isinstance(atom, Symbol):
        return f"number({name(atom)})" if atom.is_number else name(atom)
    return atom.function.text([text(part, name, number) for part in atom.arguments])


# -------------------- names --------------------
# They are made of type and field names only, which come from a registry, never of the names that
# users give to neurons: those stand in the legend.


def symbol_names(
    machine: Machine,
    ports: Sequence[Port],
    constants: Collection[Port],
    functions: Collection[Port],
) -> dict[Port, str]:
    """A name for each port: the letter of its type, such as ``a`` for sums and ``m`` for norms.

    Streams are called like their field, other neurons like their type; equal names are numbered.

    Parameters
    ----------
    machine : Machine
    ports : (neuron, field), in the order of the legend
    constants : ports with a constant value
    functions : ports whose equation names their type; always numbered, to look different
    """
    stems: dict[str, list[Port]] = {}
    for port in ports:
        stems.setdefault(_stem(machine, port, port in constants), []).append(port)
    names: dict[Port, str] = {}
    used: set[str] = set()
    for stem, group in stems.items():
        for i, port in enumerate(group):
            is_alone = len(group) == 1 and port not in functions
            name = stem if is_alone else f"{stem}{i + 1}"
            while name in used:
                name += "_"
            used.add(name)
            names[port] = name
    return names


def _stem(machine: Machine, port: Port, is_constant: bool) -> str:
    neuron_type = machine.type_of(port[0])
    if neuron_type.is_source:
        return _word(port[1])
    if is_constant:
        return "k" if neuron_type.reads else _word(neuron_type.name)
    return neuron_type.spelling.letter or _word(neuron_type.name)


def _word(name: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else "_" for c in plain(name))[:MOST_CELLS]


# -------------------- evaluating --------------------


class Evaluator:
    """Values of expressions from the traces of ports.

    Parameters
    ----------
    trace : function of a port to an array (1 + ticks, keys)
        Row 0 is the empty state before the first tick.
    keys : paths of the columns; column 0 is the ``:number``
    ticks : int

    Examples
    --------
    >>> x = Linear(((Symbol(("x", "stream"), 1), 2.0),), constant=0.5)
    >>> evaluator = Evaluator(lambda port: np.array([[0.0], [3.0], [4.0]]), [()], ticks=2)
    >>> evaluator.values(x)
    array([[0.5],
           [0.5],
           [6.5]])
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

    def _atom(self, atom: Symbol | Call) -> np.ndarray:
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
