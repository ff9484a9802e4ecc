"""Manifolds over time on real images that come row by row: memory neurons, and recurrence.

Source: M. Woods, Dynamic Neural Manifold (2018), who wished for neurons with memory ("convert them
into lstm neurons") and for outputs that run "into the input of the next step".
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ...architectures.manifold import (
    Manifold,
    ManifoldObjective,
    MemoryManifold,
    RecurrentManifold,
    train,
)
from ...tasks import DigitRows, small_digits
from ..tables import Report, medians, seeds_in_words, table
from .dynamic_manifold import PLAIN_START, SEQUENCE_START, sequence_settings

__all__ = ["reproduce"]

WIDTH = 8
N_HIDDEN, N_FEEDBACK = 24, 16
STEPS, QUICK_STEPS = 2_000, 200
SEEDS = range(2)
KINDS = ("memory neurons", "recurrence", "without memory")


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-rows.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        2,000 steps of two seeds (about three minutes on one core); otherwise 200 of one.
    out : Path
    """
    report = Report("manifold-rows", "Dynamic manifolds that read digits row by row", out, full)
    steps, seeds = (STEPS, SEEDS) if full else (QUICK_STEPS, SEEDS[:1])
    task = DigitRows(small_digits().with_batch_size(50), WIDTH)
    say = partial(_say, task, steps)
    report.each_seed("accuracy", seeds, partial(_figures, task, steps), say)
    return report.figures


def _figures(task: DigitRows, steps: int, seed: int) -> dict[str, float]:
    """Accuracy and links of every kind of network."""
    figures = {}
    for kind in KINDS:
        model = _model(kind, task)
        given = task.last_row() if kind == "without memory" else task
        state, _ = train(ManifoldObjective(model, given), seed, sequence_settings(steps))
        figures[kind] = given.evaluate(model, state.parameters)["accuracy"]
        figures[f"{kind}, links"] = float(state.links)
    return figures


def _model(kind: str, task: DigitRows) -> Any:
    """A network of `N_HIDDEN` hidden neurons that reads rows."""
    if kind == "recurrence":
        sizes = WIDTH + N_FEEDBACK, N_HIDDEN, task.n_classes + N_FEEDBACK
        return RecurrentManifold(Manifold(*sizes, link_weights=True, start=PLAIN_START), N_FEEDBACK)
    start = SEQUENCE_START if kind == "memory neurons" else PLAIN_START
    manifold = Manifold(WIDTH, N_HIDDEN, task.n_classes, link_weights=True, start=start)
    return MemoryManifold(manifold) if kind == "memory neurons" else manifold


def _say(task: DigitRows, steps: int, report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    digits = task.digits
    report.say(
        "## Eight rows of eight pixels",
        f"The {len(digits.labels):,} digits of 8 x 8 pixels that come with scikit-learn to train "
        f"on, {len(digits.test_labels)} to test; percent of the latter, {seeds_in_words(results)}, "
        f"{steps:,} steps of {task.batch_size}, {N_HIDDEN} hidden neurons; constants are those of "
        "the toy tasks, nothing was chosen by these images. Without memory: the same manifold, "
        f"which sees what a network without memory sees at the end, the last row. Recurrence: "
        f"{N_FEEDBACK} outputs are inputs of the next row.",
        table(["", "right", "links"], [[k, middle[k], middle[f"{k}, links"]] for k in KINDS]),
    )
