"""How a V-value is read by people: one line, an indented tree, foldable HTML, what has changed."""

from .differences import Difference, diff
from .html import to_html, treescope_rendering
from .text import compact, format_leaf, indented

__all__ = [
    "Difference",
    "compact",
    "diff",
    "format_leaf",
    "indented",
    "to_html",
    "treescope_rendering",
]
