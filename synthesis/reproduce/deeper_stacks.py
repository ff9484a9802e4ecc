"""Does a second self-organised layer help a linear readout? Depth beside width, at equal features.

Source: arXiv:2006.06902, layers "coupled with a linear classifier to perform classification".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import (
    SYNAPSE,
    CompetitiveLayer,
    fit_readout,
    pixels_under,
    random_wiring,
)
from ..architectures.self_organised.spiking import SpikingStack, izhikevich_retina, mean_responses
from ..tasks import Digits
from .spiking import ENCODING, READOUT_LAYER, SIDE, STRENGTH
from .tables import Report, mnist_or_why_not, table

__all__ = ["Layers", "reproduce", "second_responses"]

MILLISECONDS, QUICK_MILLISECONDS = 40_000, 1_000
N_IMAGES, QUICK_IMAGES = 10_000, 500
WINNERS = 7
THRESHOLD = 10.0  # of a second layer: seven winners below bring 17.5 on average
TRACE = 20.0  # ms: units below that respond in turn, to one wave, are pooled
RULES = {"same-step Hebb": None, "traces of 20 ms": TRACE}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``deeper-stacks.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        40 simulated seconds and 10,000 images (about four minutes on one core); otherwise one
        second and 500.
    out : Path
    """
    report = Report("deeper-stacks", "A second self-organised layer under a readout", out, full)
    heading = "## A linear readout of MNIST"
    mnist = mnist_or_why_not(report, heading)
    if mnist is None:
        return report.figures
    n = N_IMAGES if full else QUICK_IMAGES
    milliseconds = MILLISECONDS if full else QUICK_MILLISECONDS
    figures = _figures(mnist.shortened(n, n), milliseconds)
    report.keep("readout", figures)
    report.say(
        heading,
        f"{n:,} training and as many test images, percent, seed 0. The first layer is that of "
        f"`spiking`: {READOUT_LAYER.n_units} units above 1,600 sensors, taught by "
        f"{milliseconds / 1000:g} s of waves. The second one, of as many units and {WINNERS} "
        "winners, is taught by who wins in the first during as long again; random: each of its "
        "units reads as many units below, anywhere, by equal weights. Its response to an image is "
        "that to the first layer's mean response, by the same rule. A wide layer has the number of "
        "features of both layers together.",
        table(
            ["features", "number", "train", "test"],
            [[name, f"{row[0]:.0f}", *row[1:]] for name, row in figures.items()],
        ),
    )
    return report.figures


class Layers:
    """A sheet of sensors, a layer that its waves teach, and second layers taught by its winners.

    Parameters
    ----------
    n_units : int
        Of the first layer.
    """

    def __init__(self, n_units: int) -> None:
        rng = np.random.default_rng(0)
        settings = replace(READOUT_LAYER, n_units=n_units)
        self.stack = SpikingStack(izhikevich_retina(rng), [settings], rng)

    @property
    def positions(self) -> np.ndarray:
        """Of the sensors, (sensors, 2)."""
        return self.stack.retina.positions

    @property
    def weights(self) -> np.ndarray:
        """Weights of the first layer's synapses, (sensors, units); others are 0."""
        weights = self.stack.weights[0]
        return np.where(weights >= SYNAPSE, weights, 0.0)

    def taught(self, milliseconds: int, rules: dict[str, float | None]) -> dict[str, np.ndarray]:
        """Weights (units, units) of second layers, by rule, after so many ms of waves below."""
        n = self.stack.layers[0].settings.n_units
        layers = {
            name: CompetitiveLayer(
                n, n, min(WINNERS, n), np.random.default_rng(1), threshold=THRESHOLD, trace=trace
            )
            for name, trace in rules.items()
        }
        for _ in range(milliseconds):
            winners = self.stack.step(learn=False)[-1]
            for layer in layers.values():
                layer.step(winners, self.stack.retina.milliseconds)
        return {
            name: np.where(layer.weights >= SYNAPSE, layer.weights, 0.0)
            for name, layer in layers.items()
        }


def second_responses(first: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Responses (images, units) of a second layer to the mean responses of a first one.

    ``(y / max y)^sharpness y`` of ``y = first @ weights``, as in the first layer.

    Examples
    --------
    >>> second_responses(np.array([[1.0, 3.0]]), np.array([[2.0, 0.0], [0.0, 2.0]])).round(2)
    array([[0.67, 6.  ]])
    """
    y = np.maximum(first @ weights, 0.0)
    largest = np.maximum(y.max(axis=1, keepdims=True), 1e-30)
    return y * (y / largest) ** ENCODING.sharpness


def _figures(task: Digits, milliseconds: int) -> dict[str, list[float]]:
    """Number of features, training and test accuracy, by features."""
    layers = Layers(READOUT_LAYER.n_units)
    layers.stack.organise(milliseconds)
    first = _responses(task, layers)
    score = partial(_read, task)
    figures = {"first layer": score(first)}
    second = layers.taught(milliseconds, RULES)
    sizes = np.count_nonzero(second["same-step Hebb"], axis=0)
    wired = random_wiring(len(sizes), np.maximum(sizes, 1), np.random.default_rng(2))
    for name, weights in {**second, "random": wired.astype(np.float64)}.items():
        above = [second_responses(part, weights) for part in first]
        figures[f"second layer alone, {name}"] = score(above)
        both = [np.hstack(parts) for parts in zip(first, above, strict=True)]
        figures[f"both layers, {name}"] = score(both)
    wide = Layers(2 * READOUT_LAYER.n_units)
    wide.stack.organise(milliseconds)
    figures["one wide layer"] = score(_responses(task, wide))
    return figures


def _responses(task: Digits, layers: Layers) -> list[np.ndarray]:
    """Mean responses of the first layer to training and test images."""
    pixels = pixels_under(layers.positions, (28, 28), (np.zeros(2), np.full(2, SIDE)))
    respond: Callable[[np.ndarray], np.ndarray] = partial(
        mean_responses, pixels=pixels, weights=layers.weights, thresholds=0.0, encoding=ENCODING
    )
    return [respond(task.images), respond(task.test_images)]


def _read(task: Digits, features: list[np.ndarray]) -> list[float]:
    train, test = features
    readout = fit_readout(train, task.labels, STRENGTH)
    return [
        float(train.shape[1]),
        readout.accuracy(train, task.labels),
        readout.accuracy(test, task.test_labels),
    ]
