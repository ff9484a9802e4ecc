"""What random self-referential machines come to."""

from __future__ import annotations

from collections import Counter

import numpy as np

from dmm.dynamics import BEHAVIOURS, Invariants, portrait
from dmm.zoo import self_referential_machine

from ..measure import markdown_table, write_result

__all__ = ["measure"]

MACHINES = 100
TICKS = 2000
SIZES = (3, 6, 9)
"""Cells of a machine."""

FIGURES = ("return_time", "recurrence", "distinct", "divergence", "disorder", "asleep", "wakings")


def measure() -> None:
    """Write the tables: how many machines of each size do what, and their median figures."""
    found = {size: [_figures(size, seed) for seed in range(MACHINES)] for size in SIZES}
    counts = {size: Counter(each.behaviour for each in figures) for size, figures in found.items()}
    sizes = [(each, *(counts[size][each] for size in SIZES)) for each in BEHAVIOURS]
    largest = [_medians(each, found[SIZES[1]]) for each in BEHAVIOURS[:-1]]
    text = "\n".join(
        (
            "# An atlas of random self-referential machines",
            "",
            f"{MACHINES} machines of each size, {TICKS:,} ticks; figures are those of the second",
            "half (`dmm.dynamics.Invariants`). How many do what, by the number of cells:",
            "",
            markdown_table(("behaviour", *(f"{size} cells" for size in SIZES)), sizes),
            "",
            f"Median figures, {SIZES[1]} cells:",
            "",
            markdown_table(("behaviour", *(n.replace("_", " ") for n in FIGURES)), largest),
            "",
            "`python -m benchmarks.self_modification atlas`",
        )
    )
    write_result("self_modification_atlas", text)


def _figures(size: int, seed: int) -> Invariants:
    machine = self_referential_machine(np.random.default_rng([size, seed]), size)
    return portrait(machine, TICKS).figures


def _medians(behaviour: str, figures: list[Invariants]) -> tuple[str, ...]:
    own = [each for each in figures if each.behaviour == behaviour]
    if not own:
        return (behaviour, *("-" for _ in FIGURES))
    return (behaviour, *(f"{np.median([getattr(f, name) for f in own]):.3g}" for name in FIGURES))
