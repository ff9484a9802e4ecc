"""The dynamic neural manifold: structure is a smooth function of seven numbers per neuron.

`structure` holds the plane of closeness and the signals through its links, `over_time` the models
with memory. A found network leaves the manifold as a `Network` of its own or as a machine.
"""

from .cost import CostModel, fit_cost, measure, measured_here
from .export import as_machine, held_streams, observed_outputs, ticks_of
from .model import Links, Manifold
from .network import Network, NetworkNeurons, network_of
from .objective import ManifoldObjective, TermWeights, density, flow, soft_count
from .over_time import MemoryManifold, RecurrentManifold
from .over_training import (
    Change,
    Shift,
    Snapshot,
    adjacency_movie,
    changes,
    largest_shift,
    snapshots,
)
from .places import ManifoldNeurons
from .process import ManifoldState, ManifoldTraining, train
from .saved import SavedManifold, adjacency_text, load_manifold
from .settings import ManifoldSettings
from .structure.layout import Start

__all__ = [
    "Change",
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
    "Shift",
    "Snapshot",
    "Start",
    "TermWeights",
    "adjacency_movie",
    "adjacency_text",
    "as_machine",
    "changes",
    "density",
    "fit_cost",
    "flow",
    "held_streams",
    "largest_shift",
    "load_manifold",
    "measure",
    "measured_here",
    "network_of",
    "observed_outputs",
    "snapshots",
    "soft_count",
    "ticks_of",
    "train",
]
