"""Patterns of paths, and what is done to trees by path.

`language` says what a pattern means (``"accum-*/**/dict"``), `selecting` takes parts of trees and
works on them, `levels` gives leaves other paths. The same patterns say where optimizers freeze or
go at other rates, by which leaves a function is differentiated, and what a block of a Jacobian is.
"""

from .language import Pattern, escape_pattern, matches, selected
from .levels import drop_level, merge_levels, relabel, sorted_items, split_level, swap_levels
from .selecting import drop, labels, map_with_path, partition, positions, select, update

__all__ = [
    "Pattern",
    "drop",
    "drop_level",
    "escape_pattern",
    "labels",
    "map_with_path",
    "matches",
    "merge_levels",
    "partition",
    "positions",
    "relabel",
    "select",
    "selected",
    "sorted_items",
    "split_level",
    "swap_levels",
    "update",
]
