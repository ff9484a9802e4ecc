"""The same machine, compiled: all ticks of a level at once, one autograd primitive.

The way of a machine through this room: `lower` brings it into elementary neurons (or says why that
cannot be), `make_plan` groups and orders them, a `Program` binds the plan to streams and runs it:
parallel blocks for all ticks at once, loop blocks tick by tick - or `fast`, eight strings side by
side. `compile_machine` does it all. Machines that hold their own matrix go another way, through the
room `plastic`.
"""

from .bound import BoundProgram
from .lowering import Lowered, Reason, lower
from .plan import Plan, make_plan
from .plastic import PlasticProgram
from .program import OUTPUT, Program, compile_machine, fast_or_numpy
from .stepping import Stepper

__all__ = [
    "OUTPUT",
    "BoundProgram",
    "Lowered",
    "Plan",
    "PlasticProgram",
    "Program",
    "Reason",
    "Stepper",
    "compile_machine",
    "fast_or_numpy",
    "lower",
    "make_plan",
]
