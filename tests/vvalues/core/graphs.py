"""Random expressions of V-values, and the same expressions on plain vectors, which judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np

import vvalues as vv
from tests.vvalues.core.graph_algebra import ALGEBRA
from tests.vvalues.core.graph_core import CORE, PATHS, SIZE, as_tree, as_vector
from vvalues import VValue

__all__ = ["OPERATIONS", "PATHS", "SIZE", "Expression", "as_tree", "as_vector", "random_expression"]

OPERATIONS = {**CORE, **ALGEBRA}


@dataclass(frozen=True)
class Expression:
    """Steps from some V-values and one number to a number; the trees it was drawn with."""

    steps: tuple[tuple[str, tuple[int, ...], tuple[Any, ...]], ...]
    weights: np.ndarray
    trees: tuple[VValue, ...]

    def on_trees(self, *trees: VValue) -> Any:
        """The number, by the library."""
        return self._value(trees, [OPERATIONS[s[0]].tree for s in self.steps], True)

    def on_vectors(self, *vectors: np.ndarray) -> Any:
        """The number, by the judge."""
        return self._value(vectors, [OPERATIONS[s[0]].vector for s in self.steps], False)

    def _value(self, inputs: Any, functions: Any, is_tree: bool) -> Any:
        nodes = [*inputs, 0.7]
        for (_, operands, constants), function in zip(self.steps, functions, strict=True):
            nodes.append(function(*(nodes[i] for i in operands), *constants))
        total = 0.0
        for weight, (name, _, _), node in zip(
            self.weights, self.steps, nodes[len(inputs) + 1 :], strict=True
        ):
            if OPERATIONS[name].gives == "n":
                total = total + weight * node
            elif is_tree:
                total = total + weight * vv.inner(node, COMB)
            else:
                total = total + weight * anp.dot(node, COMB_VECTOR)
        return total


COMB_VECTOR = np.cos(np.arange(1.0, SIZE + 1.0))
COMB = as_tree(COMB_VECTOR)


def random_expression(rng: np.random.Generator, n_steps: int) -> Expression:
    """So many operations on earlier results, from three V-values on random supports."""
    trees = []
    for _ in range(3):
        longest, density = rng.choice([2, 3]), rng.choice([0.2, 0.5, 0.9])
        paths = [path for path in PATHS if len(path) <= longest and rng.random() < density]
        trees.append(as_tree(rng.normal(size=SIZE), paths))
    nodes: list[Any] = [*trees, 0.7]
    kinds = "tttn"
    steps: list[Any] = []
    names = list(OPERATIONS)
    while len(steps) < n_steps:
        name = names[rng.integers(len(names))]
        operation = OPERATIONS[name]
        chosen = tuple(
            int(rng.choice([i for i, kind in enumerate(kinds) if kind == wanted]))
            for wanted in operation.takes
        )
        operands = [nodes[i] for i in chosen]
        constants = operation.constant(rng, *operands)
        if constants is None:
            continue
        value = operation.tree(*operands, *constants)
        size = vv.max_norm(value) if operation.gives == "t" else abs(value)
        if size > 30.0:
            continue
        nodes.append(value)
        kinds += operation.gives
        steps.append((name, chosen, constants))
    return Expression(tuple(steps), rng.normal(size=n_steps), tuple(trees))
