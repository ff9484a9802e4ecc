"""Two networks on colour images: damaged and recovered, sparsified without labels.

Sources: arXiv:2005.11603 and arXiv:2012.09605, which have VGG11 and CIFAR-10; K. Simonyan, A.
Zisserman, arXiv:1409.1556 (pairs of 3 x 3 filters, then pooling).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...architectures.convolutional import ConvolutionalNetwork, FilterLayer
from ...tasks import Digits, load_cifar, shapes_task
from ...weight_space import damaged, largest_kept
from ..tables import Report, medians, seeds_in_words, table
from .convolutions import BATCH, CHOOSING_SEED, SPARSITY, STEPS, Experiment
from .convolutions import LAYERS as SMALL

__all__ = ["reproduce"]

FOLDER_VARIABLE = "CIFAR_FOLDER"
PICTURE = (3, 32, 32)
LIKE_VGG = (
    FilterLayer(8, 3, padding=1), FilterLayer(8, 3, padding=1, pool=2),
    FilterLayer(16, 3, padding=1), FilterLayer(16, 3, padding=1, pool=2),
    FilterLayer(32, 3, padding=1, pool=2), FilterLayer(64, 0),
)  # fmt: skip
NETWORKS = {"like VGG": LIKE_VGG, "small": SMALL}
N_IMAGES, N_APART = 8_000, 2_000  # to train on; of these, to choose by
RATES = (0.003, 0.01)
RECOVERY, PATH = (4.0, 0.5), (4.0, 0.6)  # as chosen for MNIST by `convolutions`


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``colour-images.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        A quarter of the steps for MNIST, seeds 0 and 1 (about ten minutes on one core; interrupted,
        the same command goes on with what ``colour-images.json`` lacks); otherwise a fiftieth of
        them and seed 0.
    out : Path
    """
    report = Report("colour-images", "Colour images: a small network, and one like VGG", out, full)
    known = report.earlier()
    digits, share = _images().with_batch_size(BATCH), 0.25 if full else 0.02
    _say_images(report, digits, share)
    for name, layers in NETWORKS.items():
        model = ConvolutionalNetwork(PICTURE, layers, digits.n_classes)
        rates = _rates(report, known, name, digits, share, model)
        rate = max(RATES, key=lambda rate: rates[f"{rate:g}"])
        job = partial(_figures, digits, share, model, rate)
        say = partial(_say, name, rates)
        report.each_seed(name, range(2 if full else 1), job, say, known)
    return report.figures


def _images() -> Digits:
    """CIFAR from the folder that an environment variable names; without it, drawn shapes."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return load_cifar(folder) if folder else shapes_task(np.random.default_rng(0), N_IMAGES)


def _rates(
    report: Report,
    known: dict[str, Any],
    name: str,
    digits: Digits,
    share: float,
    model: ConvolutionalNetwork,
) -> dict[str, float]:
    """Percent of the images kept apart that a network of every rate of training has right."""
    key = f"{name}, validation"
    if key not in known:
        of = Experiment(digits.validation_split(N_APART), share, CHOOSING_SEED, model)
        known[key] = {f"{rate:g}": of.accuracy(of.trained(rate)) for rate in RATES}
    report.keep(key, known[key])
    rates: dict[str, float] = known[key]
    return rates


def _figures(
    digits: Digits, share: float, model: ConvolutionalNetwork, rate: float, seed: int
) -> dict[str, float]:
    of = Experiment(digits, share, seed, model)
    whole = of.trained(rate)
    figures = {"weights": float(whole.size), "whole": of.accuracy(whole)}
    for name, damage in of.damages(whole).items():
        figures[f"{name}, damaged"] = of.accuracy(damaged(whole, damage))
        figures[f"{name}, recovered"] = of.accuracy(of.recovered(whole, damage, *RECOVERY))
    zeros = f"{SPARSITY:.0%} zeros"
    figures[f"{zeros}, one-shot"] = of.accuracy(largest_kept(whole, SPARSITY))
    figures[f"{zeros}, path, settled"] = of.accuracy(of.sparse(whole, *PATH)[1])
    return figures


def _say_images(report: Report, digits: Digits, share: float) -> None:
    taken = ", ".join(f"{part} {int(share * steps):,}" for part, steps in STEPS.items())
    drawn = (
        f"drawn by `synthesis.tasks.shapes_task`: ten shapes at random places, in random colours "
        f"({FOLDER_VARIABLE} names a folder with CIFAR's binary files, which are then read instead)"
    )
    report.say(
        f"## {digits.name}",
        f"{len(digits.labels):,} images of 32 x 32 in three colours to train on, "
        f"{len(digits.test_labels):,} to test; {drawn if digits.name == 'shapes' else 'CIFAR'}. "
        f"Steps of {BATCH}: {taken}. The rate of training is chosen on {N_APART:,} training images "
        f"kept apart, seed {CHOOSING_SEED}; recovery and path, which see no labels, have the "
        f"constants that were chosen for MNIST. Networks: a small one, "
        f"{_in_words(SMALL)}; one like VGG, {_in_words(LIKE_VGG)}.",
    )


def _in_words(layers: Sequence[FilterLayer]) -> str:
    """Filters, their size and what is pooled, layer by layer."""
    return ", ".join(
        f"{layer.filters} of {layer.size} x {layer.size}" + (" pooled" if layer.pool > 1 else "")
        if layer.size
        else f"a dense layer of {layer.filters}"
        for layer in layers
    )


def _say(
    name: str, rates: dict[str, float], report: Report, results: list[dict[str, float]]
) -> None:
    middle = medians(results)
    tried = ", ".join(f"{value:.2f} at {rate}" for rate, value in rates.items())
    report.say(
        f"## The network: {name}",
        f"{middle['weights']:,.0f} weights. Of the images kept apart, percent by rate: {tried}. "
        f"Percent of the test images, {seeds_in_words(results)}:",
        table(
            ["", "right", "by seed"],
            [
                [key, value, ", ".join(f"{row[key]:.2f}" for row in results)]
                for key, value in middle.items()
                if key != "weights"
            ],
        ),
    )
