"""Stream programs as tasks."""

from .base import (
    SPACE,
    SPACES,
    Example,
    StreamTask,
    named_space,
    targets_of_machine,
    task_from_streams,
)
from .duplicate_detector import DUPLICATE_DETECTOR, PUBLISHED_TEXT, PUBLISHED_TICKS, random_texts
from .from_streams import DELAY, to_streams, with_constants, with_delay
from .generators import Sequences, constant, events, letters, numbers, random_streams
from .suite import PROGRAMS, SUITE, StreamProgram, wire

__all__ = [
    "DELAY",
    "DUPLICATE_DETECTOR",
    "PROGRAMS",
    "PUBLISHED_TEXT",
    "PUBLISHED_TICKS",
    "SPACE",
    "SPACES",
    "SUITE",
    "Example",
    "Sequences",
    "StreamProgram",
    "StreamTask",
    "constant",
    "events",
    "letters",
    "named_space",
    "numbers",
    "random_streams",
    "random_texts",
    "targets_of_machine",
    "task_from_streams",
    "to_streams",
    "wire",
    "with_constants",
    "with_delay",
]
