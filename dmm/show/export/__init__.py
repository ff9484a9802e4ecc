"""Machines as programs of their own."""

from .portable import to_c, to_javascript
from .python import to_python

__all__ = ["to_c", "to_javascript", "to_python"]
