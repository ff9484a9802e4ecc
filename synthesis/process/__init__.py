"""What every run is made of: models, tasks, states, records, checkpoints."""

from .checkpoint import is_checkpoint, load_checkpoint, save_checkpoint
from .checks import check_finite, check_positive, check_probability, check_whole
from .events import Event
from .machines import MachineModel
from .progress import with_progress
from .protocols import Model, Task
from .records import Front, FrontMember, Record, read_jsonl, to_jsonl
from .state import SearchState, generator_from, generator_state

__all__ = [
    "Event",
    "Front",
    "FrontMember",
    "MachineModel",
    "Model",
    "Record",
    "SearchState",
    "Task",
    "check_finite",
    "check_positive",
    "check_probability",
    "check_whole",
    "generator_from",
    "generator_state",
    "is_checkpoint",
    "load_checkpoint",
    "read_jsonl",
    "save_checkpoint",
    "to_jsonl",
    "with_progress",
]
