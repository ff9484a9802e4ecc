"""Layered networks of elastic width and depth: residual blocks with multipliers."""

from .model import ResidualNetwork, ResidualSettings
from .process import ResidualMemory, ResidualRecord, train_residual

__all__ = [
    "ResidualMemory",
    "ResidualNetwork",
    "ResidualRecord",
    "ResidualSettings",
    "train_residual",
]
