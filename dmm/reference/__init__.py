"""The two-stroke cycle, literally: the judge of every other engine."""

from .engine import (
    Trace,
    down_movement,
    initial_state,
    network_matrix,
    run,
    two_stroke_cycle,
    up_movement,
)
from .hierarchy import STATE, machine_neuron
from .program import ReferenceProgram
from .session import Session

__all__ = [
    "STATE",
    "ReferenceProgram",
    "Session",
    "Trace",
    "down_movement",
    "initial_state",
    "machine_neuron",
    "network_matrix",
    "run",
    "two_stroke_cycle",
    "up_movement",
]
