"""Structure as a smooth function: which cells of a plane are links, and what flows through them."""

from .closeness import Closeness, Numbers, transformed
from .evaluation import SLOPE, Evaluation, signal_products
from .layout import CLOSENESS, Layout
from .schedule import Matrix, Schedule, Step, levels_of

__all__ = [
    "CLOSENESS",
    "SLOPE",
    "Closeness",
    "Evaluation",
    "Layout",
    "Matrix",
    "Numbers",
    "Schedule",
    "Step",
    "levels_of",
    "signal_products",
    "transformed",
]
