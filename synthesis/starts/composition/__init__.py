"""The start that composes: answers as few operations on streams, found by trying all small ones."""

from .start import Composition

__all__ = ["Composition"]
