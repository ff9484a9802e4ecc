"""Does a second self-organised layer help a linear readout? Depth beside width, at equal features.

Source: arXiv:2006.06902, layers "coupled with a linear classifier to perform classification".
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import SYNAPSE, CompetitiveLayer, fit_readout, random_wiring
from ..architectures.self_organised.spiking import SpikingStack, izhikevich_retina
from ..tasks import Digits
from .spiking import ENCODING, READOUT_LAYER, SIDE, STRENGTH, responses
from .tables import Report, medians, mnist_or_why_not, seeds_in_words, table

__all__ = ["Layers", "reproduce", "second_responses"]

MILLISECONDS, QUICK_MILLISECONDS = 40_000, 1_000
N_IMAGES, QUICK_IMAGES = 10_000, 500
WINNERS = 7
THRESHOLD = 10.0  # of a second layer: seven winners below bring 17.5 on average
TRACE = 20.0  # ms: units below that respond in turn, to one wave, are pooled
RULES = {"same-step Hebb": None, "traces of 20 ms": TRACE}
HEADING, WIDE, APART = "## A linear readout of MNIST", "one wide layer", "kept apart"

Sets = dict[str, tuple[np.ndarray, np.ndarray]]  # images and labels


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``deeper-stacks.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        40 simulated seconds and 10,000 images, seeds 0 to 2 (about five minutes on one core;
        interrupted, the same command goes on with the seeds that ``deeper-stacks.json`` lacks);
        otherwise seed 0, one second and 500 images.
    out : Path
    """
    report = Report("deeper-stacks", "A second self-organised layer under a readout", out, full)
    report.resume()
    mnist = mnist_or_why_not(report, HEADING)
    if mnist is None:
        return report.figures
    milliseconds = MILLISECONDS if full else QUICK_MILLISECONDS
    sets = _sets(mnist, N_IMAGES if full else QUICK_IMAGES)
    job, say = partial(_figures, sets, milliseconds), partial(_say, sets, milliseconds)
    report.each_seed("readout", range(3 if full else 1), job, say)
    return report.figures


def _sets(mnist: Digits, n: int) -> Sets:
    """Equally many images to train on, to choose by, and to test: the first, last and test ones."""
    return {
        "train": (mnist.images[:n], mnist.labels[:n]),
        APART: (mnist.images[-n:], mnist.labels[-n:]),
        "test": (mnist.test_images[:n], mnist.test_labels[:n]),
    }


class Layers:
    """A sheet of sensors, a layer that its waves teach, and second layers taught by its winners.

    Parameters
    ----------
    n_units : int
        Of the first layer.
    seed : int
        Of sensors, waves and first weights.
    """

    def __init__(self, n_units: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.seed = seed
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

    def where(self) -> dict[str, float]:
        """Mean size of the fields, what they cover, and how many lie in the middle of the sheet."""
        fields = [self.positions[reads] for reads in self.weights.T > 0.0 if reads.any()]
        away = [np.abs(field.mean(axis=0) - SIDE / 2).max() for field in fields]
        return {
            "sensors a field": float(np.mean([len(field) for field in fields])),
            "sensors in a field, %": 100.0 * float((self.weights > 0.0).any(axis=1).mean()),
            "fields in the middle quarter, %": 100.0 * float(np.mean(np.array(away) < SIDE / 4)),
        }

    def taught(self, milliseconds: int, rules: dict[str, float | None]) -> dict[str, np.ndarray]:
        """Weights (units, units) of second layers, by rule, after so many ms of waves below."""
        n = self.stack.layers[0].settings.n_units
        made = partial(CompetitiveLayer, n, n, min(WINNERS, n), threshold=THRESHOLD)
        layers = {
            name: made(np.random.default_rng([self.seed, 1]), trace=trace)
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


def _figures(sets: Sets, milliseconds: int, seed: int) -> dict[str, float]:
    """Percent right of every set, as ``FEATURES, SET``, and the number of features."""
    layers = Layers(READOUT_LAYER.n_units, seed)
    layers.stack.organise(milliseconds)
    first = _responses(sets, layers)
    figures = layers.where() | _read(sets, "first layer", first)
    second = layers.taught(milliseconds, RULES)
    sizes = np.count_nonzero(second["same-step Hebb"], axis=0)
    wired = random_wiring(len(sizes), np.maximum(sizes, 1), np.random.default_rng([seed, 2]))
    for name, weights in {**second, "random": wired.astype(np.float64)}.items():
        above = [second_responses(part, weights) for part in first]
        both = [np.hstack(parts) for parts in zip(first, above, strict=True)]
        figures |= _read(sets, f"second layer alone, {name}", above)
        figures |= _read(sets, f"both layers, {name}", both)
    wide = Layers(2 * READOUT_LAYER.n_units, seed)
    wide.stack.organise(milliseconds)
    return figures | _read(sets, WIDE, _responses(sets, wide))


def _responses(sets: Sets, layers: Layers) -> list[np.ndarray]:
    """Mean responses of the first layer to the images of every set."""
    positions, weights = layers.positions, layers.weights
    return [responses(images, positions, weights) for images, _ in sets.values()]


def _read(sets: Sets, name: str, features: list[np.ndarray]) -> dict[str, float]:
    readout = fit_readout(features[0], sets["train"][1], STRENGTH)
    right = {
        f"{name}, {which}": readout.accuracy(part, labels)
        for part, (which, (_, labels)) in zip(features, sets.items(), strict=True)
    }
    return {f"{name}, number": float(features[0].shape[1]), **right}


def _say(sets: Sets, milliseconds: int, report: Report, results: list[dict[str, float]]) -> None:
    middle, columns = medians(results), ("number", *sets)
    names = [key.removesuffix(", number") for key in middle if key.endswith(", number")]
    chosen = max(RULES, key=lambda rule: middle[f"both layers, {rule}, {APART}"])
    report.keep("chosen on images kept apart", chosen)
    report.say(
        HEADING,
        f"{len(sets['train'][1]):,} images each to train on, kept apart of the training images, "
        f"and to test; percent right, {seeds_in_words(results)}. The first layer is that of "
        f"`spiking`: {READOUT_LAYER.n_units} units above 1,600 sensors, taught by "
        f"{milliseconds / 1000:g} s of waves. The second one, of as many units and {WINNERS} "
        "winners, is taught by who wins in the first during as long again; random: each of its "
        "units reads as many units below, anywhere, by equal weights. Its response to an image is "
        "that to the first layer's mean response, by the same rule. A wide layer has the number of "
        "features of both layers together.",
        table(
            ["features", *columns],
            [
                [name, f"{middle[f'{name}, number']:.0f}",
                 *(middle[f"{name}, {which}"] for which in sets)]
                for name in names
            ],
        ),
    )  # fmt: skip
    stack = f"both layers, {chosen}"
    rivals = ("first layer", WIDE, "both layers, random")
    report.say(
        "## What the second layer adds",
        f"The rule of the second layer that is best on the images kept apart: {chosen}. Points of "
        "the test images that both layers are ahead.",
        table(
            ["seed", *(f"of {rival}" for rival in rivals)],
            [
                [seed, *(row[f"{stack}, test"] - row[f"{rival}, test"] for rival in rivals)]
                for seed, row in enumerate(results)
            ],
        ),
    )
    places = ("sensors a field", "sensors in a field, %", "fields in the middle quarter, %")
    report.say(
        "## Where the fields of the first layer are",
        "The middle quarter is a square of half the side; a readout needs fields everywhere.",
        table(
            ["seed", *places, "first layer, test"],
            [
                [seed, *(row[place] for place in (*places, "first layer, test"))]
                for seed, row in enumerate(results)
            ],
        ),
    )
