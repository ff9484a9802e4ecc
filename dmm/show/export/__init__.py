"""Machines as programs of their own."""

from .c_language import to_c
from .javascript import to_javascript
from .python import to_python

__all__ = ["to_c", "to_javascript", "to_python"]
