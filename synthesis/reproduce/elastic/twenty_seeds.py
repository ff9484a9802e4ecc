"""The easy and the hard problem over as many seeds as published, young neurons protected or not.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216: 20 runs of
each problem; "neuron "age"", section 5. (Mode "paper" on the hard problem has 60 seeds in the
report of ``elastic-rnn``.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..tables import Claims, Report, quartiles, table
from .elastic_experiments import Experiments
from .elastic_rnn import Results, at_phase_ends, claim_sizes_and_losses, say_ends

__all__ = ["reproduce"]

SEEDS = range(20)
LATER = range(10, 20)
QUICK_CYCLES = 3_000
QUICK_SEEDS = range(2)
PROBLEMS = ("easy", "hard")
NAMES = (
    "protection 1000, hard",
    "corrected, hard",
    "protection 1000, easy",
    "corrected, easy",
    "paper, easy",
)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``elastic-seeds.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Twenty seeds and 300,000 cycles (about thirty minutes on one core; runs are kept in
        ``OUT/elastic-rnn-runs``, where ``elastic-rnn`` has ten of them, so that the other ten are
        the first to be run); otherwise two seeds and 3,000 cycles.
    out : Path
    """
    title = "Networks with differentiable structure, twenty seeds"
    report = Report("elastic-seeds", title, out, full)
    runs = Experiments(Path(out) / "elastic-rnn-runs", None if full else QUICK_CYCLES)
    parts = (LATER, SEEDS) if full else (QUICK_SEEDS,)
    for _ in chain.from_iterable(runs.compute(NAMES, seeds) for seeds in parts):
        _say(report, runs, parts, full)
    return report.figures


def _say(report: Report, runs: Experiments, parts: Sequence[Sequence[int]], full: bool) -> None:
    results: Results = {}
    for seeds in parts:  # the most seeds that are there count
        found = {name: runs.result(name, seeds) for name in NAMES}
        results |= {name: result for name, result in found.items() if result is not None}
    for name, result in results.items():
        figures = at_phase_ends(name, result)
        if report.figures.get(name) != figures:
            report.keep(name, figures)
    wanted = len(parts[-1])
    left = [name for name in NAMES if name not in results or len(results[name]["sizes"]) < wanted]
    report.say(
        "## Still to be run",
        "Where ten seeds are counted they are 10 to 19, and 0 to 9 are in `elastic_rnn.md`. Of all "
        f"twenty: {'; '.join(left)}."
        if left
        else "Nothing: all have been run.",
    )
    if not results:
        return
    say_ends(report, results)
    rows = [
        [problem, *_compared(plain, protected)]
        for problem in PROBLEMS
        if (plain := results.get(f"corrected, {problem}")) is not None
        and (protected := results.get(f"protection 1000, {problem}")) is not None
    ]
    if rows:
        report.say(
            "## Young neurons protected or not",
            'Seed by seed of those that both have, "protection 1000" against "corrected": below 0 '
            "is less loss, or fewer neurons, with protection.",
            table(["", "less loss in", "difference of losses", "difference in neurons"], rows),
        )
    if full:
        claims = Claims()
        claim_sizes_and_losses(claims, results)
        claims.say(report)


def _compared(plain: Mapping[str, Any], protected: Mapping[str, Any]) -> list[str]:
    """How the same seeds, the last ones, end with and without protection."""
    count = min(len(plain["sizes"]), len(protected["sizes"]))
    losses, sizes = (
        protected[key][-count:, -1] - plain[key][-count:, -1] for key in ("losses", "sizes")
    )
    return [
        f"{int(np.sum(losses < 0))} of {len(losses)}",
        quartiles(losses, 3),
        quartiles(sizes, 1),
    ]
