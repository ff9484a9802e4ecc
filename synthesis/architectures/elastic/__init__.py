"""Elastic networks: recurrent networks that grow and shrink by gradient descent.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216.
"""

from .lane_runs import train_lanes
from .lanes import LaneRecord, LaneTrainer
from .network import ElasticNetwork
from .settings import MODES, ElasticSettings

__all__ = [
    "MODES",
    "ElasticNetwork",
    "ElasticSettings",
    "LaneRecord",
    "LaneTrainer",
    "train_lanes",
]
