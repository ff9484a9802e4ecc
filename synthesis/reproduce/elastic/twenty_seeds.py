"""The easy and the hard problem over as many seeds as published, and what the paper only proposes.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216: 20 runs of
each problem; section 5: "neuron "age"" (young neurons are protected) and "two links between any two
connected neurons (one additive and one multiplicative)". (Mode "paper" on the hard problem has 60
seeds in the report of ``elastic-rnn``.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..tables import Claims, Report, quartiles, table
from .elastic_experiments import Experiments
from .elastic_rnn import GOOD_HARD_LOSS, Results, claim_sizes_and_losses, keep_phase_ends, say_ends

__all__ = ["reproduce"]

TENS = range(10), range(10, 20)
QUICK_CYCLES = 3_000
QUICK_SEEDS = range(2)
PROBLEMS = ("easy", "hard")
NAMES = (
    "pairs, hard",
    "corrected, hard",
    "pairs, easy",
    "corrected, easy",
    "protection 1000, hard",
    "protection 1000, easy",
    "paper, easy",
)
PARTS = 6
"""Of a run, at whose ends it is seen how many seeds have learned."""
PROPOSED = ("pairs", "protection 1000")
"""Each differs from "corrected" in one thing."""


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``elastic-seeds.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Twenty seeds and 300,000 cycles (about an hour on one core; runs are kept in
        ``OUT/elastic-rnn-runs``, where ``elastic-rnn`` has ten of them, so that the other ten are
        the first to be run); otherwise two seeds and 3,000 cycles.
    out : Path
    """
    title = "Networks with differentiable structure, twenty seeds"
    report = Report("elastic-seeds", title, out, full)
    runs = Experiments(Path(out) / "elastic-rnn-runs", None if full else QUICK_CYCLES)
    tens = TENS if full else (QUICK_SEEDS,)
    for _ in chain.from_iterable(runs.compute(NAMES, seeds) for seeds in reversed(tens)):
        _say(report, runs, tens, full)
    return report.figures


def _say(report: Report, runs: Experiments, tens: Sequence[range], full: bool) -> None:
    results: Results = dict(_what_is_there(runs, tens))
    keep_phase_ends(report, results)
    left = [name for name in NAMES if name not in results]
    report.say("## Still to be run", "; ".join(left) or "Nothing: all have been run.")
    if not results:
        return
    say_ends(report, results)
    _say_when(report, results)
    pairs = [(f"{name}, {problem}", problem) for name in PROPOSED for problem in PROBLEMS]
    rows = [row for name, problem in pairs if (row := _compared(runs, name, problem, tens))]
    if rows:
        report.say(
            '## Against "corrected", seed by seed',
            "Pairs: an additive and a multiplicative link between any two neurons, instead of one "
            "link. Protection: of young neurons. Seeds that both have read the same text; below 0 "
            'is less loss, or fewer neurons, than "corrected".',
            table(["", "less loss in", "difference of losses", "difference in neurons"], rows),
        )
    if full:
        claims = Claims()
        claim_sizes_and_losses(claims, results)
        claims.say(report)


def _say_when(report: Report, results: Results) -> None:
    """How many seeds have learned the hard problem, over time."""
    rows, header = [], [""]
    for name, result in results.items():
        if ", hard" in name:
            cycles, learned = result["cycles"], result["losses"] < GOOD_HARD_LOSS
            moments = [int(cycles[-1]) * part // PARTS for part in range(1, PARTS + 1)]
            at = np.searchsorted(cycles, moments, side="right") - 1
            counts = learned[:, at].sum(axis=0).tolist()
            rows.append([name, len(learned), *counts, int(learned.any(axis=1).sum())])
            header = ["", "seeds", *(f"{moment:,}" for moment in moments), "at some time"]
    if rows:
        report.say(
            "## When the hard problem is learned",
            f"How many seeds have a loss below {GOOD_HARD_LOSS:g} after so many cycles, and how "
            "many have had it at some time, whether they keep it or not.",
            table(header, rows),
        )


def _what_is_there(runs: Experiments, tens: Sequence[range]) -> Iterator[tuple[str, Any]]:
    """Experiments with all their seeds, or with the ten that have been run."""
    for name in NAMES:
        whole = runs.result(name, range(tens[0].start, tens[-1].stop))
        if whole is not None:
            yield name, whole
            continue
        for seeds in tens:
            part = runs.result(name, seeds)
            if part is not None:
                yield f"{name}, seeds {seeds[0]} to {seeds[-1]}", part


def _compared(runs: Experiments, name: str, problem: str, tens: Sequence[range]) -> list[str]:
    """How the same seeds end in an experiment and in "corrected"; empty where there are none."""
    losses, sizes = [], []
    for seeds in tens:
        found, plain = runs.result(name, seeds), runs.result(f"corrected, {problem}", seeds)
        if found is not None and plain is not None:
            losses += list(found["losses"][:, -1] - plain["losses"][:, -1])
            sizes += list(found["sizes"][:, -1] - plain["sizes"][:, -1])
    if not losses:
        return []
    fewer = f"{sum(loss < 0 for loss in losses)} of {len(losses)}"
    return [name, fewer, quartiles(losses, 3), quartiles(sizes, 1)]
