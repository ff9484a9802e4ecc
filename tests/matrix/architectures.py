"""The architectures of the matrix: one small network of each, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import autograd.numpy as anp
import numpy as np

from dmm import layered_space, text_streams
from synthesis import MachineModel
from synthesis.architectures import Perceptron
from synthesis.architectures.binary import BinaryFamily
from synthesis.architectures.convolutional import ConvolutionalNetwork, FilterLayer
from synthesis.architectures.elastic import AreaNetwork, ElasticNetwork, ModulatedNetwork
from synthesis.architectures.elastic.residual import ResidualNetwork, ResidualSettings
from synthesis.architectures.evolving import EvolvingModel, add_operation
from synthesis.architectures.manifold import Manifold, MemoryManifold, Start, network_of
from synthesis.architectures.self_organised import Polygon
from synthesis.architectures.self_organised.growth import (
    Tissue,
    TissueSettings,
    grown_network,
    tissue_tree,
)
from synthesis.architectures.self_organised.spiking import (
    LayerSettings,
    SpikingStack,
    leaky_retina,
    spiking_network,
)
from synthesis.process import Task
from vvalues import VValue, from_buffer


class Imitation:
    """Do what a network does: its numbers on some inputs, by squared error."""

    def __init__(self, inputs: Any, targets: np.ndarray) -> None:
        self.inputs, self.targets = inputs, targets

    def batch(self, rng):
        return self.inputs, self.targets

    def residuals(self, predictions, targets):
        return (predictions - targets) / np.sqrt(targets.size)

    def loss(self, predictions, targets):
        return anp.sum(self.residuals(predictions, targets) ** 2)

    def evaluate(self, model, parameters):
        return {"loss": float(self.loss(model(parameters, self.inputs), self.targets))}


@dataclass
class Case:
    """A network of one architecture.

    Attributes
    ----------
    model : Model
    parameters : VValue
        What it has to imitate.
    inputs : some of its inputs
    moved : VValue
        The parameters, disturbed where training can move them.
    name : str
        Of the architecture.
    """

    model: Any
    parameters: VValue
    inputs: Any
    moved: VValue
    name: str = ""

    @property
    def task(self) -> Task:
        return Imitation(self.inputs, np.asarray(self.model(self.parameters, self.inputs)))

    @property
    def is_trained(self) -> np.ndarray:
        """Elements that gradients reach."""
        return self.moved.buffer != self.parameters.buffer


def case(model, parameters, inputs, rng, size=0.1, trained=None):
    noise = size * rng.standard_normal(parameters.size)
    noise = noise if trained is None else noise * trained
    moved = from_buffer(parameters.support, parameters.buffer + noise)
    return Case(model, parameters, inputs, moved)


def machine(rng):
    model = MachineModel(layered_space(rng, layers=2, copies=1, scale=0.5))
    return case(model, model.space.trainable, text_streams(["ab.", "aa.", "b"], 10), rng)


def perceptron(rng):
    model = Perceptron([3, 5, 2], "tanh")
    return case(model, model.initial(rng), rng.standard_normal((12, 3)), rng)


def convolutional(rng):
    # Pooled to means: a largest number has a kink wherever two are equal.
    model = ConvolutionalNetwork((1, 5, 5), [FilterLayer(3, 2, pool=2)], 2, "tanh", "mean")
    return case(model, model.initial(rng), rng.standard_normal((40, 25)), rng)


def elastic(rng, kind=ElasticNetwork):
    model = kind()
    tree = model.initial(rng, 2)
    tree = from_buffer(tree.support, 0.7 * rng.standard_normal(tree.size))
    return case(model, tree, rng.integers(4, size=(4, 4)), rng, 0.05)


def modulated(rng):
    return elastic(rng, ModulatedNetwork)


def areas(rng):
    return elastic(rng, partial(AreaNetwork, width=2))


def residual(rng):
    model = ResidualNetwork(3, 2, 4, ResidualSettings(first_units=4))
    return case(model, model.initial(rng), rng.standard_normal((14, 3)), rng)


START = Start(sigma=(6.0, 1.0), mu=(0.0, 2.0), gamma=(0.0, 0.5), cutoff=-3.0, weight=(0.0, 2.0))


def manifold(rng, **options):
    model = Manifold(3, 4, 2, start=START, **options)
    return case(model, model.initial(rng), rng.standard_normal((12, 3)), rng, 0.05)


def linked_manifold(rng):
    return manifold(rng, link_weights=True)


def manifold_over_time(rng):
    model = MemoryManifold(Manifold(2, 2, 1, link_weights=True, start=START))
    return case(model, model.initial(rng), rng.standard_normal((8, 3, 2)), rng, 0.05)


def found_network(rng):
    whole = linked_manifold(rng)
    model, parameters = network_of(whole.model, whole.parameters)
    return case(model, parameters, whole.inputs, rng)


def evolving(rng):
    model = EvolvingModel(3, 2, operations=("multiply", "sin"), trains_links=True)
    tree = model.initial(rng)
    outputs = model.outputs[-1]
    for kind, reads in (("multiply", ("x0", "x1")), ("sin", ("multiply-1",)), ("sin", ("x2",))):
        tree, _ = add_operation(tree, "layer-1", kind, reads, outputs=outputs, scale=1.5)
    weights = np.where(tree.buffer == 0.0, rng.uniform(-1, 1, tree.size), tree.buffer)
    tree = from_buffer(tree.support, weights)
    inputs = rng.standard_normal((12, 3))
    return case(model, tree, inputs, rng, trained=model.plan(tree.support).trained)


def binary_scores(rng):
    model = BinaryFamily((5, 6, 2), (2, 3))
    return case(model, model.initial(rng, 2.0), rng.standard_normal((40, 5)), rng, 2.0)


def binary_network(rng):
    family = BinaryFamily((5, 4, 2), (2, 3))
    (member,) = family.members(family.initial(rng), 1, rng)
    return case(family.network, member, rng.standard_normal((14, 5)), rng)


def spiking_net(rng):
    stack = SpikingStack(leaky_retina(rng, n=8, side=2.0), [LayerSettings(4, side=2.0)], rng)
    stack.organise(5.0)
    model, parameters = spiking_network(stack, ["no", "yes"], rng)
    return case(model, parameters, rng.standard_normal((14, 8)), rng)


@cache
def tissue():
    """A few cells and the units above them; noise makes so few fire together."""
    square, settings = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)]), TissueSettings(most=30, noise=8.0)
    grown = Tissue(square, np.random.default_rng(0), settings)
    grown.grow(1000)
    return grown


def grown_net(rng):
    model, parameters = grown_network(tissue_tree(tissue()), ["no", "yes"], rng)
    inputs = rng.standard_normal((20, len(model.names[0])))
    return case(model, parameters, inputs, rng, 0.03)


ARCHITECTURES: dict[str, Callable[[np.random.Generator], Case]] = {
    "dataflow machine": machine,
    "perceptron": perceptron,
    "convolutional network": convolutional,
    "elastic network": elastic,
    "modulated network": modulated,
    "network of areas": areas,
    "residual network": residual,
    "manifold, shared weights": manifold,
    "manifold, link weights": linked_manifold,
    "manifold over time": manifold_over_time,
    "found network": found_network,
    "evolving network": evolving,
    "binary scores": binary_scores,
    "binary network": binary_network,
    "spiking network": spiking_net,
    "grown network": grown_net,
}


def made(name: str) -> Case:
    """The network of an architecture, the same at every call."""
    return replace(ARCHITECTURES[name](np.random.default_rng([7, len(name)])), name=name)
