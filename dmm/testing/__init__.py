"""For tests of machines that edit their own matrix: random ones, and laws that hold for all.

* `random_life` is a random machine with streams for it, a `Life`; as a Hypothesis strategy it is in
  `dmm.strategies`; `random_copying_life` is one that copies parts of itself;
* `check_laws` asks all laws, `check_engines`, `check_still_links`, `check_causality`,
  `check_strings_apart`, `check_copies_unheard` and `check_names` one each; `is_followed` says
  whether they apply.
"""

from .copying_machines import random_copying_life
from .editing_machines import Life, random_life
from .laws import (
    check_causality,
    check_copies_unheard,
    check_engines,
    check_laws,
    check_names,
    check_still_links,
    check_strings_apart,
    is_followed,
)

__all__ = [
    "Life",
    "check_causality",
    "check_copies_unheard",
    "check_engines",
    "check_laws",
    "check_names",
    "check_still_links",
    "check_strings_apart",
    "is_followed",
    "random_copying_life",
    "random_life",
]
