"""Two networks on colour images: damaged and recovered, sparsified without labels.

Sources: arXiv:2005.11603 and arXiv:2012.09605, which have VGG11 and CIFAR-10; K. Simonyan, A.
Zisserman, arXiv:1409.1556 (pairs of 3 x 3 filters, then pooling).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures.convolutional import ConvolutionalNetwork, FilterLayer
from ...optimize import Optimizer, adam, schedule
from ...tasks import Digits, load_cifar, shapes_task
from ...weight_space import damaged, largest_kept, last, normalized, recovery
from ..tables import Report, table
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
TEMPERATURE, PATH = 4.0, 0.6  # of recovery and path, its first step: as chosen for MNIST
FILTERS = 0.25  # cut; of three quarters no signal is left that a gradient could follow
RECOVERY_STEPS = 1_600
RECOVERIES: dict[str, Callable[[int], Optimizer]] = {
    "steps of length 0.5 at first": lambda steps: normalized(schedule(0.5, 0.0125, steps)),
    "Adam at 0.01": lambda steps: adam(schedule(0.01, 0.0004, steps)),
}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``colour-images.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        A quarter of the steps for MNIST (about nine minutes on one core; interrupted, the same
        command goes on with what ``colour-images.json`` lacks); otherwise a fiftieth.
    out : Path
    """
    report = Report("colour-images", "Colour images: a small network, and one like VGG", out, full)
    report.resume()
    digits, share = _images().with_batch_size(BATCH), 0.25 if full else 0.02
    _say_images(report, digits, share)
    for name, layers in NETWORKS.items():
        model = ConvolutionalNetwork(PICTURE, layers, digits.n_classes)
        _network(report, name, partial(Experiment, share=share, model=model), digits)
    return report.figures


def _network(report: Report, name: str, made: Callable[..., Experiment], digits: Digits) -> None:
    """Choices on images kept apart, then the figures of seed 0."""
    apart = made(digits.validation_split(N_APART), seed=CHOOSING_SEED)
    rates = report.once(f"{name}, rates", partial(_rates, apart))
    rate = max(RATES, key=lambda rate: rates[f"{rate:g}"])
    ways = report.once(f"{name}, recoveries", partial(_recoveries, apart, rate))
    way = max(RECOVERIES, key=ways.__getitem__)
    of = made(digits, seed=0)
    zeros = report.once(f"{name}, seed 0", partial(_sparse, of, rate))
    well = report.once(f"{name}, seed 0, recovery", partial(_recovered, of, rate, way))
    _say(report, name, rates | ways, zeros | well)


def _images() -> Digits:
    """CIFAR from the folder that an environment variable names; without it, drawn shapes."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return load_cifar(folder) if folder else shapes_task(np.random.default_rng(0), N_IMAGES)


# -------------------- one network --------------------


def _rates(of: Experiment) -> dict[str, float]:
    """Percent right of networks trained at every rate."""
    return {f"{rate:g}": of.accuracy(of.trained(rate)) for rate in RATES}


def _recoveries(of: Experiment, rate: float) -> dict[str, float]:
    """Percent right after every way to recover weights of filters."""
    whole = of.trained(rate)
    damage = next(iter(of.damages(whole).values()))
    return {way: of.accuracy(_walked_back(of, whole, damage, way)) for way in RECOVERIES}


def _walked_back(of: Experiment, whole: VValue, damage: VValue, way: str) -> VValue:
    """What is left after damage, walked back to what the whole network does."""
    steps = max(int(of.share * RECOVERY_STEPS), 20)
    path = recovery(
        of.reference(whole, TEMPERATURE), damaged(whole, damage), damage, steps=steps,
        optimizer=RECOVERIES[way](steps), per_step=BATCH, rng=of.rng(4), every=steps,
    )  # fmt: skip
    return last(path).parameters


def _sparse(of: Experiment, rate: float) -> dict[str, float]:
    """Percent right of the whole network, and at few weights."""
    whole, zeros = of.trained(rate), f"{SPARSITY:.0%} zeros"
    return {
        "weights": float(whole.size),
        "whole": of.accuracy(whole),
        f"{zeros}, one-shot": of.accuracy(largest_kept(whole, SPARSITY)),
        f"{zeros}, path, settled": of.accuracy(of.sparse(whole, TEMPERATURE, PATH)[1]),
    }


def _recovered(of: Experiment, rate: float, way: str) -> dict[str, float]:
    """Percent right after damage, and after recovery."""
    whole = of.trained(rate)
    figures = {}
    for name, damage in of.damages(whole, FILTERS).items():
        figures[f"{name}, damaged"] = of.accuracy(damaged(whole, damage))
        figures[f"{name}, recovered"] = of.accuracy(_walked_back(of, whole, damage, way))
    return figures


# -------------------- what is told --------------------


def _say_images(report: Report, digits: Digits, share: float) -> None:
    steps = STEPS | {"recovery": RECOVERY_STEPS}
    taken = ", ".join(f"{part} {int(share * count):,}" for part, count in steps.items())
    drawn = (
        f"drawn by `synthesis.tasks.shapes_task`: ten shapes at random places, in random colours "
        f"({FOLDER_VARIABLE} names a folder with CIFAR's binary files, which are then read instead)"
    )
    report.say(
        f"## {digits.name}",
        f"{len(digits.labels):,} images of 32 x 32 in three colours to train on, "
        f"{len(digits.test_labels):,} to test; {drawn if digits.name == 'shapes' else 'CIFAR'}. "
        f"Steps of {BATCH}: {taken}. Choices are made on {N_APART:,} training images kept apart, "
        f"seed {CHOOSING_SEED}; temperature and path have the constants that were chosen for "
        f"MNIST. Recovery and path see no labels. Networks: a small one, "
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


def _say(report: Report, name: str, choices: dict[str, float], figures: dict[str, float]) -> None:
    shown = [[key, value] for key, value in figures.items() if key != "weights"]
    report.say(
        f"## The network: {name}",
        f"{figures['weights']:,.0f} weights. Chosen on images kept apart, percent right: a rate of "
        "training, and a way to recover weights of filters.",
        table(["choice", "right"], list(choices.items())),
        "Percent of the test images, seed 0, with what was best of each:",
        table(["", "right"], shown),
    )
