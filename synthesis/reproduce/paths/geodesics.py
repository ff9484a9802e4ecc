"""Paths between two networks that do the same: perceptrons on MNIST, and two circuits.

Source: G. Raghavan, M. Thomson, arXiv:2106.02793.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures import Perceptron
from ...loop import Settings, synthesize
from ...optimize import adam, schedule
from ...tasks import Digits, get_task, load_mnist
from ...weight_space import (
    TaskLoss,
    along,
    along_legs,
    freeze,
    geodesic,
    joined,
    on_common_support,
    plots,
    pulled_over,
    renamed_apart,
    straight_line,
)
from ..tables import Report, medians, save_plot, seeds_in_words, table
from .sparse_path import trained_perceptron

__all__ = ["reproduce"]

BEADS, BETWEEN = 12, 4
CIRCUIT_SEEDS = ((0, 1), (0, 2), (0, 3), (1, 3))


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``geodesics.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4 and all pairs of circuits; otherwise seed 0, half the steps, one pair.
    out : Path
    """
    report = Report("geodesics", "Geodesics between networks that do the same", out, full)
    perceptrons = partial(_perceptrons, load_mnist(), 1.0 if full else 0.5, out)
    report.each_seed("perceptrons", range(5 if full else 1), perceptrons, _say_perceptrons)
    _circuits(report, CIRCUIT_SEEDS if full else CIRCUIT_SEEDS[:1])
    return report.figures


# -------------------- perceptrons --------------------


def _say_perceptrons(report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    report.say(
        "## Two perceptrons 784-100-10, trained on MNIST from different starts",
        f"Least test accuracy (percent) on each path at {BETWEEN} points per segment of "
        f"{BEADS - 1}; {seeds_in_words(results)}. Beads: relaxed with the task's loss and "
        "the distance of neighbours' outputs. Pulled over: the released step, label-free, from "
        "the first network towards the second. No permutation of units.",
        table(["figure", "median"], list(middle.items())),
    )


def _perceptrons(digits: Digits, share: float, out: Path, seed: int) -> dict[str, float]:
    model = Perceptron([digits.n_pixels, 100, 10])
    ends = [
        trained_perceptron(model, digits, int(3000 * share), np.random.default_rng([seed, i]))
        for i in range(2)
    ]
    rng = np.random.default_rng([seed, 2])
    inputs, _ = digits.store(5000, rng)
    line = straight_line(ends[0], ends[1], BEADS)
    steps = int(400 * share)
    chains = list(
        geodesic(
            model, line, inputs, adam(schedule(0.003, 0.0003, steps)), steps=steps, rng=rng,
            anchor=TaskLoss(model, digits), every=steps,
        )
    )  # fmt: skip
    pulled = list(
        pulled_over(
            freeze(model, ends[0], inputs), ends[1], steps=int(3000 * share), size=0.02, rng=rng,
            strength=2.0, per_step=100, every=max(int(3000 * share) // 30, 1),
        )
    )  # fmt: skip
    curves = {
        "straight line": _curve(digits, model, line),
        "beads": _curve(digits, model, chains[-1].beads),
        "pulled over": _curve(digits, model, [w.parameters for w in pulled]),
    }
    if seed == 0:
        save_plot(out, "geodesics", plots.accuracy_along, curves, title="Between two perceptrons")
    left = float(np.linalg.norm(pulled[-1].parameters.buffer - ends[1].buffer))
    ends_accuracy = [digits.accuracy(model, end) for end in ends]
    return {
        "worse end": min(ends_accuracy),
        "better end": max(ends_accuracy),
        **{f"{name}, least": min(values) for name, (_, values) in curves.items()},
        "energy of the beads": chains[-1].energy,
        "distance of the ends": float(np.linalg.norm((ends[0] - ends[1]).buffer)),
        "distance left when pulled over": left,
    }


def _curve(
    digits: Digits, model: Perceptron, beads: Iterable[VValue]
) -> tuple[list[float], list[float]]:
    points = [(t, digits.accuracy(model, w)) for t, w in along(list(beads), BETWEEN)]
    positions, accuracies = zip(*points, strict=True)
    return list(positions), list(accuracies)


# -------------------- circuits --------------------


def _circuits(report: Report, pairs: tuple[tuple[int, int], ...]) -> None:
    task = get_task("duplicate-detector")
    settings = Settings.of(judge={"regrowths": 0})
    machines = {
        seed: synthesize(task, seed, settings).machine for seed in sorted({*sum(pairs, ())})
    }
    streams, targets = task.batch(np.random.default_rng(0))
    rows: list[list[object]] = []
    for one, other in pairs:
        first, second = machines[one], machines[other]
        model, a, b = on_common_support(first, renamed_apart(first, second))

        def loss(parameters: VValue, model: Any = model) -> float:
            return float(task.loss(model(parameters, streams), targets))

        line = [loss(w) for w in straight_line(a, b, 31)]
        legs = [loss(w) for _, _, w in along_legs(joined(a, b), 31)]
        rows.append([
            f"seeds {one} and {other}", f"{len(first.trainable)} and {len(second.trainable)}",
            max(loss(a), loss(b)), max(line), max(legs),
        ])  # fmt: skip
        report.keep(f"circuits, seeds {one} and {other}", rows[-1][1:])
    report.say(
        "## Two circuits that compute the same",
        "Duplicate detectors synthesized from different seeds, on one common support with separate "
        "hidden neurons; task loss at 31 points of the straight line and of the three legs: grow "
        "the second circuit inside, swap the links into the output in proportion, shrink the "
        "first.",
        table(["circuits", "links", "worse end", "straight line, most", "legs, most"], rows),
    )
