"""A whole series of tasks learned by a million weights: split MNIST, two digits after the other.

Source: G. Raghavan, M. Thomson, arXiv:2106.02793, "networks with millions of weight parameters to
learn a series of image classification tasks".
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...architectures import Perceptron
from ...optimize import momentum, schedule
from ...tasks import Digits, load_mnist
from ...weight_space import continual_sequence
from ..tables import Report, table
from .two_tasks import PLAIN, REPLAYED, Candidate, blended

__all__ = ["reproduce"]

HIDDEN = (850, 400)
STORED = 100  # of every task, all methods alike
FIRST_STEPS, STEPS = 500, 500  # of the first task, of each of the others


# Constants as chosen on the validation split of digits 0-4, then 5-9, by `invariant-paths`.
METHODS = {
    "invariant path": blended(temperature=2.0, strength=2.0),
    "fine-tuning": PLAIN,
    "replay with labels": REPLAYED,
}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``million-weights.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        500 steps a task (about five minutes on one core; interrupted, the same command goes on with
        what ``million-weights.json`` lacks); otherwise a fiftieth of them.
    out : Path
    """
    report = Report("million-weights", "A series of tasks for a million weights", out, full)
    report.resume()
    tasks, share = load_mnist().with_batch_size(100).split(2), 1.0 if full else 0.02
    model = Perceptron([tasks[0].n_pixels, *HIDDEN, tasks[0].n_classes])
    found: dict[str, list[list[float]]] = {}
    for name, candidate in METHODS.items():
        found[name] = report.once(name, partial(_learned, model, tasks, candidate, share))
        _say(report, model, tasks, share, found)
    return report.figures


def _learned(
    model: Perceptron, tasks: list[Digits], candidate: Candidate, share: float
) -> list[list[float]]:
    """After each task, percent of the test images of all tasks so far."""
    rng = np.random.default_rng([0, 6])
    first, later = int(share * FIRST_STEPS), int(share * STEPS)
    return continual_sequence(
        model, tasks, model.initial(rng), candidate.method, rng,
        first=(momentum(schedule(0.02, 0.002, first), 0.9), first),
        later=(candidate.optimizer(later), later), stored_each=STORED,
    )  # fmt: skip


def _say(
    report: Report,
    model: Perceptron,
    tasks: list[Digits],
    share: float,
    found: dict[str, list[list[float]]],
) -> None:
    digits = [" and ".join(map(str, task.classes)) for task in tasks]
    rows = [[name, float(np.mean(after[-1])), *after[-1]] for name, after in found.items()]
    means = [[name, *(float(np.mean(row)) for row in after)] for name, after in found.items()]
    report.say(
        "## Split MNIST",
        f"{'-'.join(map(str, model.sizes))}, {model.support.size:,} weights, one head, seed 0; "
        f"{int(share * FIRST_STEPS):,} steps of {tasks[0].batch_size} for the first task, "
        f"{int(share * STEPS):,} for each of the others, {STORED} images stored of every task. "
        "Constants are those that `invariant-paths` has chosen for two tasks and 318,010 weights. "
        "Percent of the test images after the last task:",
        table(["method", "mean", *digits], rows),
        "Mean over the tasks so far, after each:",
        table(["method", *digits], means),
    )
