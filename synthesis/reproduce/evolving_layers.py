"""Evolving operation layers: the small experiment, distractors, ensembles, benchmark formulas.

Source: the seed "Evolving architecture as part of training", whose author gives no figures. The
experiments are those of our specification (dynamic structure, section 3).
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from autograd import value_and_grad

from ..architectures import Perceptron
from ..architectures.evolving import (
    Ensemble,
    EvolvingModel,
    EvolvingObjective,
    EvolvingSettings,
    EvolvingTraining,
    over_seeds,
    to_text,
)
from ..architectures.evolving.search import (
    SearchSettings,
    rounded,
    symbolic_search,
    without_spare_operations,
)
from ..optimize import adam, schedule
from ..process import events
from ..tasks import NGUYEN, RegressionTask, formula_task, small_experiment
from .tables import Report, medians, save_plot, table

__all__ = ["VARIANTS", "distractor_figures", "reproduce", "small_figures"]

DISTRACTORS = 6
NOISES = (0.0, 0.3)
SPARE_LOSS = 1e-8

VARIANTS = {
    "corrected": EvolvingSettings(),
    "random mutation": EvolvingSettings(proposals=1),
    "index-0 defect": EvolvingSettings(index_zero_defect=True),
    "no pruning": EvolvingSettings(pruning="none"),
}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``evolving-layers.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4 and all twelve formulas (about ten minutes on two cores); otherwise seeds 0
        and 1 and four formulas.
    out : Path
    """
    report = Report("evolving-layers", "Evolving operation layers", out, full)
    seeds = range(5) if full else range(2)
    # A fresh interpreter per worker: the caller may have threads, which a fork would not survive.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as executor:
        _small(report, seeds, executor, out)
        for noise in NOISES:
            _distractors(report, seeds, noise, executor)
        _formulas(report, list(NGUYEN) if full else list(NGUYEN)[4:8], executor)
    return report.figures


# -------------------- one run --------------------


def _task(seed: int, distractors: int = 0, noise: float = 0.0) -> RegressionTask:
    rng = np.random.default_rng([seed, 1])
    return small_experiment(rng, distractors=distractors, noise=noise)


def _run(seed: int, variant: str, distractors: int = 0, noise: float = 0.0) -> dict[str, Any]:
    """Figures of one seed, with the network and the held-out error after every epoch."""
    task = _task(seed, distractors, noise)
    model = EvolvingModel(4 + distractors, 2)
    training = EvolvingTraining.of(model, task, (seed, 3), VARIANTS[variant])
    curve = []
    for event in events(training, training.start(training.rng)):
        state = event.state
        if event.records[0].event == "train" and not state.is_done:
            curve.append(task.evaluate(model, state.parameters)["held_out_loss"])
    return {
        "seed": seed,
        **task.evaluate(model, state.parameters),
        "training_loss": state.loss,
        "operations": model.count_operations(state.parameters),
        "leaves": len(state.parameters),
        "curve": curve,
        "network": state.parameters,
    }


def _run_perceptron(
    seed: int, n_parameters: int, distractors: int = 0, noise: float = 0.0
) -> dict[str, Any]:
    """A perceptron of one hidden layer with no fewer parameters, trained by the same steps."""
    task, n = _task(seed, distractors, noise), 4 + distractors
    n_hidden = -(-(n_parameters - 2) // (n + 3))
    model = Perceptron([n, n_hidden, 2], "tanh")
    settings = VARIANTS["corrected"]
    steps = settings.epochs * settings.steps
    optimizer = adam(schedule(settings.rate, settings.last_rate, steps))
    parameters = model.initial(np.random.default_rng([seed, 3]))
    state = optimizer.init(parameters)
    gradient_of = value_and_grad(lambda p: task.loss(model(p, task.inputs), task.targets))
    loss = float("inf")
    for _ in range(steps):
        loss, gradient = gradient_of(parameters)
        step, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + step
    figures = task.evaluate(model, parameters)
    return {"seed": seed, **figures, "training_loss": float(loss), "leaves": parameters.size}


def _public(row: dict[str, Any]) -> dict[str, Any]:
    """What is written down: everything but networks and curves."""
    return {key: value for key, value in row.items() if key not in ("network", "curve")}


# -------------------- the small experiment --------------------


def small_figures(
    seeds: Iterable[int], executor: Executor | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The small experiment: corrected, with random mutation, and with the index-0 defect."""
    names = ("corrected", "random mutation", "index-0 defect")
    seeds = tuple(seeds)
    return {name: over_seeds(partial(_run, variant=name), seeds, executor) for name in names}


def _small(report: Report, seeds: Sequence[int], executor: Executor, out: Path) -> None:
    figures = small_figures(seeds, executor)
    for name, rows in figures.items():
        report.keep(f"small, {name}", [_public(row) for row in rows])
    good = sum(row["held_out_loss"] <= 0.01 for row in figures["corrected"])
    lines = [
        (name, row["seed"], row["held_out_loss"], row["expected_loss"], row["operations"])
        for name, found in figures.items()
        for row in found
    ]
    report.say(
        "## Small experiment",
        "y0 = x0 x1 + x2 and y1 = x0 x1 x3 of four standard normal inputs; 2,000 samples to train "
        "on and 2,000 held out; 60 epochs of 200 Adam steps, one operation added per epoch, one "
        "pruned above 8. Mean squared error over samples and outputs; the expected one is by "
        "quadrature. A linear model has 1; without x0 nothing is below 1.",
        table(["variant", "seed", "held-out error", "expected error", "operations"], lines),
        f"At most 0.01: {good} of {len(seeds)} seeds.",
    )
    first = figures["corrected"][0]
    model = EvolvingModel(4, 2)
    objective = EvolvingObjective(model, *_task(first["seed"]).batch(np.random.default_rng(0)))
    small = without_spare_operations(objective, first["network"], SPARE_LOSS)
    small = rounded(objective, small, SPARE_LOSS)
    report.say(
        f"Seed {first['seed']} as a formula, and without operations and digits that cost less than "
        f"a loss of {SPARE_LOSS:g}:",
        f"```\n{to_text(model, first['network'], 4)}\n\n{to_text(model, small)}\n```",
    )
    save_plot(out, "evolving-layers-small", _draw, figures)


def _draw(figures: dict[str, list[dict[str, Any]]]) -> Any:
    """Held-out error after every epoch, a line per seed."""
    from matplotlib import pyplot

    _, axes = pyplot.subplots(figsize=(7, 4))
    for color, (name, rows) in zip(("C0", "C1", "C3"), figures.items(), strict=False):
        for i, row in enumerate(rows):
            axes.semilogy(row["curve"], color=color, lw=1, label=name if i == 0 else None)
    axes.axhline(0.01, color="0.5", lw=0.8, ls="--")
    axes.set(xlabel="epoch", ylabel="held-out mean squared error")
    axes.legend()
    return axes


# -------------------- distractors --------------------


def distractor_figures(
    seeds: Iterable[int], noise: float, executor: Executor | None = None
) -> dict[str, list[dict[str, Any]]]:
    """With six inputs that nothing depends on: pruned, not pruned, a perceptron as large."""
    seeds = tuple(seeds)
    figures = {}
    for name in ("corrected", "no pruning"):
        job = partial(_run, variant=name, distractors=DISTRACTORS, noise=noise)
        figures[name] = over_seeds(job, seeds, executor)
    # At least as many parameters as the pruned network has leaves, fixed links and all.
    n = max(row["leaves"] for row in figures["corrected"])
    job = partial(_run_perceptron, n_parameters=n, distractors=DISTRACTORS, noise=noise)
    figures["perceptron"] = over_seeds(job, seeds, executor)
    return figures


def _distractors(report: Report, seeds: Sequence[int], noise: float, executor: Executor) -> None:
    figures = distractor_figures(seeds, noise, executor)
    lines = []
    for name, found in figures.items():
        rows = [_public(row) for row in found]
        report.keep(f"distractors, noise {noise}, {name}", rows)
        middle, worst = medians(rows), max(row["held_out_loss"] for row in rows)
        median_error, median_loss = middle["held_out_loss"], middle["training_loss"]
        lines.append((name, median_error, worst, median_loss, middle["leaves"]))
    header = ["", "median held-out error", "worst", "median training error", "median leaves"]
    report.say(
        f"## Six distractors, noise {noise:g} on the training targets",
        f"As above with ten inputs; {len(seeds)} seeds. Held-out targets have no noise. The "
        "perceptron has one hidden layer of tanh and the same number of Adam steps.",
        table(header, lines),
    )
    networks = tuple(row["network"] for row in figures["corrected"])
    ensemble = Ensemble(EvolvingModel(4 + DISTRACTORS, 2), networks)
    task = _task(0, DISTRACTORS, noise)
    error = float(np.mean((ensemble(task.held_out_inputs) - task.held_out_targets) ** 2))
    report.keep(f"distractors, noise {noise}, ensemble", error)
    report.say(
        f"The {len(networks)} pruned networks, each trained on its own samples, as one ensemble: "
        f"held-out error {error:.3g}."
    )


# -------------------- formulas --------------------


def _formulas(report: Report, names: Sequence[str], executor: Executor) -> None:
    rows = []
    for i, name in enumerate(names):
        task = formula_task(NGUYEN[name], np.random.default_rng([i, 5]))
        start = time.perf_counter()
        model, found = symbolic_search(task.inputs, task.targets, SearchSettings(), executor)
        seconds = time.perf_counter() - start
        r2 = task.evaluate(model, found.parameters)["held_out_r2"]
        shown = to_text(model, found.parameters, 4)
        report.keep(name, {"r2": r2, "seconds": seconds, "formula": shown})
        rows.append((name, "yes" if r2 > 0.999999 else "no", 1.0 - r2, seconds, f"`{shown}`"))
    recovered = sum(row[1] == "yes" for row in rows)
    report.say(
        "## Nguyen's formulas",
        "20 samples each, the same settings for all. Side by side with gplearn: "
        "`python -m benchmarks.nguyen`.",
        table(["formula", "recovered", "1 - R² held out", "seconds", "found"], rows),
        f"Recovered: {recovered} of {len(rows)}.",
    )
