"""Tables: a plan as flat arrays of whole numbers, for kernels that tick it.

All that a machine does in a tick is row sums and units. A *row* is a sum over links, for one number
or for all key columns at once; a summing neuron is nothing but a row whose target is its slot. A
*unit* is a neuron that does more: it reads rows and writes slots (norms, products, comparisons), or
adds an offset to its slot. Places are counted in the memory of one time: sources, their keys, other
slots, their keys, rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...neurons import Compare, DotProduct, MaxNorm, Sum
from ..plan import Group, LinkTable, Plan

__all__ = [
    "COMPARE",
    "DOT",
    "NORM",
    "OFFSET",
    "ROWS",
    "WIDTH",
    "Directions",
    "Sizes",
    "Tables",
    "why_not_fast",
]

WIDTH = 8  # strings in a register
ROWS = 4  # rows that are summed together, and directions that are followed together
NORM, DOT, COMPARE, OFFSET = 0, 1, 2, 3
FILLING = 1.5  # a panel may have so many entries per link


def why_not_fast(plan: Plan) -> str | None:
    """Why the fast kernels cannot tick a plan; None if they can.

    Examples
    --------
    >>> from dmm.compiled import lower, make_plan
    >>> from dmm.zoo import gru
    >>> machine = gru(dict.fromkeys(("update", "reset", "new"), (1.0, 1.0, 0.0)))
    >>> why_not_fast(make_plan(lower(machine), [("output", "dict-1")]))
    "the fast kernels do not know the neuron type 'gate'"
    """
    if plan.stopped:
        return f"inputs are stopped: {sorted(plan.stopped)}"
    for group in (group for block in plan.blocks for group in block.groups):
        # By the class itself: one derived from it may do something else.
        known = type(group.kernel) in (Sum, MaxNorm, Compare, DotProduct)
        if not known or getattr(group.kernel, "is_soft", False):
            return f"the fast kernels do not know the neuron type {group.neuron_type.name!r}"
    return None


@dataclass
class _Row:
    """A sum over links: what is read, and the position of the live link by which."""

    level: int
    target: int
    columns: int
    links: dict[_Read, int]
    is_keyed: bool


_Read = tuple[int, int]
"""A place, and how many times it was read in this sum before (two ports may read one slot)."""


_Entry = tuple[int, int]
"""Slot (or key slot), position of the live link."""


class _Into:
    """The links into the rows of a block, of numbers or of keys."""

    def __init__(self, *tables: LinkTable) -> None:
        self._entries: dict[int, list[_Entry]] = defaultdict(list)
        for table in tables:
            for row, slot, link in zip(table.row, table.slot, table.link, strict=True):
                self._entries[int(row)].append((int(slot), int(link)))

    def __call__(self, *rows: int) -> list[_Entry]:
        """Links into some rows, taken together."""
        return [entry for row in rows for entry in self._entries[row]]


class Sizes(NamedTuple):
    """Extents of the arrays that a kernel works on.

    Attributes
    ----------
    machines, chunks, ticks, observed, entries : int
        Weight vectors, chunks of `WIDTH` strings, ticks, observed rows, weights of a machine.
    period : int
        Times in memory: ``ticks + 1``, or fewer, one taking the place of another.
    stride, n_sources, sink : int
        Places: of one time, of the sources, of the first observed row.
    """

    machines: int
    chunks: int
    ticks: int
    observed: int
    entries: int
    period: int
    stride: int
    n_sources: int
    sink: int


class Directions(NamedTuple):
    """Directions of forward mode, each along one link, `ROWS` of them in a panel.

    Attributes
    ----------
    links : array
        Live link of every direction.
    levels : array, 3 whole numbers per panel
        Level that its directions begin at, and the first row and unit from there on.
    places : array, 3 whole numbers for each of two entries per direction
        Target, slot and columns of what a change of the weight adds; nothing where columns are 0.
    """

    links: np.ndarray
    levels: np.ndarray
    places: np.ndarray


class Tables:
    """The tables of a plan.

    Parameters
    ----------
    plan : Plan
    n_keys : int
        Number of key columns.

    Attributes
    ----------
    n_sources, n_outputs, stride, sink : int
        Places of the sources; of all slots; of slots and rows; the first observed row.
    entry_link : array
        Entries are the weights as the kernels want them: the live link of each, or the number of
        live links where a panel has none (weight 0).
    panels : array, 9 whole numbers each
        Width (`ROWS` rows over the same slots, or 1), number of slots, first of them in ``links``,
        first entry, columns, targets. Entries of a panel are by slot, then by row.
    back, followers, back_link : arrays
        The same for the transposed sums, from targets to slots.
    units, bounds : arrays
        Kind, output, row, second row, keys of both rows (second output of a comparison), columns;
        the clamp or the offset.
    rows, row_links, row_link, starts : arrays
        For single rows: first and last link, target, columns; slot and live link of each; for every
        level, the first link of a row that comes from there or later.
    first_row, first_unit : arrays, by level

    Examples
    --------
    >>> from dmm.compiled import lower, make_plan
    >>> from dmm.zoo import duplicate_detector
    >>> plan = make_plan(lower(duplicate_detector()), [("output", "dict-1")])
    >>> tables = Tables(plan, n_keys=3)
    >>> tables.n_sources, tables.n_outputs, len(tables.panels) // 9, len(tables.units) // 7
    (5, 13, 8, 3)
    """

    def __init__(self, plan: Plan, n_keys: int) -> None:
        self.plan = plan
        self.n_keys = n_keys
        self._sources = [s for group in plan.sources for s in group.slots]
        self._n_numbers = sum(s.count for s in self._sources)
        keyed = sum(s.count for s in self._sources if s.key_span)
        self._shift = keyed * n_keys
        self.n_sources = self._n_numbers + self._shift
        self.n_outputs = plan.n_slots + plan.n_key_slots * n_keys
        self.stride = self.n_outputs
        self._rows: list[_Row] = []
        units: list[tuple[int, ...]] = []
        bounds: list[float] = []
        self.first_row, self.first_unit = [], []
        for level, block in enumerate(plan.blocks):
            self.first_row.append(len(self._rows))
            self.first_unit.append(len(units))
            numbers = _Into(block.outer, block.inner)
            keys = _Into(block.key_outer, block.key_inner)
            for group in block.groups:
                for unit, bound in self._group(level, group, numbers, keys):
                    units.append(unit)
                    bounds.append(bound)
        self.first_row.append(len(self._rows))
        self.first_unit.append(len(units))
        self.sink = self.stride
        observed = _Into(plan.sink.outer)
        for row in range(plan.sink.n_rows):
            self._row(len(plan.blocks), None, observed(row))
        self.units = np.array(units, np.int32).ravel()
        self.bounds = np.array(bounds, np.float64)
        self._make_panels()
        self._make_back()
        self._make_rows()

    # -------------------- places --------------------

    def _place(self, slot: int) -> int:
        return slot if slot < self._n_numbers else slot + self._shift

    def _key_place(self, key_slot: int) -> int:
        before = self._n_numbers if key_slot * self.n_keys < self._shift else self.plan.n_slots
        return before + key_slot * self.n_keys

    # -------------------- rows and units --------------------

    def _row(
        self, level: int, target: int | None, entries: list[_Entry], *, is_keyed: bool = False
    ) -> int:
        """Add a row; a place of its own where it has no target."""
        columns = self.n_keys if is_keyed else 1
        if target is None:
            target, self.stride = self.stride, self.stride + columns
        place = self._key_place if is_keyed else self._place
        if columns:
            links, times = {}, Counter[int]()
            for slot, link in entries:
                links[place(slot), times[slot]] = link
                times[slot] += 1
            self._rows.append(_Row(level, target, columns, links, is_keyed))
        return target

    def _group(
        self, level: int, group: Group, into: _Into, into_keys: _Into
    ) -> Iterator[tuple[tuple[int, ...], float]]:
        """Rows of a group, and its units with their bounds."""
        kernel = group.kernel
        for i in range(len(group.neurons)):
            ports = [segment.start + i for segment in group.rows]
            keyed = [s.key_start + i for s in group.rows if s.key_start is not None]
            outs = [self._place(segment.start + i) for segment in group.slots]
            own_keys = into_keys(*keyed) if isinstance(kernel, Sum) else []
            for segment in group.slots:
                if segment.key_start is not None:
                    target = self._key_place(segment.key_start + i)
                    self._row(level, target, own_keys, is_keyed=True)
            if isinstance(kernel, Sum):
                self._row(level, outs[0], into(*ports))
                if kernel.offset:
                    yield (OFFSET, outs[0], 0, 0, 0, 0, 0), kernel.offset
                continue
            rows = [self._row(level, None, into(port)) for port in ports]
            if isinstance(kernel, Compare):
                yield (COMPARE, outs[0], *rows, outs[1], 0, 0), 0.0
            else:
                # Keys of one factor alone meet nothing.
                keyed = keyed if len(keyed) == len(ports) else []
                keys = [self._row(level, None, into_keys(key), is_keyed=True) for key in keyed]
                columns = self.n_keys if keys else 0
                rows, keys = [*rows, 0], [*keys, 0, 0]
                kind = DOT if isinstance(kernel, DotProduct) else NORM
                bound = kernel.bound if isinstance(kernel, DotProduct) else 0.0
                yield (kind, outs[0], *rows[:2], *keys[:2], columns), bound

    # -------------------- panels --------------------

    def _make_panels(self) -> None:
        sums = [_Sum(row.target, row.columns, row.links) for row in self._rows]
        self.panels, self.links, entry_link = _packed(sums, nothing=len(self.plan.links))
        self.entry_link = np.array(entry_link, np.intp)
        self._entries_of = _by_value(self.entry_link, len(self.plan.links))

    def by_link(self, entries: np.ndarray) -> np.ndarray:
        """Sums over the entries of every live link: (machines, entries) to (machines, links)."""
        with_none = np.concatenate([entries, np.zeros((len(entries), 1))], axis=1)
        found = np.zeros((len(entries), self._entries_of.shape[1]))
        for own in self._entries_of:
            found += with_none[:, own]
        return found

    def _make_back(self) -> None:
        """For every slot but those of sources, the rows that read it."""
        plan, readers = self.plan, defaultdict(dict)  # type: ignore[var-annotated]
        for row in self._rows:
            for (slot, again), link in row.links.items():
                readers[slot][row.target, again] = link
        slots = [(self._place(slot), 1) for slot in range(self._n_numbers, plan.n_slots)]
        first_key = self._shift // self.n_keys if self.n_keys else plan.n_key_slots
        keyed = map(self._key_place, range(first_key, plan.n_key_slots))
        slots += [(place, self.n_keys) for place in keyed]
        sums = [_Sum(slot, columns, readers[slot]) for slot, columns in slots]
        self.back, self.followers, back_link = _packed(sums, nothing=len(plan.links))
        self.back_link = np.array(back_link, np.intp)

    # -------------------- forward mode --------------------

    def _make_rows(self) -> None:
        plan = self.plan
        rows: list[tuple[int, ...]] = []
        links: list[int] = []
        live: list[int] = []
        levels = [
            (self._place(block.slots.start), self._key_place(block.key_slots.start))
            for block in plan.blocks
        ]
        starts = np.zeros((len(levels) + 1, len(self._rows)), np.int32)
        for r, row in enumerate(self._rows):
            reads = sorted(row.links)
            slots = np.array([slot for slot, _ in reads], np.intp)
            for level, begins in enumerate(levels):
                starts[level, r] = len(links) + np.searchsorted(slots, begins[row.is_keyed])
            links += slots.tolist()
            live += [row.links[read] for read in reads]
            starts[-1, r] = len(links)
            rows.append((len(links) - len(slots), len(links), row.target, row.columns))
        self.rows = np.array(rows, np.int32).ravel()
        self.row_links = np.array(links, np.int32)
        self.row_link = np.array(live, np.intp)
        self.starts = starts

    def directions(self, links: np.ndarray) -> Directions:
        """One direction for each of some live links, in order of the level they begin at."""
        wanted = set(links.tolist())
        parts = defaultdict(list)
        level_of = {}
        for row in self._rows:
            for (slot, _), link in row.links.items():
                if link in wanted:
                    parts[link].append((row.target, slot, row.columns))
                    level_of[link] = row.level
        order = sorted(wanted, key=lambda link: level_of.get(link, 0))
        places = np.zeros((-(-len(order) // ROWS) * ROWS, 2, 3), np.int32)
        for d, link in enumerate(order):
            places[d, : len(parts[link])] = parts[link]
        begins = [level_of.get(link, 0) for link in order[::ROWS]]
        levels = [(level, self.first_row[level], self.first_unit[level]) for level in begins]
        return Directions(
            np.array(order, np.intp), np.array(levels, np.int32).ravel(), places.ravel()
        )


def _by_value(values: np.ndarray, n: int) -> np.ndarray:
    """Where each number below ``n`` stands among values, (places, n); ``len(values)`` for none."""
    found: list[list[int]] = [[] for _ in range(n)]
    for place, value in enumerate(values.tolist()):
        if value < n:
            found[value].append(place)
    most = max(map(len, found), default=0)
    filled = [places + [len(values)] * (most - len(places)) for places in found]
    return np.array(filled, np.intp).reshape(n, most).T


# -------------------- panels --------------------


class _Sum(NamedTuple):
    """A weighted sum over places, for one number or several columns."""

    target: int
    columns: int
    entries: dict[_Read, int]


def _packed(sums: list[_Sum], nothing: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Panels, the places they read, and their entries."""
    panels: list[tuple[int, ...]] = []
    places: list[int] = []
    entries: list[int] = []

    def add(part: list[_Sum], reads: list[_Read]) -> None:
        targets = [one.target for one in part] + [0] * (ROWS - len(part))
        panels.append((len(part), len(reads), len(places), len(entries), part[0].columns, *targets))
        places.extend(place for place, _ in reads)
        entries.extend(one.entries.get(read, nothing) for read in reads for one in part)

    alike = sorted(sums, key=lambda one: (one.columns, sorted(one.entries)))
    while alike:
        part = alike[:ROWS]
        reads = sorted(set().union(*(one.entries for one in part)))
        n_links = sum(len(one.entries) for one in part)
        is_wide = len(part) == ROWS and part[0].columns == part[-1].columns
        if is_wide and ROWS * len(reads) <= FILLING * n_links:
            add(part, reads)
            alike = alike[ROWS:]
        else:
            add(part[:1], sorted(part[0].entries))
            alike = alike[1:]
    return np.array(panels, np.int32).ravel(), np.array(places, np.int32), entries
