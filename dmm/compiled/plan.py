"""Compilation plans: in which order, and how grouped, a machine can be evaluated.

The dependency graph of the neurons is condensed into strongly connected components and laid out in
levels. What matters neither to an observed input nor can ever be reached by a signal is left out;
its links have zero gradient. The rest becomes a list of *blocks*:

* a **parallel block** holds neurons outside any cycle (a self-link on a summing neuron is allowed:
  it is a linear filter over time), evaluated for all ticks at once;
* a **loop block** holds the non-trivial components of a level, evaluated tick by tick.

A *slot* is an output (neuron, field), numbered over the whole machine; a *row* is an input,
numbered within its block. Within a block, neurons of one type form a group whose rows and slots
are contiguous, so that one matrix product serves a whole level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..machine.machine import Machine, initial_outputs
from ..machine.wiring import followers, levels, living, strong_components, upstream, wired
from ..neurons import Kernel, NeuronType
from .lowering import Lowered

__all__ = ["Block", "Group", "LinkTable", "Plan", "Port", "Segment", "make_plan"]

Port = tuple[str, str]
"""(neuron, field)."""


@dataclass
class Segment:
    """Rows or slots of one field of a group: consecutive numbers, one per neuron."""

    start: int
    count: int
    key_start: int | None = None  # position among the rows or slots that carry keys

    @cached_property
    def span(self) -> slice:
        return slice(self.start, self.start + self.count)

    @cached_property
    def key_span(self) -> slice | None:
        if self.key_start is None:
            return None
        return slice(self.key_start, self.key_start + self.count)


@dataclass
class Group:
    """Neurons of one type in one block."""

    neuron_type: NeuronType
    neurons: list[str]
    rows: list[Segment] = field(default_factory=list)  # per read field, numbered in the block
    slots: list[Segment] = field(default_factory=list)  # per written field, numbered globally
    has_self_links: bool = False

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel of the type; sources have none and are never asked."""
        assert isinstance(self.neuron_type.kernel, Kernel)
        return self.neuron_type.kernel


@dataclass
class LinkTable:
    """Links into one block, as arrays: row, slot, and position in the vector of live links.

    Of numbers or, with key rows and key slots, of the part that carries keys.
    """

    row: np.ndarray
    slot: np.ndarray
    link: np.ndarray


@dataclass
class Block:
    """A level of the machine (or its non-trivial components)."""

    groups: list[Group]
    is_loop: bool
    n_rows: int
    n_key_rows: int
    slots: slice  # global numbers of the slots this block writes
    key_slots: slice
    outer: LinkTable  # from earlier blocks
    inner: LinkTable  # within the block: cycles, or the self-links of summing neurons
    key_outer: LinkTable
    key_inner: LinkTable

    @cached_property
    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the outer links are in the flattened matrix (rows, slots before); and for keys."""
        numbers, keys = self.outer, self.key_outer
        return (
            numbers.row * self.slots.start + numbers.slot,
            keys.row * self.key_slots.start + keys.slot,
        )


@dataclass
class Plan:
    """Everything about a machine that does not depend on weights or streams.

    Attributes
    ----------
    machine : Machine
        In elementary neurons, see `dmm.compiled.lowering`.
    stopped : set of (neuron type, field) whose inputs pass no gradient
    observed : input ports whose streams are the result
    observed_keyed : positions of those that can carry keys
    sources : groups without kernel: constants and stream readers, slots in front
    blocks : in order of evaluation; loop blocks tick
    sink : block of the observed rows, without groups
    links : paths of the live links
    base : weights of the fixed part of each live link
    trainable : positions (live link, element of the trainable matrix) of trainable live links;
        one element may stand behind several live links
    n_weights : elements of the trainable matrix, live or not
    slot_of, key_slot_of : number of every output, and of every output that can carry keys

    Examples
    --------
    >>> from dmm.compiled import lower
    >>> from dmm.zoo import duplicate_detector
    >>> plan = make_plan(lower(duplicate_detector()), [("output", "dict-1")])
    >>> len(plan.links), plan.n_slots  # the count of full stops does not matter here
    (8, 7)
    >>> list(plan.slot_of)[:4]
    [('const_1', 'const_1'), ('input', 'char'), ('accum', 'dict'), ('timer', 'timer')]
    """

    machine: Machine
    stopped: frozenset[Port]
    observed: tuple[Port, ...]
    observed_keyed: list[int]
    sources: list[Group]
    blocks: list[Block]
    sink: Block
    links: list[tuple[str, ...]]
    base: np.ndarray
    trainable: tuple[np.ndarray, np.ndarray]
    n_weights: int
    slot_of: dict[Port, int]
    key_slot_of: dict[Port, int]

    @property
    def n_slots(self) -> int:
        """Number of outputs."""
        return len(self.slot_of)

    @property
    def n_key_slots(self) -> int:
        """Number of outputs that can carry keys."""
        return len(self.key_slot_of)

    @cached_property
    def shares_weights(self) -> bool:
        """Whether one trainable weight stands behind several live links."""
        elements = self.trainable[1]
        return len(np.unique(elements)) < len(elements)


def make_plan(lowered: Lowered, observed: Sequence[Port]) -> Plan:
    """Plan the evaluation of a machine.

    Parameters
    ----------
    lowered : Lowered
    observed : sequence of (neuron, input field)

    Examples
    --------
    >>> from dmm.compiled import lower
    >>> from dmm.zoo import duplicate_detector
    >>> plan = make_plan(lower(duplicate_detector()), [("output", "dict-1")])
    >>> [[group.neurons for group in block.groups] for block in plan.blocks]
    [[['accum'], ['timer']], [['norm']], [['compare']]]
    """
    return _Planner(lowered, tuple(observed)).plan()


class _Planner:
    def __init__(self, lowered: Lowered, observed: tuple[Port, ...]) -> None:
        self.lowered = lowered
        self.machine = machine = lowered.machine
        self.observed = observed
        self.types = {neuron: machine.type_of(neuron) for neuron in machine.neurons}
        self.fixed = dict(machine.fixed.items())
        initial = initial_outputs(machine).support
        self.begun_keyed = {  # outputs with keys before the first tick
            path[:2] for i, path in enumerate(initial.paths) if path[2:] or initial.shape(i)
        }
        paths = dict.fromkeys([*self.fixed, *machine.trainable.support.paths])
        self.links = wired(machine, paths)

    def plan(self) -> Plan:
        observed = set(self.observed)
        feeding = [path[2] for path in self.links if path[:2] in observed]
        kept = living(self.machine, self.links) & set(upstream(feeding, self.links))
        self.links = [
            path
            for path in self.links
            if path[2] in kept and (path[0] in kept or path[:2] in observed)
        ]
        position = {path: i for i, path in enumerate(self.links)}
        self.into: dict[Port, list[tuple[Port, int]]] = defaultdict(list)
        for path, i in position.items():
            receiver, field_in, sender, field_out = path
            self.into[receiver, field_in].append(((sender, field_out), i))
        self.slot_of: dict[Port, int] = {}
        self.key_slot_of: dict[Port, int] = {}
        origins = [n for n in kept if self._is_origin(n)]
        sources = self._groups(origins)
        self._number_slots(sources, loops=False)
        others = [n for n in kept if not self._is_origin(n)]
        blocks = [self._block(neurons, is_loop) for neurons, is_loop in self._levels(others)]
        keyed = [port for port in self.observed if self._carries_keys(*port)]
        sink = self._sink(keyed)
        base = np.array([self.fixed.get(path, 0.0) for path in self.links])
        trainable = enumerate(self.machine.trainable.support.paths)
        pairs = [(position[path], i) for i, path in trainable if path in position]
        live, element = np.array(pairs, np.intp).reshape(-1, 2).T
        return Plan(
            machine=self.machine,
            stopped=self.lowered.stopped,
            observed=self.observed,
            observed_keyed=[self.observed.index(port) for port in keyed],
            sources=sources,
            blocks=blocks,
            sink=sink,
            links=self.links,
            base=base,
            trainable=(live, self.lowered.origin[element]),
            n_weights=self.lowered.original.trainable.size,
            slot_of=self.slot_of,
            key_slot_of=self.key_slot_of,
        )

    def _is_origin(self, neuron: str) -> bool:
        neuron_type = self.types[neuron]
        return neuron_type.is_source or not neuron_type.reads

    def _levels(self, neurons: list[str]) -> list[tuple[list[str], bool]]:
        """Neurons in order of evaluation: (neurons of a block, whether it is a loop block)."""
        neurons = sorted(neurons)
        graph = followers(neurons, self.links)
        components = strong_components(graph)
        level = levels(components, graph)
        looping = {
            neuron
            for members in components
            for neuron in members
            if len(members) > 1 or (neuron in graph[neuron] and not self.types[neuron].is_sum)
        }
        blocks: dict[tuple[int, bool], list[str]] = defaultdict(list)
        for neuron in neurons:
            blocks[level[neuron], neuron in looping].append(neuron)
        return [(blocks[key], key[1]) for key in sorted(blocks)]

    def _groups(self, neurons: Iterable[str]) -> list[Group]:
        by_type: dict[str, list[str]] = defaultdict(list)
        for neuron in sorted(neurons):
            by_type[self.types[neuron].name].append(neuron)
        return [Group(self.types[names[0]], names) for _, names in sorted(by_type.items())]

    def _carries_keys(self, neuron: str, field_name: str) -> bool:
        """Whether a row can see anything but numbers (links from slots numbered so far)."""
        spec = self.types[neuron].read_field(field_name)
        assert spec is not None
        return not spec.is_scalar and any(
            sender in self.key_slot_of for sender, _ in self.into[neuron, field_name]
        )

    def _number_slots(self, groups: list[Group], *, loops: bool) -> tuple[slice, slice]:
        """Give the groups' outputs their global numbers; keyed fields first within a group."""
        first, first_key = len(self.slot_of), len(self.key_slot_of)
        for group in groups:
            for written in group.neuron_type.writes:
                start = len(self.slot_of)
                for neuron in group.neurons:
                    self.slot_of[neuron, written.name] = len(self.slot_of)
                segment = Segment(start, len(group.neurons))
                is_keyed = not written.is_scalar and (
                    loops
                    or not group.neuron_type.reads
                    or group.neuron_type.is_source
                    or any((n, written.name) in self.begun_keyed for n in group.neurons)
                    or any(
                        self._carries_keys(n, f.name)
                        for n in group.neurons
                        for f in group.neuron_type.reads
                    )
                )
                if is_keyed:
                    segment.key_start = len(self.key_slot_of)
                    for neuron in group.neurons:
                        self.key_slot_of[neuron, written.name] = len(self.key_slot_of)
                group.slots.append(segment)
        return slice(first, len(self.slot_of)), slice(first_key, len(self.key_slot_of))

    def _block(self, neurons: list[str], is_loop: bool) -> Block:
        groups = self._groups(neurons)
        slots, key_slots = self._number_slots(groups, loops=is_loop)
        row_of: dict[Port, int] = {}
        key_row_of: dict[Port, int] = {}
        for group in groups:
            for read in group.neuron_type.reads:
                segment = Segment(len(row_of), len(group.neurons))
                for neuron in group.neurons:
                    row_of[neuron, read.name] = len(row_of)
                if any(self._carries_keys(n, read.name) for n in group.neurons):
                    segment.key_start = len(key_row_of)
                    for neuron in group.neurons:
                        key_row_of[neuron, read.name] = len(key_row_of)
                group.rows.append(segment)
            group.has_self_links = any(
                sender[0] == n
                for n in group.neurons
                for f in group.neuron_type.reads
                for sender, _ in self.into[n, f.name]
            )
        tables = self._tables(row_of, self.slot_of, slots)
        key_tables = self._tables(key_row_of, self.key_slot_of, key_slots)
        sizes = len(row_of), len(key_row_of)
        return Block(groups, is_loop, *sizes, slots, key_slots, *tables, *key_tables)

    def _sink(self, keyed: list[Port]) -> Block:
        row_of = {port: i for i, port in enumerate(self.observed)}
        key_row_of = {port: i for i, port in enumerate(keyed)}
        slots, key_slots = self._number_slots([], loops=False)
        tables = self._tables(row_of, self.slot_of, slots)
        key_tables = self._tables(key_row_of, self.key_slot_of, key_slots)
        return Block([], False, len(row_of), len(keyed), slots, key_slots, *tables, *key_tables)

    def _tables(
        self, row_of: dict[Port, int], slot_of: dict[Port, int], own: slice
    ) -> tuple[LinkTable, LinkTable]:
        """Links into these rows: from slots before a block's own, and from its own."""
        before: list[tuple[int, int, int]] = []
        within: list[tuple[int, int, int]] = []
        for port, row in row_of.items():
            for sender, link in self.into[port]:
                slot = slot_of.get(sender)
                if slot is not None:
                    (before if slot < own.start else within).append((row, slot, link))
        outer, inner = (np.array(links, np.intp).reshape(-1, 3).T for links in (before, within))
        return LinkTable(*outer), LinkTable(*inner)
