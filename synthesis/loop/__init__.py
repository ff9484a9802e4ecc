"""The unattended loop, from many random links to a small machine.

`synthesis.loop.route` is the page to begin with: all phases with their settings, and which follows
which. A phase is a file; `Loop` makes a process of them.
"""

from ..process.process import Event
from .loop import Loop, Result, prepare, search_events, synthesize
from .phases.regrow import regrown
from .repair import Attempt, Repair, along_an_order, damaged, space_around
from .route import ROUTE, Settings, flat
from .search import Common, Counts, Phase, Search, SearchState, Step

__all__ = [
    "ROUTE",
    "Attempt",
    "Common",
    "Counts",
    "Event",
    "Loop",
    "Phase",
    "Repair",
    "Result",
    "Search",
    "SearchState",
    "Settings",
    "Step",
    "along_an_order",
    "damaged",
    "flat",
    "prepare",
    "regrown",
    "search_events",
    "space_around",
    "synthesize",
]
