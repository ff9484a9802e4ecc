"""The layout of a compiled machine: groups of neurons in blocks, rows and slots, link tables.

A *slot* is an output (neuron, field), numbered over the whole machine; a *row* is an input,
numbered within its block. Within a block, neurons of one type form a group whose rows and slots
are contiguous, so that one matrix product serves a whole level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..machine.machine import Machine
from ..neurons import Kernel, NeuronType

__all__ = ["Block", "Group", "LinkTable", "Plan", "Port", "Segment"]

Port = tuple[str, str]
"""(neuron, field)."""


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

    @property
    def kernel(self) -> Kernel:
        """The kernel of the type; sources have none and are never asked."""
        assert isinstance(self.kind.kernel, Kernel)
        return self.kind.kernel


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
    blocks : in order of evaluation; loop blocks tick
    sink : block of the observed rows, without groups
    n_slots, n_key_slots : sizes of the state
    links : paths of the live links
    base : weights of the fixed part of each live link
    trainable : positions (live link, element of the trainable matrix) of trainable live links;
        one element may stand behind several live links
    slot_of, key_slot_of : number of every output, and of every output that can carry keys
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
    slot_of: dict[Port, int]
    key_slot_of: dict[Port, int]

    @cached_property
    def shares_weights(self) -> bool:
        """Whether one trainable weight stands behind several live links."""
        elements = self.trainable[1]
        return len(np.unique(elements)) < len(elements)
