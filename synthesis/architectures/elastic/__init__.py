"""Elastic networks: recurrent networks that grow and shrink by gradient descent.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216.
"""

from .model import ElasticNetwork
from .networks.lockstep import LaneRecord, LaneTrainer
from .networks.process import train_lanes
from .settings import MODES, ElasticSettings

__all__ = [
    "MODES",
    "ElasticNetwork",
    "ElasticSettings",
    "LaneRecord",
    "LaneTrainer",
    "train_lanes",
]
