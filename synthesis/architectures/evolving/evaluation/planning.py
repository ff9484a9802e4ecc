"""Making evaluation plans: every operation of an evolving network gets its rows, level by level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues import Path, Support

from ..structure import OUTPUT, SCALE, layer_name, levels, operation_of
from .flat import chosen_engine
from .plan import Plan
from .steps import Group, Step

__all__ = ["make_plan"]


def make_plan(
    support: Support,
    inputs: Sequence[str],
    outputs: Sequence[Sequence[str]],
    *,
    trains_links: bool,
    engine: str | None = None,
) -> Plan:
    """The plan of a support.

    Parameters
    ----------
    support : Support
    inputs : names of the inputs
    outputs : names of the outputs of every layer
    trains_links : bool
        Whether links into operations have a gradient.
    engine : str, optional
        ``"numpy"``, or ``"fast"`` (kernels of numba: the extra ``fast``); when omitted, the fast
        one where it is installed and knows all kinds of operations. ``plan.engine`` says which.

    Raises
    ------
    ValueError
        If a path is no part of such a network, which the message names, or the engine does not
        exist or cannot run it.

    Examples
    --------
    >>> from vvalues import VValue
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> plan.run(tree.buffer, np.array([[0.0], [1.0]])).outputs.round(3)
    array([[0.   ],
           [1.683]])
    """
    trained = _trained(support, trains_links)
    maker = _Maker(support, inputs, trained)
    for number, names in enumerate(outputs, start=1):
        maker.add_layer(layer_name(number), names)
    maker.check_all_used()
    return Plan(
        steps=tuple(maker.steps),
        n_inputs=len(inputs),
        n_rows=maker.n_rows,
        size=support.size,
        outputs=maker.steps[-1].values,
        rows=maker.rows,
        sources=maker.sources,
        trained=trained,
        engine=chosen_engine(engine, maker.steps),
    )


def _trained(support: Support, trains_links: bool) -> np.ndarray:
    def is_trained(path: Path) -> bool:
        if path[1] == OUTPUT:
            return True
        return path[2:] != (SCALE,) and (trains_links or len(path) == 3)

    return np.array([is_trained(path) for path in support.paths], dtype=bool)


class _Maker:
    """Lays out rows and steps, layer by layer."""

    def __init__(self, support: Support, inputs: Sequence[str], trained: np.ndarray) -> None:
        self.support, self.trained = support, trained
        self.steps: list[Step] = []
        self.rows: dict[tuple[str, str], int] = {}
        self.sources: dict[str, dict[str, int]] = {}
        self.available = {name: row for row, name in enumerate(inputs, start=1)}
        self.n_rows = 1 + len(inputs)
        self.used: set[int] = set()

    def add_layer(self, layer: str, outputs: Sequence[str]) -> None:
        self.sources[layer] = dict(self.available)
        for level in levels(self.support, layer, self.available):
            self._add_level(layer, level)
        nodes = [(name, ((layer, OUTPUT, name),)) for name in outputs]
        self._add_step(layer, [(None, nodes)])
        # What the next layer may read is this layer's outputs.
        self.available = {name: self.rows[layer, name] for name in outputs}

    def _add_level(self, layer: str, names: list[str]) -> None:
        by_kind: dict[str, list] = {}
        for name in names:
            operation = operation_of(name)
            fields = tuple((layer, name, field) for field in operation.arguments)
            by_kind.setdefault(operation.kind, []).append((name, fields))
        groups = [(operation_of(nodes[0][0]), nodes) for nodes in by_kind.values()]
        self._add_step(layer, groups)

    def _add_step(self, layer: str, groups: list) -> None:
        n_before, n_arguments = self.n_rows, 0
        laid_out, cells, leaves, scales = [], [], [], []
        row = n_before
        for operation, nodes in groups:
            arity = 1 if operation is None else operation.arity
            parts = []
            for argument in range(arity):
                parts.append(slice(n_arguments, n_arguments + len(nodes)))
                for _, fields in nodes:
                    for leaf, source in self._links(fields[argument]):
                        cells.append(n_arguments * n_before + source)
                        leaves.append(leaf)
                    n_arguments += 1
            laid_out.append(Group(operation, tuple(parts), slice(row, row + len(nodes))))
            for name, _ in nodes:
                scales.append(self._scale(layer, name))
                self.rows[layer, name] = row
                row += 1
        readers = [cell // n_before for cell in cells]
        is_sparse = readers == list(range(n_arguments))
        names = {name: self.rows[layer, name] for _, nodes in groups for name, _ in nodes}
        self.available = {**self.available, **names}
        self.n_rows = row
        self.steps.append(
            Step(
                tuple(laid_out),
                n_arguments,
                n_before,
                np.array(cells, dtype=np.intp),
                np.array(leaves, dtype=np.intp),
                np.flatnonzero(self.trained[leaves]) if leaves else np.zeros(0, dtype=np.intp),
                is_sparse,
                np.array(scales, dtype=np.intp),
                max(scales) >= 0,
                slice(n_before, row),
            )
        )

    def _links(self, field: Path) -> list[tuple[int, int]]:
        """Elements of the parameters at one argument, with the rows they read."""
        first, last = self.support.leaf_range(field)
        found = []
        for i in range(first, last):
            path = self.support.paths[i]
            shape = self.support.shape(i)
            if shape:
                raise ValueError(f"{'/'.join(path)} is an array of shape {shape}, not a number")
            source = path[len(field) :]
            if not source:
                row = 0
            elif len(source) == 1 and source[0] in self.available:
                row = self.available[source[0]]
            else:
                raise ValueError(f"{'/'.join(path)} reads something that its layer does not have")
            self.used.add(i)
            found.append((i, row))
        return found

    def _scale(self, layer: str, name: str) -> int:
        i = self.support.index.get((layer, name, SCALE), -1)
        if i >= 0:
            self.used.add(i)
        return i

    def check_all_used(self) -> None:
        """Every leaf must mean something: a misspelt name would otherwise be silently ignored."""
        for i, path in enumerate(self.support.paths):
            if i not in self.used:
                raise ValueError(f"{'/'.join(path)} is no part of this network")
