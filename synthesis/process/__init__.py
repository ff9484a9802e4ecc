"""What every run is made of: processes, states, events, records, checkpoints; models and tasks.

A `Process` is anything that runs for long. It maps one `State` to the next; `events` runs it, and a
checkpoint keeps any of its states to the bit.
"""

from .checkpoint import is_checkpoint, load_checkpoint, read_identity, save_checkpoint
from .checks import check_finite, check_positive, check_probability, check_whole
from .models import MachineModel, Model, Task
from .process import Event, Outcome, Process, StoredProcess, carried_out, events
from .records import Front, FrontMember, Record, read_jsonl, to_jsonl
from .state import DONE, State, generator_from, generator_state

__all__ = [
    "DONE",
    "Event",
    "Front",
    "FrontMember",
    "MachineModel",
    "Model",
    "Outcome",
    "Process",
    "Record",
    "State",
    "StoredProcess",
    "Task",
    "carried_out",
    "check_finite",
    "check_positive",
    "check_probability",
    "check_whole",
    "events",
    "generator_from",
    "generator_state",
    "is_checkpoint",
    "load_checkpoint",
    "read_identity",
    "read_jsonl",
    "save_checkpoint",
    "to_jsonl",
]
