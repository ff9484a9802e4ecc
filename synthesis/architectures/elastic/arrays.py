"""How the tree of an elastic network lies in one array: a column per neuron, zeros beyond.

Trees are what structure edits, optimizers and files see; arrays are what the fused cycle computes
with. The array has a fixed number of columns, its capacity, of which the first ones are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from dmm.machine.wiring import followers, reach, upstream
from vvalues import Support, VValue, format_path, from_buffer, natural_key
from vvalues.core.kernels import align

__all__ = ["PAIRED", "SINGLE", "Layout", "Rows", "capacity_for", "layout_of", "living_part"]

PREFIX = "neuron-"
READOUT = "readout"
SINGLE = ("recurrent",)
PAIRED = ("recurrent", "modulation", "ratio")
"""Kinds of leaves that any two neurons have between them: one link, or a pair and its ratio."""
BLOCK = 8
"""Capacities are multiples of this: BLAS then sums the same numbers in the same order whatever the
capacity, so that a network's figures do not depend on how far its array is padded."""


def capacity_for(n_neurons: int, n_symbols: int) -> int:
    """The least capacity that holds so many neurons (the last row holds a number per symbol)."""
    return -(-max(n_neurons, n_symbols, 1) // BLOCK) * BLOCK


def living_part(support: Support, links: Sequence[str], has_multipliers: bool) -> Support:
    """The leaves of a tree of neurons that can influence a prediction.

    A neuron is read by a symbol, if its output has a multiplier where the mode has them, or by a
    neuron that is read. What enters a neuron that nobody reads is dead, and so is what a neuron
    sends that has nothing but links to others.

    Parameters
    ----------
    links : sequence of str
        Kinds of leaves that link neurons.
    """
    paths = [path for path in support.paths if path[0] != READOUT]
    multiplied = {path[0] for path in paths if path[1] == "multiplier"}
    read = {path[0] for path in paths if path[1] == "output"}
    outputs = read = read & multiplied if has_multipliers else read
    active = {path[0] for path in paths if path[1] in ("input", "bias")}
    inner = [path for path in paths if path[1] in links]
    fed_by = followers({path[0] for path in paths}, inner)
    read, active = set(upstream(read, inner)), set(reach(active, fed_by.__getitem__))

    def lives(path: tuple[str, ...]) -> bool:
        if path[0] == READOUT:
            return True
        if path[1] in ("output", "multiplier"):
            return path[0] in outputs and path[0] in active
        is_sent = len(path) < 3 or path[1] == "input" or path[2] in active
        return path[0] in read and is_sent

    return support.where(np.array([lives(path) for path in support.paths], dtype=bool))


class Rows(NamedTuple):
    """Which rows of an array (rows, capacity) hold what; columns are neurons.

    Row i of a square, column j: the link from neuron j to neuron i.
    """

    links: slice  # a square per kind of leaf between two neurons
    recurrent: slice  # the first of these squares
    input: slice  # a row per symbol read
    bias: int
    multiplier: int
    output: slice  # a row per symbol predicted
    readout: int  # the biases of the predictions, in the first columns
    n_rows: int

    @staticmethod
    @lru_cache(maxsize=256)
    def of(capacity: int, n_symbols: int, n_kinds: int = 1) -> Rows:
        """The rows of an array of this capacity, with so many squares."""
        at = np.cumsum([0, n_kinds * capacity, n_symbols, 1, 1, n_symbols, 1]).tolist()
        return Rows(
            links=slice(at[0], at[1]),
            recurrent=slice(at[0], capacity),
            input=slice(at[1], at[2]),
            bias=at[2],
            multiplier=at[3],
            output=slice(at[4], at[5]),
            readout=at[5],
            n_rows=at[6],
        )

    def squares(self, array: np.ndarray) -> np.ndarray:
        """A view (..., kinds, capacity, capacity) of an array (..., rows, capacity)."""
        *others, _, capacity = array.shape
        return array[..., self.links, :].reshape(*others, -1, capacity, capacity)


class Layout:
    """Where every leaf of a network of these neurons lies.

    Parameters
    ----------
    names : sequence of str
        Neurons in the order of their columns.
    alphabet : str
        The symbols read and predicted, in the order of their codes.
    has_multipliers : bool
        Without them every output is multiplied by 1.
    kinds : tuple of str
        Of the leaves between two neurons: `SINGLE` or `PAIRED`.
    """

    def __init__(
        self,
        names: Sequence[str],
        alphabet: str = "()ab",
        has_multipliers: bool = True,
        kinds: tuple[str, ...] = SINGLE,
    ) -> None:
        self.names = tuple(names)
        self.alphabet = alphabet
        self.has_multipliers = has_multipliers
        self.kinds = kinds
        self.size = len(self.names)

    @property
    def n_leaves(self) -> int:
        """Leaves of a network of these neurons, all links present."""
        n_symbols = len(self.alphabet)
        by_neuron = len(self.kinds) * self.size + 2 * n_symbols + 1 + self.has_multipliers
        return self.size * by_neuron + n_symbols

    def rows(self, capacity: int) -> Rows:
        """The rows of an array of this capacity."""
        return Rows.of(capacity, len(self.alphabet), len(self.kinds))

    @cached_property
    def _cells(self) -> tuple[list[tuple[str, ...]], np.ndarray, np.ndarray, np.ndarray]:
        """Every path with the number of squares before it, and row and column from there on."""
        rows, below = self.rows(0), len(self.kinds)
        cells: dict[tuple[str, ...], tuple[int, int, int]] = {}
        for j, name in enumerate(self.names):
            for square, kind in enumerate(self.kinds):
                for i, other in enumerate(self.names):
                    cells[name, kind, other] = square, j, i
            for i, symbol in enumerate(self.alphabet):
                cells[name, "input", symbol] = below, rows.input.start + i, j
                cells[name, "output", symbol] = below, rows.output.start + i, j
            cells[name, "bias"] = below, rows.bias, j
            if self.has_multipliers:
                cells[name, "multiplier"] = below, rows.multiplier, j
        for i, symbol in enumerate(self.alphabet):
            cells[READOUT, "bias", symbol] = below, rows.readout, i
        paths = sorted(cells)
        squares, row, column = np.array([cells[path] for path in paths], dtype=np.intp).T
        return paths, squares, row, column

    @cached_property
    def support(self) -> Support:
        """The support of a network of these neurons, all links present."""
        return Support.of(self._cells[0], is_sorted=True)

    @lru_cache(maxsize=8)  # noqa: B019  (a layout lives as long as its plans)
    def positions(self, capacity: int) -> np.ndarray:
        """Flat position in an array of this capacity of every leaf of the support."""
        _, squares, row, column = self._cells
        return (squares * capacity + row) * capacity + column

    def empty(self, capacity: int) -> np.ndarray:
        """An array (rows, capacity) without a network: zeros, multipliers that are not leaves 1."""
        rows = self.rows(capacity)
        array = np.zeros((rows.n_rows, capacity))
        if not self.has_multipliers:
            array[rows.multiplier, : self.size] = 1.0
        return array

    def pack(self, tree: VValue, capacity: int) -> np.ndarray:
        """A tree as an array (rows, capacity); absent links are zero."""
        return self.placed(align(tree, self.support), capacity)

    def unpack(self, array: np.ndarray) -> VValue:
        """Inverse of `pack`, on the full support."""
        return from_buffer(self.support, self.leaves(array))

    def placed(self, leaves: np.ndarray, capacity: int) -> np.ndarray:
        """Leaves in the order of the support as an array (rows, capacity)."""
        array = self.empty(capacity).astype(leaves.dtype, copy=False)
        array.flat[self.positions(capacity)] = leaves
        return array

    def leaves(self, array: np.ndarray) -> np.ndarray:
        """Inverse of `placed`."""
        flat = np.ascontiguousarray(array).reshape(-1)
        return flat[self.positions(array.shape[1])]


def layout_of(
    support: Support, alphabet: str, has_multipliers: bool, kinds: tuple[str, ...] = SINGLE
) -> Layout:
    """The layout of a tree; remembered on its support.

    Whether there are multipliers is the model's to say: where it has them, an absent one is 0.

    Raises
    ------
    ValueError
        If a path is not one of an elastic network; the message names it.
    """
    known: dict[tuple, Layout] = support.__dict__.setdefault("_elastic_layouts", {})
    key = alphabet, has_multipliers, kinds
    if key not in known:
        names = sorted((k for k in support.children() if k != READOUT), key=natural_key)
        layout = Layout(names, alphabet, has_multipliers, kinds)
        for path in support.paths:
            if path not in layout.support:
                raise ValueError(
                    f"parameters have a leaf at {format_path(path)}, which is none of an elastic "
                    f"network of {len(names)} neurons over the alphabet {alphabet!r}: expected "
                    f"NEURON/{'|'.join(kinds)}/NEURON, NEURON/input/SYMBOL, NEURON/output/SYMBOL, "
                    "NEURON/bias, readout/bias/SYMBOL and, where the mode has them, "
                    "NEURON/multiplier"
                )
            if support.shape(support.index[path]):
                raise ValueError(
                    f"parameters have an array at {format_path(path)}; expected a number"
                )
        known[key] = layout
    return known[key]
