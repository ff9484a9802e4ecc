"""Doors to the solvers of scipy: what goes in and what comes out are trees.

`optimising` minimises, with bounds by pattern and constraints from trees to trees; `equations` has
least squares and roots; `initial_value` solves differential equations and has gradients through the
solution. Derivatives are exact, by autograd. This room needs scipy; ``import vvalues`` does not
import it.
"""

from .equations import least_squares, root
from .initial_value import Trajectory, solve_ivp
from .optimising import Constraint, minimize
from .watching import Outcome

__all__ = [
    "Constraint",
    "Outcome",
    "Trajectory",
    "least_squares",
    "minimize",
    "root",
    "solve_ivp",
]
