"""Where everything lies in the arrays of a machine that edits its own matrix.

As in `dmm.compiled.plan` a *slot* is an output and a *row* an input; here one numbering serves the
whole machine, because every tick needs all of it.

Links are of two kinds. The weight of a *still* link is that of the start for ever: all of them
together are one matrix product. The weight of a *moving* link is an element of the stream that
holds the matrix, which differs from string to string.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vvalues import Path

from ...neurons import Element
from ..plan import Port
from .firing.decisions import Decided
from .firing.groups import Group, Product
from .following import Link
from .nested import Nested
from .supports import Supports

__all__ = ["Arrangement", "Links"]


@dataclass(frozen=True)
class Links:
    """Links as arrays: row and slot of numbers, or of keys, and what their weight is.

    ``weight`` is the position among the still links, or the column of a moving link.
    """

    row: np.ndarray
    slot: np.ndarray
    weight: np.ndarray

    def matrix(self, weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """The matrix (rows, slots) that they are in, from weights."""
        out = np.zeros(shape, weights.dtype)
        np.add.at(out, (self.row, self.slot), weights[self.weight])
        return out


@dataclass(frozen=True)
class Arrangement:
    """Everything about a run that does not depend on weights and numbers.

    Attributes
    ----------
    column : mapping of Element to int
        Column of every element but ``()``.
    sums : list of str
        Summing neurons; slot and row i are those of ``sums[i]``, and of the first
        ``n_keyed_sums`` also key slot and key row i.
    offset : array (sums,)
    groups : list of Group
        Neurons that have a kernel, and mixtures of such.
    terms : list of Product
        Of all neurons that say what they do in terms: slot, and what is multiplied in rows.
    shares : list of Product
        Of mixtures, of parts in terms: they add to what the kernels of the other parts emit.
    nested : list of Nested
        Hierarchical neurons.
    decided : list of Decided
        Decisions, which have ``n_switches`` switches.
    origins : list of str
        Neurons whose output comes from outside: sources and constants.
    row_of : number of every input
    slot_of, key_slot_of : number of every output, and of those that can carry keys
    passing : array (rows,) of float
        0 for rows whose inputs pass no gradient.
    observed : slice of rows
    observed_row, observed_key_row : number of every observed input, and of those with keys
    still, key_still, moving, key_moving : Links
    still_links : list of paths
    holder : int or None
        Key slot of the stream that is the matrix; None where nothing moves.
    is_read : bool
        Whether somebody besides the holder reads the matrix.
    held : list of paths
        Links that the stream of the holder contains, with their columns in ``held_column``.

    Examples
    --------
    >>> from dmm import Streams
    >>> from dmm.compiled.plastic import arranged, supports_of
    >>> from dmm.zoo import delta_rule
    >>> arrays = dict.fromkeys(("x-1", "y-1", "clock-3"), np.ones((9, 1, 1)))
    >>> supports = supports_of(delta_rule(), Streams((((),),), arrays, ticks=9))
    >>> plan = arranged(supports, [("output", "dict-1")])
    >>> plan.sums, len(plan.terms)
    (['places', 'self', 'cell-1'], 8)
    """

    supports: Supports
    column: dict[Element, int]
    sums: list[str]
    n_keyed_sums: int
    offset: np.ndarray
    groups: list[Group]
    terms: list[Product]
    shares: list[Product]
    nested: list[Nested]
    decided: list[Decided]
    n_switches: int
    origins: list[str]
    row_of: dict[Port, int]
    slot_of: dict[Port, int]
    key_slot_of: dict[Port, int]
    n_rows: int
    n_key_rows: int
    passing: np.ndarray
    key_passing: np.ndarray
    observed: slice
    observed_row: dict[Port, int]
    observed_key_row: dict[Port, int]
    still: Links
    key_still: Links
    moving: Links
    key_moving: Links
    still_links: list[Link]
    holder: int | None
    is_read: bool
    held: list[Path]
    held_column: np.ndarray

    @property
    def n_columns(self) -> int:
        """Number of elements besides the ``:number``."""
        return len(self.column)

    def living_links(self) -> set[Element]:
        """Links of which something depends: they carry a stream, or are read as one."""
        elements = list(self.column)
        still = {*self.still.weight, *self.key_still.weight}
        moving = {*self.moving.weight, *self.key_moving.weight}
        found = {self.still_links[i] for i in still} | {elements[i] for i in moving}
        return found | set(self.held) if self.is_read else found
