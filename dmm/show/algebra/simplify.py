"""From links to equations: pairs fold, constants propagate, signs are pulled out, sums inline.

Nothing here is trusted: `dmm.show.algebra.equations` compares every equation with the machine and
asks again, with the ports that failed written as bare links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vvalues import VValue

from ...machine.machine import Link, Machine
from ...machine.wiring import followers, reach, strong_components, wired
from ...neurons.spelling import Call, Linear, Port, Symbol
from ..labels import constant_text
from ..reading import reading_order
from .expressions import OfType, delayed, only_number, symbol_names

__all__ = ["Constants", "Equation", "System", "simplified"]

Constants = Mapping[Port, tuple[VValue, int]]
"""Constant outputs: their value, and the tick from which they have it."""

MOST_INLINED = 6
"""An expression with more atoms than this gets a name instead of being written out in place."""


@dataclass(frozen=True)
class Equation:
    """One equation.

    Attributes
    ----------
    port : (neuron, field)
        An output, or an input of a sink.
    is_input : bool
    right : Linear
    is_sum : bool
        The right side is summed over time.
    valid_from : int
        First tick at which it holds (constants take time to arrive).
    is_explicit : bool
        Delays are written at the symbols, because the equation is part of a cycle.
    inlined : ports whose expressions are written out in the right side
    is_number : bool
        Only the ``:number`` is meant, because the input reads nothing else.

    Examples
    --------
    >>> from dmm.show.algebra import derive
    >>> from dmm.zoo import duplicate_detector
    >>> last = derive(duplicate_detector()).equations[-1]
    >>> last.port, last.is_sum, last.valid_from, last.right.n_atoms()
    (('output', 'dict-2'), False, 1, 1)
    """

    port: Port
    is_input: bool
    right: Linear
    is_sum: bool = False
    valid_from: int = 1
    is_explicit: bool = False
    inlined: frozenset[Port] = frozenset()
    is_number: bool = False


@dataclass
class System:
    """The equations of a machine.

    Attributes
    ----------
    equations : in the order of reading
    parts : equations of the ports that are inlined
    names : of the ports that occur in them
    signs : -1 for names that stand for the negative of their port
    constants : values of the constant ports that occur
    sources : external streams that occur
    rejected : ports whose simplified equation the machine contradicted
    difference : largest relative difference between an equation and the machine
    unchecked : why nothing could be checked, or ""

    Examples
    --------
    >>> from dmm.show.algebra import derive
    >>> from dmm.zoo import duplicate_detector
    >>> system = derive(duplicate_detector())
    >>> list(system.names.values()), list(system.constants.values()), system.difference
    (['char', 'eos', 'a', 'm', 'd'], ['{".": 1}'], 0.0)
    """

    equations: list[Equation] = field(default_factory=list)
    parts: list[Equation] = field(default_factory=list)
    names: dict[Port, str] = field(default_factory=dict)
    signs: dict[Port, int] = field(default_factory=dict)
    constants: dict[Port, str] = field(default_factory=dict)
    sources: list[Port] = field(default_factory=list)
    rejected: list[Port] = field(default_factory=list)
    difference: float = 0.0
    unchecked: str = ""


def simplified(machine: Machine, plain_ports: Collection[Port], constants: Constants) -> System:
    """The equations of a machine, simplified but not checked against it.

    Parameters
    ----------
    machine : Machine
    plain_ports : collection of (neuron, field)
        Ports that are written as bare links: what they simplify to was found wrong.
    constants : what ports emit that never change, and from which tick on

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> system = simplified(duplicate_detector(), [("norm", "norm")], {})
    >>> [equation.port[0] for equation in system.equations]
    ['accum', 'norm', 'const_1', 'eos', 'dot', 'output', 'output']
    """
    return _Builder(machine, set(plain_ports), constants).system()


# -------------------- building --------------------


class _Builder:
    """One attempt: ``plain_ports`` are written as bare links, everything else is simplified."""

    def __init__(self, machine: Machine, plain_ports: set[Port], constants: Constants) -> None:
        self.machine = machine
        self.plain = plain_ports
        self.constants = constants
        self.into: dict[Port, list[Link]] = {}
        links = wired(machine, machine.links())
        for link in links:
            self.into.setdefault(link.path[:2], []).append(link)
        graph = followers(machine.neurons, links)
        self.cycles = {
            neuron
            for members in strong_components(graph)
            for neuron in members
            if len(members) > 1 or neuron in graph[neuron]
        }
        self.order = reading_order(machine)
        self.outputs = [(n, f.name) for n in self.order for f in machine.type_of(n).writes]
        self.signs: dict[Port, int] = {}
        self.bodies: dict[Port, Equation] = {}
        self._start()

    def system(self) -> System:
        inputs = self._input_roots()
        outputs = [] if inputs else self._output_roots()
        needed = self._needed(inputs, outputs)
        self.named = {port for port in needed if self._gets_a_name(port)} | set(outputs)
        uses = self._uses(inputs, needed)
        for port in needed:
            self._define(port, uses[port])
        roots = [self._input_equation(port) for port in inputs]
        found = {p: self.bodies[p] for p in needed if p in self.named and p in self.bodies}
        used = self._reading(found.values(), roots, outputs)
        kept = [found[port] for port in used if port in found]
        system = self._named_system([*kept, *roots], used)
        system.parts = [self.bodies[p] for p in needed if p in self.bodies and p not in found]
        return system

    # ---- what is needed ----

    def _input_roots(self) -> list[Port]:
        """Inputs of sinks, and of stream readers that do more than follow the clock."""
        roots = []
        for neuron in self.order:
            neuron_type = self.machine.type_of(neuron)
            fields = [(neuron, f.name) for f in neuron_type.reads]
            is_driven = any(not link.is_fixed for f in fields for link in self.into.get(f, ()))
            if not neuron_type.writes or (neuron_type.is_source and is_driven):
                roots += fields
        return roots

    def _output_roots(self) -> list[Port]:
        """Without a sink: the outputs nothing reads, or else all of them."""
        read = {link.path[2:] for links in self.into.values() for link in links}
        return [port for port in self.outputs if port not in read] or self.outputs

    def _needed(self, inputs: Iterable[Port], outputs: Iterable[Port]) -> list[Port]:
        senders = (k.path[2:] for p in inputs for k in self.into.get(p, ()))
        found = set(reach([*outputs, *senders], self._senders))
        return [port for port in self.outputs if port in found]

    def _senders(self, port: Port) -> list[Port]:
        neuron_type = self.machine.type_of(port[0])
        if neuron_type.is_source or port in self.constants:
            return []
        return [k.path[2:] for f in neuron_type.reads for k in self.into.get((port[0], f.name), ())]

    def _gets_a_name(self, port: Port) -> bool:
        """Streams and states always do; of other neurons their type says so."""
        neuron_type = self.machine.type_of(port[0])
        if neuron_type.is_source or port in self.plain or port[0] in self.cycles:
            return True
        if port in self.constants:
            return not self._is_number(port)
        return not neuron_type.spelling.is_inlined

    def _is_number(self, port: Port) -> bool:
        return all(not path for path, _ in self.constants[port][0].items())

    def _uses(self, inputs: Iterable[Port], needed: Iterable[Port]) -> Counter[Port]:
        """In how many places a port would be written out."""
        uses: Counter[Port] = Counter()
        places = [[port] for port in inputs]
        for port in needed:
            if port not in self.constants and not self.machine.type_of(port[0]).is_source:
                places += self._places(port)
        for place in places:
            uses.update({k.path[2:] for f in place for k in self.into.get(f, ())})
        return uses

    def _places(self, port: Port) -> list[list[Port]]:
        """Input fields by place in the neuron's equation: what it adds up is one place."""
        fields = [(port[0], f.name) for f in self.machine.type_of(port[0]).reads]
        body = self._spelled(port, [Linear(((Symbol(field, 1), 1.0),)) for field in fields])
        if body is None:
            return [[field] for field in fields]
        return [[a.port for a, _ in one.terms if isinstance(a, Symbol)] for one in body.sums()]

    def _reading(
        self, found: Iterable[Equation], roots: Iterable[Equation], outputs: Iterable[Port]
    ) -> list[Port]:
        """Ports that a reader needs, each after those it is made of where possible."""
        right = {equation.port: equation.right for equation in found}
        ordered: dict[Port, None] = {}
        seen: set[Port] = set()
        start = [s.port for root in roots for s in root.right.symbols()]
        stack: list[tuple[Port, Iterator[Port]]] = [(("", ""), iter((*start, *outputs)))]
        while stack:
            port, remaining = stack[-1]
            for following in remaining:
                if following not in seen:
                    seen.add(following)
                    symbols = right[following].symbols() if following in right else ()
                    stack.append((following, iter([s.port for s in symbols])))
                    break
            else:
                ordered[port] = None
                stack.pop()
        return list(ordered)[:-1]  # the last one is the start itself

    # ---- equations ----

    def _start(self) -> None:
        """Begin an equation: what its parts say about it is collected while it is built."""
        self.valid_from = 1
        self.inlined: frozenset[Port] = frozenset()

    def _define(self, port: Port, n_uses: int) -> None:
        if self.machine.type_of(port[0]).is_source:
            return
        if port in self.constants and port not in self.plain:
            return
        if port not in self.named and n_uses > 1:
            self.named.add(port)
        self._start()
        in_cycle = port[0] in self.cycles
        if port in self.plain:
            equation = Equation(port, False, self._plain_body(port), is_explicit=in_cycle)
        elif self._is_integrator(port):
            equation = self._integrator(port)
        else:
            right = self._body(port, fold=not in_cycle)
            if port in self.named and not in_cycle:
                right, self.signs[port] = right.upright()
            equation = Equation(port, False, right, False, self.valid_from, in_cycle, self.inlined)
        if port not in self.named and equation.right.n_atoms() > MOST_INLINED:
            self.named.add(port)
        self.bodies[port] = equation

    def _is_integrator(self, port: Port) -> bool:
        """Whether it is a sum, and its own self-links are the only cycle it is in."""
        neuron_type = self.machine.type_of(port[0])
        is_spelled_sum = neuron_type.is_sum and neuron_type.spelling.equation is not None
        if not is_spelled_sum or port[0] not in self.cycles:
            return False
        others = (sender for sender in self._senders(port) if sender[0] != port[0])
        return all(sender[0] != port[0] for sender in reach(others, self._senders))

    def _integrator(self, port: Port) -> Equation:
        """A sum that reads itself: a sum over time, or a filter with a forgetting factor."""
        own = Symbol(port, 1)
        total = self._body(port, fold=False)
        feedback = dict(total.terms).get(own, 0.0)
        rest = Linear(tuple(t for t in total.terms if t[0] != own), total.constant)
        rest, self.signs[port] = rest.upright()
        if feedback == 1.0:
            return Equation(port, False, rest, is_sum=True, inlined=self.inlined)
        right = Linear.of(((own, feedback), *rest.terms), rest.constant)
        return Equation(port, False, right, is_explicit=True, inlined=self.inlined)

    def _input_equation(self, port: Port) -> Equation:
        self._start()
        if port in self.plain:
            return Equation(port, True, self._direct(port))
        read = self.machine.type_of(port[0]).read_field(port[1])
        is_number = bool(read and read.is_scalar)
        right = self._field(port, is_number, fold=True)
        return Equation(
            port,
            True,
            right,
            valid_from=self.valid_from,
            inlined=self.inlined,
            is_number=is_number,
        )

    def _body(self, port: Port, fold: bool) -> Linear:
        reads = self.machine.type_of(port[0]).reads
        fields = [self._field((port[0], f.name), f.is_scalar, fold) for f in reads]
        body = self._spelled(port, fields)
        return self._plain_body(port) if body is None else body

    def _spelled(self, port: Port, fields: list[Linear]) -> Linear | None:
        """An output as its type spells it, from its input fields; None if it does not."""
        neuron_type = self.machine.type_of(port[0])
        if neuron_type.spelling.equation is None:
            return None
        names = [f.name for f in neuron_type.writes]
        return neuron_type.spelling.equation(*fields)[names.index(port[1])]

    def _field(self, port: Port, is_scalar: bool, fold: bool) -> Linear:
        """An input field as an expression of what is named."""
        total = Linear()
        for link in self.into.get(port, ()):
            total = total + self._output(link.path[2:], is_scalar, fold) * link.weight
        return total

    def _output(self, port: Port, is_scalar: bool, fold: bool) -> Linear:
        """An output one tick ago."""
        if port in self.constants and port not in self.named:
            if fold:
                value, start = self.constants[port]
                self.valid_from = max(self.valid_from, start + 1)
                return Linear(constant=float(dict(value.items()).get((), 0.0)))
            return Linear(((Symbol(port, 1), 1.0),))
        if port not in self.named and port in self.bodies:
            body = self.bodies[port]
            if fold or body.valid_from == 1:
                self.inlined |= {port} | body.inlined
                if body.valid_from > 1:
                    self.valid_from = max(self.valid_from, body.valid_from + 1)
                return only_number(delayed(body.right), is_scalar, self._is_scalar)
            self.named.add(port)
        symbol = Symbol(port, 1, is_scalar and not self._is_scalar(port))
        return Linear(((symbol, float(self.signs.get(port, 1))),))

    def _is_scalar(self, port: Port) -> bool:
        written = self.machine.type_of(port[0]).written_field(port[1])
        return bool(written and written.is_scalar)

    def _plain_body(self, port: Port) -> Linear:
        """The neuron type as a function of its direct inputs, nothing folded."""
        neuron_type = self.machine.type_of(port[0])
        arguments = tuple(self._direct((port[0], f.name)) for f in neuron_type.reads)
        return Linear(((Call(OfType(neuron_type, port[1]), arguments), 1.0),))

    def _direct(self, port: Port) -> Linear:
        senders = []
        for link in self.into.get(port, ()):
            sender = link.path[2:]
            self.named.add(sender)
            senders.append((Symbol(sender, 1), link.weight * self.signs.get(sender, 1)))
        return Linear.of(senders)

    def _named_system(self, kept: list[Equation], used: list[Port]) -> System:
        defined = {equation.port for equation in kept if not equation.is_input}
        ports = sorted(used, key=lambda port: port in defined)  # streams and constants in front
        functions = {port for port in defined if _is_function(self.bodies[port].right)}
        return System(
            kept,
            names=symbol_names(self.machine, ports, set(self.constants), functions),
            signs=self.signs,
            constants={p: _constant_note(*self.constants[p]) for p in ports if p in self.constants},
            sources=[p for p in ports if self.machine.type_of(p[0]).is_source],
        )


def _is_function(right: Linear) -> bool:
    """Whether a right side names a neuron type."""
    calls = (atom for atom, _ in right.terms if isinstance(atom, Call))
    return any(isinstance(atom.function, OfType) for atom in calls)


def _constant_note(value: VValue, start: int) -> str:
    late = f" from tick {start}" if start > 1 else ""
    return constant_text(value) + late
