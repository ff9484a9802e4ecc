"""The search for a formula."""

from .rounding import rounded, simple_numbers, without_spare_operations
from .selection import EXACT, SHARE, Choice, choices, fit, small_structures
from .symbolic import Found, SearchSettings, as_network, symbolic_search

__all__ = [
    "EXACT",
    "SHARE",
    "Choice",
    "Found",
    "SearchSettings",
    "as_network",
    "choices",
    "fit",
    "rounded",
    "simple_numbers",
    "small_structures",
    "symbolic_search",
    "without_spare_operations",
]
