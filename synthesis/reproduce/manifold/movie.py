"""Manifolds over their training: the movie of the links and the sudden shift.

Source: M. Woods, Dynamic Neural Manifold (2018): the videos of both notebooks; "about a quarter of
the way into it, the network exhibits a sudden shift in its connectivity [...] Why? How? I don't
know".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show import new_axes

from ...architectures.manifold import (
    Change,
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    Snapshot,
    Start,
    adjacency_movie,
    changes,
    largest_shift,
    snapshots,
)
from ...tasks import Digits, SumsAndDifferences, load_mnist
from ..tables import Report, save_plot, table

__all__ = ["ignored_input", "reproduce"]

STILL = "## Still to be run"
AFTER = 0.05  # share of the steps that counts as the beginning
FRAMES = 50  # of a movie
EVERY = "steps between snapshots"
N_HIDDEN = 206  # on MNIST
MNIST_STEPS = 20_000  # the first two fifths of the source's; the rate is the same all the way


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-film.md`` and ``.json``, plots and movies, return the figures.

    Parameters
    ----------
    full : bool
        Five seeds of the toy set and of MNIST (about eighteen minutes on one core; interrupted, the
        same command goes on after the last seed that ``manifold-film.json`` holds); otherwise one
        seed of the toy set.
    out : Path
    """
    report = Report("manifold-film", "Dynamic manifolds over their training", out, full)
    report.resume()
    seeds = range(5) if full else range(1)
    trainings: dict[str, Callable[[int], ManifoldTraining]] = {
        "toy, source mode": _toy,
        "toy, default mode": partial(_toy, default=True),
    }
    try:
        digits = load_mnist().with_batch_size(50)
    except FileNotFoundError as error:
        report.say("## MNIST", f"Not measured: {error}.")
        digits = None
    if full and digits is not None:
        trainings[f"MNIST, source mode, {MNIST_STEPS:,} steps"] = partial(_mnist, digits)
    left = list(trainings)
    for name, training_of in trainings.items():
        report.say(STILL, ", ".join(left) + ".")  # an interrupted run is a report too
        _measure_shift(report, name, seeds, training_of)
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


def _measure_shift(
    report: Report, name: str, seeds: Sequence[int], training_of: Callable[[int], ManifoldTraining]
) -> None:
    curves: dict[str, list[Change]] = {}  # of the seeds that are trained now

    def job(seed: int) -> dict[str, Any]:
        training = training_of(seed)
        film = list(snapshots(training))
        if seed == seeds[0]:
            _movies(training.model, film, name, report.out)
        found = curves[f"seed {seed}"] = changes(training.model, film)
        save_plot(report.out, _file(name), _draw, curves)
        return _figures(training.model, film, found)

    report.each_seed(name, seeds, job, partial(_say_shift, name))


def _say_shift(name: str, report: Report, rows: list[dict[str, Any]]) -> None:
    columns = [key for key in rows[0] if key != EVERY]
    report.say(
        f"## {name}",
        f"A snapshot every {rows[0][EVERY]} steps. Turnover: links that are in one of two "
        "neighbouring snapshots only, over links in either. Largest: after the first "
        f"{AFTER:.0%} of the steps; ratio: over the median of the others. By cutoff: the turnover "
        "of that change if the cutoff alone had moved.",
        table(
            ["seed", *columns], [[seed, *map(row.get, columns)] for seed, row in enumerate(rows)]
        ),
    )


def _figures(model: Manifold, film: Sequence[Snapshot], found: Sequence[Change]) -> dict[str, Any]:
    shift = largest_shift(found, AFTER)
    change = found[shift.place]
    before = found[max(shift.place - 5, 0) : shift.place] or [change]
    usual = {key: float(np.median([c.moved[key] for c in before])) for key in change.moved}
    fastest = max(usual, key=lambda key: change.moved[key] / max(usual[key], 1e-12))
    figures = {
        EVERY: film[1].step,
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


def _draw(curves: dict[str, list[Change]]) -> Any:
    axes = new_axes(7, 3.6)
    for name, film in curves.items():
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
    with suppress(ImportError):  # matplotlib is an extra
        for ending in ("gif", "html"):
            adjacency_movie(model, film[::every], out / f"{_file(name)}.{ending}", 8)
