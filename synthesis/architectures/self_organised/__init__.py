"""What spiking layers and growing tissue share: kernels, units, competition, wiring, polygons."""

from ..wired import SYNAPSE, WiredNetwork, numbered, synapse_tree, wiring_tree
from .leaky import LeakySheet
from .plasticity import CompetitiveLayer, WinnerLayer
from .polygons import Polygon
from .readout import Readout, disc_wiring, fit_readout, pixels_under, random_wiring
from .sheets import IzhikevichSheet, LateralKernel, Sheet, scattered

__all__ = [
    "SYNAPSE",
    "CompetitiveLayer",
    "IzhikevichSheet",
    "LateralKernel",
    "LeakySheet",
    "Polygon",
    "Readout",
    "Sheet",
    "WinnerLayer",
    "WiredNetwork",
    "disc_wiring",
    "fit_readout",
    "numbered",
    "pixels_under",
    "random_wiring",
    "scattered",
    "synapse_tree",
    "wiring_tree",
]
