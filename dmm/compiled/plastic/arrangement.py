"""Numbering what a machine that edits its own matrix consists of, see `places`.

Summing neurons come first, with one row for all that they read: what they emit is their row.
Observed ports are the last rows. The slots of what comes from outside are the last slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from ...machine.wiring import by_receiver, reach
from ...neurons import Element, Field, Kernel, NeuronType, get_neuron_type
from ..lowering import is_superfluid
from ..plan import Port, Segment
from .firing.emissions import terms_of
from .firing.groups import Group, Product, Together, mixed
from .firing.tabulation import Tabulation
from .following import Link
from .nested import Nested, nested
from .places import Arrangement, Links
from .supports import Supports, supports_within

__all__ = ["arranged"]


def arranged(
    supports: Supports,
    observed: Sequence[Port],
    stopped: Collection[Port] = (),
    is_inner: bool = False,
) -> Arrangement:
    """Number the rows, slots and columns of a machine.

    Parameters
    ----------
    supports : Supports
    observed : sequence of (neuron, input field)
    stopped : collection of (neuron type, field) whose inputs pass no gradient
    is_inner : bool
        Of a machine inside a neuron: all that it emits matters, and what is observed has keys.

    Examples
    --------
    >>> from dmm import Streams
    >>> from dmm.compiled.plastic import supports_of
    >>> from dmm.zoo import delta_rule
    >>> arrays = dict.fromkeys(("x-1", "y-1", "clock-3"), np.ones((9, 1, 1)))
    >>> supports = supports_of(delta_rule(), Streams((((),),), arrays, ticks=9))
    >>> plan = arranged(supports, [("output", "dict-1")])
    >>> len(plan.still_links), len(plan.moving.row)
    (14, 1)
    """
    return _Arranging(supports, tuple(observed), frozenset(stopped), is_inner).arrangement()


class _Arranging:
    def __init__(
        self,
        supports: Supports,
        observed: tuple[Port, ...],
        stopped: frozenset[Port],
        is_inner: bool,
    ) -> None:
        self.supports, self.observed, self.stopped = supports, observed, stopped
        self.is_inner, self.port = is_inner, supports.machine.matrix_port
        self.links = self._relevant()
        read = {link[2:] for link in self.links if link != supports.keeper}
        # What is still in the matrix need not travel with it if nobody but its holder reads it.
        self.is_read = self.port in read
        outputs = dict(supports.outputs)
        if self.port and supports.keeper is not None and not self.is_read:
            outputs[self.port] = supports.changing
        self.outputs = outputs
        self.kept = {neuron for link in self.links for neuron in (link[0], link[2])}
        if self.is_inner:
            self.kept = set(supports.neurons)
        elif self.port and not supports.changing and not self.is_read:
            self.kept.discard(self.port[0])
        self.types = {n: get_neuron_type(t) for n, t in supports.neurons.items()}
        self.slot_of: dict[Port, int] = {}
        self.key_slot_of: dict[Port, int] = {}
        self.row_of: dict[Port, int] = {}
        self.key_row_of: dict[Port, int] = {}
        self.observed_row: dict[Port, int] = {}
        self.observed_key_row: dict[Port, int] = {}
        self.nested: list[Nested] = []
        self.stopped_segments: list[Segment] = []

    def _relevant(self) -> list[Link]:
        """Links that can influence what is observed, by what they carry or by what they edit."""
        if self.is_inner or self.port is None:
            return list(self.supports.links)
        into = by_receiver(self.supports.links)
        observed = set(self.observed)
        starts = [link[2] for link in self.supports.links if link[:2] in observed]
        if self.supports.changing:
            starts.append(self.port[0])
        kept = set(reach(starts, lambda neuron: [link[2] for link in into[neuron]]))
        return [
            link
            for link in self.supports.links
            if link[2] in kept and (link[0] in kept or link[:2] in observed)
        ]

    def arrangement(self) -> Arrangement:
        emitting = [n for n in sorted(self.kept) if self._emits(n)]
        inside = [n for n in emitting if not self._is_origin(n)]
        origins = [n for n in emitting if self._is_origin(n)]
        sums = [n for n in inside if self._is_merged(n)]
        keyed = [n for n in sums if self._is_keyed_output(n, self.types[n].writes[0])]
        sums = keyed + [n for n in sums if n not in keyed]
        self._number_sums(sums, len(keyed))
        ports = [(n, f.name) for n in sorted(self.kept) for f in self.types[n].writes]
        read_ports = [(n, f.name) for n in sorted(self.kept) for f in self.types[n].reads]
        used = {element for port in ports for element in self.outputs.get(port, ())}
        used |= {element for port in read_ports for element in self._arriving[port]}
        column = {e: i for i, e in enumerate(sorted(used - {()}, key=str))}
        table = Tabulation(column)
        groups, terms, shares = self._groups([n for n in inside if n not in sums], column, table)
        for neuron in origins:
            for written in self.types[neuron].writes:
                self._number_slot(neuron, written)
        for neuron in origins:  # stream readers: which entry is emitted
            for read in self.types[neuron].reads:
                self._rows([neuron], read)
        first = self.n_rows
        for port in self.observed:  # rows of their own, whoever else reads it
            self.observed_row[port] = self.n_rows
            self.n_rows += 1
            if self.is_inner and self.supports.inputs[port] - {()}:
                self.observed_key_row[port] = self.n_key_rows
                self.n_key_rows += 1
        still = [link for link in self.links if link not in self.supports.changing]
        moving = [link for link in self.links if link in self.supports.changing]
        number = {link: i for i, link in enumerate(still)}
        places = (self.row_of, self.observed_row), self.slot_of
        key_places = (self.key_row_of, self.observed_key_row), self.key_slot_of
        passing, key_passing = np.ones(self.n_rows), np.ones(self.n_key_rows)
        for segment in self.stopped_segments:
            passing[segment.span] = 0.0
            if segment.key_span is not None:
                key_passing[segment.key_span] = 0.0
        holder = self.key_slot_of.get(self.port) if self.port else None
        held = [
            link
            for link in self.supports.machine.matrix.support.paths
            if self.port and holder is not None and link in self.outputs[self.port]
        ]
        return Arrangement(
            supports=self.supports,
            column=column,
            sums=sums,
            n_keyed_sums=len(keyed),
            offset=np.array([getattr(self.types[n].kernel, "offset", 0.0) for n in sums]),
            groups=groups,
            terms=terms,
            shares=shares,
            nested=self.nested,
            decided=table.decided,
            n_switches=table.n_switches,
            origins=origins,
            row_of=self.row_of,
            slot_of=self.slot_of,
            key_slot_of=self.key_slot_of,
            n_rows=self.n_rows,
            n_key_rows=self.n_key_rows,
            passing=passing,
            key_passing=key_passing,
            observed=slice(first, self.n_rows),
            observed_row=self.observed_row,
            observed_key_row=self.observed_key_row,
            still=_table(still, number, *places),
            key_still=_table(still, number, *key_places),
            moving=_table(moving, column, *places),
            key_moving=_table(moving, column, *key_places),
            still_links=still,
            holder=holder,
            is_read=self.is_read,
            held=held,
            held_column=np.array([column[link] for link in held], np.intp),
        )

    # -------------------- rows and slots --------------------

    def _is_origin(self, neuron: str) -> bool:
        return self.types[neuron].is_source or not self.types[neuron].reads

    def _emits(self, neuron: str) -> bool:
        """Whether a neuron ever emits anything."""
        return any(self.outputs.get((neuron, f.name)) for f in self.types[neuron].writes)

    def _is_merged(self, neuron: str) -> bool:
        """A summing neuron whose inputs all pass gradients: one row does for all fields."""
        of = self.types[neuron]
        return of.is_sum and not any((of.name, f.name) in self.stopped for f in of.reads)

    def _is_keyed_output(self, neuron: str, written: Field) -> bool:
        return not written.is_scalar and bool(
            self.outputs.get((neuron, written.name), frozenset()) - {()}
        )

    @cached_property
    def _arriving(self) -> Mapping[Port, frozenset[Element]]:
        """What read fields are given by the links that are kept."""
        found: dict[Port, frozenset[Element]] = defaultdict(frozenset)
        for link in self.links:
            read = self.types[link[0]].read_field(link[1])
            assert read is not None
            sent = self.outputs.get(link[2:], frozenset())
            found[link[:2]] |= sent & {()} if read.is_scalar else sent
        return found

    def _number_sums(self, sums: list[str], n_keyed: int) -> None:
        for i, neuron in enumerate(sums):
            of = self.types[neuron]
            self.slot_of[neuron, of.writes[0].name] = i
            for read in of.reads:
                self.row_of[neuron, read.name] = i
                if i < n_keyed and not read.is_scalar:
                    self.key_row_of[neuron, read.name] = i
            if i < n_keyed:
                self.key_slot_of[neuron, of.writes[0].name] = i
        self.n_rows, self.n_key_rows = len(sums), n_keyed

    def _by_type(self, neurons: Iterable[str]) -> list[list[str]]:
        """Neurons that can share their arrays: one type, and keys in the same fields."""
        found: dict[tuple, list[str]] = defaultdict(list)
        for neuron in neurons:
            of = self.types[neuron]
            arriving = tuple(self._arriving[neuron, f.name] for f in of.reads)
            key: tuple
            if of.inner is not None:  # each of them is a machine of its own
                key = of.name, neuron
            elif of.has_terms or is_superfluid(of.name):  # these depend on the very elements
                key = of.name, arriving
            else:
                writes = tuple(self._is_keyed_output(neuron, f) for f in of.writes)
                key = of.name, tuple(bool(elements - {()}) for elements in arriving), writes
            found[key].append(neuron)
        return list(found.values())

    def _groups(
        self, neurons: list[str], column: dict[Element, int], table: Tabulation
    ) -> tuple[list[Group], list[Product], list[Product]]:
        """Neurons with kernels; products of the others, and those that add to what groups emit."""
        groups: list[Group] = []
        terms: list[Product] = []
        shares: list[Product] = []
        for names in self._by_type(neurons):
            of, reserve = self.types[names[0]], self.supports.reserve
            mine = {f.name: self._arriving[names[0], f.name] for f in of.reads}
            rows, slots = self._segments(names)
            segments = list(rows.values()), list(slots.values())
            if is_superfluid(of.name):
                groups.append(mixed(of, *segments, column, mine))
                shares += table.products(terms_of(of, mine, reserve), names, rows, slots)
            elif of.inner is not None:
                within = supports_within(of, mine, reserve)
                plan = arranged(within, list(of.inner.writes.values()), is_inner=True)
                self.nested.append(nested(of, plan, rows, slots, column, mine))
            elif of.has_terms:
                terms += table.products(terms_of(of, mine, reserve), names, rows, slots)
            else:
                assert isinstance(of.kernel, Kernel)
                groups.append(Together(of.kernel, *segments))
        return groups, terms, shares

    def _segments(self, names: list[str]) -> tuple[dict[str, Segment], dict[str, Segment]]:
        """Where neurons of one type read, and where they write, by field."""
        of = self.types[names[0]]
        rows = {read.name: self._rows(names, read) for read in of.reads}
        slots = {}
        for written in of.writes:
            for neuron in names:
                self._number_slot(neuron, written)
            first = names[0], written.name
            key_slot = self.key_slot_of.get(first)
            slots[written.name] = Segment(self.slot_of[first], len(names), key_slot)
        return rows, slots

    def _number_slot(self, neuron: str, written: Field) -> None:
        port = neuron, written.name
        self.slot_of[port] = len(self.slot_of)
        if self._is_keyed_output(neuron, written):
            self.key_slot_of[port] = len(self.key_slot_of)

    def _rows(self, names: list[str], read: Field) -> Segment:
        of = self.types[names[0]]
        only_number = read.is_scalar or (not of.has_terms and _reads_numbers(of))
        is_keyed = not only_number and bool(self._arriving[names[0], read.name] - {()})
        segment = Segment(self.n_rows, len(names), self.n_key_rows if is_keyed else None)
        if (of.name, read.name) in self.stopped:
            self.stopped_segments.append(segment)
        for neuron in names:
            self.row_of[neuron, read.name] = self.n_rows
            self.n_rows += 1
            if is_keyed:
                self.key_row_of[neuron, read.name] = self.n_key_rows
                self.n_key_rows += 1
        return segment


def _table(
    links: list[Link], weight: dict, rows: Iterable[dict[Port, int]], slots: dict[Port, int]
) -> Links:
    """Links as arrays; an input may have a row for its neuron, and one for who observes it."""
    found = [
        (row_of[link[:2]], slots[link[2:]], weight[link])
        for link in links
        for row_of in rows
        if link[:2] in row_of and link[2:] in slots
    ]
    return Links(*np.array(sorted(found), np.intp).reshape(-1, 3).T)


def _reads_numbers(of: NeuronType) -> bool:
    return isinstance(of.kernel, Kernel) and of.kernel.reads_numbers_only
