"""Groups of a loop block: where their inputs and outputs lie in its wide arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..neurons import Kernel, Partials, Stream
from .plan import Block, Group

__all__ = ["LoopGroup", "loop_groups"]


@dataclass
class LoopGroup:
    """One group inside a loop: where its effective rows and its slots are."""

    kernel: Kernel
    mixing: np.ndarray  # (effective inputs, read fields)
    passing: np.ndarray  # the same for derivatives: stopped fields are zero
    n: int
    row: int
    slot: int
    n_written: int
    first_port: int  # first row of the group as the plan numbers them
    numbers_in: tuple[int, ...]  # effective inputs whose keys must not reach the kernel
    numbers_out: tuple[int, ...]  # outputs whose keys must not leave it

    @property
    def rows(self) -> slice:
        """Effective rows of the group."""
        return slice(self.row, self.row + len(self.mixing) * self.n)

    @property
    def slots(self) -> slice:
        """Slots of the group, counted within the block."""
        return slice(self.slot, self.slot + self.n_written * self.n)

    @property
    def ports(self) -> slice:
        """Rows of the group as the plan numbers them, one per read field and neuron."""
        return slice(self.first_port, self.first_port + self.mixing.shape[1] * self.n)

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """View of wide rows as (..., fields, n, strings, columns)."""
        mine = rows[..., self.rows, :, :]
        return mine.reshape(*mine.shape[:-3], len(self.mixing), self.n, *mine.shape[-2:])

    def silent_inputs(self, rows: np.ndarray) -> list[np.ndarray]:
        """Views of the key columns of inputs that must be zero."""
        return _keys_of(self.inputs(rows), self.numbers_in)

    def silent_outputs(self, slots: np.ndarray) -> list[np.ndarray]:
        """Views of the key columns of outputs that must be zero."""
        return _keys_of(self.outputs(slots), self.numbers_out)

    def outputs(self, slots: np.ndarray) -> np.ndarray:
        """View of wide slots as (..., fields, n, strings, columns)."""
        mine = slots[..., self.slots, :, :]
        return mine.reshape(*mine.shape[:-3], self.n_written, self.n, *mine.shape[-2:])


def loop_groups(block: Block, stopped: frozenset[tuple[str, str]]) -> list[LoopGroup]:
    """The groups of a loop block, in order.

    Parameters
    ----------
    block : Block
    stopped : set of (neuron type, field) whose inputs pass no gradient
    """
    found: list[LoopGroup] = []
    row = 0
    for group in block.groups:
        neuron_type = group.neuron_type
        kernel = _kernel_inside_cycle(group)
        mixing = kernel.mixing(len(neuron_type.reads))
        lets_pass = [(neuron_type.name, f.name) not in stopped for f in neuron_type.reads]
        placed = LoopGroup(
            kernel,
            mixing,
            passing=mixing * np.array(lets_pass, dtype=float),
            n=len(group.neurons),
            row=row,
            slot=group.slots[0].start - block.slots.start,
            n_written=len(group.slots),
            first_port=group.rows[0].start,
            numbers_in=_numbers_in(group, kernel),
            numbers_out=_numbers_out(group, kernel),
        )
        found.append(placed)
        row = placed.rows.stop
    return found


def _kernel_inside_cycle(group: Group) -> Kernel:
    """The group's kernel, without its shortcuts if these would mix numbers with whole streams."""
    n = len(group.neuron_type.reads)
    has_one_sort = len({f.is_scalar for f in group.neuron_type.reads}) == 1
    if has_one_sort or np.array_equal(group.kernel.mixing(n), np.eye(n)):
        return group.kernel
    return _TickByTick(group.kernel)


def _numbers_in(group: Group, kernel: Kernel) -> tuple[int, ...]:
    """Effective inputs of scalar ports, unless the kernel does not look at keys anyway."""
    if kernel.reads_numbers_only:
        return ()
    are_scalar = [f.is_scalar for f in group.neuron_type.reads]
    n_effective = len(kernel.mixing(len(are_scalar)))
    if len(set(are_scalar)) == 1:
        return tuple(range(n_effective)) if are_scalar[0] else ()
    return tuple(i for i, is_scalar in enumerate(are_scalar) if is_scalar)


def _numbers_out(group: Group, kernel: Kernel) -> tuple[int, ...]:
    """Scalar outputs of a kernel that may write keys."""
    if kernel.writes_numbers_only:
        return ()
    return tuple(i for i, f in enumerate(group.neuron_type.writes) if f.is_scalar)


def _keys_of(stacked: np.ndarray, fields: tuple[int, ...]) -> list[np.ndarray]:
    return [stacked[..., i, :, :, 1:] for i in fields if stacked.shape[-1] > 1]


class _TickByTick(Kernel):
    """Another kernel with the default methods inside cycles, which mix nothing."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def forward(self, inputs: list[Stream]) -> list[Stream]:
        return self.kernel.forward(inputs)

    def linearise(self, inputs: list[Stream]) -> Partials:
        return self.kernel.linearise(inputs)

    def adjoint(self, partials: Partials, outputs: list[Stream]) -> list[Stream]:
        return self.kernel.adjoint(partials, outputs)

    def tangent(self, partials: Partials, inputs: list[Stream]) -> list[Stream]:
        return self.kernel.tangent(partials, inputs)
