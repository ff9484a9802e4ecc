"""Edits that add and delete whole neurons, for every model whose parameters are a tree.

Each takes parameters and an optimizer's state and returns both; of the state, that of a deleted
neuron is dropped, a new one's starts from zero. `Neurons` tell how they lie in the tree (`places`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vvalues import VValue

from ..optimize.optimizers import map_trees
from ..process.places import (
    AxisNeurons,
    KeyedNeurons,
    Neurons,
    hidden_units,
    machine_neurons,
    shown,
)

__all__ = [
    "AxisNeurons",
    "KeyedNeurons",
    "Neurons",
    "add_neuron",
    "delete_neuron",
    "hidden_units",
    "machine_neurons",
    "neuron_leaves",
]


def delete_neuron(
    parameters: VValue,
    state: Any,
    neurons: Neurons,
    rng: np.random.Generator | None = None,
    *,
    names: Sequence[str] | None = None,
) -> tuple[VValue, Any]:
    """Delete neurons with all their links, and their share of the optimizer's memory.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    neurons : Neurons
        How neurons lie in the tree.
    rng : Generator, optional
        Chooses one neuron when no names are given.
    names : sequence of str, optional

    Raises
    ------
    ValueError
        If nothing tells which neuron, or one does not exist.

    Examples
    --------
    >>> tree = VValue({"a": {"links": {"b": 1.0}}, "b": {"links": {"a": 2.0, "b": 3.0}}})
    >>> delete_neuron(tree, (), KeyedNeurons((0, 2)), names=["a"])[0]
    VValue({'b': {'links': {'b': 3.0}}})
    """
    living = neurons.names(parameters)
    if names is None:
        if rng is None or not living:
            raise ValueError(
                "names: give the neurons to delete, or a generator to choose one of "
                f"the {len(living)} there are"
            )
        names = [living[int(rng.integers(len(living)))]]
    for name in names:
        if name not in living:
            raise ValueError(f"names: there is no neuron {name!r}; there are {shown(living)}")
    without = neurons.without(parameters, names)
    return without, map_trees(state, lambda tree: neurons.without(tree, names))


def add_neuron(
    parameters: VValue,
    state: Any,
    neurons: Neurons,
    rng: np.random.Generator,
    *,
    name: str | None = None,
    inherit: tuple[str, VValue] | None = None,
) -> tuple[VValue, Any]:
    """Add a neuron with random links; the optimizer's memory of it is zero.

    Parameters
    ----------
    parameters : VValue
    state : optimizer state
    neurons : Neurons
        How neurons lie in the tree, and how a new one begins.
    rng : Generator
    name : str, optional
        A fresh one when omitted.
    inherit : (name, VValue), optional
        Name and leaves (`neuron_leaves`) of a deleted neuron: the new one takes them over, as far
        as their other ends live.

    Raises
    ------
    ValueError
        If the name is taken.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> rng = np.random.default_rng(0)
    >>> model = Perceptron([2, 3, 1])
    >>> weights = model.initial(rng)
    >>> more, _ = add_neuron(weights, (), model.places(), rng)
    >>> weights.size, more.size
    (13, 17)
    """
    living = neurons.names(parameters)
    name = neurons.fresh_name(parameters) if name is None else name
    if name in living:
        raise ValueError(f"name: there is a neuron {name!r} already; leave the name out")
    inherited = VValue() if inherit is None else neurons.renamed(inherit[1], inherit[0], name)
    larger = neurons.enlarged(parameters, name, rng, inherited)
    return larger, map_trees(state, lambda tree: neurons.followed(tree, larger))


def neuron_leaves(parameters: VValue, neurons: Neurons, name: str) -> VValue:
    """Everything that belongs to a neuron: what `delete_neuron` drops.

    Raises
    ------
    ValueError
        If it does not exist.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model = Perceptron([2, 3, 1])
    >>> weights = model.initial(np.random.default_rng(0))
    >>> neuron_leaves(weights, model.places(), model.places().names(weights)[0]).size
    4
    """
    living = neurons.names(parameters)
    if name not in living:
        raise ValueError(f"name: there is no neuron {name!r}; there are {shown(living)}")
    return neurons.leaves(parameters, name)
