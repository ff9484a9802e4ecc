"""Families of sparse binary networks, found without backpropagation."""

from .evolution import FamilySettings, Generation, evolve, evolved
from .family import BinaryFamily, overlap, overlaps
from .manifold import FamilyFigures, Halfway, family_figures, walk_between
from .strategy import FamilyObjective, NeuronStrategy

__all__ = [
    "BinaryFamily",
    "FamilyFigures",
    "FamilyObjective",
    "FamilySettings",
    "Generation",
    "Halfway",
    "NeuronStrategy",
    "evolve",
    "evolved",
    "family_figures",
    "overlap",
    "overlaps",
    "walk_between",
]
