"""From links to equations, each checked against the machine.

`simplified` writes the equations of a machine as its types spell them, `observe` watches the
machine on random streams, and `derive` keeps of the former what the latter confirms. `to_latex`
writes it down for a paper.
"""

from .equations import derive
from .expressions import Evaluator, text
from .latex import to_latex
from .observations import Observations, observe, random_streams
from .samples import sample_equations
from .simplify import Equation, System, simplified

__all__ = [
    "Equation",
    "Evaluator",
    "Observations",
    "System",
    "derive",
    "observe",
    "random_streams",
    "sample_equations",
    "simplified",
    "text",
    "to_latex",
]
