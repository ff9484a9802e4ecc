"""Ways to forecast, each tried on what comes after the data that it was fitted to."""

from .baselines import CONSTANT, rivals
from .choice import Tried, chosen
from .freely import FreeRun, is_bounded
from .recipes import Recipe, Search, rows_of
from .refinement import tried_freely

__all__ = [
    "CONSTANT",
    "FreeRun",
    "Recipe",
    "Search",
    "Tried",
    "chosen",
    "is_bounded",
    "rivals",
    "rows_of",
    "tried_freely",
]
