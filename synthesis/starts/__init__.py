"""Starts: whatever proposes circuits for a problem. What they are worth is found out by trial."""

from .composition import Composition
from .forms import Gap
from .proposal import Delayed, Proposal, Start

__all__ = ["Composition", "Delayed", "Gap", "Proposal", "Start"]
