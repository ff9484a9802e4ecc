"""Manifolds over time: neurons with memory, and recurrence of the whole network."""

from .cells import GATES, CellScan, link_product
from .model import MemoryManifold, RecurrentManifold

__all__ = ["GATES", "CellScan", "MemoryManifold", "RecurrentManifold", "link_product"]
