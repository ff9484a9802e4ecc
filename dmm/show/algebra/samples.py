"""Equations of circuits, in samples: what is made of the same sample, and of the one before.

``x[t-1]`` is the sample before. Where a neuron is read in one place only, it is written out there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...machine.circuits import Circuit, Wire
from ...machine.wiring import reach
from ...neurons import NeuronType, get_neuron_type
from ...neurons.spelling import Call, Linear, Port, Symbol
from ..labels import plain
from .expressions import OfType, text

__all__ = ["sample_equations"]

MOST_INLINED = 8
"""An expression with more atoms than this gets a name instead of being written out in place."""


def sample_equations(
    circuit: Circuit, names: Mapping[Port, str] | None = None, lookahead: int = 0
) -> str:
    """The equations of a circuit as text.

    Parameters
    ----------
    circuit : Circuit
    names : mapping of (neuron, field) to str, optional
        What sources and sinks are to be called; like their neuron and field when omitted.
    lookahead : int
        Samples that answers wait for: everything is told as of the sample that it answers.

    Returns
    -------
    str
        An equation per line, sinks last.

    Examples
    --------
    >>> counter = Circuit(
    ...     {"stream-x": "stream", "accum": "accum", "output": "output"},
    ...     [Wire("accum", "dict-2", "stream-x", "stream"),
    ...      Wire("accum", "dict-1", "accum", "dict", lag=1),
    ...      Wire("output", "dict-1", "accum", "dict")])
    >>> print(sample_equations(counter, {("output", "dict-1"): "y"}))
    y = y[t-1] + x
    """
    return "\n".join(_Writer(circuit, dict(names or {}), lookahead).lines())


def number(value: float) -> str:
    """A weight with as many digits as it has, up to six."""
    return f"{value:.6g}"


class _Writer:
    def __init__(self, circuit: Circuit, names: dict[Port, str], lookahead: int) -> None:
        self.circuit, self.lookahead = circuit, lookahead
        self.types = {name: get_neuron_type(kind) for name, kind in circuit.neurons.items()}
        self.into: dict[Port, list[Wire]] = {}
        for wire in circuit.wires:
            self.into.setdefault((wire.neuron_in, wire.field_in), []).append(wire)
        self.uses = Counter((wire.neuron_out, wire.field_out) for wire in circuit.wires)
        self.remembered = {(w.neuron_out, w.field_out) for w in circuit.wires if w.lag}
        self.names = {port: plain(name) for port, name in names.items()}
        self.bodies: dict[Port, Linear] = {}
        for port in [*self.into, *self.uses]:  # streams and answers keep the names they have
            kind = self.types[port[0]]
            if kind.is_source or not kind.writes:
                self._name(port)
        self.same = self._sinks_that_only_read()

    def _sinks_that_only_read(self) -> set[Port]:
        """Sinks that read one port as it is; that port is called like them."""
        found = set()
        for port, wires in self.into.items():
            sender = wires[0].neuron_out, wires[0].field_out
            is_plain = len(wires) == 1 and wires[0].weight == 1.0 and not wires[0].lag
            is_made = bool(self.types[sender[0]].reads) and sender not in self.names
            is_named = self.uses[sender] > 1 or sender in self.remembered
            if not self.types[port[0]].writes and is_plain and is_made and is_named:
                self.names[sender] = self.names[port]
                found.add(port)
        return found

    def lines(self) -> list[str]:
        """Equations of what has a name, in an order in which nothing is read before it is made."""
        out = []
        for port in self._ports():
            body = self._body(port)
            is_short = body.n_atoms() <= MOST_INLINED
            if self.uses[port] == 1 and port not in self.remembered and is_short:
                self.bodies[port] = body
            else:
                out.append(f"{self._name(port)} = {self._text(body)}")
        for (neuron, field), wires in self.into.items():
            if not self.types[neuron].writes and (neuron, field) not in self.same:
                out.append(f"{self._name((neuron, field))} = {self._text(self._total(wires))}")
        read = {port for port in self.names if not self._kind(port).writes} - set(self.into)
        return [*out, *(f"{self._name(port)} = 0" for port in sorted(read))]

    def _kind(self, port: Port) -> NeuronType:
        return self.types[port[0]]

    def _ports(self) -> list[Port]:
        """Output ports that are read, senders first."""
        senders: dict[str, list[str]] = {name: [] for name in self.circuit.neurons}
        for wire in self.circuit.wires:
            if not wire.lag:
                senders[wire.neuron_in].append(wire.neuron_out)
        before = {name: len(list(reach([name], senders.__getitem__))) for name in senders}
        order = sorted(senders, key=lambda name: before[name])
        return [
            (name, field.name)
            for name in order
            if not self.types[name].is_source and self.types[name].reads
            for field in self.types[name].writes
            if self.uses[name, field.name] and not self._is_own_memory((name, field.name))
        ]

    def _is_own_memory(self, port: Port) -> bool:
        """Whether the port is a memory that the neuron's other outputs speak of."""
        memory = self._kind(port).own_memory
        return memory is not None and memory.field == port[1]

    def _body(self, port: Port) -> Linear:
        neuron, written = port
        kind = self.types[neuron]
        fields = [self._total(self.into.get((neuron, field.name), [])) for field in kind.reads]
        if kind.spelling.equation is None:
            return Linear(((Call(OfType(kind, written), tuple(fields)), 1.0),))
        outputs = kind.spelling.equation(*fields)
        return outputs[[field.name for field in kind.writes].index(written)]

    def _total(self, wires: list[Wire]) -> Linear:
        total = Linear()
        for wire in wires:
            total = total + self._sent(wire) * wire.weight
        return total

    def _sent(self, wire: Wire) -> Linear:
        port = wire.neuron_out, wire.field_out
        kind = self.types[wire.neuron_out]
        if not kind.reads and not kind.is_source and not wire.lag:
            return Linear(constant=1.0)
        if port in self.bodies:
            return self.bodies[port]
        return Linear(((Symbol(port, wire.lag), 1.0),))

    # -------------------- names --------------------

    def _text(self, body: Linear) -> str:
        return text(body, self._symbol, number)

    def _symbol(self, symbol: Symbol) -> str:
        kind = self.types[symbol.port[0]]
        if not (kind.reads or kind.is_source):  # a constant of some samples ago: 0 before that
            return f"(t >= {symbol.delay - self.lookahead})"
        name = self._name(symbol.port)
        delay = symbol.delay - self.lookahead * kind.is_source
        return f"{name}[t{-delay:+d}]" if delay else name

    def _name(self, port: Port) -> str:
        if port not in self.names:
            self.names[port] = self._fresh(self._stem(port))
        return self.names[port]

    def _stem(self, port: Port) -> str:
        neuron, field = port
        kind = self.types[neuron]
        if kind.is_source:
            return plain(neuron.removeprefix("stream-"))
        if not kind.writes:
            return f"{neuron}.{field}"
        return kind.spelling.letter or kind.name

    def _fresh(self, stem: str) -> str:
        name, count = stem, 1
        while name in self.names.values():
            count += 1
            name = f"{stem}{count}"
        return name
