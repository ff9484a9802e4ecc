"""From a user's own streams to a machine that answers them, and a verdict on it."""

from .data import Names, read_streams, to_strings
from .efforts import EFFORTS, VOCABULARY, Effort
from .failures import StartFailure
from .fitted import Fitted
from .front import Choices, Member
from .progress import Progress
from .synthesizer import ConvergenceWarning, Synthesizer
from .trials import Search
from .tried import Trial

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
    "StartFailure",
    "Synthesizer",
    "Trial",
    "read_streams",
    "to_strings",
]
