"""Several elastic networks trained side by side, many times faster than one tree after another."""

from .lockstep import NetworkTrainer
from .process import NetworksRecord, NetworksState, NetworksTraining, train_networks
from .standing import Member, Standing, Texts

__all__ = [
    "Member",
    "NetworkTrainer",
    "NetworksRecord",
    "NetworksState",
    "NetworksTraining",
    "Standing",
    "Texts",
    "train_networks",
]
