"""A machine as statements that C and JavaScript share: every stream is an array of one width.

``s[i]`` is the stream of one port: its ``:number``, then a number per key. The inputs of all
neurons come first, then the outputs, then what is needed in between. A down movement adds up the
inputs along the links; an up movement is one statement per neuron.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import NamedTuple

from ...compiled.lowering import in_elementary_neurons
from ...machine.coercions import coerced_links
from ...machine.machine import Link, Machine, initial_outputs
from ...machine.wiring import wired
from ...neurons import MixtureKernel, NeuronType, StreamReader
from ...neurons.spelling import on_every_element
from ..reading import reading_order
from .interface import Interface, column_name, function_names, interface_of, scalar

__all__ = ["Function", "LinkRow", "Statements", "indented", "literal", "quoted", "statements"]

MIX = "mix"
MIX_BODY = on_every_element("out0[k] += in0[0] * in1[k];")
NUMBER = "number_of"
NUMBER_BODY = "out0[0] = in0[0];"


class LinkRow(NamedTuple):
    """A link as a program has it: ``s[receiver] += weight * s[sender]``."""

    receiver: int
    sender: int
    is_number: bool
    link: Link

    @property
    def weight(self) -> str:
        """The weight as both languages write it."""
        return literal(self.link.weight)

    @property
    def text(self) -> str:
        """The link in words, for a comment."""
        receiver, sender = column_name(self.link.path[:2]), column_name(self.link.path[2:])
        return quoted(f"{receiver} <- {sender}") + ", hard" * self.link.is_fixed


class Function(NamedTuple):
    """What neurons of one type do: ``name(in0, in1, ..., out0, ..., width)``."""

    name: str
    comment: str
    n_inputs: int
    n_outputs: int
    body: str

    @property
    def arguments(self) -> list[str]:
        """Names of the arguments, ``width`` left out."""
        inputs = [f"in{i}" for i in range(self.n_inputs)]
        return [*inputs, *(f"out{i}" for i in range(self.n_outputs))]


@dataclass
class Statements:
    """A machine in statements.

    Attributes
    ----------
    machine : Machine
        In elementary neurons.
    interface : Interface
    streams : dict of (neuron, field, is it an output) to number
        Which stream a port is.
    n_streams, n_inputs : int
        All streams; the inputs are the first of them.
    keys : list of str
        What stands in column 1, 2, ... of every stream; those of outside streams come behind.
    functions : list of Function
    firings : list of str
        One statement per neuron, or a few.
    links : list of LinkRow
    initial : list of (stream, column, number)
        What is there before the first tick.
    """

    machine: Machine
    interface: Interface
    streams: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    n_streams: int = 0
    n_inputs: int = 0
    keys: list[str] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    firings: list[str] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)
    initial: list[tuple[int, int, float]] = field(default_factory=list)

    @property
    def observed(self) -> list[tuple[int, str, bool]]:
        """Stream, column name and whether there may be keys, of all observed ports."""
        are_outputs, with_keys = self.interface.are_outputs, self.interface.with_keys
        return [
            (self.streams[port[0], port[1], are_outputs], column_name(port), port in with_keys)
            for port in self.interface.observed
        ]


def statements(machine: Machine, given: Mapping[str, str] | None = None) -> Statements:
    """A machine as statements.

    Parameters
    ----------
    machine : Machine
    given : mapping of neuron type name to body, optional
        For types that have no portable body, see `dmm.neurons.Spelling`.

    Raises
    ------
    ValueError
        If it holds its own network matrix, joins streams of different kinds, has array leaves, or
        neurons of a type without a portable body; the message says what to do.
    """
    if machine.matrix_port is not None:
        raise ValueError(
            f"the network matrix is held by {'/'.join(machine.matrix_port)}; only the Python "
            "program can have links that change: to_python(machine)"
        )
    if coerced_links(machine.neurons, [link.path for link in machine.links()]):
        raise ValueError("links join streams of different kinds; a stand-alone program cannot")
    return _Writer(in_elementary_neurons(machine).machine, given or {}).written()


def indented(lines: Iterable[str]) -> str:
    """Lines of a program, one step in."""
    return "\n".join(f"    {line}" for line in lines)


def quoted(text: str) -> str:
    r"""A text as a literal of JavaScript, and safe inside a page and a comment.

    Examples
    --------
    >>> print(quoted("</script>"))
    "\u003c/script>"
    """
    return json.dumps(text).replace("<", "\\u003c").replace("\x7f", "\\u007f")


def literal(x: float) -> str:
    """A number as both languages write it.

    Examples
    --------
    >>> literal(1), literal(float("-inf"))
    ('1.0', '-INFINITY')
    """
    text = repr(float(x))
    return text.replace("inf", "INFINITY").replace("nan", "NAN")


class _Writer:
    """Writes the statements of one machine."""

    def __init__(self, machine: Machine, given: Mapping[str, str]) -> None:
        self.machine = machine
        self.given = given
        self.order = reading_order(machine)
        self.out = Statements(machine, interface_of(machine))
        self.types = [machine.type_of(neuron) for neuron in self.order]

    def written(self) -> Statements:
        out = self.out
        for neuron, neuron_type in zip(self.order, self.types, strict=True):
            for read in neuron_type.reads:
                out.streams[neuron, read.name, False] = self._new()
        out.n_inputs = out.n_streams
        for neuron, neuron_type in zip(self.order, self.types, strict=True):
            for written in neuron_type.writes:
                out.streams[neuron, written.name, True] = self._new()
        self._name_functions()
        for neuron, neuron_type in zip(self.order, self.types, strict=True):
            lines = self._firing(neuron, neuron_type)
            out.firings += [f"{line}  // {quoted(neuron)}" for line in lines]
        called = {line.partition("(")[0] for line in out.firings}
        out.functions = [function for function in out.functions if function.name in called]
        out.links = self._links()
        out.initial = self._initial()
        return out

    def _new(self) -> int:
        self.out.n_streams += 1
        return self.out.n_streams - 1

    # ---- functions ----

    def _name_functions(self) -> None:
        parts = [
            part
            for neuron_type in self.types
            if _is_mixture(neuron_type)
            for part in _mixture(neuron_type).types
        ]
        fired = [
            neuron_type
            for neuron_type in self.types
            if _fires(neuron_type) and not _is_mixture(neuron_type)
        ]
        by_name = {
            neuron_type.name: neuron_type for neuron_type in (*fired, *parts) if neuron_type.reads
        }
        types = [by_name[name] for name in sorted(by_name)]
        self.names = function_names(types)
        for neuron_type in types:
            ports = [f"in{i} {quoted(f.name)}" for i, f in enumerate(neuron_type.reads)]
            ports += [f"out{i} {quoted(f.name)}" for i, f in enumerate(neuron_type.writes)]
            comment = f"{quoted(neuron_type.name)}: {', '.join(ports)}"
            sizes = len(neuron_type.reads), len(neuron_type.writes)
            name = self.names[neuron_type.name]
            self.out.functions.append(Function(name, comment, *sizes, self._body(neuron_type)))
        if parts:
            mixed = "What one part of a mixture of functions adds to it: in0 times in1."
            number = "The plain number of a stream."
            self.out.functions.append(Function(MIX, mixed, 2, 1, indent(MIX_BODY, "    ")))
            self.out.functions.append(Function(NUMBER, number, 1, 1, indent(NUMBER_BODY, "    ")))

    def _body(self, neuron_type: NeuronType) -> str:
        body = self.given.get(neuron_type.name) or neuron_type.spelling.portable
        if not body:
            raise ValueError(
                f"neuron type {neuron_type.name!r} has no form in arrays of numbers; give one "
                f"(functions={{{neuron_type.name!r}: 'out0[0] = in0[0];'}}, see "
                "dmm.neurons.Spelling), or take the Python program, which has every type of the "
                "library"
            )
        return indent(body.strip("\n"), "    ")

    # ---- firing ----

    def _firing(self, neuron: str, neuron_type: NeuronType) -> list[str]:
        """What a neuron does at a tick."""
        reads = [f"s[{self.out.streams[neuron, f.name, False]}]" for f in neuron_type.reads]
        writes = [f"s[{self.out.streams[neuron, f.name, True]}]" for f in neuron_type.writes]
        if neuron_type.is_source:
            return self._emission(neuron, neuron_type, reads, writes)
        if not neuron_type.writes:
            return []
        if not neuron_type.reads:
            names = (field.name for field in neuron_type.writes)
            return self._constant(neuron_type, dict(zip(names, writes, strict=True)))
        if _is_mixture(neuron_type):
            return self._mixing(neuron_type, reads, writes)
        return [_call(self.names[neuron_type.name], [*reads, *writes])]

    def _emission(
        self, neuron: str, neuron_type: NeuronType, reads: list[str], writes: list[str]
    ) -> list[str]:
        if neuron_type.reads and not isinstance(neuron_type.kernel, StreamReader):
            raise ValueError(
                f"neuron type {neuron_type.name!r} reads a stream from outside in a way of its "
                "own; take the Python program, with functions= for this type"
            )
        source = self.out.interface.sources.index(neuron)
        index = f"{reads[0]}[0]" if reads else "tick"
        return [f"emit(run, {source}, {index}, {writes[0]});"]

    def _constant(self, neuron_type: NeuronType, writes: dict[str, str]) -> list[str]:
        return [
            f"{writes[path[0]]}[{self._column(path[1:])}] = {literal(scalar(x))};"
            for path, x in neuron_type.constant().items()
        ]

    def _mixing(self, neuron_type: NeuronType, reads: list[str], writes: list[str]) -> list[str]:
        """Every function of a mixture on streams in between, then their sum."""
        kernel = _mixture(neuron_type)
        n_fields = len(kernel.reads)
        by_read = dict(zip(kernel.reads, reads[:n_fields], strict=True))
        by_written = dict(zip(kernel.writes, writes, strict=True))
        wide = {f.name for f in neuron_type.reads if not f.is_scalar}
        lines = []
        for part, coefficient in zip(kernel.types, reads[n_fields:], strict=True):
            taken = []
            for read in part.reads:
                stream = by_read[read.name]
                if read.is_scalar and read.name in wide:
                    number = f"s[{self._new()}]"
                    lines.append(_call(NUMBER, [stream, number]))
                    stream = number
                taken.append(stream)
            emitted = {f.name: f"s[{self._new()}]" for f in part.writes}
            if part.reads:
                lines.append(_call(self.names[part.name], [*taken, *emitted.values()]))
            else:
                lines += self._constant(part, emitted)
            lines += [
                _call(MIX, [coefficient, stream, by_written[name]])
                for name, stream in emitted.items()
            ]
        return lines

    # ---- numbers ----

    def _column(self, path: tuple[str, ...]) -> int:
        """The column of a key, a new one where it is needed; 0 for the number."""
        if not path:
            return 0
        name = column_name(path)
        if name not in self.out.keys:
            self.out.keys.append(name)
        return 1 + self.out.keys.index(name)

    def _links(self) -> list[LinkRow]:
        streams, place = self.out.streams, {n: i for i, n in enumerate(self.order)}
        rows = []
        for link in sorted(
            wired(self.machine, self.machine.links()), key=lambda link: place[link.neuron_in]
        ):
            neuron_type = self.machine.type_of(link.neuron_in)
            read = neuron_type.read_field(link.field_in)
            # What is observed is shown as it arrives; else a number's other columns stay zero.
            is_number = bool(read and read.is_scalar and neuron_type.writes)
            ends = (
                streams[link.neuron_in, link.field_in, False],
                streams[link.neuron_out, link.field_out, True],
            )
            rows.append(LinkRow(*ends, is_number, link))
        return rows

    def _initial(self) -> list[tuple[int, int, float]]:
        found = []
        for path, x in initial_outputs(self.machine).items():
            number, stream = scalar(x), self.out.streams.get((path[0], path[1], True))
            if stream is not None:
                found.append((stream, self._column(path[2:]), number))
        return found


def _fires(neuron_type: NeuronType) -> bool:
    """Whether neurons of a type apply a function to what they read."""
    return bool(neuron_type.reads and neuron_type.writes and not neuron_type.is_source)


def _is_mixture(neuron_type: NeuronType) -> bool:
    return isinstance(neuron_type.kernel, MixtureKernel)


def _mixture(neuron_type: NeuronType) -> MixtureKernel:
    assert isinstance(neuron_type.kernel, MixtureKernel)
    return neuron_type.kernel


def _call(name: str, streams: list[str]) -> str:
    return f"{name}({', '.join(streams)}, width);"
