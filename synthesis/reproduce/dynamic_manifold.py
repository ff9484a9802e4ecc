"""The dynamic neural manifold: the source's two experiments, and what its author wished for.

Source: M. Woods, Dynamic Neural Manifold (2018), README and both notebooks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from dmm import compile_machine
from dmm.show import new_axes

from ..architectures.manifold import Manifold, Start, pictures
from ..architectures.manifold.cost import fit_cost, measured_here
from ..architectures.manifold.export import as_machine, held_streams, observed_outputs, ticks_of
from ..architectures.manifold.objective import ManifoldObjective, Weights, density
from ..architectures.manifold.sequences import MemoryManifold, RecurrentManifold
from ..architectures.manifold.training import ManifoldSettings, train
from ..tasks.sequences import Echo, Latch
from ..tasks.sums import SQUARED_FLOOR, SumsAndDifferences
from .manifold_runs import Run, digits, mnist_run, trained
from .report import Report, save_plot, table

__all__ = ["cost_figures", "reproduce", "sequence_figures", "step_figures", "toy_run"]

BUDGETS = (0.005, 0.01, 0.02, 0.05)
SOURCE_MS = 790.0  # per step, in the source
SPARED_STEPS = 4000
SEQUENCE_START = Start(
    sigma=(3.0, 1.0), mu=(0.0, 2.0), gamma=(0.0, 1.0), theta=(0.0, 0.3), phi=(0.0, 1.0),
    cutoff=-3.0, bias=(0.0, 0.3),
)  # fmt: skip


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``dynamic-manifold.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Five seeds of the toy set and all MNIST runs (about forty minutes on one core; interrupted,
        the same command goes on where it ended). Otherwise one seed and 1,500 steps on MNIST (about
        two minutes).
    out : Path
    """
    command = f"python -m synthesis reproduce dynamic-manifold{' --full' if full else ''}"
    report = Report("dynamic-manifold", "Dynamic neural manifold", out, command)
    _toy(report, range(5) if full else range(1), out)
    _steps(report)
    _cost(report)
    _sequences(report, 3000 if full else 600)
    _mnist(report, full, out)
    return report.figures


# -------------------- the toy set --------------------


def toy_run(mode: str, seed: int, out: Path) -> Run:
    """25 neurons on sums and differences: ``source`` (5,000 steps) or ``default`` (20,000)."""
    task = SumsAndDifferences()
    if mode == "source":
        model, settings = Manifold(5, 16, 4, squared=True), ManifoldSettings.source_toy()
    else:
        model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
        settings = ManifoldSettings.default_toy()
    objective = ManifoldObjective(model, task)
    name = f"dynamic-manifold-toy-{mode}-{seed}"
    return trained(
        name, objective, settings, seed, out,
        measure=lambda parameters: task.evaluate(model, parameters),
    )  # fmt: skip


def _toy(report: Report, seeds: Sequence[int], out: Path) -> None:
    for mode in ("source", "default"):
        rows = []
        for seed in seeds:
            run = toy_run(mode, seed, out)
            if seed == seeds[0]:
                first = run
            last, links = run.rows[-1], run.model.links(run.after)
            rows.append({
                "seed": seed,
                "test_loss": last["test_loss"],
                "worst_output": max(value for key, value in last.items() if "output_" in key),
                "density": density(run.model.layout, links),
                "connected": int(links.schedule.connected.sum()),
                "seconds": last["seconds"],
            })  # fmt: skip
            report.keep(f"toy, {mode}, seed {seed}", rows[-1])
        median = float(np.median([row["test_loss"] for row in rows]))
        report.keep(f"toy, {mode}, median", median)
        title, bound = {
            "source": (
                "Squared outputs, one weight per sending neuron, inert count; 5,000 steps",
                f"Squares cannot be below {SQUARED_FLOOR}; predicting 0 gives 2.5.",
            ),
            "default": (
                "Linear outputs, one weight per link, soft count, guard; 20,000 steps",
                "Predicting 0 gives 2.5.",
            ),
        }[mode]
        report.say(
            f"## Sums and differences, {mode} mode",
            f"{title} of 50; test error on 20,000 samples. {bound}",
            table(
                ["seed", "test error", "worst output", "density", "connected outputs", "seconds"],
                [tuple(row.values()) for row in rows],
            ),
            f"Median test error {median:.3g}.",
        )
        _pictures(f"dynamic-manifold-toy-{mode}", first, out)
    _export(report, first)


def _pictures(name: str, run: Run, out: Path) -> None:
    save_plot(out, f"{name}-curves", lambda: pictures.curves(run.rows)[0])
    titles = ("before", "after")
    shown = (run.model, run.before, run.after)
    save_plot(out, f"{name}-adjacency", lambda: pictures.show(*shown, titles=titles)[0])


def _export(report: Report, run: Run) -> None:
    """The found network as a dataflow matrix machine."""
    machine = as_machine(run.model, run.after, "sums")
    inputs = np.random.default_rng(0).standard_normal((20, 5))
    ticks = ticks_of(run.model, run.after)
    program = compile_machine(machine, observed_outputs(run.model))
    observed = program(machine.trainable, held_streams(run.model, machine, inputs, ticks))
    difference = float(np.abs(observed[:, -1].T - run.model(run.after, inputs)).max())
    report.keep("machine, largest difference", difference)
    report.keep("machine, neurons and links", [len(machine.neurons), len(machine.trainable)])
    report.say(
        "## As a dataflow matrix machine",
        f"The default network of seed 0 has {len(machine.neurons)} neurons and "
        f"{len(machine.trainable)} trainable links as a machine; its outputs after {ticks} ticks "
        f"differ from the model's by at most {difference:.1e}.",
    )


# -------------------- time --------------------


def step_figures(n_steps: int = 40) -> dict[str, float]:
    """Milliseconds (process time) of 1,000 neurons on a batch of 50.

    ``source`` is loss and gradient of the source's mode at its start, at the density it has;
    ``sparse`` and ``dense`` are prediction and gradient of one network at 3 % density in our two
    engines: closeness, evaluation and all derivatives.
    """
    rng = np.random.default_rng(0)
    inputs, labels = rng.uniform(size=(50, 784)), rng.integers(10, size=50)
    cotangent = rng.standard_normal((50, 10))
    sizes: dict[str, Any] = {"n_inputs": 784, "n_hidden": 206, "n_outputs": 10, "period": 28}
    source = Manifold(**sizes, squared=True, start=Start.mnist())
    objective = ManifoldObjective(source, _labels_only(), Weights.source_mnist())
    models = {"source": source}
    steps: dict[str, Callable[..., Any]] = {"source": objective.gradient}
    narrow = Start.mnist()._replace(sigma=(22.0, 6.0))
    for engine in ("sparse", "dense"):
        model = Manifold(**sizes, link_weights=True, start=narrow, engine=engine)
        models[engine], steps[engine] = model, _path_of(model, cotangent)
    figures = {}
    for name, step in steps.items():
        tree = models[name].initial(np.random.default_rng(0))
        times = []
        for _ in range(n_steps):
            start = time.process_time()
            step(tree, inputs, labels)
            times.append(1e3 * (time.process_time() - start))
        figures[f"{name}_ms"] = float(np.median(times))
        figures[f"{name}_density"] = density(source.layout, models[name].links(tree))
    return figures


def _path_of(model: Manifold, cotangent: np.ndarray) -> Callable[..., Any]:
    gradient = value_and_grad(lambda tree, inputs: anp.sum(cotangent * model(tree, inputs)))
    return lambda tree, inputs, labels: gradient(tree, inputs)


def _labels_only() -> Any:
    """A task of which only the loss is used."""
    from ..tasks.digits import Digits

    nothing = np.zeros((0, 784), dtype=np.uint8), np.zeros(0, dtype=np.intp)
    return Digits("labels", *nothing, *nothing)


def _steps(report: Report) -> None:
    figures = step_figures()
    report.keep("step", figures)
    report.say(
        "## Time of a step",
        "A batch of 50 through 1,000 neurons; process time, medians of 40. Source mode: loss and "
        f"gradient, which took the source {SOURCE_MS:.0f} ms. Sparse and dense: prediction and "
        "gradient of one network in our two engines.",
        table(
            ["", "density", "ms"],
            [(name, figures[f"{name}_density"], figures[f"{name}_ms"])
             for name in ("source", "sparse", "dense")],
        ),
        f"Source mode: {SOURCE_MS / figures['source_ms']:.0f} times faster than the source. "
        f"Sparse: {figures['dense_ms'] / figures['sparse_ms']:.1f} times faster than dense.",
    )  # fmt: skip


def cost_figures(n_fitted: int = 60, n_unseen: int = 40) -> dict[str, float]:
    """Relative errors of the cost model on networks it has not seen."""
    model = fit_cost(measured_here(n_fitted, np.random.default_rng(0)))
    errors: dict[str, list[float]] = {"seconds": [], "bytes": []}
    for sample in measured_here(n_unseen, np.random.default_rng(1)):
        predicted = model.predicted(sample.layout, sample.links, sample.levels, sample.batch)
        for name, value in zip(errors, predicted, strict=True):
            errors[name].append(abs(value / getattr(sample, name) - 1))
    return {
        f"{name}_{kind}": float(function(found))
        for name, found in errors.items()
        for kind, function in (("median", np.median), ("worst", np.max))
    } | {"within_20_percent": float(np.mean(np.array(errors["seconds"]) <= 0.2))}


def _cost(report: Report) -> None:
    figures = cost_figures()
    report.keep("cost model", figures)
    report.say(
        "## Cost model",
        "Fitted to 60 random networks timed on this machine, tried on 40 others (100 to 1,000 "
        "neurons, 0.6 to 10 % of the cells, batches of 10 to 100). Relative errors:",
        table(
            ["", "median", "worst"],
            [(name, figures[f"{name}_median"], figures[f"{name}_worst"])
             for name in ("seconds", "bytes")],
        ),
        f"Time within 20 %: {100 * figures['within_20_percent']:.0f} % of the networks.",
        _spared(report),
    )  # fmt: skip


def _spared(report: Report) -> str:
    """The toy set trained with a weight on seconds in place of a count of links."""
    task = SumsAndDifferences()
    cost = fit_cost(measured_here(30, np.random.default_rng(2), largest=60))
    rows = []
    for weight in (0.0, 1e3):
        model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
        weights = Weights(seconds=weight, inflow=1.0)
        settings = ManifoldSettings(
            steps=SPARED_STEPS, segment=SPARED_STEPS, rate=0.01, last_rate=0.001, decay_from=0.6,
            weights=weights, ramp=(0.1, 0.5), guard=True,
        )  # fmt: skip
        state, _ = train(ManifoldObjective(model, task, cost=cost), 0, settings)
        links = model.links(state.parameters)
        counts = links.n_links, links.schedule.n_levels
        seconds = cost.predicted(model.layout, *counts, task.batch_size)[0]
        error = task.evaluate(model, state.parameters)["test_loss"]
        rows.append([f"{weight:g}", *counts, 1e6 * seconds, error])
    report.keep("weight of seconds: links, levels, microseconds, error", rows)
    header = ["weight of seconds", "links", "levels", "predicted µs", "test error"]
    return f"Time as a term of the loss, toy set, {SPARED_STEPS:,} steps:\n\n" + table(header, rows)


# -------------------- over time --------------------


def sequence_figures(steps: int) -> Iterable[tuple[str, dict[str, float]]]:
    """Memory neurons on `Latch` and network-scale recurrence on `Echo`."""
    cells = MemoryManifold(Manifold(2, 8, 1, link_weights=True, start=SEQUENCE_START))
    plain = SEQUENCE_START._replace(bias=(0.0, 0.0), weight=(0.0, 0.5))
    recurrent = RecurrentManifold(Manifold(4, 6, 4, link_weights=True, start=plain), 3)
    weights = Weights(soft_count=0.02, inflow=1.0)
    settings = ManifoldSettings(
        steps=steps, segment=steps, rate=0.01, last_rate=0.001, decay_from=0.5, weights=weights,
        ramp=(0.3, 0.6), guard=True,
    )  # fmt: skip
    for name, model, task in (
        ("memory neurons, latch", cells, Latch()),
        ("recurrence, echo of 2 steps", recurrent, Echo()),
    ):
        state, records = train(ManifoldObjective(model, task), 0, settings)
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


def _mnist(report: Report, full: bool, out: Path) -> None:
    steps = 50_000 if full else 1500
    task, width = digits()
    lines, points = [], []
    for seed, mode in product(range(2 if full else 1), ("source", "default")):
        run = mnist_run(mode, steps, 0.029, seed, out)
        last = run.rows[-1]
        figures = {key: last[key] for key in ("accuracy", "links", "density", "flow", "seconds")}
        figures["first_flow"], figures["first_density"] = (
            run.rows[0][key] for key in ("flow", "density")
        )
        figures["levels"] = run.model.links(run.after).schedule.n_levels
        report.keep(f"{task.name}, {mode}" + (f", seed {seed}" if seed else ""), figures)
        lines.append((mode, seed, *figures.values()))
        if seed:
            continue
        _pictures(f"dynamic-manifold-mnist-{mode}", run, out)
        save_plot(out, f"dynamic-manifold-mnist-{mode}-field", _draw_field, run, int(width))
        on_the_way = [(row["links"], row["accuracy"]) for row in run.rows if "accuracy" in row]
        points.append((f"{mode}, on the way", on_the_way))
    _say_mnist(report, task.name, steps, lines)
    if full:
        ends = []
        for budget in BUDGETS:
            last = mnist_run("default", 15_000, budget, 0, out).rows[-1]
            ends.append([last["links"], last["accuracy"]])
            report.keep(f"{task.name}, default, 15,000 steps, budget {budget:g}", ends[-1])
        report.say(
            "## Accuracy against links",
            "Default mode, 15,000 steps each:",
            table(["links", "accuracy, %"], ends),
        )
        points.append(("default, 15,000 steps", [(links, share) for links, share in ends]))
    save_plot(out, "dynamic-manifold-mnist-front", lambda: pictures.front(dict(points)))


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
    axes = new_axes(4, 4)
    axes.imshow(pictures.receptive_field(run.model, run.after, width), cmap="magma")
    axes.set_title("strength with which every pixel is read", fontsize="medium")
    return axes
