"""Down movements on arrays: rows from slots, and their transposes.

State arrays are ``numbers`` of shape (machines, slots, ticks + 1, strings) and ``keys`` with a
further axis. Entry ``t + 1`` holds what a neuron emits at tick ``t``, entry 0 what it emitted
before the first one, so that *reading* the array at ``t`` is the one tick of delay every link has.
The leading axis runs over machines (several weight vectors on one plan), and over directions in
forward mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ..neurons import Stream
from .plan import Block, Group, Segment

__all__ = [
    "Signals",
    "State",
    "Workspace",
    "apply",
    "is_finite",
    "outer",
    "product",
    "pull",
    "read",
    "store",
    "streams_of",
]


@dataclass
class Signals:
    """Outputs of all neurons at all times, their tangents or their cotangents.

    A product with a dense matrix multiplies by the zeros of absent links too, which makes NaN of
    what is not finite. That is looked for once, afterwards; where there is any, everything is done
    again with ``is_wild``, and products that leave absent links out.
    """

    numbers: np.ndarray  # (machines, slots, ticks + 1, strings)
    keys: np.ndarray  # (machines, key slots, ticks + 1, strings, keys)
    is_wild: bool = False

    @property
    def ticks(self) -> int:
        return self.numbers.shape[2] - 1

    @property
    def after(self) -> Signals:
        """What is emitted at the ticks, without the entry before the first."""
        return Signals(self.numbers[:, :, 1:], self.keys[:, :, 1:], self.is_wild)

    def at(self, time: int) -> tuple[np.ndarray, np.ndarray]:
        """Outputs at one time: (machines, slots, strings) and (..., keys)."""
        return self.numbers[:, :, time], self.keys[:, :, time]

    def first(self, machines: int) -> Signals:
        """The signals of the first machines (or directions)."""
        return Signals(self.numbers[:machines], self.keys[:machines], self.is_wild)

    def is_finite(self) -> bool:
        """Whether no entry is infinite or NaN."""
        return all(map(is_finite, (self.numbers, self.keys)))


def is_finite(x: np.ndarray) -> bool:
    """Whether no element of an array is infinite or NaN.

    Examples
    --------
    >>> is_finite(np.array([1.0, 1e200])), is_finite(np.array([1.0, np.nan]))
    (True, False)
    """
    # A sum of squares shows it fastest; where it is not finite, it may only have overflowed.
    return bool(np.isfinite(np.vdot(x, x)) or np.all(np.isfinite(x)))


@dataclass
class State:
    """Everything a forward pass leaves behind for the derivatives."""

    weights: np.ndarray  # (machines, live links)
    signals: Signals
    records: list[Any] = field(default_factory=list)  # what each block keeps for its derivatives
    partials: list[Any] | None = None
    observed: np.ndarray | None = None
    _matrices: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def matrices(self, block: Block) -> tuple[np.ndarray, np.ndarray]:
        """Network matrix into a block: (machines, rows, slots before it), and for keys; kept."""
        found = self._matrices.get(id(block))
        if found is None:
            found = self._matrices[id(block)] = _matrices(block, self.weights)
        return found


class Workspace:
    """Large arrays that are kept from one evaluation to the next.

    A fresh large array costs a page fault for every 4 kB; on short runs that is half of the time.
    Only one state at a time lives in a workspace: ``owner`` says which.
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple, np.ndarray] = {}
        self._made: dict[Any, Any] = {}
        self.owner: Any = None

    def take(self, name: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of this name; zeros when it is new, otherwise as it was left."""
        key = name, np.dtype(dtype)
        array = self._arrays.get(key)
        if array is None or array.shape != shape:
            array = self._arrays[key] = np.zeros(shape, dtype)
        return array

    def once(self, name: Any, make: Callable[[], Any]) -> Any:
        """What was made under this name the first time."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def room(self, name: Any, size: int) -> np.ndarray:
        """A flat array of this size in the room of this name, as it was left."""
        key = name, np.dtype(np.float64)
        array = self._arrays.get(key)
        if array is None or array.size < size:
            array = self._arrays[key] = np.empty(size)
        return array[:size]


# -------------------- products over the slot axis --------------------


def product(one: np.ndarray, other: np.ndarray, *, is_wild: bool) -> np.ndarray:
    """``one @ other``; with ``is_wild``, zero times anything is zero.

    Examples
    --------
    >>> product(np.array([[[0.0, 2.0]]]), np.array([[[np.inf], [3.0]]]), is_wild=True)
    array([[[6.]]])
    """
    if not is_wild:
        return one @ other
    calm = np.isfinite(one).all((0, 1)) & np.isfinite(other).all((0, 2))
    out = one[:, :, calm] @ other[:, calm]
    for i in np.flatnonzero(~calm):
        left, right = one[:, :, i, None], other[:, i, None]
        is_there = (left != 0) & (right != 0)
        with np.errstate(invalid="ignore"):
            out = out + np.where(is_there, left * right, 0.0)
    return out


def apply(matrix: np.ndarray, state: np.ndarray, *, is_wild: bool = False) -> np.ndarray:
    """``matrix @ state`` over the slot axis, all further axes carried along."""
    out = product(matrix, _flat(state), is_wild=is_wild)
    return out.reshape(*out.shape[:2], *state.shape[2:])


def outer(rows: np.ndarray, state: np.ndarray, *, is_wild: bool = False) -> np.ndarray:
    """Sum over time, strings and keys of ``rows x slots``."""
    return product(_flat(rows), _flat(state).swapaxes(1, 2), is_wild=is_wild)


def _flat(x: np.ndarray) -> np.ndarray:
    """All axes after the second as one (explicitly: -1 is ambiguous for empty arrays)."""
    return x.reshape(*x.shape[:2], prod(x.shape[2:]))


# -------------------- down movement --------------------


def read(
    block: Block, state: State, signals: Signals, *, with_keys: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows of a block from the slots before it, for all ticks: numbers, and keys if any.

    ``signals`` are those of the state, or tangents of them.
    """
    matrix, key_matrix = state.matrices(block)
    ticks = signals.ticks
    wild = signals.is_wild
    rows = apply(matrix, signals.numbers[:, : matrix.shape[2]], is_wild=wild)[:, :, :ticks]
    if not with_keys or not block.n_key_rows or not signals.keys.shape[-1]:
        return rows, None
    keys = signals.keys[:, : key_matrix.shape[2]]
    return rows, apply(key_matrix, keys, is_wild=wild)[:, :, :ticks]


def _matrices(block: Block, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shapes = (block.n_rows, block.slots.start), (block.n_key_rows, block.key_slots.start)
    links, found = (block.outer.link, block.key_outer.link), []
    for (rows, slots), cells, link in zip(shapes, block.cells, links, strict=True):
        matrix = np.zeros((len(weights), rows * slots), weights.dtype)
        matrix[:, cells] = weights.take(link, axis=1)
        found.append(matrix.reshape(len(weights), rows, slots))
    return found[0], found[1]


def pull(
    block: Block,
    rows: np.ndarray,
    key_rows: np.ndarray | None,
    state: State,
    cotangents: Signals,
    gradient: np.ndarray,
    n_quiet: tuple[int, int],
) -> None:
    """Transposed down movement: cotangents of rows to those of earlier slots and of links.

    Parameters
    ----------
    n_quiet : (slots, key slots)
        How many of the first slots need no cotangents (nothing is upstream of the sources).
    """
    matrix, key_matrix = state.matrices(block)
    n, quiet = matrix.shape[2], n_quiet[0]
    ticks, wild = cotangents.ticks, cotangents.is_wild
    matrix_gradient = outer(rows, state.signals.numbers[:, :n, :ticks], is_wild=wild)
    # No link is in two blocks, and none has been here before.
    gradient[:, block.outer.link] = _at(matrix_gradient, block.cells[0])
    if n > quiet:
        back = apply(matrix[:, :, quiet:].swapaxes(1, 2), rows, is_wild=wild)
        cotangents.numbers[:, quiet:n, :ticks] += back
    if key_rows is None or not block.n_key_rows:
        return
    n, quiet = key_matrix.shape[2], n_quiet[1]
    matrix_gradient = outer(key_rows, state.signals.keys[:, :n, :ticks], is_wild=wild)
    gradient[:, block.key_outer.link] += _at(matrix_gradient, block.cells[1])
    if n > quiet:
        back = apply(key_matrix[:, :, quiet:].swapaxes(1, 2), key_rows, is_wild=wild)
        cotangents.keys[:, quiet:n, :ticks] += back


def _at(matrices: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Elements of matrices (machines, rows, slots), by their place in the flattened matrix."""
    machines, rows, slots = matrices.shape
    found: np.ndarray = matrices.reshape(machines, rows * slots).take(cells, axis=1)
    return found


# -------------------- groups: streams in and out of the arrays --------------------


def streams_of(
    segments: list[Segment], numbers: np.ndarray, keys: np.ndarray | None
) -> list[Stream]:
    """A group's streams as views: one per read field from rows, or per written field from slots."""
    return [
        Stream(
            numbers[:, segment.span],
            keys[:, segment.key_span] if keys is not None and segment.key_span else None,
        )
        for segment in segments
    ]


def store(group: Group, outputs: list[Stream], signals: Signals) -> None:
    """Write a group's output streams, one per written field."""
    for segment, stream in zip(group.slots, outputs, strict=True):
        signals.numbers[:, segment.span] = stream.number
        if segment.key_span:
            signals.keys[:, segment.key_span] = 0.0 if stream.keys is None else stream.keys
