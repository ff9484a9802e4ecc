"""How neurons lie in manifolds, for `add_neuron` and `delete_neuron`.

A manifold keeps its size, because the places of all neurons in the plane of closeness follow from
their number: a deleted neuron stays as zeros, which neither read nor are read, get no gradient, and
are where a new neuron can come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vvalues import Path, Support, VValue, from_buffer
from vvalues.core.tree import from_leaves

from ...process.places import shown

__all__ = ["ManifoldNeurons"]


class ManifoldNeurons:
    """Hidden neurons of a manifold with link weights, or of one over time.

    A deleted neuron's leaves become 0, and the weights by which others read it. With alpha 0 no
    link enters it; what closeness lets others read of it is multiplied by weights of 0 (such links
    still count as links). Training leaves it as it is.

    Parameters
    ----------
    model : Manifold, MemoryManifold or RecurrentManifold
    scale : float
        Standard deviation of the weights by which others read a new neuron. Its own leaves are
        drawn as the model's start says.

    Raises
    ------
    ValueError
        For shared weights: a deleted neuron would come back through its bias.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> from synthesis.edits.neurons import delete_neuron
    >>> model = Manifold(2, 3, 1, link_weights=True)
    >>> tree = model.initial(np.random.default_rng(0))
    >>> smaller, _ = delete_neuron(tree, (), ManifoldNeurons(model), names=["hidden-1"])
    >>> ManifoldNeurons(model).names(smaller)
    ('hidden-0', 'hidden-2')
    """

    def __init__(self, model: Any, scale: float = 0.01) -> None:
        if not model.layout.has_link_weights:
            raise ValueError(
                "a deleted neuron of a manifold with shared weights would come back through its "
                "bias: use link_weights=True, or edit its network_of"
            )
        self.model, self.scale = model, scale
        self.hidden = model.layout.hidden

    def _places(self, support: Support, name: str) -> dict[Path, np.ndarray]:
        """Elements of the leaves of a neuron, and of the weights by which others read it."""
        column = self.model.layout.senders.index(name)
        found = {}
        for i, path in enumerate(support.paths):
            first, last = support.offsets[i : i + 2]
            if path[0] == name:
                found[path] = np.arange(first, last)
            elif path[-1] == "weights" and column < last - first:
                read_by = (*path, name)
                found[read_by] = np.array([first + column])
        return found

    def names(self, tree: VValue) -> tuple[str, ...]:
        """Hidden neurons that are not zeros."""
        alive = {path[0] for path, leaf in tree.items() if np.any(leaf)}
        return tuple(name for name in self.hidden if name in alive)

    def without(self, tree: VValue, names: Sequence[str]) -> VValue:
        """The tree with zeros for these neurons."""
        buffer = np.array(tree.buffer)
        for name in names:
            for elements in self._places(tree.support, name).values():
                buffer[elements] = 0.0
        return from_buffer(tree.support, buffer)

    def leaves(self, tree: VValue, name: str) -> VValue:
        """The leaves of one neuron, and ``receiver/weights/name`` of those that may read it."""
        places = self._places(tree.support, name)
        own = tree.support.index
        return from_leaves({
            path: tree[path] if path in own else float(tree.buffer[elements[0]])
            for path, elements in places.items()
        })  # fmt: skip

    def renamed(self, leaves: VValue, name: str, new: str) -> VValue:
        """Leaves of one neuron as those of another."""
        return from_leaves({
            tuple(new if key == name else key for key in path): leaf
            for path, leaf in leaves.items()
        })  # fmt: skip

    def enlarged(
        self, parameters: VValue, name: str, rng: np.random.Generator, inherited: VValue
    ) -> VValue:
        """Parameters with the neuron's leaves as the model starts, or as inherited.

        It neither reads nor is read by deleted neurons; read by another, one would come back.
        """
        if name not in self.hidden:
            raise ValueError(f"name: {name!r} is no hidden neuron; there are {shown(self.hidden)}")
        start = self.model.initial(rng)
        buffer = np.array(parameters.buffer)
        for path, elements in self._places(parameters.support, name).items():
            first = start.buffer[elements]
            if path[0] != name:
                first = self.scale * rng.standard_normal(1)
            if path in inherited.support and np.size(inherited[path]) == len(elements):
                first = np.ravel(inherited[path])
            buffer[elements] = first
        living = {name, *self.names(parameters)}
        gone = [other for other in self.hidden if other not in living]
        return self.without(from_buffer(parameters.support, buffer), gone)

    def followed(self, tree: VValue, larger: VValue) -> VValue:
        """The same tree: memory of a deleted neuron is 0 already."""
        return tree

    def fresh_name(self, tree: VValue) -> str:
        """The first neuron that is zeros; a ValueError if there is none."""
        alive = self.names(tree)
        for name in self.hidden:
            if name not in alive:
                return name
        raise ValueError(
            f"all {len(alive)} hidden neurons of the manifold live, and their number settles their "
            "places: make a larger Manifold, or add a neuron to its network_of"
        )
