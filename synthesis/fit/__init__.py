"""From a user's own streams to a machine that answers them."""

from .data import Names, to_strings

__all__ = ["Names", "to_strings"]
