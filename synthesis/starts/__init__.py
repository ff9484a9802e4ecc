"""Starts: whatever proposes circuits for a problem. What they are worth is found out by trial."""

from .automata import Automaton
from .composition import Composition
from .proposal import Delayed, Gap, Proposal, Start

__all__ = ["Automaton", "Composition", "Delayed", "Gap", "Proposal", "Start"]
