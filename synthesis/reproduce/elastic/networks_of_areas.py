"""What the source only proposes, at length: networks of several areas, one tree at a time.

Source: T. Miconi, "Neural networks with differentiable structure", arXiv:1606.06216, section 5:
"arbitrary networks composed of multiple areas".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...architectures.elastic import AreaNetwork, ElasticNetwork, ElasticTraining
from ...runs import Run
from ...tasks import Phase, easy_task, hard_task
from ..tables import Report, table

__all__ = ["reproduce"]

CYCLES = {"hard": 100_000, "easy": 30_000}
QUICK_CYCLES = dict.fromkeys(CYCLES, 3_000)
SEEDS = range(2)
TASKS = {"hard": hard_task, "easy": easy_task}

NETWORKS: dict[str, Callable[[], Any]] = {
    "neurons": ElasticNetwork,
    "areas of 4 neurons": lambda: AreaNetwork(width=4),
    "areas of 8 neurons": lambda: AreaNetwork(width=8),
}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``elastic-areas.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        30,000 cycles of the easy task and 100,000 of the hard one, two seeds (about eight minutes
        on one core; what is done is kept in ``OUT/elastic-areas-runs``, and an interrupted run
        goes on); otherwise 3,000 of one seed.
    out : Path
    """
    report = Report("elastic-areas", "Networks of several areas", out, full)
    cycles, seeds = (CYCLES, SEEDS) if full else (QUICK_CYCLES, SEEDS[:1])
    jobs = [(seed, task, name) for seed in seeds for task in TASKS for name in NETWORKS]
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for done, (seed, task, name) in enumerate(jobs):
        figures = _figures(name, task, seed, cycles[task], Path(out))
        report.keep(f"{name}, {task}, seed {seed}", figures)
        found.setdefault((task, name), []).append(figures)
        _say(report, found, cycles)
        left = [f"{n}, {t}, seed {s}" for s, t, n in jobs[done + 1 :]]
        report.say("## Still to be run", "; ".join(left) or "Nothing: all have been run.")
    return report.figures


def _figures(name: str, task: str, seed: int, cycles: int, out: Path) -> dict[str, float]:
    """A network trained to its end, in a folder of its own."""
    model = NETWORKS[name]()
    phases = (Phase(TASKS[task](np.random.default_rng([seed, 1])), cycles),)
    training = ElasticTraining(model, phases, (seed, 2))
    words = f"{name}-{task}-{cycles}-seed-{seed}".replace(" ", "-")
    run = Run.of(out / "elastic-areas-runs" / words, training).to_end()
    run.finish()
    state: Any = run.state
    members = len(state.born)
    return {
        "loss": state.loss,
        "areas": float(members if model.width > 1 else 1),
        "neurons": float(members * model.width),
        "numbers": float(state.parameters.size),
        "seconds": run.seconds,
    }


def _say(
    report: Report,
    found: dict[tuple[str, str], list[dict[str, float]]],
    cycles: dict[str, int],
) -> None:
    rows = []
    for (task, name), results in found.items():
        for seed, figures in enumerate(results):
            counts = (f"{figures[key]:g}" for key in ("areas", "neurons", "numbers"))
            rows.append([f"{task}: {name}", seed, figures["loss"], *counts, figures["seconds"]])
    floors = {task: TASKS[task](np.random.default_rng([0, 1])).floor_per_cycle for task in TASKS}
    report.say(
        "## After training",
        "Cycles of 40 characters: "
        + ", ".join(f"{task} {count:,}" for task, count in cycles.items())
        + ". Loss in nats per 40 characters, running mean; least loss possible: "
        + ", ".join(f"{task} {floor:.3f}" for task, floor in floors.items())
        + ". Areas come and go by their multipliers as neurons do; numbers: of all leaves.",
        table(["", "seed", "loss", "areas", "neurons", "numbers", "seconds"], rows),
    )
