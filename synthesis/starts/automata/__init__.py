"""The start that learns an automaton from the strings, and makes a circuit of it."""

from .automaton import Automaton
from .learnt import smallest_automaton
from .slips import without_slips

__all__ = ["Automaton", "smallest_automaton", "without_slips"]
