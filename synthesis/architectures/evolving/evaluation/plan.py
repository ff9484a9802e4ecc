"""Evaluation plans: a whole evolving network as a few matrix products and row operations.

All values lie in one array, a row per node (row 0 is all ones, so that constants are links like any
other) and a column per sample. A *step* evaluates all operations of one level, or the outputs of a
layer: their arguments are copies of rows where each has one link, else one matrix product; their
values are one call per kind. Values, gradient, Jacobian and directional derivative are written by
hand; `evolving.EvolvingModel.plain` is the judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .flat import Flat
from .steps import Group, Step

__all__ = ["Plan", "Run"]


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
    engine : str
        "numpy", or "fast" for kernels of numba. What is complex is numpy's.
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
    engine: str

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

    @cached_property
    def flat(self) -> Flat:
        """The plan for the fast kernels."""
        return Flat(self.steps)

    def divisors(self, buffer: np.ndarray) -> np.ndarray:
        """Running scales of all value rows, 1 where there is none; (rows, 1)."""
        elements, rows = self.scale_elements
        divisors = np.ones((self.n_rows, 1), dtype=buffer.dtype)
        divisors[rows, 0] = np.exp(buffer[elements])
        return divisors

    def run(self, buffer: np.ndarray, inputs: np.ndarray) -> Run:
        """Evaluate the network; inputs (samples, inputs)."""
        kind = np.result_type(buffer, inputs)
        values = np.empty((self.n_rows, len(inputs)), dtype=kind)
        values[0] = 1.0
        values[1 : 1 + self.n_inputs] = inputs.T
        run = Run(self, buffer, values, self.divisors(buffer))
        if run.is_fast:
            from .kernels import evaluate

            tables = *self.flat.tables, *run.weights
            evaluate(values, *tables)
            return run
        for step in self.steps:
            arguments = step.arguments(buffer, values)
            for group in step.groups:
                rows = [arguments[part] for part in group.arguments]
                value = rows[0] if group.operation is None else group.operation.apply(*rows)
                values[group.values] = value
            if step.has_scales:
                values[step.values] /= run.divisors[step.values]
            run.known.append(arguments)
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
    divisors : array (rows, 1)
        Running scales.
    known : list of arrays (arguments, samples)
        Arguments of every step, if numpy has worked them out.

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
    divisors: np.ndarray
    known: list[np.ndarray] = field(default_factory=list)

    @property
    def is_fast(self) -> bool:
        """Whether the fast kernels serve."""
        is_real = self.values.dtype == self.buffer.dtype == np.float64
        return self.plan.engine == "fast" and is_real

    @property
    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Parameters and running scales, not read-only (numba would compile twice)."""
        return np.array(self.buffer), self.divisors[:, 0]

    @property
    def arguments(self) -> list[np.ndarray]:
        """What the operations of every step read, (arguments, samples)."""
        if not self.known:
            self.known = [step.arguments(self.buffer, self.values) for step in self.plan.steps]
        return self.known

    @property
    def outputs(self) -> np.ndarray:
        """Predictions, (samples, outputs)."""
        return self.values[self.plan.outputs].T

    def raw(self, rows: np.ndarray) -> np.ndarray:
        """Values of operations before the division by their running scales."""
        return self.values[rows] * self.divisors[rows]

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """Gradient of ``sum(g * outputs)`` by the parameters, (size,)."""
        if self.is_fast:
            return self._fast_pull_back(g, np.zeros((self.plan.size, 1)))[:, 0]
        return self._pull_back(g, lowest=1 + self.plan.n_inputs)[0]

    def pullback(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients of ``sum(g * outputs)`` by the parameters (size,) and all value rows."""
        if not self.is_fast:
            return self._pull_back(g, lowest=0)
        adjoint = np.empty_like(self.values)
        gradient = self._fast_pull_back(g, np.zeros((self.plan.size, 1)), adjoint)
        return gradient[:, 0], adjoint

    def _fast_pull_back(
        self, g: np.ndarray, out: np.ndarray, adjoint: np.ndarray | None = None
    ) -> np.ndarray:
        """By the fast kernels; ``out`` has a column, or one per sample."""
        from .kernels import CHUNK, pull_back

        lowest = 0
        if adjoint is None:  # a chunk of it is enough, and the inputs' are not asked for
            lowest = 1 + self.plan.n_inputs
            adjoint = np.empty((self.plan.n_rows, min(CHUNK, self.values.shape[1])))
        g = np.array(g.T, dtype=float, order="C")
        tables = *self.plan.flat.tables, *self.weights, self.plan.trained
        pull_back(g, adjoint, lowest, out, self.values, *tables)
        return out

    def _pull_back(self, g: np.ndarray, lowest: int) -> tuple[np.ndarray, np.ndarray]:
        """By numpy; adjoints of rows before ``lowest`` are left out."""
        gradient = np.zeros(self.plan.size, dtype=self.values.dtype)
        adjoint = np.zeros_like(self.values)
        adjoint[self.plan.outputs] = g.T
        for step, below in self._backwards(adjoint, lowest):
            if len(step.trained):
                gradient[step.trained_leaves] = step.by_weights(below, self.values)
        return gradient, adjoint

    def jacobian(self) -> np.ndarray:
        """Derivatives of every prediction by every parameter, (size, outputs, samples)."""
        n_outputs, n_samples = self.plan.outputs.stop - self.plan.outputs.start, len(self.outputs)
        jacobian = np.zeros((self.plan.size, n_outputs, n_samples))
        for output in range(n_outputs):
            if self.is_fast:
                g = np.eye(n_outputs)[output] * np.ones((n_samples, 1))
                by_sample = np.zeros((self.plan.size, n_samples))
                jacobian[:, output] = self._fast_pull_back(g, by_sample)
                continue
            adjoint = np.zeros_like(self.values)
            adjoint[self.plan.outputs.start + output] = 1.0
            for step, below in self._backwards(adjoint, lowest=1 + self.plan.n_inputs):
                readers, sources = step.readers[step.trained], step.sources[step.trained]
                jacobian[step.trained_leaves, output] = below[readers] * self.values[sources]
        return jacobian

    def pushforward(self, tangent: np.ndarray, by_inputs: np.ndarray | None = None) -> np.ndarray:
        """Derivative of the predictions in one direction of parameters and inputs."""
        moved = np.zeros_like(self.values)
        if by_inputs is not None:
            moved[1 : 1 + self.plan.n_inputs] = by_inputs.T
        direction = tangent * self.plan.trained
        for step, arguments in zip(self.plan.steps, self.arguments, strict=True):
            by_arguments = step.arguments(self.buffer, moved)
            by_arguments += step.arguments(direction, self.values)
            for group in step.groups:
                partials = self._partials(group, arguments)
                parts = zip(partials, group.arguments, strict=True)
                moved[group.values] = sum(p * by_arguments[part] for p, part in parts)
            if step.has_scales:
                moved[step.values] /= self.divisors[step.values]
        return moved[self.plan.outputs].T

    def _backwards(self, adjoint: np.ndarray, lowest: int) -> Iterator[tuple[Step, np.ndarray]]:
        """Every step, the last one first, with the adjoints of its arguments.

        They are worked out from those of its values, and sent to the rows before, from ``lowest``
        on, when the next step is asked for.
        """
        for step, arguments in zip(self.plan.steps[::-1], self.arguments[::-1], strict=True):
            below = np.empty_like(arguments)
            for group in step.groups:
                above = adjoint[group.values]
                if step.has_scales:
                    above = above / self.divisors[group.values]
                partials = self._partials(group, arguments)
                for partial, part in zip(partials, group.arguments, strict=True):
                    np.multiply(above, partial, out=below[part])
            yield step, below
            if step.n_before > lowest:
                adjoint[lowest : step.n_before] += step.matrix(self.buffer)[:, lowest:].T @ below

    def _partials(self, group: Group, arguments: np.ndarray) -> tuple[np.ndarray | float, ...]:
        if group.operation is None:
            return (1.0,)
        value = self.values[group.values]
        if group.operation.needs_value:
            value = value * self.divisors[group.values]
        return group.operation.partials(value, *(arguments[part] for part in group.arguments))
