"""Machines of the literature, written by hand, each with its source and expected trace."""

from .cells import gru, lstm
from .detector import duplicate_detector
from .events import asynchronous_accumulation, event_log
from .growth import fast_weights, self_copying
from .links import links, machine_of
from .patterns import fuzzy_if, layers_in_turn, sparse_counter
from .pure import pure_machine, pure_oscillator, pure_soliton
from .wave import editable, wave

__all__ = [
    "asynchronous_accumulation",
    "duplicate_detector",
    "editable",
    "event_log",
    "fast_weights",
    "fuzzy_if",
    "gru",
    "layers_in_turn",
    "links",
    "lstm",
    "machine_of",
    "pure_machine",
    "pure_oscillator",
    "pure_soliton",
    "self_copying",
    "sparse_counter",
    "wave",
]
