"""Evaluation plans: a whole evolving network as a few matrix products and row operations.

All values lie in one array, a row per node (row 0 is all ones, so that constants are links like any
other) and a column per sample. A *step* evaluates all operations of one level, or the outputs of a
layer: one matrix product for their arguments, one call per kind for their values. Values,
gradient, Jacobian and directional derivative are written by hand; `evolving.EvolvingModel.plain`
is the judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .operations import Operation

__all__ = ["Group", "Plan", "Run", "Step"]


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


class Step(NamedTuple):
    """One level.

    Attributes
    ----------
    groups : the operations by kind
    n_arguments, n_before : shape of the step's matrix
    cells : positions in that (flattened) matrix that are links
    leaves : which elements of the parameters they hold
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
    scales: np.ndarray
    has_scales: bool
    values: slice


@dataclass(frozen=True)
class Plan:
    """How parameters on one support are evaluated.

    Attributes
    ----------
    steps : tuple of Step
    n_inputs, n_rows, size : int
        Inputs, value rows, and elements of the parameters.
    outputs : slice
        Rows of the predictions.
    rows : dict, (layer, name) -> row
    sources : dict, layer -> {name of an input of the layer: row}
    trained : array of bool (size,)
        Elements that have a gradient.

    Examples
    --------
    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"output": {"y": {"x": 2.0}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=False)
    >>> plan.rows, plan.n_inputs, plan.size
    ({('layer-1', 'y'): 2}, 1, 1)
    """

    steps: tuple[Step, ...]
    n_inputs: int
    n_rows: int
    size: int
    outputs: slice
    rows: dict[tuple[str, str], int]
    sources: dict[str, dict[str, int]]
    trained: np.ndarray

    def row_of(self, layer: str, source: str) -> int:
        """Row of what operations of a layer read under a name.

        A layer's own operation comes before the output of the layer before.
        """
        row = self.rows.get((layer, source))
        return self.sources[layer][source] if row is None else row

    @cached_property
    def scale_elements(self) -> tuple[np.ndarray, np.ndarray]:
        """Elements that are running scales, and the value rows they belong to."""
        elements = np.concatenate([step.scales for step in self.steps])
        rows = np.concatenate([np.arange(s.values.start, s.values.stop) for s in self.steps])
        return elements[elements >= 0], rows[elements >= 0]

    def run(self, buffer: np.ndarray, inputs: np.ndarray) -> Run:
        """Evaluate the network; inputs (samples, inputs)."""
        kind = np.result_type(buffer, inputs)
        run = Run(self, buffer, np.empty((self.n_rows, len(inputs)), dtype=kind), [])
        run.values[0] = 1.0
        run.values[1 : 1 + self.n_inputs] = inputs.T
        for step in self.steps:
            matrix = _matrix(step, buffer)
            arguments = matrix @ run.values[: step.n_before]
            for group in step.groups:
                rows = [arguments[part] for part in group.arguments]
                value = rows[0] if group.operation is None else group.operation.apply(*rows)
                run.values[group.values] = value
            scale = _scale(step, buffer)
            if scale is not None:
                run.values[step.values] /= scale
            run.steps.append((matrix, arguments, scale))
        return run


@dataclass
class Run:
    """Values of one evaluation, from which derivatives are taken.

    Attributes
    ----------
    plan : Plan
    buffer : array (size,)
        The parameters.
    values : array (rows, samples)
    steps : list of (matrix, arguments, scale) per step

    Examples
    --------
    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> run = plan.run(tree.buffer, np.array([[0.0], [1.0]]))
    >>> run.outputs.round(3).tolist()
    [[0.0], [1.683]]
    >>> run.jacobian()[:, 0].round(3).tolist()  # by the 2, then by the 1
    [[0.0, 0.841], [0.0, 1.081]]
    """

    plan: Plan
    buffer: np.ndarray
    values: np.ndarray
    steps: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]]

    @property
    def outputs(self) -> np.ndarray:
        """Predictions, (samples, outputs)."""
        return self.values[self.plan.outputs].T

    def raw(self, rows: np.ndarray) -> np.ndarray:
        """Values of operations before the division by their running scales."""
        scale = np.ones(self.plan.n_rows)
        for step, (_, _, divisor) in zip(self.plan.steps, self.steps, strict=True):
            if divisor is not None:
                scale[step.values] = divisor[:, 0]
        return self.values[rows] * scale[rows, None]

    def pullback(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients of ``sum(g * outputs)`` by the parameters (size,) and all value rows."""
        gradient = np.zeros(self.plan.size, dtype=self.values.dtype)
        adjoint = np.zeros_like(self.values)
        adjoint[self.plan.outputs] = g.T
        for i in reversed(range(len(self.steps))):
            step, matrix, below = self._backward(i, adjoint)
            by_matrix = below @ self.values[: step.n_before].T
            gradient[step.leaves] = by_matrix.ravel()[step.cells]
            adjoint[: step.n_before] += matrix.T @ below
        return gradient * self.plan.trained, adjoint

    def jacobian(self) -> np.ndarray:
        """Derivatives of every prediction by every parameter, (size, outputs, samples)."""
        n_outputs = self.plan.outputs.stop - self.plan.outputs.start
        jacobian = np.zeros((self.plan.size, n_outputs, self.values.shape[1]))
        for output in range(n_outputs):
            adjoint = np.zeros_like(self.values)
            adjoint[self.plan.outputs.start + output] = 1.0
            for i in reversed(range(len(self.steps))):
                step, matrix, below = self._backward(i, adjoint)
                argument, source = np.divmod(step.cells, step.n_before)
                jacobian[step.leaves, output] = below[argument] * self.values[source]
                adjoint[: step.n_before] += matrix.T @ below
        return jacobian * self.plan.trained[:, None, None]

    def pushforward(self, tangent: np.ndarray, by_inputs: np.ndarray | None = None) -> np.ndarray:
        """Derivative of the predictions in one direction of parameters and inputs."""
        moved = np.zeros_like(self.values)
        if by_inputs is not None:
            moved[1 : 1 + self.plan.n_inputs] = by_inputs.T
        direction = tangent * self.plan.trained
        for step, (matrix, arguments, scale) in zip(self.plan.steps, self.steps, strict=True):
            by_arguments = matrix @ moved[: step.n_before]
            by_arguments += _matrix(step, direction) @ self.values[: step.n_before]
            for group in step.groups:
                partials = self._partials(group, arguments, scale, step)
                parts = zip(partials, group.arguments, strict=True)
                moved[group.values] = sum(p * by_arguments[part] for p, part in parts)
            if scale is not None:
                moved[step.values] /= scale
        return moved[self.plan.outputs].T

    def _backward(self, i: int, adjoint: np.ndarray) -> tuple[Step, np.ndarray, np.ndarray]:
        """Adjoints of a step's arguments from those of its values."""
        step, (matrix, arguments, scale) = self.plan.steps[i], self.steps[i]
        below = np.empty_like(arguments)
        for group in step.groups:
            above = adjoint[group.values]
            if scale is not None:
                first = group.values.start - step.values.start
                above = above / scale[first : first + len(above)]
            partials = self._partials(group, arguments, scale, step)
            for partial, part in zip(partials, group.arguments, strict=True):
                below[part] = above * partial
        return step, matrix, below

    def _partials(
        self, group: Group, arguments: np.ndarray, scale: np.ndarray | None, step: Step
    ) -> tuple[np.ndarray, ...]:
        if group.operation is None:
            return (np.ones((1, 1)),)
        value = self.values[group.values]
        if scale is not None:
            first = group.values.start - step.values.start
            value = value * scale[first : first + len(value)]
        return group.operation.partials(value, *(arguments[part] for part in group.arguments))


def _matrix(step: Step, buffer: np.ndarray) -> np.ndarray:
    matrix = np.zeros((step.n_arguments, step.n_before), dtype=buffer.dtype)
    matrix.ravel()[step.cells] = buffer[step.leaves]
    return matrix


def _scale(step: Step, buffer: np.ndarray) -> np.ndarray | None:
    if not step.has_scales:
        return None
    return np.exp(np.where(step.scales >= 0, buffer[step.scales], 0.0))[:, None]
