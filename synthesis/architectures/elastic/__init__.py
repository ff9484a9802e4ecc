"""Elastic networks: recurrent networks that grow and shrink by gradient descent.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216. `process`
trains one tree by the general edits, `networks` many networks side by side; `residual` holds
layered networks of elastic width and depth.
"""

from .areas import AreaNetwork
from .model import ElasticNetwork
from .modulated import ModulatedNetwork
from .networks import NetworksRecord, NetworksTraining, NetworkTrainer, train_networks
from .process import ElasticState, ElasticTraining, train_tree
from .settings import MODES, ElasticSettings

__all__ = [
    "MODES",
    "AreaNetwork",
    "ElasticNetwork",
    "ElasticSettings",
    "ElasticState",
    "ElasticTraining",
    "ModulatedNetwork",
    "NetworkTrainer",
    "NetworksRecord",
    "NetworksTraining",
    "train_networks",
    "train_tree",
]
