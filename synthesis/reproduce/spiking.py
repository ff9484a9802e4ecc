"""Travelling waves, layers that wire themselves through them, and a readout of MNIST.

Sources: arXiv:2006.06902; github thomsonlab/GrowingBrains @82b81dc, ``multiLayerSNN``.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import (
    SYNAPSE,
    disc_wiring,
    fit_readout,
    pixels_under,
    random_wiring,
)
from ..architectures.self_organised import movies as pictures
from ..architectures.self_organised.growth import receptive_fields
from ..architectures.self_organised.spiking import (
    Encoding,
    LayerSettings,
    SpikingAutoencoder,
    SpikingStack,
    izhikevich_retina,
    leaky_retina,
    mean_responses,
    published_layers,
    wave_figures,
)
from ..tasks import Digits
from .tables import (
    Report,
    medians,
    mnist_or_why_not,
    seeds_in_words,
    table,
    train_and_test,
)

__all__ = ["organised_stack", "read_out", "read_pixels", "reproduce", "responses", "wirings"]

SIDE = 20.0
SMALL = 300  # waves of these retinas are larger than those of the pooling layer
READOUT_LAYER = LayerSettings(700, winners=7, kernel=None)
STRENGTH = 1e-5
ENCODING = Encoding(milliseconds=25)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``spiking.md`` and ``.json``, a movie, return the figures.

    Parameters
    ----------
    full : bool
        Waves of seeds 0 to 2 and an organisation of 40 simulated seconds (about two minutes on a
        quiet core); otherwise seed 0 and 10 seconds.
    out : Path
    """
    report = Report("spiking", "Self-organised spiking layers", out, full)
    _waves(report, range(3) if full else range(1), out)
    stack = organised_stack(report, 40_000.0 if full else 10_000.0)
    _readout(report, stack)
    _rules(report)
    _autoencoder(report, 4000.0 if full else 1000.0)
    return report.figures


# -------------------- waves --------------------


def _leaky_waves(out: Path, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    stack = SpikingStack(leaky_retina(rng), published_layers(), rng)
    start = time.process_time()
    raster = stack.run(300.0)
    seconds = time.process_time() - start
    if seed == 0:
        _movie(stack, raster.fired[0], out)
    return {
        **wave_figures(stack.retina.positions, raster.fired[0])._asdict(),
        "second layer: units that fired": _n_units(raster.fired[1]),
        "third layer: units that responded": _n_units(raster.fired[2]),
        "processor seconds": seconds,
    }


def _n_units(fired: list[np.ndarray]) -> int:
    return len(np.unique(np.concatenate(fired)))


def _waves(report: Report, seeds: range, out: Path) -> None:
    results = report.each_seed("waves", seeds, partial(_leaky_waves, out))
    rng = np.random.default_rng(0)
    other = SpikingStack(izhikevich_retina(rng), [LayerSettings(200, winners=10)], rng)
    raster = other.run(1000.0)
    izhikevich = wave_figures(other.retina.positions, raster.fired[0])._asdict()
    izhikevich["second layer: units that fired"] = _n_units(raster.fired[1])
    report.keep("waves, Izhikevich units", izhikevich)
    middle = medians(results)
    report.say(
        "## Waves",
        "1,600 sensors in a square of side 20, 300 ms in steps of 0.1 ms, "
        f"{seeds_in_words(results)}; beside it 1,000 ms of Izhikevich units in steps of 1 ms, "
        "seed 0. Spread: mean distance of the units that fire in a step to their centroid.",
        table(
            ["", "leaky", "Izhikevich"],
            [
                [name.replace("_", " "), value, izhikevich.get(name, "")]
                for name, value in middle.items()
            ],
        ),
    )


def _movie(stack: SpikingStack, fired: list[np.ndarray], out: Path) -> None:
    with suppress(ImportError):  # matplotlib is an extra
        pictures.wave_movie(stack.retina.positions, fired[:1500], out / "spiking-waves.gif", 15)


# -------------------- self-organisation --------------------


def organised_stack(report: Report, milliseconds: float) -> SpikingStack:
    """An Izhikevich retina and one layer of 700 units that its waves have taught."""
    rng = np.random.default_rng(0)
    stack = SpikingStack(izhikevich_retina(rng), [READOUT_LAYER], rng)
    start, rows = time.process_time(), []

    def watch(stack: SpikingStack) -> None:
        fields = receptive_fields(stack.weights[0], stack.retina.positions, SMALL)
        rows.append([round(stack.milliseconds), *fields, round(time.process_time() - start, 1)])
        report.keep("organisation: ms, organised, size, coverage, distance, seconds", rows[-1])

    stack.organise(milliseconds, watch)
    report.say(
        "## A layer wires itself",
        f"700 units, seven winners a step, above 1,600 Izhikevich sensors. Organised: units that "
        f"read fewer than {SMALL} sensors.",
        table(
            ["ms", "organised", "mean size", "coverage", "mean distance", "processor seconds"],
            rows[:: max(1, len(rows) // 8)],
        ),
    )
    return stack


def wirings(positions: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Wirings to compare, (sensors, units): equal sizes and sums of weights, unit by unit."""
    rng = np.random.default_rng(9)
    found = weights >= SYNAPSE
    sizes = found.sum(axis=0)
    wanted = {
        "self-organised": np.where(found, weights, 0.0),
        "self-organised, binary": found.astype(float),
        "hand-made discs": disc_wiring(positions, sizes, rng).astype(float),
        "random": random_wiring(len(positions), sizes, rng).astype(float),
    }
    sums = weights.sum(axis=0)
    return {name: wiring * (sums / wiring.sum(axis=0)) for name, wiring in wanted.items()}


def responses(images: np.ndarray, positions: np.ndarray, wiring: np.ndarray) -> np.ndarray:
    """Mean responses (images, units) of a frozen wiring to images over the whole sheet."""
    pixels = pixels_under(positions, (28, 28), (np.zeros(2), np.full(2, SIDE)))
    return mean_responses(images, pixels, wiring, 0.0, ENCODING)


def read_out(task: Digits, positions: np.ndarray, wiring: np.ndarray) -> tuple[float, float]:
    """Training and test accuracy of a linear readout of a frozen wiring's mean responses."""
    train = responses(task.images, positions, wiring)
    test = responses(task.test_images, positions, wiring)
    readout = fit_readout(train, task.labels, STRENGTH)
    return readout.accuracy(train, task.labels), readout.accuracy(test, task.test_labels)


def read_pixels(task: Digits) -> tuple[float, float]:
    """The same of raw pixels, with the penalty of three that is best on a validation split."""
    split = task.validation_split(len(task.labels) // 5)
    seen, aside = split.images / 255.0, split.test_images / 255.0

    def validated(strength: float) -> float:
        return fit_readout(seen, split.labels, strength).accuracy(aside, split.test_labels)

    train, test = task.images / 255.0, task.test_images / 255.0
    best = fit_readout(train, task.labels, max((1e-2, 1.0, 10.0), key=validated))
    return best.accuracy(train, task.labels), best.accuracy(test, task.test_labels)


def _readout(report: Report, stack: SpikingStack) -> None:
    heading = "## A linear readout of MNIST"
    mnist = mnist_or_why_not(report, heading)
    if mnist is None:
        return
    task = mnist.shortened(10_000, 10_000)
    positions, figures = stack.retina.positions, {}
    for name, wiring in wirings(positions, stack.weights[0]).items():
        figures[f"{name}, train"], figures[f"{name}, test"] = read_out(task, positions, wiring)
    figures["raw pixels, train"], figures["raw pixels, test"] = read_pixels(task)
    report.keep("readout", figures)
    report.say(
        heading,
        "10,000 training and 10,000 test images; layers are frozen, an image is a constant current "
        f"for {ENCODING.milliseconds} ms, features are mean responses (y / max y) y without "
        "threshold, the readout is ridge regression. Every wiring has the same number of units, "
        "with the same numbers of sensors and sums of weights. Raw pixels: the best of three "
        "penalties on a validation split. Self-organised wiring need not beat random wiring.",
        train_and_test("wiring", figures),
    )


# -------------------- variants --------------------


def _rules(report: Report) -> None:
    """Same-step Hebb beside traces, on the Izhikevich retina (steps of 1 ms)."""
    rows = []
    for name, trace in (("same-step Hebb", None), ("traces of 5 ms", 5.0)):
        rng = np.random.default_rng(1)
        layer = LayerSettings(200, winners=4, kernel=None, trace=trace)
        stack = SpikingStack(izhikevich_retina(rng), [layer], rng)
        stack.organise(10_000.0)
        fields = receptive_fields(stack.weights[0], stack.retina.positions, SMALL)
        report.keep(f"rule, {name}", fields._asdict())
        rows.append([name, *fields])
    report.say(
        "## Learning rules",
        "200 units above 1,600 Izhikevich sensors, four winners, 10,000 ms.",
        table(["rule", "organised", "mean size", "coverage", "mean distance"], rows),
    )


def _autoencoder(report: Report, milliseconds: float) -> None:
    """How near a decoded patch of activity is to the patch, beside chance."""
    rng = np.random.default_rng(2)
    stack = SpikingStack(leaky_retina(rng), [LayerSettings(200, winners=8, kernel=None)], rng)
    coder = SpikingAutoencoder(stack, rng)
    positions = stack.retina.positions
    patches = disc_wiring(positions, np.full(100, 150), rng).T

    def similarity() -> float:
        found = [
            np.corrcoef(coder.reconstruct(np.flatnonzero(patch)), patch)[0, 1]
            for patch in patches
            if coder.encode(np.flatnonzero(patch)).any()
        ]
        return float(np.mean(found)) if found else float("nan")

    before = similarity()
    coder.organise(milliseconds)
    figures = {"before": before, "after": similarity()}
    report.keep("autoencoder, correlation of patch and reconstruction", figures)
    report.say(
        "## A mirrored layer decodes",
        f"Mean correlation between 100 round patches of 150 sensors and what the mirrored layer "
        f"makes of the code of 200 units, before and after {milliseconds:,.0f} ms of waves.",
        table(["", "correlation"], list(figures.items())),
    )
