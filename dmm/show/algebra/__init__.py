"""From links to equations, each checked against the machine."""

from .checks import Observations, observe, random_streams
from .equations import derive
from .expressions import (
    Call,
    ClipDot,
    Evaluator,
    Function,
    Linear,
    MaxNormOf,
    OfType,
    Port,
    Relu,
    Symbol,
    call,
    delayed,
    only_number,
    text,
)
from .names import symbol_names
from .simplify import Constants, Equation, System, simplified

__all__ = [
    "Call",
    "ClipDot",
    "Constants",
    "Equation",
    "Evaluator",
    "Function",
    "Linear",
    "MaxNormOf",
    "Observations",
    "OfType",
    "Port",
    "Relu",
    "Symbol",
    "System",
    "call",
    "delayed",
    "derive",
    "observe",
    "only_number",
    "random_streams",
    "simplified",
    "symbol_names",
    "text",
]
