"""How neurons lie in trees of parameters: what edits of whole neurons ask a model.

* `KeyedNeurons`: a neuron is a key that occurs in paths (elastic networks, dataflow matrix
  machines). Deleting it drops every leaf whose path names it.
* `AxisNeurons`: a neuron is an index along axes of array leaves (hidden units of a perceptron).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from typing import Any, Protocol

import numpy as np

from vvalues import Path, Support, VValue, format_path, from_buffer, natural_key, restrict
from vvalues.core.tree import from_leaves

__all__ = ["AxisNeurons", "KeyedNeurons", "Neurons", "hidden_units", "machine_neurons", "shown"]


class Neurons(Protocol):
    """How neurons lie in a tree of parameters (and in the optimizer's trees, which are alike).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model = Perceptron([2, 3, 1])
    >>> places, weights = model.places(), model.initial(np.random.default_rng(0))
    >>> places.names(weights), weights.size - places.without(weights, ["0"]).size
    (('0', '1', '2'), 4)
    """

    def names(self, tree: VValue) -> tuple[str, ...]:
        """All neurons, in the order of their making."""
        ...

    def without(self, tree: VValue, names: Sequence[str]) -> VValue:
        """The tree without these neurons."""
        ...

    def leaves(self, tree: VValue, name: str) -> VValue:
        """What belongs to one neuron."""
        ...

    def enlarged(
        self, parameters: VValue, name: str, rng: np.random.Generator, inherited: VValue
    ) -> VValue:
        """Parameters with one neuron more.

        What ``inherited`` (leaves of a neuron that once was, by the new one's name) has and the new
        neuron needs is taken from there.
        """
        ...

    def followed(self, tree: VValue, larger: VValue) -> VValue:
        """An optimizer's tree brought to the shape of enlarged parameters, by zeros."""
        ...

    def fresh_name(self, tree: VValue) -> str:
        """A name for a new neuron."""
        ...

    def renamed(self, leaves: VValue, name: str, new: str) -> VValue:
        """Leaves of one neuron as those of another."""
        ...


def shown(names: Sequence[str]) -> str:
    """The first few names, for messages.

    Examples
    --------
    >>> shown([f"neuron-{k}" for k in range(1, 20)])
    'neuron-1, neuron-2, neuron-3, neuron-4, neuron-5, neuron-6, ...'
    """
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") if names else "none"


# -------------------- neurons as keys --------------------

Places = Callable[[Path], tuple[int, ...]]
FirstLeaves = Callable[[VValue, str, np.random.Generator], VValue]


class KeyedNeurons:
    """Neurons are keys of paths.

    Parameters
    ----------
    places : tuple of int, or function from a path to one
        At which levels of a path a neuron is named.
    first_leaves : function of parameters, a name and a Generator, optional
        The leaves a new neuron brings. When omitted it is wired like another neuron (every leaf
        that names that one has a counterpart), by normal weights.
    scale : float
        Standard deviation of those weights.
    like : str, optional
        That other neuron; the newest one when omitted.

    Examples
    --------
    >>> from synthesis.edits.neurons import add_neuron
    >>> tree = VValue({"neuron-1": {"bias": 1.0, "links": {"neuron-1": 2.0}}})
    >>> neurons = KeyedNeurons(lambda path: (0, 2) if "links" in path else (0,), scale=0.0)
    >>> add_neuron(tree, (), neurons, np.random.default_rng(0))[0]["neuron-2"]
    VValue({'bias': 0.0, 'links': {'neuron-1': 0.0, 'neuron-2': 0.0}})
    """

    def __init__(
        self,
        places: tuple[int, ...] | Places,
        first_leaves: FirstLeaves | None = None,
        scale: float = 0.01,
        like: str | None = None,
    ) -> None:
        self._places = places
        self._first_leaves = first_leaves or self._wired_alike
        self.scale = scale
        self.like = like

    def places(self, path: Path) -> tuple[int, ...]:
        """At which levels of this path a neuron is named."""
        places = self._places(path) if callable(self._places) else self._places
        return tuple(i for i in places if i < len(path))

    def names(self, tree: VValue) -> tuple[str, ...]:
        """All neurons, in natural order."""
        found = {path[i] for path in tree.support.paths for i in self.places(path)}
        return tuple(sorted(found, key=natural_key))

    def without(self, tree: VValue, names: Sequence[str]) -> VValue:
        """The tree without the leaves that name one of these neurons."""
        gone = set(names)
        keep = [not self._names_one(path, gone) for path in tree.support.paths]
        return restrict(tree, tree.support.where(np.array(keep, dtype=bool)))

    def leaves(self, tree: VValue, name: str) -> VValue:
        """All leaves that name this neuron."""
        keep = [self._names_one(path, {name}) for path in tree.support.paths]
        return restrict(tree, tree.support.where(np.array(keep, dtype=bool)))

    def _names_one(self, path: Path, names: set[str]) -> bool:
        return any(path[i] in names for i in self.places(path))

    def _model(self, living: Sequence[str]) -> str:
        """The neuron that a new one is like."""
        if self.like is not None and self.like not in living:
            raise ValueError(f"like: there is no neuron {self.like!r}; there are {shown(living)}")
        if not living:
            raise ValueError("parameters have no neuron that a new one could be like")
        return living[-1] if self.like is None else self.like

    def fresh_name(self, tree: VValue) -> str:
        """The other neuron's name with the next number that is free."""
        living = self.names(tree)
        model = self._model(living)
        stem, _, number = model.rpartition("-")
        if not number.isdecimal():
            stem, number = model, "1"
        free = next(n for n in count(int(number) + 1) if f"{stem}-{n}" not in living)
        return f"{stem}-{free}"

    def enlarged(
        self, parameters: VValue, name: str, rng: np.random.Generator, inherited: VValue
    ) -> VValue:
        """Parameters with the new neuron's leaves."""
        added = self._first_leaves(parameters, name, rng)
        return parameters + _overlaid(added, inherited)

    def followed(self, tree: VValue, larger: VValue) -> VValue:
        """The tree on the larger support."""
        return restrict(tree, larger.support)

    def _wired_alike(self, tree: VValue, name: str, rng: np.random.Generator) -> VValue:
        """Counterparts of the other neuron's leaves."""
        model = self._model(self.names(tree))
        found: dict[Path, None] = {}
        for i, path in enumerate(tree.support.paths):
            at = [j for j in self.places(path) if path[j] == model]
            if at and tree.support.shape(i):
                raise ValueError(
                    f"the leaf at {format_path(path)} is an array; a neuron that is a key has "
                    "numbers as leaves: give first_leaves, or use AxisNeurons"
                )
            for choice in product((model, name), repeat=len(at)):
                if name in choice:
                    changed = list(path)
                    for j, key in zip(at, choice, strict=True):
                        changed[j] = key
                    found[tuple(changed)] = None
        support = Support.of(found)
        return from_buffer(support, self.scale * rng.standard_normal(support.size))

    def renamed(self, leaves: VValue, name: str, new: str) -> VValue:
        """Leaves of one neuron as those of another."""
        moved = {}
        for path, leaf in leaves.items():
            at = self.places(path)
            moved[tuple(new if i in at and k == name else k for i, k in enumerate(path))] = leaf
        return from_leaves(moved)


def _overlaid(added: VValue, inherited: VValue) -> VValue:
    """Leaves replaced by inherited ones of the same path and shape."""
    mine, old = added.support, inherited.support
    has = [path in old and old.shape(old.index[path]) == mine.shape(i)
           for i, path in enumerate(mine.paths)]  # fmt: skip
    taken = mine.where(np.array(has, dtype=bool))
    kept = mine.where(~np.array(has, dtype=bool))
    return restrict(added, kept) + restrict(inherited, taken)


def machine_neurons(like: str | None = None, scale: float = 0.01) -> KeyedNeurons:
    """Neurons of a network matrix: receiving neuron / field / sending neuron / field.

    A new neuron is wired like the one of this name, by weights of this scale. Its type is the
    machine's business: ``replace(machine, neurons={**machine.neurons, new: machine.neurons[like]},
    trainable=parameters)``.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> machine_neurons().names(duplicate_detector().trainable)
    ('accum', 'compare', 'const_1', 'dot', 'eos', 'input', 'norm', 'output')
    """
    return KeyedNeurons((0, 2), scale=scale, like=like)


# -------------------- neurons as indices --------------------


@dataclass(frozen=True)
class AxisNeurons:
    """Neurons are indices along axes of array leaves; their names are those numbers.

    Attributes
    ----------
    axes : mapping of path to axis
        In which leaves, along which axis, a neuron has its slice.
    scale : float
        Standard deviation of a new neuron's first values.
    fixed : mapping of path to number
        Leaves in which a new neuron has this first value instead.

    Examples
    --------
    >>> tree = VValue({"w": np.arange(6.0).reshape(2, 3), "bias": np.zeros(3)})
    >>> neurons = AxisNeurons({("w",): 1, ("bias",): 0})
    >>> neurons.names(tree), neurons.without(tree, ["0"])["w"]
    (('0', '1', '2'), array([[1., 2.],
           [4., 5.]]))
    """

    axes: Mapping[Path, int]
    scale: float = 0.01
    fixed: Mapping[Path, float] | None = None

    def _size(self, tree: VValue) -> int:
        for path in self.axes:
            if path not in tree.support:
                raise ValueError(
                    f"parameters have no leaf at {format_path(path)}, where neurons lie"
                )
        path, axis = next(iter(self.axes.items()))
        return int(tree.support.shape(tree.support.index[path])[axis])

    def names(self, tree: VValue) -> tuple[str, ...]:
        """``"0"``, ``"1"``, ..."""
        return tuple(map(str, range(self._size(tree))))

    def fresh_name(self, tree: VValue) -> str:
        """The number after the last."""
        return str(self._size(tree))

    def without(self, tree: VValue, names: Sequence[str]) -> VValue:
        """The arrays without these slices; later neurons move up."""
        gone = [int(name) for name in names]
        return self._changed(tree, lambda path, leaf, axis: np.delete(leaf, gone, axis))

    def leaves(self, tree: VValue, name: str) -> VValue:
        """The slices of one neuron, by path."""
        slices = {path: np.take(tree[path], int(name), axis) for path, axis in self.axes.items()}
        return from_leaves(slices)

    def renamed(self, leaves: VValue, name: str, new: str) -> VValue:
        """Slices carry no name."""
        return leaves

    def enlarged(
        self, parameters: VValue, name: str, rng: np.random.Generator, inherited: VValue
    ) -> VValue:
        """Arrays with one slice more at their ends."""
        if name != self.fresh_name(parameters):
            raise ValueError(f"name is {name!r}; the next index is {self.fresh_name(parameters)}")
        fixed = {} if self.fixed is None else self.fixed
        first = {}
        for path, axis in self.axes.items():
            shape = tuple(np.delete(np.shape(parameters[path]), axis))
            drawn = self.scale * rng.standard_normal(shape)
            first[path] = np.full(shape, fixed[path]) if path in fixed else drawn
        new = _overlaid(from_leaves(first), inherited)
        return self._changed(parameters, lambda path, leaf, axis: _appended(leaf, new[path], axis))

    def followed(self, tree: VValue, larger: VValue) -> VValue:
        """Arrays with zeros at their ends."""

        def padded(path: Path, leaf: np.ndarray, axis: int) -> np.ndarray:
            n = np.shape(larger[path])[axis] - leaf.shape[axis]
            widths = [(0, n if i == axis % leaf.ndim else 0) for i in range(leaf.ndim)]
            return np.pad(leaf, widths)

        return self._changed(tree, padded)

    def _changed(
        self, tree: VValue, change: Callable[[Path, np.ndarray, int], np.ndarray]
    ) -> VValue:
        leaves = dict(tree.items())
        for path, axis in self.axes.items():
            leaves[path] = change(path, np.asarray(leaves[path]), axis)
        return from_leaves(leaves)


def _appended(array: np.ndarray, new: Any, axis: int) -> np.ndarray:
    return np.concatenate([array, np.expand_dims(np.asarray(new), axis)], axis)


def hidden_units(layer: int, scale: float = 0.01) -> AxisNeurons:
    """Hidden units of a `Perceptron`, filters of a `ConvolutionalNetwork`; layer 1 is the first.

    After the edit the parameters are those of a network of other sizes (``model.fitting``). The
    last layer has no hidden units: editing it is a ValueError that names the leaf it would need.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> weights = Perceptron([2, 3, 1]).initial(np.random.default_rng(0))
    >>> hidden_units(1).names(weights)
    ('0', '1', '2')
    """
    if layer < 1:
        raise ValueError(f"layer is {layer!r}; the first hidden layer is 1")
    into, out_of = f"layer-{layer}", f"layer-{layer + 1}"
    axes: dict[Path, int] = {(into, "weights"): -1, (into, "bias"): 0, (out_of, "weights"): 0}
    return AxisNeurons(axes, scale)
