"""Layered networks of elastic width and depth: residual blocks with multipliers."""

from .model import ResidualNetwork, ResidualSettings
from .process import Lesson, ResidualRecord, ResidualState, ResidualTraining, train_residual

__all__ = [
    "Lesson",
    "ResidualNetwork",
    "ResidualRecord",
    "ResidualSettings",
    "ResidualState",
    "ResidualTraining",
    "train_residual",
]
