"""Synthesis: from a large random machine to a small one a person can read, without a human.

Tasks, losses, optimizers on V-values, structure edits and the unattended loop.
"""

from . import interruption

if interruption.is_command():  # before anything that takes time
    interruption.end_quietly()

# isort: split
from vvalues import __version__ as __version__

from .edits.links import prune_by_ablation, prune_by_magnitude, remove_dead
from .edits.neurons import add_neuron, delete_neuron
from .edits.normalise import normalise, simplify_weights, snap
from .fit import ConvergenceWarning, Synthesizer
from .loop.loop import Result, search_events, synthesize
from .loop.route import Settings
from .optimize.least_squares import compensated_removals, levenberg_marquardt
from .optimize.objective import MachineObjective, ModelObjective, Objective
from .process.models import MachineModel, Model
from .process.process import Event
from .process.records import Front, FrontMember, Record
from .tasks import StreamTask, get_task, task_names
from .tasks import StreamTask as Task

__all__ = [
    "ConvergenceWarning",
    "Event",
    "Front",
    "FrontMember",
    "MachineModel",
    "MachineObjective",
    "Model",
    "ModelObjective",
    "Objective",
    "Record",
    "Result",
    "Settings",
    "StreamTask",
    "Synthesizer",
    "Task",
    "add_neuron",
    "compensated_removals",
    "delete_neuron",
    "get_task",
    "levenberg_marquardt",
    "normalise",
    "prune_by_ablation",
    "prune_by_magnitude",
    "remove_dead",
    "search_events",
    "simplify_weights",
    "snap",
    "synthesize",
    "task_names",
]
