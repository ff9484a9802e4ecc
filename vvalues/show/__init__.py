"""How a V-value is read: text and HTML."""

from .html import treescope_rendering
from .text import Row, compact, format_leaf, indented, natural_items, rows

__all__ = [
    "Row",
    "compact",
    "format_leaf",
    "indented",
    "natural_items",
    "rows",
    "treescope_rendering",
]
