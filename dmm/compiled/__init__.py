"""The same machine, compiled: all ticks of a level at once, one autograd primitive."""

from .arrays import apply, flat, linear_filter, outer
from .binding import Columns, bind_initial, bind_sources, stream_index, trainable_clockwork
from .bound import BoundProgram
from .directions import DenseDirections, Directions, UnitDirections
from .evaluation import Evaluation, State
from .fallback import why_not_compiled
from .lanes import Lane, make_lanes
from .layout import Block, Group, LinkTable, Plan, Port, Segment
from .loops import LoopBlock
from .lowering import Lowered, lower, why_not_lowered
from .movement import Signals, Workspace, inputs_of, load, pull, read, store
from .parallel import ParallelBlock
from .plan import make_plan, missing_kernels
from .program import Program, ReferenceProgram, compile_machine
from .segments import SegmentedEvaluation, SegmentedState

__all__ = [
    "Block",
    "BoundProgram",
    "Columns",
    "DenseDirections",
    "Directions",
    "Evaluation",
    "Group",
    "Lane",
    "LinkTable",
    "LoopBlock",
    "Lowered",
    "ParallelBlock",
    "Plan",
    "Port",
    "Program",
    "ReferenceProgram",
    "Segment",
    "SegmentedEvaluation",
    "SegmentedState",
    "Signals",
    "State",
    "UnitDirections",
    "Workspace",
    "apply",
    "bind_initial",
    "bind_sources",
    "compile_machine",
    "flat",
    "inputs_of",
    "linear_filter",
    "load",
    "lower",
    "make_lanes",
    "make_plan",
    "missing_kernels",
    "outer",
    "pull",
    "read",
    "store",
    "stream_index",
    "trainable_clockwork",
    "why_not_compiled",
    "why_not_lowered",
]
