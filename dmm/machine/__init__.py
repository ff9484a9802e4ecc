"""What a machine is: neurons, links, streams, files, search spaces."""

from .checks import DEPTH, check_initial, check_matrix, check_matrix_port
from .coercions import coerced, coerced_links
from .files import load_machine, machine_from_matrix, save_machine
from .machine import Link, Machine, fixed_links, initial_outputs, type_from_name
from .spaces import SOURCES, layered_space, recurrent_space, superfluid_space
from .streams import Streams, column_spans, streams_from_trees, text_streams

__all__ = [
    "DEPTH",
    "SOURCES",
    "Link",
    "Machine",
    "Streams",
    "check_initial",
    "check_matrix",
    "check_matrix_port",
    "coerced",
    "coerced_links",
    "column_spans",
    "fixed_links",
    "initial_outputs",
    "layered_space",
    "load_machine",
    "machine_from_matrix",
    "recurrent_space",
    "save_machine",
    "streams_from_trees",
    "superfluid_space",
    "text_streams",
    "type_from_name",
]
