"""Several elastic networks trained side by side, many times faster than one tree after another."""

from .lockstep import LaneRecord, LaneTrainer
from .process import train_lanes

__all__ = ["LaneRecord", "LaneTrainer", "train_lanes"]
