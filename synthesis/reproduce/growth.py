"""Growth from one cell, pooling organised by noise, silent sensors, wounds, and MNIST on top.

Sources: arXiv:1906.01039; github thomsonlab/GrowingBrains @82b81dc.
"""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..architectures.self_organised import (
    SYNAPSE,
    Polygon,
    disc_wiring,
    fit_readout,
    pixels_under,
    random_wiring,
)
from ..architectures.self_organised.growth import (
    Pooling,
    PoolingSettings,
    Tissue,
    grown_network,
    pooled_features,
    pooling_tree,
)
from ..architectures.self_organised.growth import plots as pictures
from ..optimize import adam, schedule
from ..tasks import Digits
from ..weight_space import Categorical, freeze, learn, sparsified
from .tables import (
    Report,
    figures_table,
    medians,
    mnist_or_why_not,
    save_plot,
    seeds_in_words,
    table,
    train_and_test,
)

__all__ = ["SHAPES", "damaged", "organised", "reproduce", "seen_by_sensors"]

MOST_STEPS = 200_000
SPEED_STEPS = 110_000
SILENT, RELEARNING = 0.2, 50_000
SHAPES = {
    "square": [(0, 0), (16, 0), (16, 16), (0, 16)],
    "L": [(0, 0), (18, 0), (18, 7), (7, 7), (7, 18), (0, 18)],
    "star": [(9 + r * np.cos(a), 9 + r * np.sin(a))
             for r, a in zip([11, 5] * 5, np.arange(10) * np.pi / 5, strict=True)],
}  # fmt: skip
READOUT = "## A linear readout of MNIST"
WAITING, AFTER_WOUND = 60_000, 40_000


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``growth.md`` and ``.json`` and pictures, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 2 (about four minutes on a quiet core); otherwise seed 0 and one shape.
    out : Path
    """
    report = Report("growth", "Networks grown from one cell", out, full)
    seeds = range(3) if full else range(1)
    poolings = _organisation(report, seeds)
    _damage(report, poolings)
    _silent_from_the_start(report)
    save_plot(out, "growth-fields", pictures.receptive_field_grid, poolings[0])
    _movie(out)
    for shape in SHAPES if full else list(SHAPES)[:1]:
        _tissue(report, shape)
    mnist = mnist_or_why_not(report, READOUT)
    if mnist is not None:
        task = mnist.shortened(10_000, 10_000)
        job = partial(_read_out, poolings, task)
        report.each_seed("readout", range(len(poolings)), job, _say_readouts)
        _handed_over(report, poolings[0], task)
    return report.figures


# -------------------- pooling --------------------


def organised(
    seed: int, settings: PoolingSettings | None = None
) -> tuple[Pooling, dict[str, float]]:
    """A pooling layer of the published size, run until 90 % of its units are organised."""
    pooling = Pooling(np.random.default_rng(seed), settings)
    start = time.process_time()
    *_, last = pooling.organise(MOST_STEPS)
    seconds = time.process_time() - start
    return pooling, {
        "steps": last.steps,
        **last.fields._asdict(),
        "seconds per 110,000 steps": seconds * SPEED_STEPS / last.steps,
    }


def _organisation(report: Report, seeds: range) -> list[Pooling]:
    poolings, results = [], []
    for seed in seeds:
        pooling, figures = organised(seed)
        poolings.append(pooling)
        results.append(figures)
        report.keep(f"pooling, seed {seed}", figures)
    report.say(
        "## Self-organised pooling: published constants",
        "1,500 Izhikevich sensors in a square of side 28, 400 units, outer radius 6. "
        "Organised: units that read fewer than 150 sensors (synapse: weight of 0.1 or more), which "
        "ends a run at 360; the other figures are over those. Processor seconds include a review "
        "of all fields every 1,000 steps.",
        figures_table("seed", {str(seed): figures for seed, figures in enumerate(results)}),
    )
    return poolings


def damaged(pooling: Pooling, kind: str, rng: np.random.Generator) -> Pooling:
    """A copy with 20 % of the sensors silent: anywhere ("random"), or one disc ("hole")."""
    hurt = copy.deepcopy(pooling)
    n = len(hurt.positions)
    silent = rng.permutation(n)[: round(SILENT * n)]
    if kind == "hole":
        centre = hurt.positions[silent[0]]
        distance = np.linalg.norm(hurt.positions - centre, axis=1)
        silent = np.argsort(distance, kind="stable")[: silent.size]
    hurt.sheet.silence(silent)
    return hurt


def _damage(report: Report, poolings: list[Pooling]) -> None:
    found: dict[str, dict[str, Any]] = {}
    for seed, pooling in enumerate(poolings):
        for kind in ("random", "hole"):
            hurt = damaged(pooling, kind, np.random.default_rng([seed, 3]))
            at_once = hurt.fields().coverage
            hurt.advance(RELEARNING)
            figures = {"coverage at once": at_once, **hurt.fields()._asdict()}
            found[f"{kind}, seed {seed}"] = figures
            report.keep(f"silent sensors, {kind}, seed {seed}", figures)
    report.say(
        f"## {SILENT:.0%} of the sensors fall silent",
        "After organisation, as in the released script: sensors anywhere, or one disc of them. "
        f"Waves go on for {RELEARNING:,} ms. Coverage is of the live sensors.",
        figures_table("silent", found),
    )


def _silent_from_the_start(report: Report) -> None:
    """Silent sensors thin the sheet, so waves are rarer; stronger excitation makes up for it."""
    found = {}
    for excitation in (5.0, 5.0 / (1.0 - SILENT)):
        settings = PoolingSettings(silent=SILENT, excitation=excitation)
        found[f"{excitation:g}"] = organised(0, settings)[1]
        report.keep(f"silent from the start, excitation {excitation:g}", found[f"{excitation:g}"])
    report.say(
        f"## {SILENT:.0%} of the sensors silent from the start",
        "Seed 0. With the published excitation of 5 the thinner sheet has few waves; with the "
        "excitation that live neighbours have lost made good, it organises like the whole one.",
        figures_table("excitation", found),
    )


# -------------------- tissue --------------------


def _tissue(report: Report, shape: str) -> None:
    polygon = Polygon(SHAPES[shape])
    tissue = Tissue(polygon, np.random.default_rng([0, len(shape)]))
    counts = []
    figures: dict[str, Any] = {"area": polygon.area}
    for stage in tissue.stages(2000, WAITING):
        counts.append(stage)
        if shape == next(iter(SHAPES)) and stage.steps in (0, 2000, 6000, 14000, WAITING):
            name = f"growth-{shape}-{stage.steps:06d}"
            save_plot(report.out, name, pictures.tissue_picture, tissue)
    figures |= {
        "cells": tissue.n,
        "units": len(tissue.unit_names),
        "cells 10,000 steps before": counts[-6].cells,
        "organised": tissue.fields().organised,
        "coverage": tissue.fields().coverage,
        "outside": int(np.count_nonzero(~polygon.contains(tissue.positions))),
        "least Hayflick counter": int(tissue.hayflick.min()),
    }
    centre = tissue.positions[np.argmin(np.abs(tissue.positions - 6.0).sum(axis=1))].copy()

    def in_disc() -> int:
        return int(np.count_nonzero(np.linalg.norm(tissue.positions - centre, axis=1) < 2.5))

    figures["in the disc"] = in_disc()
    tissue.wound(centre, 2.5)
    figures["units after the wound"] = len(tissue.unit_names)
    tissue.grow(AFTER_WOUND)
    figures["in the disc, healed"] = in_disc()
    figures["units, healed"] = len(tissue.unit_names)
    figures["coverage, healed"] = tissue.fields().coverage
    report.keep(f"tissue, {shape}", figures)
    rows = [
        [name.removeprefix("tissue, "), *found.values()]
        for name, found in report.figures.items()
        if name.startswith("tissue, ")
    ]
    report.say(
        "## Growth from one cell, and a wound",
        f"One cell in a polygon, {WAITING:,} steps; then all cells within 2.5 of one cell, and "
        f"the units above them, are removed, and {AFTER_WOUND:,} steps follow. Counters of cells "
        "at the edge of the wound start again; Hayflick counters do not.",
        table(["polygon", *figures], rows),
    )


def _movie(out: Path) -> None:
    """The first 14,000 steps in the first polygon."""
    name, corners = next(iter(SHAPES.items()))
    tissue = Tissue(Polygon(corners), np.random.default_rng([0, len(name)]))
    with suppress(ImportError):  # matplotlib is an extra
        pictures.growth_movie(tissue, out / f"growth-{name}.gif", range(0, 14_001, 500))


# -------------------- MNIST on top --------------------


def seen_by_sensors(task: Digits, pooling: Pooling) -> Digits:
    """MNIST as the sensors of a pooling layer see it: the pixel under each."""
    corners = np.zeros(2), np.full(2, pooling.settings.side)
    return task.seen_by(pixels_under(pooling.positions, (28, 28), corners))


def _read_out(poolings: list[Pooling], task: Digits, seed: int) -> dict[str, float]:
    pooling, rng = poolings[seed], np.random.default_rng([seed, 9])
    seen = seen_by_sensors(task, pooling)
    train, test = seen.as_inputs(seen.images), seen.as_inputs(seen.test_images)
    found = pooling.weights >= SYNAPSE
    sizes = found.sum(axis=0)
    small = (sizes > 0) & (sizes < pooling.settings.small)
    wirings = {
        "self-organised": found[:, small],
        "hand-made discs": disc_wiring(pooling.positions, sizes[small], rng),
        "random": random_wiring(len(train[0]), sizes[small], rng),
    }
    figures = {}
    for name, synapses in wirings.items():
        features = pooled_features(train, synapses, rng)
        readout = features.readout(train, task.labels)
        figures[f"{name}, train"] = readout.accuracy(features(train), task.labels)
        figures[f"{name}, test"] = readout.accuracy(features(test), task.test_labels)
    raw = fit_readout(train, task.labels, 1e-2)
    figures["sensors without pooling, train"] = raw.accuracy(train, task.labels)
    figures["sensors without pooling, test"] = raw.accuracy(test, task.test_labels)
    return figures


def _say_readouts(report: Report, results: list[dict[str, float]]) -> None:
    report.say(
        READOUT,
        f"10,000 training and 10,000 test images, {seeds_in_words(results)}. Every wiring has the "
        "same number of units with the same numbers of sensors. Features as in the released code; "
        "ridge regression. Self-organised fields need not beat random ones.",
        train_and_test("wiring", medians(results)),
    )


# -------------------- the other methods --------------------


def _handed_over(report: Report, pooling: Pooling, task: Digits) -> None:
    """The grown wiring as a network: trained by gradient, then sparser along an invariant path."""
    rng = np.random.default_rng(11)
    tree = pooling_tree(pooling, only_small=True)
    model, start = grown_network(tree, [f"digit-{i}" for i in range(10)], rng)
    seen = seen_by_sensors(task, pooling)
    steps = 600
    trained = learn(model, seen, start, adam(schedule(0.01, 0.001, steps)), steps, rng)
    inputs, _ = seen.store(1000, rng)
    reference = freeze(model, trained, inputs, Categorical(4.0))
    sparse = sparsified(reference, 0.5, rng=rng, steps=200)
    figures = {
        "synapses": start.size,
        "untrained": seen.accuracy(model, start),
        "trained by gradient": seen.accuracy(model, trained),
        "half the synapses, along an invariant path": seen.accuracy(model, sparse.projected),
    }
    report.keep("handed over", figures)
    report.say(
        "## The grown network in other hands",
        "The first layer keeps its grown wiring: a leaf per synapse, and no others. Test accuracy.",
        table(["", "figure"], list(figures.items())),
    )
