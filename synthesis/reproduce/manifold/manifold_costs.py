"""What a dynamic manifold costs: time of a step, and the model of time and memory.

Source: M. Woods, Dynamic Neural Manifold (2018), who wished for a loss on processing time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from ...architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    Start,
    TermWeights,
    density,
    fit_cost,
    measured_here,
    train,
)
from ...tasks import Digits, SumsAndDifferences
from ..tables import Report, process_seconds, table

__all__ = ["SOURCE_MS", "cost_figures", "say_cost", "say_steps", "step_figures"]

SOURCE_MS = 790.0  # per step, in the source
SPARED_STEPS = 4000


# -------------------- time of a step --------------------


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
    objective = ManifoldObjective(source, _labels_only(), TermWeights.source_mnist())
    models = {"source": source}
    steps: dict[str, Callable[..., Any]] = {"source": objective.gradient}
    narrow = Start.mnist()._replace(sigma=(22.0, 6.0))
    for engine in ("sparse", "dense"):
        model = Manifold(**sizes, link_weights=True, start=narrow, engine=engine)
        models[engine], steps[engine] = model, _path_of(model, cotangent)
    figures = {}
    for name, step in steps.items():
        tree = models[name].initial(np.random.default_rng(0))
        seconds = process_seconds(partial(step, tree, inputs, labels), n_steps)
        figures[f"{name}_ms"] = 1e3 * seconds
        figures[f"{name}_density"] = density(source.layout, models[name].links(tree))
    return figures


def _path_of(model: Manifold, cotangent: np.ndarray) -> Callable[..., Any]:
    gradient = value_and_grad(lambda tree, inputs: anp.sum(cotangent * model(tree, inputs)))
    return lambda tree, inputs, labels: gradient(tree, inputs)


def _labels_only() -> Any:
    """A task of which only the loss is used."""
    nothing = np.zeros((0, 784), dtype=np.uint8), np.zeros(0, dtype=np.intp)
    return Digits("labels", *nothing, *nothing)


def say_steps(report: Report) -> None:
    """Measure the time of a step, and put it into a report."""
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


# -------------------- the cost model --------------------


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


def say_cost(report: Report) -> None:
    """Measure how good the cost model is and what it spares, and put both into a report."""
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
        weights = TermWeights(seconds=weight, inflow=1.0)
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
