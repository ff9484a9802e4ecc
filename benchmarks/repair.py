"""How often a damaged machine is mended.

``python -m benchmarks.repair [--seeds N] [--only KIND]``

The machine is the handcrafted duplicate detector (8 trainable links, all of weight 1); the loop is
given what is left of it and the task's random strings, eight of 100 ticks. Kinds of damage: every
single link removed, in turn; two or three random links removed; noise on all weights; one link
removed and noise on the others. ``--seeds`` (default 5) is the number of seeds per single link;
the other kinds are tried ``4 * seeds`` times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from dmm.zoo import duplicate_detector
from synthesis.loop.repair import damaged, repair
from synthesis.tasks import get_task
from vvalues import restrict

from .measure import machine_line, markdown_table, write_result

TASK = get_task("duplicate-detector")
TOLERANCE = 1e-6

KINDS = {
    "two links": {"links": 2},
    "three links": {"links": 3},
    "noise 0.3": {"noise": 0.3},
    "noise 1": {"noise": 1.0},
    "one link, noise 0.3": {"links": 1, "noise": 0.3},
}


def without(q):
    """The machine without its link ``q``."""
    machine = duplicate_detector()
    support = machine.trainable.support
    return machine.with_trainable(
        restrict(machine.trainable, support.where(np.arange(support.size) != q))
    )


def tried(machine, rng):
    """One repair: outcome and seconds."""
    begun = time.process_time()
    outcome = repair(machine, TASK, rng, tolerance=TOLERANCE)
    return outcome, time.process_time() - begun


def row(name, results):
    """Figures of many repairs of one kind of damage."""
    outcomes = [outcome for outcome, _ in results]
    seconds = [spent for _, spent in results]
    mended = [outcome for outcome in outcomes if outcome.is_mended]
    general = sum(outcome.figures["held_out_loss"] <= TOLERANCE for outcome in mended)
    links = [len(outcome.machine.trainable) for outcome in mended]
    regrowths = [outcome.regrowths for outcome in outcomes]
    return [
        name,
        f"{len(mended)} of {len(results)}",
        f"{general} of {len(results)}",
        f"{statistics.median(o.loss_before for o in outcomes):.3g}",
        f"{max((o.loss for o in mended), default=float('nan')):.1g}",
        f"{min(links)}-{max(links)}" if links else "-",
        f"{statistics.median(regrowths):g}, {max(regrowths)}",
        f"{statistics.median(seconds):.1f}, {max(seconds):.1f}",
    ]


def single_links(seeds):
    """A row per link, and one for all."""
    paths = duplicate_detector().trainable.support.paths
    rows, every = [], []
    for q, path in enumerate(paths):
        results = [tried(without(q), np.random.default_rng([q, seed])) for seed in range(seeds)]
        receiver, field, sender, output = path
        rows.append(row(f"{receiver}.{field} <- {sender}.{output}", results))
        every += results
    return [*rows, row("**any single link**", every)]


def random_damage(kind, count):
    """A row for one kind of random damage."""
    results = []
    for seed in range(count):
        rng = np.random.default_rng([len(kind), seed])
        machine, _ = damaged(duplicate_detector(), rng, **KINDS[kind])
        results.append(tried(machine, rng))
    return row(kind, results)


def main():
    """Measure, print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", choices=["single links", *KINDS])
    options = parser.parse_args()
    rows = single_links(options.seeds) if options.only in (None, "single links") else []
    for kind in KINDS:
        if options.only in (None, kind):
            rows.append(random_damage(kind, 4 * options.seeds))
    header = ["damage", f"mended (training loss <= {TOLERANCE:g})", "held-out loss too"]
    header += ["loss before, median", "largest loss of the mended", "links of the mended"]
    header += ["regrowths, median and most", "seconds, median and most"]
    table = markdown_table(header, rows)
    if options.only is not None:
        print(table)
        return
    text = "\n\n".join(["# Repair of the handcrafted duplicate detector", machine_line(), table])
    write_result("repair", text)


if __name__ == "__main__":
    main()
