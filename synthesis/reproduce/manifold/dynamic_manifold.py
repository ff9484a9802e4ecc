"""The dynamic neural manifold: the source's two experiments, and what its author wished for.

Source: M. Woods, Dynamic Neural Manifold (2018), README and both notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from dmm import compile_machine
from dmm.show import new_axes
from vvalues import VValue

from ...architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    MemoryManifold,
    RecurrentManifold,
    Start,
    TermWeights,
    as_machine,
    density,
    held_streams,
    observed_outputs,
    plots,
    ticks_of,
    train,
)
from ...runs import Run
from ...tasks import (
    SQUARED_FLOOR,
    Digits,
    Echo,
    Latch,
    SumsAndDifferences,
    load_mnist,
    small_digits,
)
from ..tables import Report, save_plot, table
from .manifold_costs import say_cost, say_steps

__all__ = ["mnist_run", "reproduce", "sequence_figures", "toy_run"]

BUDGETS = (0.005, 0.01, 0.02, 0.05)
N_NEURONS = 1000  # on MNIST
TESTED_EVERY = 10  # segments
SEQUENCE_START = Start(
    sigma=(3.0, 1.0), mu=(0.0, 2.0), gamma=(0.0, 1.0), theta=(0.0, 0.3), phi=(0.0, 1.0),
    cutoff=-3.0, bias=(0.0, 0.3),
)  # fmt: skip
PLAIN_START = SEQUENCE_START._replace(bias=(0.0, 0.0), weight=(0.0, 0.5))
"""Of networks without memory neurons."""


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``dynamic-manifold.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Five seeds of the toy set and all MNIST runs (about forty minutes on one core; interrupted,
        the same command goes on where it ended). Otherwise one seed and 1,500 steps on MNIST (about
        two minutes).
    out : Path

    Examples
    --------
    >>> reproduce(full=False, out=Path("results"))  # doctest: +SKIP
    """
    report = Report("dynamic-manifold", "Dynamic neural manifold", out, full)
    _toy(report, range(5) if full else range(1), out)
    say_steps(report)
    say_cost(report)
    _sequences(report, 3000 if full else 600)
    _mnist(report, full, out)
    return report.figures


def _trained(
    name: str, model: Manifold, task: Any, settings: ManifoldSettings, seed: int, out: Path
) -> Run:
    """A training in the folder ``out/NAME``; one that is there goes on, or has ended."""
    objective = ManifoldObjective(model, task)
    training = ManifoldTraining.of(objective, settings, seed, TESTED_EVERY)
    run = Run.of(out / name, training).to_end()
    run.finish()
    return run


def _ends(run: Run) -> tuple[Manifold, VValue, VValue]:
    """The model, and its parameters before and after."""
    training: Any = run.process
    return training.model, training.start(training.rng).parameters, run.state.parameters


def _rows(run: Run) -> list[dict[str, Any]]:
    return [record.to_dict() for record in run.records]


# -------------------- the toy set --------------------


def toy_run(mode: str, seed: int, out: Path) -> Run:
    """25 neurons on sums and differences: ``source`` (5,000 steps) or ``default`` (20,000)."""
    if mode == "source":
        model, settings = Manifold(5, 16, 4, squared=True), ManifoldSettings.source_toy()
    else:
        model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
        settings = ManifoldSettings.default_toy()
    name = f"dynamic-manifold-toy-{mode}-{seed}"
    return _trained(name, model, SumsAndDifferences(), settings, seed, out)


TOY = {
    "source": (
        "Squared outputs, one weight per sending neuron, inert count; 5,000 steps",
        f"Squares cannot be below {SQUARED_FLOOR}; predicting 0 gives 2.5.",
    ),
    "default": (
        "Linear outputs, one weight per link, soft count, guard; 20,000 steps",
        "Predicting 0 gives 2.5.",
    ),
}


def _toy_figures(mode: str, out: Path, seed: int) -> dict[str, Any]:
    run = toy_run(mode, seed, out)
    model, _, after = _ends(run)
    last, links = _rows(run)[-1], model.links(after)
    return {
        "seed": seed,
        "test_loss": last["test_loss"],
        "worst_output": max(value for key, value in last.items() if "output_" in key),
        "density": density(model.layout, links),
        "connected": int(links.schedule.connected.sum()),
        "seconds": run.seconds,
    }


def _toy(report: Report, seeds: Sequence[int], out: Path) -> None:
    for mode, (title, bound) in TOY.items():
        rows = report.each_seed(f"toy, {mode}", seeds, partial(_toy_figures, mode, out))
        median = float(np.median([row["test_loss"] for row in rows]))
        report.keep(f"toy, {mode}, median", median)
        report.say(
            f"## Sums and differences, {mode} mode",
            f"{title} of 50; test error on 20,000 samples. {bound}",
            table(
                ["seed", "test error", "worst output", "density", "connected outputs", "seconds"],
                [tuple(row.values()) for row in rows],
            ),
            f"Median test error {median:.3g}.",
        )
        first = toy_run(mode, seeds[0], out)
        _pictures(f"dynamic-manifold-toy-{mode}", first, out)
    _export(report, first)


def _pictures(name: str, run: Run, out: Path) -> None:
    save_plot(out, f"{name}-curves", lambda: plots.curves(_rows(run))[0])
    titles = ("before", "after")
    save_plot(out, f"{name}-adjacency", lambda: plots.show(*_ends(run), titles=titles)[0])


def _export(report: Report, run: Run) -> None:
    """The found network as a dataflow matrix machine."""
    model, _, after = _ends(run)
    machine = as_machine(model, after, "sums")
    inputs = np.random.default_rng(0).standard_normal((20, 5))
    ticks = ticks_of(model, after)
    program = compile_machine(machine, observed_outputs(model))
    observed = program(machine.trainable, held_streams(model, machine, inputs, ticks))
    difference = float(np.abs(observed[:, -1].T - model(after, inputs)).max())
    report.keep("machine, largest difference", difference)
    report.keep("machine, neurons and links", [len(machine.neurons), len(machine.trainable)])
    report.say(
        "## As a dataflow matrix machine",
        f"The default network of seed 0 has {len(machine.neurons)} neurons and "
        f"{len(machine.trainable)} trainable links as a machine; its outputs after {ticks} ticks "
        f"differ from the model's by at most {difference:.1e}.",
    )


# -------------------- over time --------------------


def sequence_settings(steps: int) -> ManifoldSettings:
    """How a manifold over time is trained."""
    return ManifoldSettings(
        steps=steps, segment=steps, rate=0.01, last_rate=0.001, decay_from=0.5,
        weights=TermWeights(soft_count=0.02, inflow=1.0), ramp=(0.3, 0.6), guard=True,
    )  # fmt: skip


def sequence_figures(steps: int) -> Iterable[tuple[str, dict[str, float]]]:
    """Memory neurons on `Latch` and network-scale recurrence on `Echo`."""
    cells = MemoryManifold(Manifold(2, 8, 1, link_weights=True, start=SEQUENCE_START))
    recurrent = RecurrentManifold(Manifold(4, 6, 4, link_weights=True, start=PLAIN_START), 3)
    for name, model, task in (
        ("memory neurons, latch", cells, Latch()),
        ("recurrence, echo of 2 steps", recurrent, Echo()),
    ):
        state, records = train(ManifoldObjective(model, task), 0, sequence_settings(steps))
        yield (
            name,
            {
                "floor_without_memory": task.floor_without_memory,
                "test_loss": task.evaluate(model, state.parameters)["test_loss"],
                "density": records[-1].details["density"],
            },
        )


def _sequences(report: Report, steps: int) -> None:
    rows = []
    for name, figures in sequence_figures(steps):
        report.keep(name, figures)
        rows.append((name, *figures.values()))
    report.say(
        "## Over time",
        f"{steps:,} steps of 20 sequences of 12. The extra outputs of the recurrent network have "
        "no loss of their own: their gradient comes through time.",
        table(["", "least error without memory", "test error", "density"], rows),
    )


# -------------------- MNIST --------------------


def digits() -> tuple[Digits, float]:
    """MNIST and the width of its images, or scikit-learn's digits where it is absent."""
    try:
        return load_mnist().with_batch_size(50), 28.0
    except FileNotFoundError:
        return small_digits().with_batch_size(50), 8.0


def mnist_run(mode: str, steps: int, budget: float, seed: int, out: Path) -> Run:
    """A manifold of 1,000 neurons on MNIST (fewer on the small digits).

    Parameters
    ----------
    mode : {"source", "default"}
        Source: shared weights, squared outputs, the source's loss, ink between 0 and 1. Default:
        link weights, linear outputs, soft count steered to the budget, standardised ink.
    steps : int
        Of a batch of 50.
    budget : float
        Share of cells to come down to (default mode).
    """
    task, period = digits()
    n_hidden = (N_NEURONS if task.n_pixels == 784 else 200) - task.n_pixels - task.n_classes
    sizes = task.n_pixels, n_hidden, task.n_classes
    name = f"dynamic-manifold-{mode}-{steps}"
    if mode == "source":
        task = task.as_ink()
        model = Manifold(*sizes, period=period, squared=True, start=Start.mnist())
        settings = ManifoldSettings.source_mnist(steps)
    else:
        name += f"-{budget:g}"
        model = Manifold(*sizes, period=period, link_weights=True, start=Start.linked_mnist())
        settings = ManifoldSettings.default_mnist(steps, budget)
    return _trained(name + (f"-seed-{seed}" if seed else ""), model, task, settings, seed, out)


def _mnist(report: Report, full: bool, out: Path) -> None:
    steps = 50_000 if full else 1500
    task, width = digits()
    lines, points = [], []
    for seed, mode in product(range(2 if full else 1), ("source", "default")):
        run = mnist_run(mode, steps, 0.029, seed, out)
        model, _, after = _ends(run)
        rows = _rows(run)
        figures = {key: rows[-1][key] for key in ("accuracy", "links", "density", "flow")}
        figures["seconds"] = run.seconds
        figures["first_flow"], figures["first_density"] = (
            rows[0][key] for key in ("flow", "density")
        )
        figures["levels"] = model.links(after).schedule.n_levels
        report.keep(f"{task.name}, {mode}" + (f", seed {seed}" if seed else ""), figures)
        lines.append((mode, seed, *figures.values()))
        if seed:
            continue
        _pictures(f"dynamic-manifold-mnist-{mode}", run, out)
        save_plot(out, f"dynamic-manifold-mnist-{mode}-field", _draw_field, run, int(width))
        on_the_way = [(row["links"], row["accuracy"]) for row in rows if "accuracy" in row]
        points.append((f"{mode}, on the way", on_the_way))
    _say_mnist(report, task.name, steps, lines)
    if full:
        ends = []
        for budget in BUDGETS:
            last = _rows(mnist_run("default", 15_000, budget, 0, out))[-1]
            ends.append([last["links"], last["accuracy"]])
            report.keep(f"{task.name}, default, 15,000 steps, budget {budget:g}", ends[-1])
        report.say(
            "## Accuracy against links",
            "Default mode, 15,000 steps each:",
            table(["links", "accuracy, %"], ends),
        )
        points.append(("default, 15,000 steps", [(links, share) for links, share in ends]))
    save_plot(out, "dynamic-manifold-mnist-front", lambda: plots.front(dict(points)))


def _say_mnist(report: Report, name: str, steps: int, lines: list[tuple]) -> None:
    report.say(
        f"## {name}",
        f"{steps:,} steps of 50; accuracy on all test images. Source mode: squared outputs, one "
        "weight per sending neuron, rate 0.002. Default mode: linear outputs, one weight per link, "
        "rate 0.01 falling to 0.00033, links steered to 2.9 % of the cells.",
        table(
            ["mode", "seed", "accuracy, %", "links", "density", "flow", "seconds", "first flow",
             "first density", "levels"],
            lines,
        ),
    )  # fmt: skip


def _draw_field(run: Run, width: int) -> Any:
    model, _, after = _ends(run)
    axes = new_axes(4, 4)
    axes.imshow(plots.receptive_field(model, after, width), cmap="magma")
    axes.set_title("strength with which every pixel is read", fontsize="medium")
    return axes
