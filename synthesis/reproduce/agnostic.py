"""Families of sparse binary networks on MNIST.

Source: arXiv:2011.02712 (its figures were not readable; the criteria are our specification's).
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue, save

from ..architectures.binary import (
    BinaryFamily,
    FamilySettings,
    evolve,
    evolved,
    family_figures,
    overlaps,
    walk_between,
)
from ..architectures.binary import plots as pictures
from ..optimize import adam, schedule
from ..tasks import Digits
from ..weight_space import Categorical, freeze, learn, sparsified
from .tables import Report, figures_table, mnist_or_why_not, save_plot, table

__all__ = ["SIZES", "mnist_family", "reproduce"]

SIZES, KEPT = (784, 256, 10), (75, 112)
MEMBERS = 20
SCALES = (0.75, 0.5)
GENERATIONS = 500
SETTLING = 30  # generations at every stop of a walk
MNIST = "## MNIST"


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``agnostic.md`` and ``.json`` and pictures, return the figures.

    Parameters
    ----------
    full : bool
        500 generations, and a second family to walk to (about ten minutes on a quiet core);
        otherwise 150 generations.
    out : Path
    """
    report = Report("agnostic", "Families of sparse binary networks", out, full)
    mnist = mnist_or_why_not(report, MNIST)
    if mnist is None:
        return report.figures
    task = mnist.with_batch_size(256)
    family = mnist_family()
    settings = FamilySettings(generations=GENERATIONS if full else 150)
    scores = _evolved(report, family, task, 0, settings)
    members = _members(report, family, task, scores)
    _handed_over(report, family, task, members[0])
    if full:
        _walk(report, family, task, scores, _evolved(report, family, task, 1, settings))
    return report.figures


def mnist_family() -> BinaryFamily:
    """784-256-10 with 90 % zeros: 75 inputs per hidden unit, 112 per output."""
    return BinaryFamily(SIZES, KEPT, [f"digit-{i}" for i in range(10)])


# -------------------- MNIST --------------------


def _evolved(
    report: Report, family: BinaryFamily, task: Digits, seed: int, settings: FamilySettings
) -> VValue:
    start, curve = time.process_time(), []
    check = task.shortened(60_000, 2000)
    for generation in evolve(family, task.batch, np.random.default_rng([seed, 1]), settings):
        if generation.number % 50 == 0 or generation.number == settings.generations:
            members = family.members(generation.scores, 2, np.random.default_rng(7))
            accuracy = np.mean([check.accuracy(family.network, member) for member in members])
            seconds = time.process_time() - start
            curve.append([generation.number, float(accuracy), round(seconds, 1)])
            report.keep(f"family {seed}, generation, accuracy of two members, seconds", curve)
    save(generation.scores, report.out / f"agnostic-family-{seed}.npz")
    return generation.scores


def _members(report: Report, family: BinaryFamily, task: Digits, scores: VValue) -> list[VValue]:
    rng = np.random.default_rng(2)
    members = family.members(scores, MEMBERS, rng)
    score = partial(task.accuracy, family.network)
    found = family_figures(family, members, score)
    chance = family_figures(family, family.members(family.initial(rng), MEMBERS, rng), score)
    layers = {
        layer: float(np.mean(overlaps([member.subtree((layer,)) for member in members])))
        for layer in family.layers
    }
    figures = {
        **found._asdict(),
        "mode": score(family.mode(scores)),
        "share of zeros": family.zeros / (family.zeros + members[0].size),
        **{f"overlap in {layer}": value for layer, value in layers.items()},
    }
    closer = {
        f"evolved, noise {scale:g}": family_figures(
            family, family.members(scores, MEMBERS, np.random.default_rng(6), scale), score
        )
        for scale in SCALES
    }
    report.keep("mnist, members", figures)
    report.keep("mnist, random draws", chance._asdict())
    for name, quieter in closer.items():
        report.keep(f"mnist, {name}", quieter._asdict())
    drawn = {"evolved, noise 1": found, **closer, "random draws": chance}
    report.say(
        MNIST,
        f"{MEMBERS} networks drawn from one family 784-256-10 of weights -1, 0, +1, after "
        "evolution without backpropagation: every neuron's inputs are varied by themselves, 32 "
        "antithetic pairs, 256 images a generation. Noise: its deviation when members are drawn, 1 "
        "as in evolution; the less, the more alike they are. Random draws: the same family before "
        "evolution. Accuracy on 10,000 test images, in percent; zeros: the numbers of absent "
        "connections that occur.",
        figures_table("", {name: figures._asdict() for name, figures in drawn.items()}),
        f"The mode of the family: {figures['mode']:.2f}. Share of zeros: "
        f"{figures['share of zeros']:.4f}. Mean overlap per layer: "
        + ", ".join(f"{layer} {value:.3f}" for layer, value in layers.items())
        + ".",
    )
    save_plot(report.out, "agnostic-overlap", pictures.overlap_matrix, members)
    weights = family.network.matrices(members[0])[0]
    save_plot(report.out, "agnostic-fields", pictures.unit_fields, weights, (28, 28))
    return members


def _walk(
    report: Report, family: BinaryFamily, task: Digits, first: VValue, second: VValue
) -> None:
    settings = FamilySettings(generations=SETTLING, rate=0.05, last_rate=0.02)
    rng = np.random.default_rng(3)

    def settle(scores: VValue) -> VValue:
        return evolved(evolve(family, task.batch, rng, settings, scores=scores))

    rows = []
    for name, settling in (("straight", None), ("settled", settle)):
        walk = list(walk_between(family, first, second, np.random.default_rng(4), settle=settling))
        accuracies = [
            float(np.mean([task.accuracy(family.network, member) for member in point.members]))
            for point in walk
        ]
        rows += [
            [name, point.share, accuracy, point.to_first, point.to_second]
            for point, accuracy in zip(walk, accuracies, strict=True)
        ]
        report.keep(f"walk, {name}", {"least accuracy": min(accuracies), "accuracies": accuracies})
        save_plot(report.out, f"agnostic-walk-{name}", pictures.walk_curve, walk, accuracies)
    report.say(
        "## A walk between two families",
        "Two families evolved from different seeds; the straight line between their scores, and "
        f"the same with {SETTLING} generations of evolution at every stop. Mean accuracy of five "
        "members.",
        table(["walk", "position", "accuracy", "overlap with first", "with second"], rows),
    )


def _handed_over(report: Report, family: BinaryFamily, task: Digits, member: VValue) -> None:
    """A member in other hands: trained by gradient, then sparser along an invariant path."""
    rng = np.random.default_rng(5)
    network, steps = family.network, 300
    trained = learn(network, task, member, adam(schedule(0.02, 0.002, steps)), steps, rng)
    inputs, _ = task.store(500, rng)
    reference = freeze(network, trained, inputs, Categorical(4.0))
    sparse = sparsified(reference, 0.5, rng=rng, steps=100)
    figures = {
        "connections": member.size,
        "as drawn": task.accuracy(network, member),
        "trained by gradient, same connections": task.accuracy(network, trained),
        "half of them, along an invariant path": task.accuracy(network, sparse.projected),
    }
    report.keep("handed over", figures)
    report.say(
        "## A member in other hands",
        "A member is a V-value with a leaf per connection; any method takes it. Test accuracy.",
        table(["", "figure"], list(figures.items())),
    )
