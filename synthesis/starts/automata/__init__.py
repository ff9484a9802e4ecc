"""The start that learns an automaton from the strings, and makes a circuit of it."""

from .automaton import Automaton

__all__ = ["Automaton"]
