"""The start that sees measured streams as levels, and where the bounds between these are."""

from .holes import holes_of
from .levels import Crossings
from .limits import crossings_of

__all__ = ["Crossings", "crossings_of", "holes_of"]
