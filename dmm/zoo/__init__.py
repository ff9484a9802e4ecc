"""Machines of the literature, written by hand, each with its source and expected trace.

Small programs (`duplicate_detector`, `fuzzy_if`, ...), gated cells (`lstm`, `gru`), machines that
hold and edit their own network matrix (`wave`, `self_copying`, `fast_weights`, ...), rules of
learning (`delta_rule`, `hebb_rule`, `novelty_rule`, `reward_rule`), machines that sound and move
(`bell`, `melody`, `orbits`) and pure machines, whose every
stream is a matrix, by hand and at random (`self_referential_machine`).
`links` and `machine_of` write machines down.
"""

from ..machine import links, machine_of
from .cells import gru, lstm
from .learning import delta_rule, hebb_rule, novelty_rule, reward_rule
from .population import breeding_streams, population_machine
from .programs import (
    asynchronous_accumulation,
    duplicate_detector,
    event_log,
    fuzzy_if,
    layers_in_turn,
    sparse_counter,
)
from .pure import pure_machine, pure_oscillator, pure_soliton
from .self_editing import copy_links, editable, fast_weights, self_copying, wave
from .self_referential import self_referential_machine
from .sounding import bell, melody, orbits

__all__ = [
    "asynchronous_accumulation",
    "bell",
    "breeding_streams",
    "copy_links",
    "delta_rule",
    "duplicate_detector",
    "editable",
    "event_log",
    "fast_weights",
    "fuzzy_if",
    "gru",
    "hebb_rule",
    "layers_in_turn",
    "links",
    "lstm",
    "machine_of",
    "melody",
    "novelty_rule",
    "orbits",
    "population_machine",
    "pure_machine",
    "pure_oscillator",
    "pure_soliton",
    "reward_rule",
    "self_copying",
    "self_referential_machine",
    "sparse_counter",
    "wave",
]
