"""The start that composes: answers as few operations on streams, found by trying all small ones."""

from .noisy import Noisy
from .start import Composition

__all__ = ["Composition", "Noisy"]
