"""Starts: whatever proposes circuits for a problem. What they are worth is found out by trial."""

from .automata import Automaton
from .composition import Composition
from .counts import Counts
from .proposal import Delayed, Gap, Proposal, Start

__all__ = ["Automaton", "Composition", "Counts", "Delayed", "Gap", "Proposal", "Start"]
