"""Self-organised spiking layers as V-values, and as networks that every other method takes."""

from __future__ import annotations

import numpy as np

from vvalues import VValue, unstack

from ...wired import SYNAPSE, WiredNetwork, numbered, synapse_tree, wiring_tree
from .mirror import SpikingAutoencoder
from .stack import SpikingStack

__all__ = ["autoencoder_tree", "layer_names", "spiking_network", "stack_tree"]


def layer_names(stack: SpikingStack) -> list[tuple[str, ...]]:
    """Names of the sensors and of the units of every layer."""
    names = [numbered("cell", len(stack.retina.positions))]
    return names + [numbered("unit", layer.settings.n_units) for layer in stack.layers]


def stack_tree(stack: SpikingStack) -> VValue:
    """A stack as one V-value: a subtree per sensor and per unit.

    Returns
    -------
    VValue
        ``layer-0/cell/position``; ``layer-k/unit/position``, ``.../threshold``,
        ``.../inputs/source`` -> weight of the synapses of 0.1 or more.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.spiking import LayerSettings, SpikingStack
    >>> from synthesis.architectures.self_organised.spiking import leaky_retina
    >>> rng = np.random.default_rng(0)
    >>> retina, layers = leaky_retina(rng, n=60, side=5.0), [LayerSettings(8, kernel=None)]
    >>> stack = SpikingStack(retina, layers, rng)
    >>> tree = stack_tree(stack)
    >>> sorted({path[0] for path in tree.support.paths})
    ['layer-0', 'layer-1']
    """
    names = layer_names(stack)
    sensors = unstack(VValue({"position": stack.retina.positions}))
    tree = VValue({"layer-0": dict(zip(names[0], sensors, strict=True))})
    for k, layer in enumerate(stack.layers, start=1):
        units = unstack(VValue({"position": layer.positions, "threshold": layer.plastic.threshold}))
        tree += VValue({f"layer-{k}": dict(zip(names[k], units, strict=True))})
        tree += synapse_tree(f"layer-{k}", names[k], names[k - 1], layer.plastic.weights)
    return tree


def autoencoder_tree(coder: SpikingAutoencoder) -> VValue:
    """A stack and its decoders as one V-value.

    Returns
    -------
    VValue
        What `stack_tree` gives, and ``mirror-k/unit/inputs/source`` -> weight: a subtree for every
        unit (cell, for k = 1) of layer k - 1 as it is decoded, from the units of layer k.

    Examples
    --------
    >>> from synthesis.architectures.self_organised.spiking import LayerSettings, SpikingStack
    >>> from synthesis.architectures.self_organised.spiking import SpikingAutoencoder, leaky_retina
    >>> rng = np.random.default_rng(0)
    >>> retina, layers = leaky_retina(rng, n=60, side=5.0), [LayerSettings(8, kernel=None)]
    >>> stack = SpikingStack(retina, layers, rng)
    >>> tree = autoencoder_tree(SpikingAutoencoder(stack, rng))
    >>> sorted({path[0] for path in tree.support.paths})
    ['layer-0', 'layer-1', 'mirror-1']
    """
    names = layer_names(coder.stack)
    tree = stack_tree(coder.stack)
    for k, decoder in enumerate(coder.decoders, start=1):
        tree = tree + synapse_tree(f"mirror-{k}", names[k - 1], names[k], decoder.weights)
    return tree


def spiking_network(
    stack: SpikingStack, classes: list[str], rng: np.random.Generator, activation: str = "tanh"
) -> tuple[WiredNetwork, VValue]:
    """The self-organised wiring with fresh outputs on top, as a rate model to train by gradient.

    Every unit is a weighted mean of its inputs (weights sum to 1).

    Returns
    -------
    model : WiredNetwork
    parameters : VValue

    Examples
    --------
    >>> from synthesis.architectures.self_organised.spiking import LayerSettings, SpikingStack
    >>> from synthesis.architectures.self_organised.spiking import leaky_retina
    >>> rng = np.random.default_rng(0)
    >>> retina, layers = leaky_retina(rng, n=60, side=5.0), [LayerSettings(8, kernel=None)]
    >>> stack = SpikingStack(retina, layers, rng)
    >>> model, parameters = spiking_network(stack, ["left", "right"], rng)
    >>> model(parameters, np.ones((5, 60))).shape
    (5, 2)
    """
    names = layer_names(stack)
    parameters = VValue()
    for k, weights in enumerate(stack.weights, start=1):
        kept = np.where(weights >= SYNAPSE, weights, 0.0)
        sums = np.maximum(kept.sum(axis=0), 1e-300)
        parameters = parameters + wiring_tree(f"layer-{k}", names[k], names[k - 1], kept / sums)
    top = f"layer-{len(names)}"
    fresh = rng.standard_normal((len(names[-1]), len(classes))) / np.sqrt(len(names[-1]))
    parameters = parameters + wiring_tree(top, classes, names[-1], fresh)
    biases = VValue({top: {name: {"bias": 0.0} for name in classes}})
    return WiredNetwork([*names, tuple(classes)], activation), parameters + biases
