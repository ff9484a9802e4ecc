"""Manifolds with measured time, or measured memory, in their loss: what each buys.

Source: M. Woods, Dynamic Neural Manifold (2018), who measured the time of a step, found that it
could not be a loss and counted cells instead; "comparing the % sparsity loss to the time loss
reveals some structure"; the wish for "a memory-based term in the loss function".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dmm.show import new_axes

from ...architectures.manifold import (
    CostModel,
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    Start,
    TermWeights,
    density,
    fit_cost,
    measure,
    measured_here,
    network_of,
    train,
)
from ...process.codec import from_plain, to_plain
from ...tasks import Digits, SumsAndDifferences, load_mnist
from ..tables import Report, medians, save_plot, table
from .weights_alone import trained_alone

__all__ = ["Costs", "reproduce"]

N_HIDDEN = 206  # on MNIST
STEPS, SMALL_STEPS = 4_000, 4_000  # on MNIST, on the toy set
FINISHING_STEPS, FINISHING_RATE = 4_000, 0.003  # of the weights alone, on MNIST
LOST = 0.5  # points of accuracy that time may cost
TOY_SECONDS, TOY_BYTES = (0.0, 1e2, 1e3, 1e4), (1e-6, 1e-5, 1e-4)
SECONDS, BYTES = (100.0, 200.0, 300.0, 1000.0), (1e-6,)
SHARES = (0.05,)  # of the cells, for the count of links
CONFIRMED = (2, 3, 4)  # seeds that no choice has seen

HEADER = [
    "what is in the loss", "links", "levels", "links, % of the cells", "predicted ms",
    "measured ms", "predicted kB", "measured kB",
]  # fmt: skip


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``manifold-time.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        MNIST too, if it is at hand (about fifteen minutes on one core; interrupted, the same
        command goes on with what ``manifold-time.json`` lacks); otherwise the toy set.
    out : Path
    """
    report = Report("manifold-time", "Time and memory in the loss of dynamic manifolds", out, full)
    known = report.earlier()
    report.say(
        "## How",
        "A model of time and memory is fitted to random networks that are timed on this machine; "
        "it is a differentiable term of the loss. Measured is the network that was found, in the "
        "sparse engine: forward and gradient of one batch, process time, least of seven, and the "
        "peak of what it allocates. On MNIST what was found is then trained on, the structure left "
        "as it is, whatever stood in the loss.",
    )
    save_plot(out, "manifold-time-links", _draw_scatter, _random_networks(report))
    _toy(report)
    try:
        digits = load_mnist().with_batch_size(50)
    except FileNotFoundError as error:
        report.say("## MNIST", f"Not measured: {error}.")
        return report.figures
    if full:
        _mnist(report, known, digits, out)
    return report.figures


# -------------------- one training --------------------


@dataclass(frozen=True)
class Costs:
    """A training whose loss holds time, memory or a count of links.

    Attributes
    ----------
    model : callable, () -> Manifold
    task : Task
    cost : CostModel
    settings : ManifoldSettings
        Its weights and its budget are replaced.
    finishing_steps : int
        Of the weights alone, after the structure has been settled; 0 for none.
    """

    model: Callable[[], Manifold]
    task: Any
    cost: CostModel
    settings: ManifoldSettings
    finishing_steps: int = 0

    def figures(self, term: str, weight: float, seed: int = 0) -> dict[str, Any]:
        """What is found with a weight of ``"seconds"`` or ``"bytes"``, or down to ``"links"``.

        Parameters
        ----------
        term : {"seconds", "bytes", "links"}
        weight : float
            Of the term; for links the share of the cells to come down to.
        seed : int
        """
        weights, budget = TermWeights(inflow=1.0), None
        if term == "links":
            weights, budget = replace(weights, soft_count=5.0), weight
        else:
            weights = replace(weights, **{term: weight})
        settings = replace(self.settings, weights=weights, budget=budget)
        model = self.model()
        objective = ManifoldObjective(model, self.task, cost=self.cost)
        parameters = train(objective, seed, settings)[0].parameters
        links, batch = model.links(parameters), self.task.batch_size
        counts = links.n_links, links.schedule.n_levels
        seconds, size = self.cost.predicted(model.layout, *counts, batch)
        found = measure(links.schedule, batch, np.random.default_rng(0))
        rng, steps = np.random.default_rng([seed, 5]), self.finishing_steps
        network, weights_found = network_of(model, parameters)
        after = trained_alone(network, weights_found, self.task, FINISHING_RATE, steps, rng)
        return {
            "links": counts[0],
            "levels": counts[1],
            "share": 100 * density(model.layout, links),
            "predicted_ms": 1e3 * seconds,
            "measured_ms": 1e3 * found.seconds,
            "predicted_kB": size / 1e3,
            "measured_kB": found.bytes / 1e3,
            **self.task.evaluate(network, after),
        }


def _named(term: str, weight: float) -> str:
    if not weight:
        return "nothing"
    return f"links, down to {weight:.1%}" if term == "links" else f"{term}, weight {weight:g}"


# -------------------- random networks and the toy set --------------------


def _random_networks(report: Report) -> list[list[float]]:
    """Share of the cells in percent, milliseconds per sample and number of cells."""
    samples = measured_here(150, np.random.default_rng(4))
    rows = [
        [100 * s.links / s.layout.n_cells, 1e3 * s.seconds / s.batch, float(s.layout.n_cells)]
        for s in samples
    ]
    shares, times, cells = np.log10(np.array(rows)).T
    links = shares + cells
    by_share, by_links = (np.corrcoef(x, times)[0, 1] for x in (shares, links))
    figures = {"by share of the cells": float(by_share), "by links": float(by_links)}
    report.keep("random networks, correlation of logarithms with time", figures)
    report.say(
        "## Time against links",
        "150 random networks of 100 to 1,000 neurons (`manifold-time-links.png`). The logarithm of "
        f"the time per sample goes with that of the *share* of the cells that are links at "
        f"r = {by_share:.2f}, with that of their *number* at r = {by_links:.2f}.",
    )
    return rows


def _draw_scatter(rows: list[list[float]]) -> Any:
    axes = new_axes(6, 4)
    shares, times, cells = np.array(rows).T
    drawn = axes.scatter(shares, times, c=np.log10(cells), s=14, cmap="viridis")
    axes.figure.colorbar(drawn, label="cells, powers of ten")
    axes.set(xscale="log", yscale="log", xlabel="share of the cells that are links, %",
             ylabel="measured time per sample, ms")  # fmt: skip
    return axes


def _toy(report: Report) -> None:
    cost = fit_cost(measured_here(60, np.random.default_rng(2), largest=60))
    settings = replace(ManifoldSettings.default_toy(SMALL_STEPS), segment=SMALL_STEPS)
    made = partial(Manifold, 5, 16, 4, link_weights=True, start=Start.wide_toy(), engine="sparse")
    trained = Costs(made, SumsAndDifferences(), cost, settings)
    asked = [("seconds", w) for w in TOY_SECONDS] + [("bytes", w) for w in TOY_BYTES]
    rows = {_named(*what): trained.figures(*what) for what in asked}
    _say(report, f"Sums and differences, {SMALL_STEPS:,} steps", rows, "test_loss", "test error")


def _say(
    report: Report, name: str, rows: dict[str, dict[str, Any]], key: str, title: str, *more: str
) -> None:
    report.keep(name, rows)
    lines = [[what, *list(row.values())[:7], row[key]] for what, row in rows.items()]
    report.say(f"## {name}", table([*HEADER, title], lines), *more)


# -------------------- MNIST --------------------


def _mnist(report: Report, known: dict[str, Any], digits: Digits, out: Path) -> None:
    """Accuracy against time, a weight chosen on validation images, and the test images once."""
    made = partial(
        Manifold, digits.n_pixels, N_HIDDEN, digits.n_classes, period=28.0, link_weights=True,
        start=Start.linked_mnist(), engine="sparse",
    )  # fmt: skip
    cost = _cost_of(report, known)
    settings = replace(ManifoldSettings.default_mnist(STEPS), segment=max(STEPS // 60, 1))
    trained = Costs(made, digits.validation_split(), cost, settings, FINISHING_STEPS)
    asked = [("seconds", 0.0), *(("seconds", w) for w in SECONDS), *(("bytes", w) for w in BYTES)]
    asked += [("links", share) for share in SHARES]
    name = f"MNIST, {STEPS:,} steps, then {FINISHING_STEPS:,} of the weights alone"
    rows = dict(known.get(name, {}))
    for what in asked:
        if _named(*what) not in rows:
            rows[_named(*what)] = trained.figures(*what)
        _say(report, name, rows, "accuracy", "validation images, %",
             f"{len(trained.task.test_labels):,} training images are kept apart for these "
             "accuracies.")  # fmt: skip
    save_plot(out, "manifold-time-front", _draw_front, rows)
    chosen = largest_weight(rows)
    report.keep("chosen on validation images", chosen)
    _confirm(report, known, replace(trained, task=digits), chosen)


def _cost_of(report: Report, known: dict[str, Any]) -> CostModel:
    """The model of this machine; an interrupted run goes on with the one that it began with."""
    key = "cost model"
    if key in known:
        cost: CostModel = from_plain(known[key], [CostModel])
    else:
        cost = fit_cost(measured_here(60, np.random.default_rng(3)))
    report.keep(key, to_plain(cost))
    return cost


def largest_weight(rows: dict[str, dict[str, Any]]) -> float:
    """The largest weight of seconds that costs at most half a point against no weight.

    Examples
    --------
    >>> accuracies = {"nothing": 97.0, "seconds, weight 100": 96.6, "seconds, weight 300": 96.0}
    >>> largest_weight({name: {"accuracy": value} for name, value in accuracies.items()})
    100.0
    """
    least = rows["nothing"]["accuracy"] - LOST
    kept = [
        weight for weight in SECONDS
        if rows.get(_named("seconds", weight), {"accuracy": 0.0})["accuracy"] >= least
    ]  # fmt: skip
    return max(kept, default=0.0)


def _confirm(report: Report, known: dict[str, Any], trained: Costs, chosen: float) -> None:
    """The chosen weight beside none, on the test images, on seeds that no choice has seen."""

    def job(seed: int) -> dict[str, float]:
        without = trained.figures("seconds", 0.0, seed)
        found = trained.figures("seconds", chosen, seed)
        return {
            "accuracy without": without["accuracy"],
            "accuracy with": found["accuracy"],
            "points lost": without["accuracy"] - found["accuracy"],
            "ms without": without["measured_ms"],
            "ms with": found["measured_ms"],
            "share of the time": found["measured_ms"] / without["measured_ms"],
        }

    def say(report: Report, pairs: list[dict[str, float]]) -> None:
        lines = [[str(seed), *pair.values()] for seed, pair in zip(CONFIRMED, pairs, strict=False)]
        lines.append(["median", *medians(pairs).values()])
        report.say(
            "## The chosen weight on the test images",
            f"Seconds with weight {chosen:g}, the largest that cost at most {LOST} points of the "
            "validation images, beside no weight; seeds that no choice has seen.",
            table(["seed", *pairs[0]], lines),
        )

    report.each_seed("test images", CONFIRMED, job, say, known)


def _draw_front(rows: dict[str, dict[str, Any]]) -> Any:
    """Accuracy against measured time, a line for every kind of term."""
    axes = new_axes(6, 4)
    kinds = {kind: [row for name, row in rows.items() if name.startswith(kind)]
             for kind in ("seconds", "bytes", "links")}  # fmt: skip
    for (kind, members), marker in zip(kinds.items(), "os^", strict=True):
        members = sorted([rows["nothing"], *members], key=lambda row: row["measured_ms"])
        times, accuracies = ([row[key] for row in members] for key in ("measured_ms", "accuracy"))
        axes.plot(times, accuracies, marker=marker, lw=1, label=f"{kind} in the loss")
    axes.set(xlabel="measured time of a batch of 50, ms", xlim=(0, None),
             ylabel="validation images classified rightly, %")  # fmt: skip
    axes.legend()
    return axes
