"""What a user's streams ask for: strings, their units, and who sees which of them."""

from .problem import BEGINNING, Problem, Split, answer_port, split_strings
from .scales import grid_of, unit_of
from .strings import SOURCE, Strings, strung_together
from .telling import telling_streams
from .transitions import evened_out

__all__ = [
    "BEGINNING",
    "SOURCE",
    "Problem",
    "Split",
    "Strings",
    "answer_port",
    "evened_out",
    "grid_of",
    "split_strings",
    "strung_together",
    "telling_streams",
    "unit_of",
]
