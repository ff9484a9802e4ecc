"""Machines on trial: run free, put under stress, measured in bits, and judged in one sentence."""

from .description import circuit_bits, is_simple, weight_bits
from .endurance import all_states, hears_the_future, long_evened_out, long_strings, stress
from .trial import Candidate, Errors, answers_of, errors_of, fed
from .unused import EXACT, out_of_reach, outgrown
from .verdict import Verdict

__all__ = [
    "EXACT",
    "Candidate",
    "Errors",
    "Verdict",
    "all_states",
    "answers_of",
    "circuit_bits",
    "errors_of",
    "fed",
    "hears_the_future",
    "is_simple",
    "long_evened_out",
    "long_strings",
    "out_of_reach",
    "outgrown",
    "stress",
    "weight_bits",
]
