"""The phases of the loop, a file for each or for a few that belong together.

A phase does one unit of work and says in a word how it ended (`synthesis.loop.search.Phase`); its
fields are its settings. Which one follows stands in `synthesis.loop.route`.
"""

from .confirm import Confirm
from .dense import Bite, Dense
from .judge import Judge, NextStart, Simplify
from .population import Population
from .regrow import Begin, FreshStart, Regrow, Rescue
from .remove import Polish, Remove
from .shrink import Shrink
from .thin import Refine, Sparsify, Thin

__all__ = [
    "Begin",
    "Bite",
    "Confirm",
    "Dense",
    "FreshStart",
    "Judge",
    "NextStart",
    "Polish",
    "Population",
    "Refine",
    "Regrow",
    "Remove",
    "Rescue",
    "Shrink",
    "Simplify",
    "Sparsify",
    "Thin",
]
