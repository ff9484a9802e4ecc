"""How structure changes: functions from V-value to V-value with another support."""

from ..process.places import shown
from .links import (
    ablation_losses,
    prune_by_ablation,
    prune_by_magnitude,
    remove_dead,
    without_links,
)
from .mending import Mended, PartObjective, mended
from .neurons import (
    AxisNeurons,
    KeyedNeurons,
    Neurons,
    add_neuron,
    delete_neuron,
    hidden_units,
    machine_neurons,
    neuron_leaves,
)
from .normalise import SIMPLE_VALUES, rescaled_products, simplify_weights, snap

__all__ = [
    "SIMPLE_VALUES",
    "AxisNeurons",
    "KeyedNeurons",
    "Mended",
    "Neurons",
    "PartObjective",
    "ablation_losses",
    "add_neuron",
    "delete_neuron",
    "hidden_units",
    "machine_neurons",
    "mended",
    "neuron_leaves",
    "prune_by_ablation",
    "prune_by_magnitude",
    "remove_dead",
    "rescaled_products",
    "shown",
    "simplify_weights",
    "snap",
    "without_links",
]
