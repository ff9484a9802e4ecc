"""Starts: whatever proposes circuits for a problem. What they are worth is found out by trial."""

from .automata import Automaton, smallest_automaton, without_slips
from .beside import Beside
from .composition import Composition, Noisy
from .counters import Clocks, Counts
from .crossings import Crossings
from .forced import Forced
from .given import Provided
from .numerals import Numerals
from .parts import Parts
from .proposal import Gap, Proposal, Start
from .recalls import Recalls
from .residues import Residues
from .stores import Stores
from .views import Changes, Delayed, Shifted, Since, heard
from .which import Otherwise, Which

__all__ = [
    "Automaton",
    "Beside",
    "Changes",
    "Clocks",
    "Composition",
    "Counts",
    "Crossings",
    "Delayed",
    "Forced",
    "Gap",
    "Noisy",
    "Numerals",
    "Otherwise",
    "Parts",
    "Proposal",
    "Provided",
    "Recalls",
    "Residues",
    "Shifted",
    "Since",
    "Start",
    "Stores",
    "Which",
    "heard",
    "smallest_automaton",
    "without_slips",
]
