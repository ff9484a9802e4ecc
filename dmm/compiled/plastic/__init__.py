"""Machines that hold their own matrix, compiled.

The matrix is one more stream. `supports_of` follows what it and all other streams can hold in a
run, `arranged` numbers everything, `Outside` says what is there without any weight, `Sweeps` run
forwards, backwards and along tangents. A `PlasticProgram` does it all, as one primitive of
autograd; `dmm.compile_machine` makes one of a machine with a matrix port.
"""

from .arrangement import arranged
from .places import Arrangement
from .plastic_program import BoundPlasticProgram, PlasticProgram
from .supports import Supports, supports_of, why_not_plastic

__all__ = [
    "Arrangement",
    "BoundPlasticProgram",
    "PlasticProgram",
    "Supports",
    "arranged",
    "supports_of",
    "why_not_plastic",
]
