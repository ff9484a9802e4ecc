"""Circuits from equations: the way back from `dmm.show.algebra.sample_equations`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dmm.machine import Circuit

from ...problems import SOURCE
from ..composition.atoms import constant, relu_signal
from ..signals import Builder, Signal
from .expressions import Apply, Expression, Name, Number, Sum, parsed

__all__ = ["circuit_of_equations"]


class _Kind(NamedTuple):
    """The neuron that a function is: its type, the field of its answer, those of its arguments."""

    type_name: str
    answer: str
    arguments: tuple[str, ...]


PAIR = ("dict-1", "dict-2")
KINDS = {
    "relu": _Kind("compare", "true", PAIR[:1]),
    "max_norm": _Kind("norm", "norm", ("dict",)),
    "abs": _Kind("norm", "norm", ("dict",)),
    "product": _Kind("dot_free", "dot", PAIR),
    "clip4": _Kind("dot", "dot", PAIR),
    ">": _Kind("less_or_equal", "false-channel", ("left", "right")),
    "<=": _Kind("less_or_equal", "true-channel", ("left", "right")),
    "if": _Kind("multiplexer", "dict", ("gate", *PAIR)),
    "max": _Kind("running_max", "best", ("number", "best")),
}


def circuit_of_equations(
    text: str, streams: Sequence[str], outputs: Sequence[str], memory: str = "cells(10000)"
) -> Circuit:
    """The circuit that does what equations say.

    Parameters
    ----------
    text : str
        An equation per line, as `dmm.show.algebra.sample_equations` writes them: sums with
        weights, ``x[t-1]`` for the sample before, ``relu(x)``, ``abs(x)``, ``max(x, y[t-1])`` of
        a running maximum, ``<x, y>`` for a product, ``(x > y)`` for 0 or 1,
        ``(x if gate else y)``, ``cells[to <- x][from]`` for a memory with addresses.
    streams : sequence of str
        Names that have no equation.
    outputs : sequence of str
        Names of the answers.
    memory : str
        Type of memories with addresses.

    Raises
    ------
    ValueError
        If a line cannot be read, a name has no meaning, or names of one sample depend on each
        other in a circle.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> text = "carry = (x + z + carry[t-1] > 1.5)\\ny = carry[t-1] + x + z - 2 carry"
    >>> circuit = circuit_of_equations(text, ["x", "z"], ["y"])
    >>> print(sample_equations(circuit, {("output", "dict-1"): "y"}))
    s = (x + z + s[t-1] > 1.5)
    y = s[t-1] + x + z - 2 s
    """
    return _Reading(parsed(text), streams, memory).circuit(outputs)


class _Reading:
    def __init__(
        self, equations: dict[str, Expression], streams: Sequence[str], memory: str
    ) -> None:
        self.builder = Builder.of(SOURCE + name for name in streams)
        self.equations, self.memory = equations, memory
        self.signals = {name: Signal.of(SOURCE + name, "stream") for name in streams}
        self.signals["const_1"] = constant()
        for name in equations:
            if name in self.signals:
                raise ValueError(f"equation of {name!r}: that is a stream, and has its values")
        self.waiting: list[str] = []

    def circuit(self, outputs: Sequence[str]) -> Circuit:
        """The circuit that answers with some of the names."""
        remembered = set(self._remembered())
        for name, body in self.equations.items():
            if isinstance(body, Apply):
                kind = self._kind(body)
                self.signals[name] = Signal.of(self.builder.new(kind.type_name), kind.answer)
            elif name in remembered:
                self.signals[name] = Signal.of(self.builder.new("accum"), "dict")
        for name in list(self.signals):
            if name in self.equations:
                self._wire(name)
        return self.builder.circuit([self._named(name) for name in outputs])

    def _remembered(self) -> Iterator[str]:
        """Names that are read before they are made: something has to hold them."""
        made: set[str] = set()
        for name, body in self.equations.items():
            yield from (read for read in _names(body) if read not in made)
            made.add(name)

    def _kind(self, apply: Apply) -> _Kind:
        if apply.function in KINDS:
            return KINDS[apply.function]
        return _Kind(self.memory, "number", ("number", "to", "from"))

    def _wire(self, name: str) -> None:
        """The inputs of a neuron that holds a name."""
        body, inputs = self.equations[name], self.builder.inputs
        (held,) = self.signals[name].terms
        if isinstance(body, Apply):
            for field, signal in self._fields(body).items():
                inputs[held.neuron, field] = signal
            self._keep_cells(body, held.neuron)
            return
        terms = self._signal(body).terms
        past = {term: weight for term, weight in terms.items() if term.neuron == held.neuron}
        inputs[held.neuron, "dict-1"] = Signal(past)
        inputs[held.neuron, "dict-2"] = self._signal(body) - Signal(past)

    # -------------------- signals --------------------

    def _named(self, name: str) -> Signal:
        if name not in self.signals:
            if name not in self.equations:
                known = ", ".join([*self.signals, *self.equations])
                raise ValueError(f"nothing is called {name!r}; there are {known}")
            if name in self.waiting:
                raise ValueError(f"{name!r} depends on itself in the same sample; write [t-1]")
            self.waiting.append(name)
            self.signals[name] = self._signal(self.equations[name])
            self.waiting.remove(name)
        return self.signals[name]

    def _signal(self, expression: Expression) -> Signal:
        if isinstance(expression, Number):
            return constant(expression.value)
        if isinstance(expression, Name):
            return self._named(expression.name).lagged(expression.lag)
        if isinstance(expression, Sum):
            terms = (factor * self._signal(term) for factor, term in expression.terms)
            return sum(terms, Signal({}))
        return self._applied(expression)

    def _applied(self, apply: Apply) -> Signal:
        """A neuron of its own for a function that has no name."""
        if apply.function == "max":
            one, other = map(self._signal, apply.arguments)
            return other + relu_signal(self.builder, one, other)
        kind = self._kind(apply)
        neuron = self.builder.reading(kind.type_name, self._fields(apply))
        self._keep_cells(apply, neuron)
        return Signal.of(neuron, kind.answer)

    def _keep_cells(self, apply: Apply, neuron: str) -> None:
        """A memory with addresses reads what it held."""
        if apply.function not in KINDS:
            self.builder.inputs[neuron, "cells"] = Signal.of(neuron, "cells", 1)

    def _fields(self, apply: Apply) -> dict[str, Signal]:
        """What a neuron reads."""
        arguments = apply.arguments
        if apply.function == "clip4":
            (inside,) = arguments
            if not isinstance(inside, Apply) or inside.function != "product":
                raise ValueError("clip4 is of a product: clip4(<one, other>)")
            arguments = inside.arguments
        return dict(zip(self._kind(apply).arguments, map(self._signal, arguments), strict=True))


def _names(expression: Expression) -> Iterator[str]:
    """Names in an expression."""
    if isinstance(expression, Name):
        yield expression.name
    elif isinstance(expression, Sum):
        for _, term in expression.terms:
            yield from _names(term)
    elif isinstance(expression, Apply):
        for argument in expression.arguments:
            yield from _names(argument)
