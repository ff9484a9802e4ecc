"""Manifolds with measured time, or measured memory, in their loss: what each buys.

Source: M. Woods, Dynamic Neural Manifold (2018), who measured the time of a step, found that it
could not be a loss and counted cells instead; "comparing the % sparsity loss to the time loss
reveals some structure"; the wish for "a memory-based term in the loss function".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dmm.show import new_axes
from vvalues import VValue, restrict

from ...architectures.manifold import (
    CostModel,
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    Network,
    Start,
    TermWeights,
    fit_cost,
    measure,
    measured_here,
    network_of,
    train,
)
from ...tasks import Digits, SumsAndDifferences, load_mnist
from ..tables import Report, medians, save_plot, table
from .weights_alone import trained_alone

__all__ = ["Asked", "Costs", "reproduce"]

N_HIDDEN = 206  # on MNIST
STEPS, SMALL_STEPS = 4_000, 4_000  # on MNIST, on the toy set
FINISHING_STEPS, FINISHING_RATE = 10_000, 0.006  # of the weights alone, on MNIST
LOST = 0.5  # points of accuracy that time may cost
TOY_SECONDS, TOY_BYTES = (0.0, 1e2, 1e3, 1e4), (1e-6, 1e-5, 1e-4)
MOST = 5_000, 6_000, 4_000  # links and biases that pruning leaves
MEASURED = 5  # times, each the least of seven
CONFIRMED = (2, 3)  # seeds that no choice has seen

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
    report.resume()
    report.say(
        "## How",
        "A model of time and memory is fitted to random networks that are timed on this machine; "
        "it is a differentiable term of the loss. Measured is the network that was found, in the "
        f"sparse engine: forward and gradient of one batch, process time, least of {7 * MEASURED}, "
        "and the "
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
        _mnist(report, digits, out)
    return report.figures


# -------------------- one training --------------------


class Asked(NamedTuple):
    """What stands in the loss, and what is done with what is found.

    Attributes
    ----------
    term : {"seconds", "bytes", "links"}
    weight : float
        Of the term; for links the share of the cells to come down to.
    most : int, optional
        Links and biases that are left when the weights are trained on alone: those of least
        magnitude go. All when omitted.

    Examples
    --------
    >>> str(Asked("seconds", 0.0)), str(Asked("seconds", 100.0, 6000))
    ('nothing', 'seconds, weight 100, pruned to 6,000')
    """

    term: str
    weight: float
    most: int | None = None

    def __str__(self) -> str:
        name = f"{self.term}, weight {self.weight:g}"
        if not self.weight:
            name = "nothing"
        elif self.term == "links":
            name = f"links, down to {self.weight:.1%}"
        return name if self.most is None else f"{name}, pruned to {self.most:,}"


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

    def found(self, asked: Asked, seed: int) -> tuple[Network, VValue]:
        """The network of a manifold that was trained with this in its loss."""
        weights, budget = TermWeights(inflow=1.0), None
        if asked.term == "links":
            weights, budget = replace(weights, soft_count=5.0), asked.weight
        else:
            weights = replace(weights, **{asked.term: asked.weight})
        settings = replace(self.settings, weights=weights, budget=budget)
        model = self.model()
        objective = ManifoldObjective(model, self.task, cost=self.cost)
        return network_of(model, train(objective, seed, settings)[0].parameters)

    def figures(self, asked: Asked, seed: int = 0) -> dict[str, Any]:
        """What was found, trained on: its links, what it costs, and the figures of the task."""
        network, before = self.found(asked, seed)
        rng, steps = np.random.default_rng([seed, 5]), self.finishing_steps
        after = trained_alone(network, before, self.task, FINISHING_RATE, steps, rng, asked.most)
        if asked.most is not None:
            after = restrict(after, after.support.where(after.buffer != 0.0))
            after = restrict(after, network.living(after.support))
        schedule, batch = network.schedule(after.support), self.task.batch_size
        links, levels = len(schedule.rows), schedule.n_levels
        seconds, size = self.cost.predicted(network.layout, links, levels, batch)
        samples = [measure(schedule, batch, np.random.default_rng(0)) for _ in range(MEASURED)]
        sample = min(samples, key=lambda sample: sample.seconds)
        return {
            "links": links,
            "levels": levels,
            "share": 100 * links / network.layout.n_cells,
            "predicted_ms": 1e3 * seconds,
            "measured_ms": 1e3 * sample.seconds,
            "predicted_kB": size / 1e3,
            "measured_kB": sample.bytes / 1e3,
            **self.task.evaluate(network, after),
        }


NOTHING = Asked("seconds", 0.0)
TIMED = tuple(Asked("seconds", 100.0, most) for most in MOST)
RIVALS = (
    *(NOTHING._replace(most=most) for most in MOST),
    Asked("seconds", 100.0), Asked("seconds", 300.0), Asked("bytes", 1e-6), Asked("links", 0.05),
)  # fmt: skip

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
    name = f"Sums and differences, {SMALL_STEPS:,} steps"
    rows = report.known.get(name) or _toy_rows()
    _say(report, name, rows, "test_loss", "test error")


def _toy_rows() -> dict[str, dict[str, Any]]:
    cost = fit_cost(measured_here(60, np.random.default_rng(2), largest=60))
    settings = replace(ManifoldSettings.default_toy(SMALL_STEPS), segment=SMALL_STEPS)
    made = partial(Manifold, 5, 16, 4, link_weights=True, start=Start.wide_toy(), engine="sparse")
    trained = Costs(made, SumsAndDifferences(), cost, settings)
    asked = [Asked("seconds", w) for w in TOY_SECONDS] + [Asked("bytes", w) for w in TOY_BYTES]
    return {str(what): trained.figures(what) for what in asked}


def _say(
    report: Report, name: str, rows: dict[str, dict[str, Any]], key: str, title: str, *more: str
) -> None:
    report.keep(name, rows)
    lines = [[what, *list(row.values())[:7], row[key]] for what, row in rows.items()]
    report.say(f"## {name}", table([*HEADER, title], lines), *more)


# -------------------- MNIST --------------------


def _mnist(report: Report, digits: Digits, out: Path) -> None:
    """Accuracy against time, a choice on validation images, and the test images once."""
    made = partial(
        Manifold, digits.n_pixels, N_HIDDEN, digits.n_classes, period=28.0, link_weights=True,
        start=Start.linked_mnist(), engine="sparse",
    )  # fmt: skip
    cost = _cost_of(report)
    settings = replace(ManifoldSettings.default_mnist(STEPS), segment=max(STEPS // 60, 1))
    trained = Costs(made, digits.validation_split(), cost, settings, FINISHING_STEPS)
    name = f"MNIST, {STEPS:,} steps, then {FINISHING_STEPS:,} of the weights alone"
    rows = dict(report.known.get(name, {}))

    def measured(asked: Sequence[Asked]) -> None:
        for what in asked:
            if str(what) not in rows:
                rows[str(what)] = trained.figures(what)
            _say(report, name, rows, "accuracy", "validation images, %",
                 f"{len(trained.task.test_labels):,} training images are kept apart for these "
                 "accuracies. Pruned: single links of least magnitude, and what is dead then, "
                 "while the weights are trained on.")  # fmt: skip

    measured([NOTHING, *TIMED])
    chosen = fastest(rows)
    report.keep("chosen on validation images", str(chosen))
    _confirm(report, replace(trained, task=digits), chosen)
    measured(RIVALS)
    save_plot(out, "manifold-time-front", _draw_front, rows)


def _cost_of(report: Report) -> CostModel:
    """The model of this machine; an interrupted run goes on with the one that it began with."""
    key = "cost model"
    if key in report.known:
        kept = report.known[key]
        cost = CostModel(tuple(kept["for_seconds"]), tuple(kept["for_bytes"]), kept["softness"])
    else:
        cost = fit_cost(measured_here(60, np.random.default_rng(3)))
    report.keep(key, asdict(cost))
    return cost


def fastest(rows: dict[str, dict[str, Any]]) -> Asked:
    """What with time in the loss is fastest of all that cost at most half a point against nothing.

    Examples
    --------
    >>> figures = [(2.0, 97.0), (1.4, 96.6), (1.2, 96.0)]
    >>> names = map(str, (NOTHING, *TIMED))
    >>> str(fastest({name: {"measured_ms": t, "accuracy": a} for name, (t, a) in
    ...              zip(names, figures)}))
    'seconds, weight 100, pruned to 5,000'
    """
    least = rows[str(NOTHING)]["accuracy"] - LOST
    near = [what for what in (NOTHING, *TIMED)
            if str(what) in rows and rows[str(what)]["accuracy"] >= least]  # fmt: skip
    return min(near, key=lambda what: rows[str(what)]["measured_ms"])


def _confirm(report: Report, trained: Costs, chosen: Asked) -> None:
    """What was chosen beside nothing, on the test images, on seeds that no choice has seen."""

    def job(seed: int) -> dict[str, float]:
        without, found = (trained.figures(what, seed) for what in (NOTHING, chosen))
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
            "## The choice on the test images",
            f"{str(chosen).capitalize()}: the fastest that cost at most {LOST} points of the "
            "validation images, beside nothing in the loss; seeds that no choice has seen.",
            table(["seed", *pairs[0]], lines),
        )

    report.each_seed("test images", CONFIRMED, job, say)


def _draw_front(rows: dict[str, dict[str, Any]]) -> Any:
    """Accuracy against measured time, a line for every kind of term."""
    axes = new_axes(6, 4)
    kinds = {
        f"{kind} in the loss": [row for name, row in rows.items()
                                if name.startswith(kind) and "pruned" not in name]
        for kind in ("seconds", "bytes", "links")
    }  # fmt: skip
    for (label, members), marker in zip(kinds.items(), "os^", strict=True):
        if not members:  # a run that was ended before
            continue
        members = sorted([rows[str(NOTHING)], *members], key=lambda row: row["measured_ms"])
        _draw_line(axes, members, marker, label)
    for start, marker in (("seconds", "*"), ("nothing", "x")):
        members = [row for name, row in rows.items() if "pruned" in name and name.startswith(start)]
        _draw_line(axes, members, marker, f"{start}, then pruned", lw=0)
    _draw_line(axes, [rows[str(NOTHING)]], "D", "nothing in the loss", lw=0)
    axes.set(xlabel="measured time of a batch of 50, ms", xlim=(0, None),
             ylabel="validation images classified rightly, %")  # fmt: skip
    axes.legend()
    return axes


def _draw_line(
    axes: Any, rows: list[dict[str, Any]], marker: str, label: str, lw: float = 1.0
) -> None:
    times, accuracies = ([row[key] for row in rows] for key in ("measured_ms", "accuracy"))
    axes.plot(times, accuracies, marker=marker, lw=lw, label=label)
