"""``python -m benchmarks.self_modification NAME [--seeds 0:10] [--strings 48] [--workers 1]``

``engines``: the compiled engine against the reference engine. ``shown-once``: what rules can recall
of keys shown once. ``bandits``: regret of a rule beside Thompson sampling. ``population``: machines
that search inside a machine. ``atlas``: what random self-referential machines come to. Any other
name: a task of learning, and what the unattended loop makes of random self-modifying machines on
it. Results are written to ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ..measure import seeds_of
from . import behaviours, engines, found, population, rewards, shown_once

WITHOUT_SEARCH = {
    "engines": engines.measure,
    "shown-once": shown_once.measure,
    "bandits": rewards.measure,
    "population": population.measure,
    "atlas": behaviours.measure,
}


def main() -> None:
    """Measure one part, print and keep its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=(*WITHOUT_SEARCH, *found.EXPERIMENTS))
    parser.add_argument("--seeds", type=seeds_of, default=range(5))
    parser.add_argument("--strings", type=int, default=48)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    if options.name in WITHOUT_SEARCH:
        WITHOUT_SEARCH[options.name]()
    else:
        found.measure(options.name, options.seeds, options.strings, options.workers)


if __name__ == "__main__":
    main()
