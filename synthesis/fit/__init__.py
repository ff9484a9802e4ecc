"""From a user's own streams to a machine that answers them, and a verdict on it."""

from .data import Names, read_streams, to_strings
from .effort import EFFORTS, VOCABULARY, Effort
from .fitted import Fitted
from .front import Choices, Member
from .search import Progress, Search, Trial
from .synthesizer import ConvergenceWarning, Synthesizer

__all__ = [
    "EFFORTS",
    "VOCABULARY",
    "Choices",
    "ConvergenceWarning",
    "Effort",
    "Fitted",
    "Member",
    "Names",
    "Progress",
    "Search",
    "Synthesizer",
    "Trial",
    "read_streams",
    "to_strings",
]
