"""The dynamic neural manifold: structure is a smooth function of seven numbers per neuron.

`structure` holds the plane of closeness and the signals through its links, `over_time` the models
with memory. A found network leaves the manifold as a `Network` of its own or as a machine.
"""

from .cost import CostModel, fit_cost, measured_here
from .export import as_machine, held_streams, observed_outputs, ticks_of
from .model import Links, Manifold
from .network import Network, NetworkNeurons, network_of
from .objective import ManifoldObjective, TermWeights, density, flow, soft_count
from .over_time import MemoryManifold, RecurrentManifold
from .places import ManifoldNeurons
from .process import ManifoldState, ManifoldTraining, train
from .saved import SavedManifold, adjacency_text, load_manifold
from .settings import ManifoldSettings
from .structure.layout import Start

__all__ = [
    "CostModel",
    "Links",
    "Manifold",
    "ManifoldNeurons",
    "ManifoldObjective",
    "ManifoldSettings",
    "ManifoldState",
    "ManifoldTraining",
    "MemoryManifold",
    "Network",
    "NetworkNeurons",
    "RecurrentManifold",
    "SavedManifold",
    "Start",
    "TermWeights",
    "adjacency_text",
    "as_machine",
    "density",
    "fit_cost",
    "flow",
    "held_streams",
    "load_manifold",
    "measured_here",
    "network_of",
    "observed_outputs",
    "soft_count",
    "ticks_of",
    "train",
]
