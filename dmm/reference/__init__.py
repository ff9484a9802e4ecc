"""The two-stroke cycle, literally: the judge of every other engine.

`run` runs a machine on one string; `two_stroke_cycle`, `down_movement` and `up_movement` are its
parts. `Session` runs a machine while somebody edits it, `machine_neuron` makes a whole machine one
neuron, and a `ReferenceProgram` has the interface of a compiled program.
"""

from .engine import Trace, down_movement, initial_state, run, two_stroke_cycle, up_movement
from .hierarchy import STATE, machine_neuron
from .judge import ReferenceProgram
from .session import Session

__all__ = [
    "STATE",
    "ReferenceProgram",
    "Session",
    "Trace",
    "down_movement",
    "initial_state",
    "machine_neuron",
    "run",
    "two_stroke_cycle",
    "up_movement",
]
