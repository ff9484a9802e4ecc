"""Machines as programs of their own."""

from .program import to_python

__all__ = ["to_python"]
