"""The start that proposes what the user has already."""

from .equations import circuit_of_equations
from .provided import Provided

__all__ = ["Provided", "circuit_of_equations"]
