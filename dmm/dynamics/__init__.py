"""What machines that edit their own matrix come to: rest, oscillation, sleep, chaos, growth.

* `portrait` lets a machine live and measures it: `Portrait`, with its `Invariants` and what they
  say about its behaviour; `matrices` is the matrix of every tick;
* `atlas` does so for many machines, `atlas_table` tells how many do what;
* pictures, with matplotlib: `draw_atlas`, `draw_life`, `draw_lives` of `examples_of` them.
"""

from .invariants import BEHAVIOURS, Invariants, invariants_of
from .plots import draw_atlas, draw_life, draw_lives, examples_of
from .portraits import Portrait, atlas, atlas_table, matrices, portrait

__all__ = [
    "BEHAVIOURS",
    "Invariants",
    "Portrait",
    "atlas",
    "atlas_table",
    "draw_atlas",
    "draw_life",
    "draw_lives",
    "examples_of",
    "invariants_of",
    "matrices",
    "portrait",
]
