"""Ways to forecast, each tried on what comes after the data that it was fitted to."""

from .baselines import CONSTANT, rivals
from .choice import CHOICES, Tried, chosen, compared, smallest_within
from .freely import FreeRun, is_bounded
from .recipes import Recipe, Search, Way, losses_of, rows_of
from .refinement import left_by_run, tried_freely
from .scale_choice import likeliest_scale

__all__ = [
    "CHOICES",
    "CONSTANT",
    "FreeRun",
    "Recipe",
    "Search",
    "Tried",
    "Way",
    "chosen",
    "compared",
    "is_bounded",
    "left_by_run",
    "likeliest_scale",
    "losses_of",
    "rivals",
    "rows_of",
    "smallest_within",
    "tried_freely",
]
