"""What a machine is: neurons, links, streams, files, search spaces.

* `Machine` and its `Link`; what types say about their neurons (`fixed_links`, `initial_outputs`,
  `type_from_name`);
* from and to files and text: `load_machine`, `save_machine`, `machine_to_plain`,
  `machine_from_plain`, `machine_from_matrix`, `links`, `machine_of`;
* input: `Streams`, `text_streams`, `streams_from_trees`;
* machines written in samples instead of ticks: `Circuit`, `Wire`, `Pace`;
* large machines to start a synthesis from: `layered_space`, `recurrent_space`,
  `superfluid_space`, `plastic_space`.

`dmm.machine.wiring` is the graph of a machine, for whoever orders neurons or leaves some out.
"""

from .checks import DEPTH
from .circuits import Circuit, Pace, in_samples
from .files import (
    links,
    load_machine,
    machine_from_matrix,
    machine_from_plain,
    machine_of,
    machine_to_plain,
    save_machine,
)
from .learners import plastic_space
from .machine import Link, Machine, fixed_links, initial_outputs, type_from_name
from .spaces import SOURCES, TYPES, layered_space, recurrent_space, superfluid_space
from .streams import Streams, streams_from_trees, text_streams
from .timing import Wire

__all__ = [
    "DEPTH",
    "SOURCES",
    "TYPES",
    "Circuit",
    "Link",
    "Machine",
    "Pace",
    "Streams",
    "Wire",
    "fixed_links",
    "in_samples",
    "initial_outputs",
    "layered_space",
    "links",
    "load_machine",
    "machine_from_matrix",
    "machine_from_plain",
    "machine_of",
    "machine_to_plain",
    "plastic_space",
    "recurrent_space",
    "save_machine",
    "streams_from_trees",
    "superfluid_space",
    "text_streams",
    "type_from_name",
]
