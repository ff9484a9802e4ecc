"""Compilation plans: in which order, and how grouped, a machine can be evaluated.

The dependency graph of the neurons is condensed into strongly connected components and laid out in
levels. What matters neither to an observed input nor can ever be reached by a signal is left out;
its links have zero gradient. The rest becomes a list of *blocks*:

* a **parallel block** holds neurons outside any cycle (a self-link on a summing neuron is allowed:
  it is a linear filter over time), evaluated for all ticks at once;
* a **loop block** holds the non-trivial components of a level, evaluated tick by tick.

Within a block, neurons of one type form a group whose inputs (*rows*) and outputs (*slots*) are
contiguous, so that one matrix product serves a whole level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from vvalues.support import Support

from .machine import Machine
from .neurons import NeuronType

__all__ = ["Block", "Group", "LinkTable", "Plan", "make_plan", "missing_kernels"]

Port = tuple[str, str]


@dataclass
class Segment:
    """Rows or slots of one field of a group: consecutive numbers, one per neuron."""

    start: int
    count: int
    key_start: int | None = None  # position among the rows or slots that carry keys

    @property
    def span(self) -> slice:
        return slice(self.start, self.start + self.count)

    @property
    def key_span(self) -> slice | None:
        if self.key_start is None:
            return None
        return slice(self.key_start, self.key_start + self.count)


@dataclass
class Group:
    """Neurons of one type in one block."""

    kind: NeuronType
    neurons: list[str]
    rows: list[Segment] = field(default_factory=list)  # per read field, numbered in the block
    slots: list[Segment] = field(default_factory=list)  # per written field, numbered globally
    has_self_links: bool = False


@dataclass
class LinkTable:
    """Links into one block, as arrays: row, slot, and position in the vector of live links."""

    row: np.ndarray
    slot: np.ndarray
    link: np.ndarray
    key_row: np.ndarray  # the same for the part that carries keys
    key_slot: np.ndarray
    key_link: np.ndarray


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


@dataclass
class Plan:
    """Everything about a machine that does not depend on weights or streams.

    Attributes
    ----------
    observed : input ports whose streams are the result
    observed_keyed : positions of those that can carry keys
    sources : groups without kernel: constants and stream readers, slots in front
    blocks : in order of evaluation
    sink : block of the observed rows, without groups
    n_slots, n_key_slots : sizes of the state
    links : paths of the live links
    base : weights of the fixed part of each live link
    trainable : positions (live link, element of the trainable matrix) of trainable live links
    """

    machine: Machine
    observed: tuple[Port, ...]
    observed_keyed: list[int]
    sources: list[Group]
    blocks: list[Block]
    sink: Block
    n_slots: int
    n_key_slots: int
    links: list[tuple[str, ...]]
    base: np.ndarray
    trainable: tuple[np.ndarray, np.ndarray]


def missing_kernels(machine: Machine) -> list[str]:
    """Names of neuron types of this machine that only the reference engine can run."""
    names = set(machine.neurons.values())
    kinds = [machine.type_of(n) for n in machine.neurons]
    return sorted(
        {
            kind.name
            for kind in kinds
            if kind.name in names
            and kind.kernel is None
            and kind.reads
            and kind.writes
            and not kind.is_source
        }
    )


def make_plan(machine: Machine, observed: Sequence[Port], support: Support | None = None) -> Plan:
    """Plan the evaluation of a machine.

    Parameters
    ----------
    machine : Machine
    observed : sequence of (neuron, input field)
    support : Support, optional
        Support of the trainable matrix to plan for; the machine's own when omitted.
    """
    return _Planner(machine, tuple(observed), support or machine.trainable.support).plan()


class _Planner:
    def __init__(self, machine: Machine, observed: tuple[Port, ...], support: Support) -> None:
        self.machine = machine
        self.observed = observed
        self.support = support
        self.kinds = {neuron: machine.type_of(neuron) for neuron in machine.neurons}
        self.fixed = dict(machine.fixed.items())
        paths = dict.fromkeys([*self.fixed, *support.paths])
        self.links = [path for path in paths if self._is_wired(path)]

    def _is_wired(self, path: tuple[str, ...]) -> bool:
        receiver, sender = self.kinds[path[0]], self.kinds[path[2]]
        return (
            receiver.read_field(path[1]) is not None and sender.written_field(path[3]) is not None
        )

    # -------------------- which neurons matter --------------------

    def _living(self) -> set[str]:
        """Neurons that a signal can reach (least fixed point: cycles start empty)."""
        waiting: dict[str, set[str]] = {
            name: {f.name for f in kind.reads} for name, kind in self.kinds.items()
        }
        followers = defaultdict(list)
        for path in self.links:
            followers[path[2]].append(path)
        living = {name for name, kind in self.kinds.items() if kind.is_alive == "always"}
        frontier = list(living)
        while frontier:
            for receiver, field_in, _, _ in followers[frontier.pop()]:
                waiting[receiver].discard(field_in)
                needs_all = self.kinds[receiver].is_alive == "all"
                if receiver not in living and not (needs_all and waiting[receiver]):
                    living.add(receiver)
                    frontier.append(receiver)
        return living

    def _relevant(self) -> set[str]:
        """Neurons that can influence an observed input."""
        senders = defaultdict(set)
        for path in self.links:
            senders[path[0]].add(path[2])
            senders[path[0], path[1]].add(path[2])
        relevant: set[str] = set()
        frontier = [sender for port in self.observed for sender in senders[port]]
        while frontier:
            neuron = frontier.pop()
            if neuron not in relevant:
                relevant.add(neuron)
                frontier.extend(senders[neuron])
        return relevant

    # -------------------- layout --------------------

    def plan(self) -> Plan:
        kept = self._living() & self._relevant()
        observed = set(self.observed)
        self.links = [
            path
            for path in self.links
            if path[2] in kept and (path[0] in kept or path[:2] in observed)
        ]
        position = {path: i for i, path in enumerate(self.links)}
        self.into: dict[Port, list[tuple[Port, int]]] = defaultdict(list)
        for path, i in position.items():
            self.into[path[:2]].append((path[2:], i))
        self.slot_of: dict[Port, int] = {}
        self.key_slot_of: dict[Port, int] = {}
        origins = [n for n in kept if self._is_origin(n)]
        sources = self._groups(origins)
        self._number_slots(sources, loops=False)
        blocks = []
        for neurons, is_loop in self._levels([n for n in kept if not self._is_origin(n)]):
            blocks.append(self._block(neurons, is_loop))
        keyed = [port for port in self.observed if self._carries_keys(*port)]
        sink = self._sink(keyed)
        base = np.array([self.fixed.get(path, 0.0) for path in self.links])
        pairs = [(position[p], i) for i, p in enumerate(self.support.paths) if p in position]
        live, element = (
            (np.array(column, np.intp) for column in zip(*pairs, strict=True))
            if pairs
            else (
                np.zeros(0, np.intp),
                np.zeros(0, np.intp),
            )
        )
        return Plan(
            self.machine,
            self.observed,
            [self.observed.index(port) for port in keyed],
            sources,
            blocks,
            sink,
            len(self.slot_of),
            len(self.key_slot_of),
            self.links,
            base,
            (live, element),
        )

    def _is_origin(self, neuron: str) -> bool:
        kind = self.kinds[neuron]
        return kind.is_source or not kind.reads

    def _levels(self, neurons: list[str]) -> list[tuple[list[str], bool]]:
        """Neurons in order of evaluation: (neurons of a block, whether it is a loop block)."""
        neurons = sorted(neurons)
        number = {neuron: i for i, neuron in enumerate(neurons)}
        edges = {
            (number[path[2]], number[path[0]])
            for path in self.links
            if path[0] in number and path[2] in number
        }
        component = self._components(len(neurons), edges)
        in_cycle = {a for a, b in edges if a != b and component[a] == component[b]}
        in_cycle |= {a for a, b in edges if a == b and not self._is_sum(neurons[a])}
        looping = {component[a] for a in in_cycle}
        depth = _longest_paths(component, edges)
        blocks: dict[tuple[int, bool], list[str]] = defaultdict(list)
        for neuron, i in number.items():
            blocks[depth[component[i]], bool(component[i] in looping)].append(neuron)
        return [(blocks[key], key[1]) for key in sorted(blocks)]

    def _is_sum(self, neuron: str) -> bool:
        kernel = self.kinds[neuron].kernel
        return kernel is not None and kernel.is_sum

    @staticmethod
    def _components(n: int, edges: Iterable[tuple[int, int]]) -> np.ndarray:
        pairs = np.array(sorted(edges), dtype=np.intp).reshape(-1, 2)
        graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        return connected_components(graph, directed=True, connection="strong")[1]

    def _groups(self, neurons: Iterable[str]) -> list[Group]:
        by_type: dict[str, list[str]] = defaultdict(list)
        for neuron in sorted(neurons):
            by_type[self.kinds[neuron].name].append(neuron)
        return [Group(self.kinds[names[0]], names) for _, names in sorted(by_type.items())]

    def _carries_keys(self, neuron: str, field_name: str) -> bool:
        """Whether a row can see anything but numbers (links from slots numbered so far)."""
        spec = self.kinds[neuron].read_field(field_name)
        assert spec is not None
        return not spec.is_scalar and any(
            sender in self.key_slot_of for sender, _ in self.into[neuron, field_name]
        )

    def _number_slots(self, groups: list[Group], *, loops: bool) -> tuple[slice, slice]:
        """Give the groups' outputs their global numbers; keyed fields first within a group."""
        first, first_key = len(self.slot_of), len(self.key_slot_of)
        for group in groups:
            for written in group.kind.writes:
                start = len(self.slot_of)
                for neuron in group.neurons:
                    self.slot_of[neuron, written.name] = len(self.slot_of)
                segment = Segment(start, len(group.neurons))
                is_keyed = not written.is_scalar and (
                    loops
                    or not group.kind.reads
                    or group.kind.is_source
                    or any(
                        self._carries_keys(n, f.name)
                        for n in group.neurons
                        for f in group.kind.reads
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
        outer_slots = len(self.slot_of)
        slots, key_slots = self._number_slots(groups, loops=is_loop)
        row_of: dict[Port, int] = {}
        key_row_of: dict[Port, int] = {}
        for group in groups:
            for read in group.kind.reads:
                segment = Segment(len(row_of), len(group.neurons))
                row_of.update(
                    {(n, read.name): len(row_of) + i for i, n in enumerate(group.neurons)}
                )
                if any(self._carries_keys(n, read.name) for n in group.neurons):
                    segment.key_start = len(key_row_of)
                    key_row_of.update(
                        {(n, read.name): len(key_row_of) + i for i, n in enumerate(group.neurons)}
                    )
                group.rows.append(segment)
            group.has_self_links = any(
                sender[0] == n
                for n in group.neurons
                for f in group.kind.reads
                for sender, _ in self.into[n, f.name]
            )
        outer = self._table(row_of, key_row_of, 0, outer_slots)
        inner = self._table(row_of, key_row_of, outer_slots, len(self.slot_of))
        return Block(groups, is_loop, len(row_of), len(key_row_of), slots, key_slots, outer, inner)

    def _sink(self, keyed: list[Port]) -> Block:
        row_of = {port: i for i, port in enumerate(self.observed)}
        key_row_of = {port: i for i, port in enumerate(keyed)}
        n, k = len(self.slot_of), len(self.key_slot_of)
        outer = self._table(row_of, key_row_of, 0, n)
        inner = self._table({}, {}, n, n)
        return Block([], False, len(row_of), len(keyed), slice(n, n), slice(k, k), outer, inner)

    def _table(
        self, row_of: dict[Port, int], key_row_of: dict[Port, int], first: int, last: int
    ) -> LinkTable:
        """Links into these rows from slots numbered ``first`` to ``last``."""
        plain: list[tuple[int, int, int]] = []
        keyed: list[tuple[int, int, int]] = []
        for port, row in row_of.items():
            for sender, link in self.into[port]:
                slot = self.slot_of.get(sender, last)
                if not first <= slot < last:
                    continue
                plain.append((row, slot, link))
                if port in key_row_of and sender in self.key_slot_of:
                    keyed.append((key_row_of[port], self.key_slot_of[sender], link))
        columns = np.array(plain, np.intp).reshape(-1, 3).T
        key_columns = np.array(keyed, np.intp).reshape(-1, 3).T
        return LinkTable(*columns, *key_columns)


def _longest_paths(component: np.ndarray, edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Level of every component: the length of the longest path that leads to it."""
    followers: dict[int, set[int]] = defaultdict(set)
    n_before: dict[int, int] = dict.fromkeys(set(component.tolist()), 0)
    for a, b in edges:
        one, other = int(component[a]), int(component[b])
        if one != other and other not in followers[one]:
            followers[one].add(other)
            n_before[other] += 1
    depth = dict.fromkeys(n_before, 0)
    ready = [c for c, n in n_before.items() if n == 0]
    while ready:
        one = ready.pop()
        for other in followers[one]:
            depth[other] = max(depth[other], depth[one] + 1)
            n_before[other] -= 1
            if n_before[other] == 0:
                ready.append(other)
    return depth
