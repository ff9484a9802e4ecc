"""Machines as programs of their own."""

from .python import to_python

__all__ = ["to_python"]
