"""The start that learns an automaton from the strings, and makes a circuit of it."""

from .automaton import Automaton
from .learnt import smallest_automaton

__all__ = ["Automaton", "smallest_automaton"]
