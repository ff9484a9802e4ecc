"""MNIST with the links of a manifold trained on alone: every choice on images kept apart.

Source: M. Woods, Dynamic Neural Manifold (2018), whose MNIST network is to be matched; gradual
magnitude pruning after M. Zhu, S. Gupta, arXiv:1710.01878.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue

from ...architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    Start,
    network_of,
)
from ...optimize import adam, schedule
from ...runs import Run
from ...tasks import Digits
from ...weight_space import gradual_magnitude, learn
from ..tables import Report, mnist_or_why_not, table

__all__ = ["Way", "reproduce", "trained_alone"]

N_HIDDEN, BATCH = 206, 50
MOST = 5_597  # links and biases together; the links that our manifold alone was left with
STEPS, FINISHING_STEPS = 4_000, 12_000  # of the manifold; of what it has found
QUICK = 0.02  # of the steps, without --full
FALLS_BY = 30.0  # of the rate, from the first step to the last
CHOOSING_SEED, SEEDS = 0, (2, 3, 4)


class Way(NamedTuple):
    """A manifold comes down to a share of its cells, then what it has found is trained on.

    Attributes
    ----------
    budget : float
        Share of the cells that the manifold comes down to.
    rate : float
        Of Adam, for the weights alone.

    Examples
    --------
    >>> str(Way(0.1, 0.003))
    'links down to 10.0%, then rate 0.003'
    """

    budget: float
    rate: float

    def __str__(self) -> str:
        return f"links down to {self.budget:.1%}, then rate {self.rate:g}"


WAYS = (
    Way(0.029, 0.003), Way(0.1, 0.003), Way(0.25, 0.0015), Way(0.25, 0.003), Way(0.25, 0.006),
)  # fmt: skip


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-mnist.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        4,000 steps of the manifold and 12,000 of the weights alone, three seeds (about ten
        minutes on one core; interrupted, the same command goes on where it ended); otherwise a
        fiftieth of the steps and one seed.
    out : Path
    """
    report = Report("manifold-mnist", "A manifold on MNIST, chosen on images kept apart", out, full)
    report.resume()
    digits = mnist_or_why_not(report, "## MNIST")
    if digits is None:
        return report.figures
    digits = digits.with_batch_size(BATCH)
    share, seeds = (1.0, SEEDS) if full else (QUICK, SEEDS[:1])
    chosen = _chosen(report, digits.validation_split(), share)
    job = partial(_figures, digits, chosen, share, Path(out))
    report.each_seed("test images", seeds, job, partial(_say, chosen, share))
    return report.figures


# -------------------- what is found, trained on --------------------


def trained_alone(
    network: Any,
    parameters: VValue,
    task: Digits,
    rate: float,
    steps: int,
    rng: np.random.Generator,
    most: int | None = None,
) -> VValue:
    """Weights of a found network after training that leaves its structure, or only takes from it.

    Parameters
    ----------
    network : Network
    parameters : VValue
    task : Digits
    rate : float
        Of Adam, falling to a thirtieth.
    steps : int
    rng : numpy.random.Generator
    most : int, optional
        Links and biases that may be left: those of least magnitude become 0, more and more over
        the first half of the steps.
    """
    optimizer = adam(schedule(rate, rate / FALLS_BY, steps))
    if most is None or most >= parameters.size:
        return learn(network, task, parameters, optimizer, steps, rng)
    zeros = 1.0 - most / parameters.size
    return gradual_magnitude(
        network, task, parameters, zeros, steps=steps, rng=rng, optimizer=optimizer
    )


def _manifold(
    digits: Digits, budget: float, seed: int, steps: int, folder: Path
) -> tuple[Any, VValue]:
    """The network that a manifold has found; an interrupted training goes on."""
    model = Manifold(
        digits.n_pixels, N_HIDDEN, digits.n_classes, period=28.0, link_weights=True,
        start=Start.linked_mnist(),
    )  # fmt: skip
    settings = ManifoldSettings.default_mnist(steps, budget)
    training = ManifoldTraining.of(ManifoldObjective(model, digits), settings, seed)
    with Run.of(folder, training) as run:  # not finished: its outcome would read the test images
        state: Any = run.to_end().state
    return network_of(model, state.parameters)


def _trained(
    digits: Digits, way: Way, seed: int, share: float, folder: Path
) -> tuple[Any, VValue, VValue]:
    """The network of a manifold: as it was found, and trained on with at most `MOST` numbers."""
    network, found = _manifold(digits, way.budget, seed, round(share * STEPS), folder)
    steps, rng = round(share * FINISHING_STEPS), np.random.default_rng([seed, 5])
    after = trained_alone(network, found, digits, way.rate, steps, rng, MOST)
    return network, found, after


# -------------------- the choice, and the test images --------------------


def _chosen(report: Report, digits: Digits, share: float) -> Way:
    """The way that has most of the validation images right."""

    def validated(way: Way) -> list[float]:
        folder = report.out / f"manifold-mnist-choice-{way.budget:g}"
        network, found, after = _trained(digits, way, CHOOSING_SEED, share, folder)
        return [
            float(found.size),
            digits.accuracy(network, found),
            float(np.count_nonzero(after.buffer)),
            digits.accuracy(network, after),
        ]

    rows = report.each("validation", {str(way): partial(validated, way) for way in WAYS})
    report.say(
        "## Choice",
        f"{len(digits.test_labels):,} training images kept apart, in percent; seed "
        f"{CHOOSING_SEED}, {round(share * STEPS):,} steps of the manifold and "
        f"{round(share * FINISHING_STEPS):,} of the weights alone, of {BATCH}. Numbers: links and "
        f"biases. Where the manifold leaves more than {MOST:,}, those of least magnitude go over "
        "the first half of the latter steps. The best is taken.",
        table(
            ["", "numbers found", "right", "numbers after", "right after"],
            [[way, *(f"{row[0]:,.0f}", row[1], f"{row[2]:,.0f}", row[3])]
             for way, row in rows.items()],
        ),
    )  # fmt: skip
    return max(WAYS, key=lambda way: rows[str(way)][-1])


def _figures(digits: Digits, way: Way, share: float, out: Path, seed: int) -> dict[str, float]:
    """Accuracy on the test images of one seed, read once."""
    folder = out / f"manifold-mnist-seed-{seed}"
    network, _, after = _trained(digits, way, seed, share, folder)
    is_link = np.array([len(path) > 2 for path in after.support.paths])
    return {
        "accuracy": digits.accuracy(network, after),
        "links": float(np.count_nonzero(after.buffer[is_link])),
        "biases": float(np.count_nonzero(after.buffer[~is_link])),
        "levels": float(network.schedule(after.support).n_levels),
    }


def _say(way: Way, share: float, report: Report, results: list[dict[str, float]]) -> None:
    accuracies = [result["accuracy"] for result in results]
    rows = [
        [seed, result["accuracy"], *(f"{result[key]:,.0f}" for key in ("links", "biases"))]
        for seed, result in zip(SEEDS, results, strict=False)
    ]
    report.say(
        "## Test images",
        f"The chosen way ({way}) from the start on all training images, seeds that no choice has "
        "seen; the 10,000 test images are read once, at the end.",
        table(["seed", "right, %", "links", "biases"], rows),
        f"Median {np.median(accuracies):.2f} %.",
    )
