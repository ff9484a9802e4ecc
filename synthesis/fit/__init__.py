"""From a user's own streams to a machine that answers them."""

from .data import Names, to_strings
from .fitted import Fitted

__all__ = ["Fitted", "Names", "to_strings"]
