"""Dataflow matrix machines: neurons that process streams of V-values.

The reference engine (`run`) is the literal two-stroke cycle; the compiled engine
(`compile_machine`) evaluates all ticks of a level at once and agrees with it to 1e-10.
"""

from . import activations as _activations  # noqa: F401  (registers the neuron types)
from .compiled import Program, ReferenceProgram, compile_machine
from .engine import Trace, down_movement, run, two_stroke_cycle, up_movement
from .files import load_machine, machine_from_matrix, save_machine
from .machine import Link, Machine
from .neurons import Field, NeuronType, get_neuron_type, neuron_type, neuron_types, register
from .spaces import layered_space, recurrent_space
from .streams import Streams, streams_from_trees, text_streams

__all__ = [
    "Field",
    "Link",
    "Machine",
    "NeuronType",
    "Program",
    "ReferenceProgram",
    "Streams",
    "Trace",
    "compile_machine",
    "down_movement",
    "get_neuron_type",
    "layered_space",
    "load_machine",
    "machine_from_matrix",
    "neuron_type",
    "neuron_types",
    "recurrent_space",
    "register",
    "run",
    "save_machine",
    "streams_from_trees",
    "text_streams",
    "two_stroke_cycle",
    "up_movement",
]
