"""Steps of an evaluation plan: one level of operations, or the outputs of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..operations import Operation

__all__ = ["Group", "Step"]


class Group(NamedTuple):
    """Operations of one kind within a step.

    Attributes
    ----------
    operation : Operation, or None for outputs (their value is their one argument)
    arguments : slices of argument rows, one per argument
    values : slice of value rows

    Examples
    --------
    Value rows 0 and 1 are the ones and the input, and the sine is row 2:

    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> (group,) = plan.steps[0].groups
    >>> group.operation.kind, group.arguments, group.values
    ('sin', (slice(0, 1, None),), slice(2, 3, None))
    """

    operation: Operation | None
    arguments: tuple[slice, ...]
    values: slice


@dataclass(frozen=True)
class Step:
    """One level.

    Attributes
    ----------
    groups : the operations by kind
    n_arguments, n_before : shape of the step's matrix
    cells : positions in that (flattened) matrix that are links
    leaves : which elements of the parameters they hold
    trained : which of these links have a gradient
    is_sparse : whether every argument has one link
    scales : elements of the parameters that hold running scales, -1 where there is none
    has_scales : whether there is any
    values : slice of value rows

    Examples
    --------
    The sine, then the output: each has one argument, read from two rows and from three.

    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> [(step.n_arguments, step.n_before, step.leaves.tolist()) for step in plan.steps]
    [(1, 2, [1]), (1, 3, [0])]
    """

    groups: tuple[Group, ...]
    n_arguments: int
    n_before: int
    cells: np.ndarray
    leaves: np.ndarray
    trained: np.ndarray
    is_sparse: bool
    scales: np.ndarray
    has_scales: bool
    values: slice

    @cached_property
    def readers(self) -> np.ndarray:
        """The argument that each link belongs to."""
        return self.cells // self.n_before

    @cached_property
    def sources(self) -> np.ndarray:
        """The row that each link reads."""
        return self.cells % self.n_before

    @cached_property
    def trained_leaves(self) -> np.ndarray:
        """Elements of the parameters that the trained links hold."""
        return self.leaves[self.trained]

    def matrix(self, buffer: np.ndarray) -> np.ndarray:
        """What the rows before are multiplied by, (arguments, rows before)."""
        matrix = np.zeros((self.n_arguments, self.n_before), dtype=buffer.dtype)
        matrix.ravel()[self.cells] = buffer[self.leaves]
        return matrix

    def arguments(self, buffer: np.ndarray, values: np.ndarray) -> np.ndarray:
        """All arguments, (arguments, samples)."""
        if not self.is_sparse:
            return self.matrix(buffer) @ values[: self.n_before]
        weights, rows = buffer[self.leaves], values[self.sources]
        if (weights != 1.0).any():  # most of those that are not trained are 1
            rows = rows * weights[:, None]
        return rows

    def by_weights(self, below: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Gradient by the trained links, from the adjoints of the arguments."""
        if not self.is_sparse:
            return (below @ values[: self.n_before].T).ravel()[self.cells[self.trained]]
        readers, sources = self.readers[self.trained], self.sources[self.trained]
        return np.einsum("ls,ls->l", below[readers], values[sources])
