"""Families of sparse binary networks, found without backpropagation."""

from .model import BinaryFamily, overlap, overlaps
from .objective import FamilyObjective, NeuronStrategy
from .process import FamilyEvolution, FamilySettings, FamilyState, Generation, evolve, evolved
from .walks import FamilyFigures, Halfway, family_figures, walk_between

__all__ = [
    "BinaryFamily",
    "FamilyEvolution",
    "FamilyFigures",
    "FamilyObjective",
    "FamilySettings",
    "FamilyState",
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
