"""The unattended loop, from many random links to a small machine."""

from .contest import ablation_losses
from .loop import Event, Result, initial_state, prepare, result, search_events, synthesize
from .phases import PHASES, Search, phase
from .population import Population, PopulationTrainer, lane, stack_lanes
from .regrow import is_better, regrown
from .repair import Attempt, Repair, along_an_order, damaged, space_around
from .settings import Settings

__all__ = [
    "PHASES",
    "Attempt",
    "Event",
    "Population",
    "PopulationTrainer",
    "Repair",
    "Result",
    "Search",
    "Settings",
    "ablation_losses",
    "along_an_order",
    "damaged",
    "initial_state",
    "is_better",
    "lane",
    "phase",
    "prepare",
    "regrown",
    "result",
    "search_events",
    "space_around",
    "stack_lanes",
    "synthesize",
]
