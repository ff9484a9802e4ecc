"""Layers of spiking units that wire themselves through travelling waves."""

from .encoding import Encoding, level_trains, mean_responses
from .mirror import MirrorLayer, SpikingAutoencoder
from .networks import autoencoder_tree, spiking_network, stack_tree
from .stack import (
    LayerSettings,
    Raster,
    SpikingStack,
    Waves,
    izhikevich_retina,
    leaky_retina,
    published_layers,
    wave_figures,
)

__all__ = [
    "Encoding",
    "LayerSettings",
    "MirrorLayer",
    "Raster",
    "SpikingAutoencoder",
    "SpikingStack",
    "Waves",
    "autoencoder_tree",
    "izhikevich_retina",
    "leaky_retina",
    "level_trains",
    "mean_responses",
    "published_layers",
    "spiking_network",
    "stack_tree",
    "wave_figures",
]
