"""A plan as flat arrays, for kernels that go through it node by node; and whether they can."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dmm.compiled import fast_or_numpy

from ..operations import OPERATIONS
from .steps import Step

__all__ = ["KINDS", "Flat", "chosen_engine", "why_not_fast"]

KINDS = (
    "add", "subtract", "multiply", "divide", "square", "sin", "cos", "exp", "log", "relu", "max",
    "min", "gate",
)  # fmt: skip
"""What the kernels know, by number; 0 is an output."""

_KNOWN = {OPERATIONS[kind]: number for number, kind in enumerate(KINDS, start=1)}


def why_not_fast(steps: Sequence[Step]) -> str | None:
    """Why the fast kernels cannot run these steps; None if they can.

    Examples
    --------
    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> why_not_fast(plan.steps) is None
    True
    """
    for operation in (group.operation for step in steps for group in step.groups):
        # By the operation itself: another one may have taken its name.
        if operation is not None and operation not in _KNOWN:
            return f"the fast kernels do not know the operation {operation.kind!r}"
    return None


def chosen_engine(name: str | None, steps: Sequence[Step]) -> str:
    """The engine of this name, or the one that suits these steps.

    Raises
    ------
    ValueError
        If the engine does not exist, or cannot run them; the message says why.

    Examples
    --------
    >>> chosen_engine("numpy", [])
    'numpy'
    """
    if name not in (None, "numpy", "fast"):
        raise ValueError(f"engine is {name!r}; expected None, 'numpy' or 'fast'")
    if name == "numpy":
        return name
    return fast_or_numpy(name, why_not_fast(steps))


class Flat:
    """Nodes, arguments and links of a plan, numbered in the order of evaluation.

    A node is an operation or an output; its value is the row after that of the node before.

    Parameters
    ----------
    steps : sequence of Step

    Attributes
    ----------
    kinds : array (nodes,)
        0 for an output, else one more than the place in `KINDS`.
    arguments : array (nodes, 2)
        Which arguments a node has; -1 for none.
    links : array (arguments + 1,)
        An argument's links are those from here to the next one's.
    sources, leaves : arrays (links,)
        The row that a link reads, and the element of the parameters that is its weight.

    Examples
    --------
    >>> from vvalues import VValue
    >>> from .planning import make_plan
    >>> tree = VValue({"layer-1": {"sin-1": {"value": {"x": 1}}, "output": {"y": {"sin-1": 2}}}})
    >>> plan = make_plan(tree.support, ["x"], [["y"]], trains_links=True)
    >>> flat = Flat(plan.steps)
    >>> flat.kinds.tolist(), flat.arguments.tolist()
    ([6, 0], [[0, -1], [1, -1]])
    >>> flat.links.tolist(), flat.sources.tolist(), flat.leaves.tolist()
    ([0, 1, 2], [1, 2], [1, 0])
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        kinds: list[int] = []
        arguments: list[tuple[int, int]] = []
        first = 0
        for step in steps:
            for group in step.groups:
                kind = 0 if group.operation is None else _KNOWN[group.operation]
                one, other = group.arguments[0], group.arguments[-1]
                for k in range(one.stop - one.start):
                    second = -1 if len(group.arguments) == 1 else first + other.start + k
                    kinds.append(kind)
                    arguments.append((first + one.start + k, second))
            first += step.n_arguments
        counts = [np.bincount(step.readers, minlength=step.n_arguments) for step in steps]
        self.kinds, self.arguments = np.array(kinds), np.array(arguments)
        self.links = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        self.sources = np.concatenate([step.sources for step in steps])
        self.leaves = np.concatenate([step.leaves for step in steps])

    @property
    def tables(self) -> tuple[np.ndarray, ...]:
        """All of them."""
        return self.kinds, self.arguments, self.links, self.sources, self.leaves
