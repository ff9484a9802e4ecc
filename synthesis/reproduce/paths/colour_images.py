"""A network like VGG on colour images: damaged and recovered, sparsified without labels.

Sources: arXiv:2005.11603 and arXiv:2012.09605, which have VGG11 and CIFAR-10; K. Simonyan, A.
Zisserman, arXiv:1409.1556 (pairs of 3 x 3 filters, then pooling).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...architectures.convolutional import ConvolutionalNetwork, FilterLayer
from ...tasks import Digits, load_cifar, shapes_task
from ...weight_space import damaged, largest_kept
from ..tables import Report, medians, seeds_in_words, table
from .convolutions import BATCH, SPARSITY, STEPS, Experiment

__all__ = ["reproduce"]

FOLDER_VARIABLE = "CIFAR_FOLDER"
PICTURE = (3, 32, 32)
LAYERS = (
    FilterLayer(8, 3, padding=1), FilterLayer(8, 3, padding=1, pool=2),
    FilterLayer(16, 3, padding=1), FilterLayer(16, 3, padding=1, pool=2),
    FilterLayer(32, 3, padding=1, pool=2), FilterLayer(64, 0),
)  # fmt: skip
N_IMAGES = 8_000
RATE, RECOVERY, PATH = 0.003, (4.0, 0.5), (4.0, 0.6)  # as chosen for MNIST by `convolutions`


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``colour-images.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        A quarter of the steps for MNIST (about five minutes on one core); otherwise a fiftieth.
    out : Path
    """
    report = Report("colour-images", "Colour images, and a network like VGG", out, full)
    digits, share = _images().with_batch_size(BATCH), 0.25 if full else 0.02
    report.each_seed("network", range(1), partial(_figures, digits, share), partial(_say, digits))
    return report.figures


def _images() -> Digits:
    """CIFAR from the folder that an environment variable names; without it, drawn shapes."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return load_cifar(folder) if folder else shapes_task(np.random.default_rng(0), N_IMAGES)


def _figures(digits: Digits, share: float, seed: int) -> dict[str, float]:
    of = Experiment(digits, share, seed, ConvolutionalNetwork(PICTURE, LAYERS, digits.n_classes))
    whole = of.trained(RATE)
    figures = {"whole": of.accuracy(whole)}
    for name, damage in of.damages(whole).items():
        figures[f"{name}, damaged"] = of.accuracy(damaged(whole, damage))
        figures[f"{name}, recovered"] = of.accuracy(of.recovered(whole, damage, *RECOVERY))
    figures["zeros, one-shot"] = of.accuracy(largest_kept(whole, SPARSITY))
    figures["zeros, path, settled"] = of.accuracy(of.sparse(whole, *PATH)[1])
    return figures | {"weights": float(whole.size), "share of the steps": share}


def _say(digits: Digits, report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    names = [key.removesuffix(", damaged") for key in middle if key.endswith(", damaged")]
    share = middle["share of the steps"]
    taken = ", ".join(f"{part} {int(share * steps):,}" for part, steps in STEPS.items())
    drawn = (
        f"drawn by `synthesis.tasks.shapes_task`: ten shapes at random places, in random colours "
        f"({FOLDER_VARIABLE} names a folder with CIFAR's binary files, which are then read instead)"
    )
    report.say(
        f"## {digits.name}",
        f"{len(digits.labels):,} images of 32 x 32 in three colours to train on, "
        f"{len(digits.test_labels):,} to test; {drawn if digits.name == 'shapes' else 'CIFAR'}. "
        f"Two pairs of 3 x 3 filters, each pooled by 2, a fifth layer of them and a dense one: "
        f"{middle['weights']:,.0f} weights. Percent of the test images, "
        f"{seeds_in_words(results)}; the whole network {middle['whole']:.2f}. Steps of {BATCH}: "
        f"{taken}. Constants are those chosen for MNIST; recovery and path are without labels.",
        table(
            ["", "right"],
            [["whole", middle["whole"]]]
            + [[f"{name}, {word}", middle[f"{name}, {word}"]] for name in names
               for word in ("damaged", "recovered")]
            + [[f"{SPARSITY:.0%} {key}", middle[key]] for key in middle if key[:5] == "zeros"],
        ),
    )  # fmt: skip
