"""The search for a formula."""

from .constants import Constants, fitted
from .form import Argument, Form, Term, count_constants, small_forms
from .found import Found
from .open_forms import form_network, search_forms
from .rounding import rounded, simple_numbers, without_spare_operations
from .selection import EXACT, SHARE, Choice, choices, fit, small_structures
from .symbolic import SearchSettings, as_network, symbolic_search

__all__ = [
    "EXACT",
    "SHARE",
    "Argument",
    "Choice",
    "Constants",
    "Form",
    "Found",
    "SearchSettings",
    "Term",
    "as_network",
    "choices",
    "count_constants",
    "fit",
    "fitted",
    "form_network",
    "rounded",
    "search_forms",
    "simple_numbers",
    "small_forms",
    "small_structures",
    "symbolic_search",
    "without_spare_operations",
]
