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

import numpy as np

from vvalues.core.support import Support

from ..machine.machine import Machine, initial_outputs
from ..machine.wiring import followers, levels, living, strong_components, upstream, wired
from ..neurons import Kernel, get_neuron_type
from .layout import Block, Group, LinkTable, Plan, Port, Segment

__all__ = ["Block", "Group", "LinkTable", "Plan", "make_plan", "missing_kernels"]


def missing_kernels(machine: Machine) -> list[str]:
    """Names of neuron types of this machine that only the reference engine can run."""
    kinds = {name: get_neuron_type(name) for name in set(machine.neurons.values())}
    return sorted(
        name
        for name, kind in kinds.items()
        if kind.kernel is None and kind.reads and kind.writes and not kind.is_source
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
        initial = initial_outputs(machine).support
        self.begun_keyed = {  # outputs with keys before the first tick
            path[:2] for i, path in enumerate(initial.paths) if path[2:] or initial.shape(i)
        }
        paths = dict.fromkeys([*self.fixed, *support.paths])
        self.links = wired(machine, paths)

    # -------------------- layout --------------------

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
        blocks = []
        for neurons, is_loop in self._levels([n for n in kept if not self._is_origin(n)]):
            blocks.append(self._block(neurons, is_loop))
        keyed = [port for port in self.observed if self._carries_keys(*port)]
        sink = self._sink(keyed)
        base = np.array([self.fixed.get(path, 0.0) for path in self.links])
        pairs = [(position[p], i) for i, p in enumerate(self.support.paths) if p in position]
        live, element = np.array(pairs, np.intp).reshape(-1, 2).T
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
            self.slot_of,
            self.key_slot_of,
        )

    def _is_origin(self, neuron: str) -> bool:
        kind = self.kinds[neuron]
        return kind.is_source or not kind.reads

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
            if len(members) > 1 or (neuron in graph[neuron] and not self._is_sum(neuron))
        }
        blocks: dict[tuple[int, bool], list[str]] = defaultdict(list)
        for neuron in neurons:
            blocks[level[neuron], neuron in looping].append(neuron)
        return [(blocks[key], key[1]) for key in sorted(blocks)]

    def _is_sum(self, neuron: str) -> bool:
        kernel = self.kinds[neuron].kernel
        return isinstance(kernel, Kernel) and kernel.is_sum

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
                    or any((n, written.name) in self.begun_keyed for n in group.neurons)
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
