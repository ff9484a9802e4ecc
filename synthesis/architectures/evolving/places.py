"""How operations lie in the tree, for `add_neuron` and `delete_neuron`, and how one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vvalues import Path, VValue

from ...process.places import KeyedNeurons
from .operations import OPERATIONS
from .structure import OUTPUT, add_operation, fresh_name, kind_of, operation_names

__all__ = ["OperationPlaces", "Proposal", "draw_operation"]


class Proposal(NamedTuple):
    """An operation that might be added.

    Attributes
    ----------
    kind : str
    arguments : tuple of str (a source) or float (first value of a trained constant)

    Examples
    --------
    >>> Proposal("multiply", ("x0", 0.5)).arguments
    ('x0', 0.5)
    """

    kind: str
    arguments: tuple[str | float, ...]


def draw_operation(
    kinds: Sequence[str],
    sources: Sequence[str],
    rng: np.random.Generator,
    *,
    index_zero_defect: bool = False,
) -> Proposal:
    """A random operation, with the seed's probabilities.

    The kind is uniform. The first argument is a source with probability 2/3, uniform over all of
    them, otherwise a constant; the second likewise, but always a source after a constant. An
    operation of one argument always reads a source.

    Parameters
    ----------
    kinds, sources : sequences of str
    rng : Generator
    index_zero_defect : bool
        Repeat the seed's first defect: source number 0 counts as missing and becomes a constant,
        so that no operation ever reads the first input.

    Examples
    --------
    >>> drawn = draw_operation(["multiply"], ["a", "b"], np.random.default_rng(0))
    >>> drawn.kind, len(drawn.arguments)
    ('multiply', 2)
    """
    operation = OPERATIONS[str(rng.choice(kinds))]
    arguments: list[str | float] = []
    for i in range(operation.arity):
        must_read = operation.arity == 1 or (i == 1 and not isinstance(arguments[0], str))
        reads = must_read or rng.random() < 2 / 3
        index = int(rng.integers(len(sources)))
        reads = reads and not (index_zero_defect and index == 0)
        arguments.append(sources[index] if reads else operation.start)
    return Proposal(operation.kind, tuple(arguments))


class OperationPlaces(KeyedNeurons):
    """Operations of a layer: keys of its tree, and of the links that read them.

    A new one reads sources at random and has output weights of 0, so that it changes nothing yet.

    Parameters
    ----------
    layer : str
    inputs, outputs : sequences of str
        Of the layer.
    kinds : sequence of str
        Kinds of operations; the first is that of a new one in a layer that has none.
    like : str, optional
        Operation whose kind a new one has; the newest when omitted.

    Examples
    --------
    >>> places = OperationPlaces("layer-1", ["x0", "x1"], ["y0"], ["multiply"])
    >>> tree = VValue({"layer-1": {"output": {"y0": {"x0": 1.0}}}})
    >>> larger = places.enlarged(tree, "multiply-1", np.random.default_rng(0), VValue())
    >>> places.names(larger), larger["layer-1", "output", "y0", "multiply-1"]
    (('multiply-1',), 0.0)
    """

    def __init__(
        self,
        layer: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        kinds: Sequence[str],
        like: str | None = None,
    ) -> None:
        super().__init__(self._named_at, self._drawn, like=like)
        self.layer, self.inputs, self.outputs, self.kinds = layer, inputs, outputs, kinds

    def _named_at(self, path: Path) -> tuple[int, ...]:
        if path[0] != self.layer:
            return ()
        own = () if path[1] == OUTPUT else (1,)
        is_read = len(path) == 4 and kind_of(path[3]) in OPERATIONS
        return (*own, 3) if is_read else own

    def fresh_name(self, tree: VValue) -> str:
        """The other operation's kind, with a number that is higher than all others."""
        names = operation_names(tree.support, self.layer)
        kind = kind_of(self._model(names)) if names else self.kinds[0]
        return fresh_name(tree.support, self.layer, kind)

    def _drawn(self, tree: VValue, name: str, rng: np.random.Generator) -> VValue:
        """The leaves of a new operation, and its links to the outputs."""
        sources = (*self.inputs, *operation_names(tree.support, self.layer))
        kind, arguments = draw_operation([kind_of(name)], sources, rng)
        larger, made = add_operation(
            tree, self.layer, kind, arguments, outputs=self.outputs, scale=None
        )
        return self.renamed(self.leaves(larger, made), made, name)
