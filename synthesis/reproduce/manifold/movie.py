"""Manifolds over their training: the movie of the links, the sudden shift, measured time.

Source: M. Woods, Dynamic Neural Manifold (2018): the videos of both notebooks; "about a quarter of
the way into it, the network exhibits a sudden shift in its connectivity [...] Why? How? I don't
know"; the wish for a loss on measured time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show import new_axes

from ...architectures.manifold import (
    Change,
    CostModel,
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    Snapshot,
    Start,
    TermWeights,
    adjacency_movie,
    changes,
    density,
    fit_cost,
    largest_shift,
    measure,
    measured_here,
    snapshots,
    train,
)
from ...tasks import Digits, SumsAndDifferences, load_mnist
from ..tables import Report, save_plot, table

__all__ = ["ignored_input", "reproduce"]

STILL = "## Still to be run"
AFTER = 0.05  # share of the steps that counts as the beginning
FRAMES = 50  # of a movie
N_HIDDEN = 206  # on MNIST
MNIST_STEPS = 20_000  # the first two fifths of the source's; the rate is the same all the way
SECONDS = (0.0, 1e2, 1e3, 1e4)  # weights on the toy set
MNIST_SECONDS = (0.0, 30.0, 100.0, 300.0)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-film.md`` and ``.json``, plots and movies, return the figures.

    Parameters
    ----------
    full : bool
        Five seeds of the toy set and of MNIST (about twenty minutes on one core); otherwise one
        seed of the toy set.
    out : Path
    """
    report = Report("manifold-film", "Dynamic manifolds over their training", out, full)
    seeds = range(5) if full else range(1)
    parts: dict[str, Callable[[str], None]] = {
        name: partial(_say_shift, report, seeds=seeds, training_of=training_of, out=out)
        for name, training_of in (
            ("toy, source mode", _toy),
            ("toy, default mode", partial(_toy, default=True)),
        )
    }
    try:
        digits = load_mnist().with_batch_size(50)
    except FileNotFoundError as error:
        report.say("## MNIST", f"Not measured: {error}.")
        digits = None
    if full and digits is not None:
        parts[f"MNIST, source mode, {MNIST_STEPS:,} steps"] = partial(
            _say_shift, report, seeds=seeds, training_of=partial(_mnist, digits), out=out
        )
    parts["time in the loss, toy"] = partial(_toy_times, report, out)
    if full and digits is not None:
        parts["time in the loss, MNIST, 10,000 steps"] = partial(_mnist_times, report, digits)
    left = list(parts)
    for name, part in parts.items():
        report.say(STILL, ", ".join(left) + ".")  # an interrupted run is a report too
        part(name)
        left.remove(name)
    report.say(STILL, "Nothing: all parts have been run.")
    return report.figures


# -------------------- trainings --------------------


def _toy(seed: int, default: bool = False) -> ManifoldTraining:
    if default:
        model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
        settings = replace(ManifoldSettings.default_toy(), segment=200)
    else:
        model = Manifold(5, 16, 4, squared=True)
        settings = replace(ManifoldSettings.source_toy(), segment=50)
    return ManifoldTraining.of(ManifoldObjective(model, SumsAndDifferences()), settings, seed)


def _mnist(digits: Digits, seed: int) -> ManifoldTraining:
    task = digits.as_ink()
    model = Manifold(
        task.n_pixels, N_HIDDEN, task.n_classes, period=28.0, squared=True, start=Start.mnist()
    )
    settings = ManifoldSettings.source_mnist(MNIST_STEPS)
    return ManifoldTraining.of(ManifoldObjective(model, task), settings, seed)


# -------------------- the shift --------------------


def _say_shift(
    report: Report, name: str, *, seeds: Sequence[int], training_of: Any, out: Path
) -> None:
    found: dict[str, list[Change]] = {}

    def job(seed: int) -> dict[str, Any]:
        training = training_of(seed)
        film = list(snapshots(training))
        found[f"seed {seed}"] = changes(training.model, film)
        if seed == seeds[0]:
            _movies(training.model, film, name, out)
        return _figures(training.model, film, found[f"seed {seed}"])

    rows = report.each_seed(name, seeds, job)
    save_plot(out, _file(name), _draw, found)
    every = rows[0].pop("steps between snapshots")
    report.say(
        f"## {name}",
        f"A snapshot every {every} steps. Turnover: links that are in one of two neighbouring "
        "snapshots only, over links in either. Largest: after the first "
        f"{AFTER:.0%} of the steps; ratio: over the median of the others. By cutoff: the turnover "
        "of that change if the cutoff alone had moved.",
        table(["seed", *rows[0]], [[seed, *(row[key] for key in rows[0])] for seed, row in
                                   zip(seeds, rows, strict=True)]),
    )  # fmt: skip


def _figures(model: Manifold, film: Sequence[Snapshot], found: Sequence[Change]) -> dict[str, Any]:
    shift = largest_shift(found, AFTER)
    change, before = found[shift.place], found[max(shift.place - 5, 0) : shift.place]
    usual = {key: float(np.median([c.moved[key] for c in before])) for key in change.moved}
    fastest = max(usual, key=lambda key: change.moved[key] / max(usual[key], 1e-12))
    figures = {
        "steps between snapshots": film[1].step,
        "largest turnover, %": 100.0 * change.turnover,
        "at, % of the steps": 100.0 * shift.share,
        "ratio": shift.ratio,
        "by cutoff, %": 100.0 * change.by_cutoff,
        "number that sped up most": fastest,
        "links first": found[0].links,
        "links last": found[-1].links,
        "cutoff last": found[-1].cutoff,
        "links kept from the start, %": 100.0 * (1.0 - found[-1].from_start),
    }
    if model.layout.n_inputs == 5:  # the toy set
        figures["unused input, first"] = ignored_input(model, film[0])
        figures["unused input, last"] = ignored_input(model, film[-1])
    return figures


def ignored_input(model: Manifold, snapshot: Snapshot) -> float:
    """How much outputs move with the first input, over how much they do with the others.

    The mean size of the change of all outputs for a small step of one input, over 200 samples; the
    toy set's first input is in no target.
    """
    x = np.random.default_rng(0).standard_normal((200, model.layout.n_inputs))
    moved = []
    for i in range(model.layout.n_inputs):
        step = np.zeros_like(x)
        step[:, i] = 1e-4
        difference = model(snapshot.parameters, x + step) - model(snapshot.parameters, x - step)
        moved.append(float(np.mean(np.abs(difference))))
    return moved[0] / float(np.mean(moved[1:]))


def _draw(found: dict[str, list[Change]]) -> Any:
    axes = new_axes(7, 3.6)
    for name, film in found.items():
        steps = [change.step for change in film]
        axes.plot(steps, [100 * change.turnover for change in film], lw=1, label=name)
    axes.set(xlabel="step", ylabel="links exchanged since the last snapshot, %", yscale="log")
    axes.legend()
    return axes


def _file(name: str) -> str:
    """``manifold-film-`` and the first two words of a section."""
    return "manifold-film-" + "-".join(name.replace(",", "").split()[:2]).lower()


def _movies(model: Manifold, film: list[Snapshot], name: str, out: Path) -> None:
    every = max(len(film) // FRAMES, 1)
    try:
        for ending in ("gif", "html"):
            adjacency_movie(model, film[::every], out / f"{_file(name)}.{ending}", 8)
    except ImportError:  # matplotlib is an extra
        return


# -------------------- measured time --------------------


def _seconds_of(model: Manifold, parameters: Any, batch: int) -> float:
    """Measured: forward and gradient of one batch through the links that there are."""
    schedule = model.links(parameters).schedule
    return measure(schedule, batch, np.random.default_rng(0)).seconds


def _trained(
    model: Manifold, task: Any, cost: CostModel, weight: float, settings: ManifoldSettings
) -> dict[str, Any]:
    """A training with time in its loss: what was found, and the time it really takes."""
    weights = TermWeights(seconds=weight, inflow=1.0)
    settings = replace(settings, weights=weights, budget=None)
    state, _ = train(ManifoldObjective(model, task, cost=cost), 0, settings)
    links = model.links(state.parameters)
    counts = links.n_links, links.schedule.n_levels
    return {
        "weight of seconds": weight,
        "links": counts[0],
        "levels": counts[1],
        "share of cells": density(model.layout, links),
        "predicted ms": 1e3 * cost.predicted(model.layout, *counts, task.batch_size)[0],
        "measured ms": 1e3 * _seconds_of(model, state.parameters, task.batch_size),
        **task.evaluate(model, state.parameters),
    }


def _toy_times(report: Report, out: Path, name: str) -> None:
    samples = measured_here(60, np.random.default_rng(2), largest=60)
    task = SumsAndDifferences()
    settings = replace(ManifoldSettings.default_toy(4000), segment=4000)
    rows = []
    for weight in SECONDS:
        model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
        rows.append(_trained(model, task, fit_cost(samples), weight, settings))
    _say_times(report, name, rows, ["test_loss"])
    save_plot(out, "manifold-film-time", _scatter)


def _mnist_times(report: Report, digits: Digits, name: str) -> None:
    cost = fit_cost(measured_here(60, np.random.default_rng(3)))
    settings = replace(ManifoldSettings.default_mnist(10_000), segment=10_000)
    rows = []
    for weight in MNIST_SECONDS:
        model = Manifold(
            digits.n_pixels, N_HIDDEN, digits.n_classes, period=28.0, link_weights=True,
            start=Start.linked_mnist(),
        )  # fmt: skip
        rows.append(_trained(model, digits, cost, weight, settings))
    _say_times(report, name, rows, ["accuracy"])


def _say_times(report: Report, name: str, rows: list[dict[str, Any]], figures: list[str]) -> None:
    keys = [*list(rows[0])[:6], *figures]
    report.keep(name, rows)
    report.say(
        f"## {name[0].upper()}{name[1:]}",
        "The cost model is fitted to networks timed on this machine; measured: the network that "
        "was found, forward and gradient of one batch, least of seven.",
        table(
            [key.replace("_", " ") for key in keys], [[row[key] for key in keys] for row in rows]
        ),
    )


def _scatter() -> Any:
    """Measured time against the share of cells that are links, random networks of one layout."""
    axes = new_axes(6, 4)
    samples = measured_here(150, np.random.default_rng(4))
    shares = [100 * s.links / s.layout.n_cells for s in samples]
    cells = [s.layout.n_cells for s in samples]
    times = [1e3 * s.seconds / s.batch for s in samples]
    drawn = axes.scatter(shares, times, c=np.log10(cells), s=14, cmap="viridis")
    axes.figure.colorbar(drawn, label="cells, powers of ten")
    axes.set(xscale="log", yscale="log", xlabel="share of the cells that are links, %",
             ylabel="measured time per sample, ms")  # fmt: skip
    return axes
