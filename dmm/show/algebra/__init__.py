"""From links to equations, each checked against the machine."""

from .checks import Observations, observe, random_streams
from .equations import derive
from .expressions import Evaluator, OfType, delayed, only_number, text
from .names import symbol_names
from .simplify import Constants, Equation, System, simplified

__all__ = [
    "Constants",
    "Equation",
    "Evaluator",
    "Observations",
    "OfType",
    "System",
    "delayed",
    "derive",
    "observe",
    "only_number",
    "random_streams",
    "simplified",
    "symbol_names",
    "text",
]
