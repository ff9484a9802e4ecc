"""Dataflow matrix machines: neurons that process streams of V-values.

The reference engine (`run`) is the literal two-stroke cycle; the compiled engine
(`compile_machine`) evaluates all ticks of a level at once and agrees with it to 1e-10.

The rooms: `dmm.neurons` (what a neuron can do), `dmm.machine` (what a machine is), `dmm.reference`
and `dmm.compiled` (the engines), `dmm.proof` (what holds for strings of every length), `dmm.zoo`
(machines of the literature), `dmm.show` (how machines are read), `dmm.dynamics` (what machines that
edit themselves come to), `dmm.testing` (laws that hold for such machines). Imports between them
point down only, in the order testing, dynamics, show, zoo, proof, compiled, reference, machine,
neurons.
"""

from vvalues import __version__ as __version__

from .compiled import Program, compile_machine
from .machine import (
    Link,
    Machine,
    Streams,
    layered_space,
    load_machine,
    machine_from_matrix,
    recurrent_space,
    save_machine,
    streams_from_trees,
    superfluid_space,
    text_streams,
)
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
from .reference import (
    ReferenceProgram,
    Session,
    Trace,
    down_movement,
    machine_neuron,
    run,
    two_stroke_cycle,
    up_movement,
)

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
