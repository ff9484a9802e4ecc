"""From a user's own data to a machine: what streams are called, how samples lie, what is asked."""

from .asked import Asked, read_answers, to_strings
from .given import Given, read_streams
from .names import Names

__all__ = ["Asked", "Given", "Names", "read_answers", "read_streams", "to_strings"]
