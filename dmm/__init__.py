"""Dataflow matrix machines: neurons that process streams of V-values.

The reference engine (`run`) is the literal two-stroke cycle; the compiled engine
(`compile_machine`) evaluates all ticks of a level at once and agrees with it to 1e-10.
"""

from .compiled import Program, compile_machine
from .machine.files import load_machine, machine_from_matrix, save_machine
from .machine.machine import Link, Machine
from .machine.spaces import layered_space, recurrent_space, superfluid_space
from .machine.streams import Streams, streams_from_trees, text_streams
from .neurons import (
    Field,
    NeuronType,
    declare_coercion,
    family,
    get_neuron_type,
    neuron_type,
    neuron_types,
    register,
)
from .reference.engine import Trace, down_movement, run, two_stroke_cycle, up_movement
from .reference.hierarchy import machine_neuron
from .reference.program import ReferenceProgram
from .reference.session import Session

__all__ = [
    "Field",
    "Link",
    "Machine",
    "NeuronType",
    "Program",
    "ReferenceProgram",
    "Session",
    "Streams",
    "Trace",
    "compile_machine",
    "declare_coercion",
    "down_movement",
    "family",
    "get_neuron_type",
    "layered_space",
    "load_machine",
    "machine_from_matrix",
    "machine_neuron",
    "neuron_type",
    "neuron_types",
    "recurrent_space",
    "register",
    "run",
    "save_machine",
    "streams_from_trees",
    "superfluid_space",
    "text_streams",
    "two_stroke_cycle",
    "up_movement",
]
