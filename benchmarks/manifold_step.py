"""A step of the dynamic manifold: sparse beside dense, and the cost model on unseen networks.

``python -m benchmarks.manifold_step``

1,000 neurons, batch of 50. *Source* is loss and gradient in the source's mode at its start, which
took the source 790 ms a step; *sparse* and *dense* are prediction and gradient of one network at
3 % density in our two engines. Both engines are timed on random networks of rising density: levels
per hidden neuron say which is faster. The cost model is fitted to random networks timed here and
judged on others.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from synthesis.architectures.manifold import Manifold, Start, measure
from synthesis.architectures.manifold.cost import random_schedule
from synthesis.architectures.manifold.structure.closeness import Closeness
from synthesis.architectures.manifold.structure.layout import Layout
from synthesis.architectures.manifold.structure.schedule import DENSE_FROM, Schedule
from synthesis.reproduce.manifold.manifold_costs import SOURCE_MS, cost_figures, step_figures

from .measure import machine_line, markdown_table, median_seconds, write_result

__all__ = ["main"]

SIZES = (5, 16, 4), (64, 126, 10), (200, 300, 10), (784, 206, 10)
DENSITIES = 0.05, 0.15, 0.3, 0.5, 0.7, 0.95


def engine_rows() -> list[tuple[object, ...]]:
    """Milliseconds of forward and gradient of the same networks in both engines."""
    rows = []
    for sizes in SIZES:
        layout = Layout(*sizes, 28.0, has_link_weights=True)
        for density in DENSITIES:
            drawn = random_schedule(layout, density, np.random.default_rng(0))
            times = [
                1e3 * measure(
                    Schedule(layout, drawn.rows, drawn.columns, is_dense), 50,
                    np.random.default_rng(0),
                ).seconds
                for is_dense in (False, True)
            ]  # fmt: skip
            share, levels = len(drawn.rows) / layout.n_cells, drawn.n_levels / layout.n_hidden
            shown = f"{100 * share:.0f} %", f"{levels:.2f}", *(f"{t:.2f}" for t in times)
            rows.append((" + ".join(map(str, sizes)), *shown))
    return rows


def closeness_rows() -> list[tuple[object, ...]]:
    """Milliseconds of closeness alone: all cells, and windows, at two densities."""
    rows = []
    for name, start in (
        ("the source's start", Start.mnist()),
        ("narrow", Start.mnist()._replace(sigma=(22.0, 6.0))),
    ):
        model = Manifold(784, 206, 10, period=28, start=start)
        layout = model.layout
        vector = model.initial(np.random.default_rng(0)).buffer[layout.closeness_at]
        for kind, everywhere in (("all cells", True), ("windows", False)):
            found = Closeness(layout, vector, everywhere=everywhere)
            milliseconds = 1e3 * median_seconds(
                lambda v=vector, e=everywhere, lay=layout: Closeness(lay, v, everywhere=e)
            )
            rows.append((name, kind, found.n_evaluated, found.n_links, f"{milliseconds:.2f}"))
    return rows


def main() -> None:
    """Measure and write ``results/manifold_step.md``."""
    steps, cost = step_figures(), cost_figures()
    lines = [
        (name, f"{100 * steps[f'{name}_density']:.1f} %", f"{steps[f'{name}_ms']:.2f}")
        for name in ("source", "sparse", "dense")
    ]
    errors = [
        (name, f"{100 * cost[f'{name}_median']:.1f} %", f"{100 * cost[f'{name}_worst']:.1f} %")
        for name in ("seconds", "bytes")
    ]
    text = "\n\n".join([
        "# A step of the dynamic neural manifold",
        f"`python -m benchmarks.manifold_step`; {machine_line()}.",
        "1,000 neurons, batch of 50, milliseconds:",
        markdown_table(["", "density", "ms"], lines),
        f"Source mode against the source's {SOURCE_MS:.0f} ms: "
        f"{SOURCE_MS / steps['source_ms']:.0f} times faster. Sparse against dense: "
        f"{steps['dense_ms'] / steps['sparse_ms']:.1f} times faster.",
        "Random networks, forward and gradient of a batch of 50, milliseconds, least of seven. "
        f"The dense engine is taken above {DENSE_FROM:g} levels per hidden neuron:",
        markdown_table(["neurons", "density", "levels per hidden neuron", "sparse", "dense"],
                       engine_rows()),
        "Closeness alone; both find the same links:",
        markdown_table(["start", "", "cells looked at", "links", "ms"], closeness_rows()),
        "Relative errors of the cost model on 40 networks it has not seen (fitted to 60); time "
        f"within 20 %: {100 * cost['within_20_percent']:.0f} %.",
        markdown_table(["", "median", "worst"], errors),
    ])  # fmt: skip
    write_result("manifold_step", text)


if __name__ == "__main__":
    main()
