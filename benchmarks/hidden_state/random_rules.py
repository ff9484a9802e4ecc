"""The sorts of memory that random programs have, by family."""

from __future__ import annotations

import numpy as np
from numpy import where

from .random_parts import Rule

__all__ = ["FAMILIES"]

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "counter": (
        Rule("count", "{s} + ({0})", lambda s, x, k, c: s + c),
        Rule(
            "count_reset", "0 if {1} else {s} + ({0})", lambda s, x, k, c, r: where(r, 0, s + c), 2
        ),
        Rule(
            "count_bounded",
            "0 if {1} else min({s} + ({0}), {k})",
            lambda s, x, k, c, r: where(r, 0, np.minimum(s + c, k)),
            conditions=2,
            constants=(3, 4, 5, 6),
            no_bound=np.inf,
        ),
        Rule(
            "up_down",
            "min(max({s} + ({0}) - ({1}), 0), {k})",
            lambda s, x, k, c, d: np.clip(s + 1.0 * c - d, 0.0, k),
            conditions=2,
            constants=(3, 4, 5, 6),
            no_bound=np.inf,
        ),
        Rule("ring", "({s} + ({0})) % {k}", lambda s, x, k, c: (s + c) % k, constants=(3, 4, 5, 6)),
    ),
    "switch": (
        Rule("toggle", "1 - {s} if {0} else {s}", lambda s, x, k, c: where(c, 1 - s, s)),
        Rule(
            "toggle_reset",
            "0 if {1} else 1 - {s} if {0} else {s}",
            lambda s, x, k, c, r: where(r, 0, where(c, 1 - s, s)),
            conditions=2,
        ),
        Rule(
            "latch",
            "0 if {1} else 1 if {0} else {s}",
            lambda s, x, k, c, r: where(r, 0, where(c, 1, s)),
            conditions=2,
        ),
        Rule(
            "latch_set_wins",
            "1 if {0} else 0 if {1} else {s}",
            lambda s, x, k, c, r: where(c, 1, where(r, 0, s)),
            conditions=2,
        ),
    ),
    "held": (Rule("hold", "{x} if {0} else {s}", lambda s, x, k, c: where(c, x, s), 1, True),),
    "extreme": (
        Rule(
            "largest",
            "{x} if {0} else max({s}, {x})",
            lambda s, x, k, r: where(r, x, np.maximum(s, x)),
            reads_number=True,
        ),
        Rule(
            "smallest",
            "{x} if {0} else min({s}, {x})",
            lambda s, x, k, r: where(r, x, np.minimum(s, x)),
            reads_number=True,
        ),
    ),
    "mean": (
        Rule(
            "mean",
            "{s} + {k} * ({x} - {s})",
            lambda s, x, k: s + k * (x - s),
            conditions=0,
            reads_number=True,
            constants=(0.1, 0.2, 0.25, 0.5),
        ),
        Rule(
            "mean_where",
            "{s} + {k} * ({x} - {s}) if {0} else {s}",
            lambda s, x, k, c: where(c, s + k * (x - s), s),
            reads_number=True,
            constants=(0.2, 0.25, 0.5),
        ),
        Rule(
            "mean_reset",
            "{x} if {0} else {s} + {k} * ({x} - {s})",
            lambda s, x, k, r: where(r, x, s + k * (x - s)),
            reads_number=True,
            constants=(0.2, 0.25, 0.5),
        ),
    ),
    "sum": (
        Rule("sum_where", "{s} + {x} if {0} else {s}", lambda s, x, k, c: s + x * c, 1, True),
        Rule(
            "sum_reset", "0 if {0} else {s} + {x}", lambda s, x, k, r: where(r, 0, s + x), 1, True
        ),
        Rule(
            "sum_not_negative",
            "0 if {0} else max({s} + {x}, {k})",
            lambda s, x, k, r: where(r, 0, np.maximum(s + x, k)),
            reads_number=True,
            constants=(0,),
            no_bound=-np.inf,
        ),
    ),
    "timer": (
        Rule(
            "timer",
            "{k} if {0} else max({s} - 1, 0)",
            lambda s, x, k, c: where(c, k, np.maximum(s - 1, 0)),
            constants=(2, 3, 4, 5),
        ),
        Rule(
            "timer_once",
            "{k} if {0} and {s} == 0 else max({s} - 1, 0)",
            lambda s, x, k, c: where(c & (s == 0), k, np.maximum(s - 1, 0)),
            constants=(2, 3, 4, 5),
        ),
    ),
    "run": (Rule("run", "{s} + 1 if {0} else 0", lambda s, x, k, c: where(c, s + 1, 0)),),
    "automaton": (
        Rule("automaton", "{k}[{s}][{0}]", lambda s, x, k, c: np.array(k)[s.astype(int), 1 * c]),
    ),
}
