"""Neurons of a machine that edits its matrix, fired together.

`one_vector` says where their streams lie; `emissions` what they can emit. A group is made of
neurons with a kernel, of mixtures, or of neurons in terms (`groups`): these are one table
(`tabulation`), with switches where they decide (`decisions`).
"""

from .decisions import Decisions
from .emissions import can_grow, can_run, emitted, mixed_parts, terms_of
from .groups import InTerms, Mixed
from .one_vector import Layout
from .tabulation import Tabulation

__all__ = [
    "Decisions",
    "InTerms",
    "Layout",
    "Mixed",
    "Tabulation",
    "can_grow",
    "can_run",
    "emitted",
    "mixed_parts",
    "terms_of",
]
