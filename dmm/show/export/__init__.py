"""Machines as programs of their own."""

from .pieces import HELPERS, MAIN, MOVEMENTS, RUN, RUN_SELF
from .program import to_python
from .types import body_by_name, components

__all__ = [
    "HELPERS",
    "MAIN",
    "MOVEMENTS",
    "RUN",
    "RUN_SELF",
    "body_by_name",
    "components",
    "to_python",
]
