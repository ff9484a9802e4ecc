"""Programs recovered from random links, unattended: the detector in five spaces, and the suite.

``python -m benchmarks.programs NAME [--out DIR] [--workers N]``

NAME is one of the experiments below. Every run has the default settings of the loop unless the
table says otherwise, one process and one BLAS thread. Runs that a folder DIR (default
``runs/programs``) already holds are read, not run again. The table and the smallest exact machine
of every task go to ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from dmm import load_machine, save_machine
from dmm.show import equations
from synthesis.loop import Settings
from synthesis.process import MachineModel
from synthesis.runs.sweep import sweep
from synthesis.tasks import get_task, task_names

from .measure import RESULTS, machine_line, markdown_table, write_result

EXACT = 1e-8  # held-out squared error, summed over all strings, ticks and outputs


@dataclass(frozen=True)
class Experiment:
    """Tasks, seeds and what differs from the default settings."""

    title: str
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    changed: dict = field(default_factory=dict)

    @property
    def settings(self):
        return Settings.of(**self.changed)


def detector(space, seeds, title, **changed):
    """The duplicate detector in a space."""
    name = f"duplicate-detector@{space}" if space else "duplicate-detector"
    return Experiment(f"The duplicate detector: {title}", (name,), tuple(range(seeds)), changed)


EXPERIMENTS = {
    "layered": detector("", 10, "five layers with accumulators, 1,486 links"),
    "compare-free": detector("compare-free", 4, "six layers without comparisons"),
    "recurrent-1": detector("recurrent-1", 6, "fully recurrent, 72 links, T = 140", seconds=340.0),
    "recurrent-5": detector(
        "recurrent-5",
        1,
        "fully recurrent, 1,036 links, T = 140",
        population={"steps": 12000},
        judge={"second_opinions": 0, "restarts": 0},
        seconds=2400.0,
    ),
    "superfluid": detector(
        "superfluid-4",
        1,
        "four neurons that are mixtures of all activations, 338 weights, T = 140",
        population={"self_link": 0.1},
        seconds=1200.0,
    ),
    "leaning": detector(
        "leaning-4",
        1,
        "four neurons that are mixtures, each of one type at first, 338 weights, T = 140",
        population={"self_link": 0.1},
        seconds=2400.0,
    ),
    "suite": Experiment(
        "The suite of stream programs",
        tuple(name for name in task_names() if name != "duplicate-detector"),
        (0,),
    ),
}


# -------------------- running --------------------


def rows_of(experiment, folder, workers):
    """Rows of the sweep, from its folder if it is there."""
    kept = folder / "sweep.json"
    wanted = len(experiment.tasks) * len(experiment.seeds)
    rows = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    if len(rows) < wanted:
        tasks, seeds = experiment.tasks, experiment.seeds
        sweep(tasks, seeds, experiment.settings, workers=workers, out=folder, progress=note)
        rows = json.loads(kept.read_text(encoding="utf-8"))
    return rows


def note(row, done, count):
    """One line per member that has ended."""
    print(
        f"{done}/{count}: {row['task']} seed {row['seed']}: {row['status']}, {row['links']} links"
    )


# -------------------- reading --------------------


def judged(row, folder):
    """A machine and its error on held-out strings, computed from its file."""
    machine = load_machine(folder / f"{row['task']}-{row['seed']}" / "machine.json")
    task = get_task(row["task"])
    model = MachineModel(machine, observed=task.observed)
    return machine, task.evaluate(model, machine.trainable)


def line(row, machine, figures):
    """A row of the table."""
    off = np.abs(np.abs(machine.trainable.buffer) - 1.0).max(initial=0.0)
    spent = row.get("cpu_seconds")
    return [
        row["task"],
        row["seed"],
        len(machine.trainable),
        f"{row['loss']:.2g}",
        f"{figures['held_out_loss']:.2g}",
        f"{figures['held_out_per_element']:.2g}",
        f"{off:.2g}",
        f"{row['seconds']:.0f}",
        "-" if spent is None else f"{spent:.0f}",
    ]


HEADER = ["task", "seed", "links", "training loss", "held-out loss", "held out, per element"]
HEADER += ["largest distance of a weight from ±1", "seconds", "CPU seconds"]


def smallest(found):
    """Per task the exact machine with fewest links, or the one with the least error."""
    best = {}
    for task, machine, figures in found:
        error = figures["held_out_loss"]
        rank = (error > EXACT, len(machine.trainable) if error <= EXACT else error)
        if task not in best or rank < best[task][0]:
            best[task] = rank, machine
    return {task: machine for task, (_, machine) in best.items()}


def report(name, experiment, rows, folder):
    """The table, a summary and the equations of the smallest machines."""
    found, lines = [], []
    for row in rows:
        if row["status"] != "done":
            lines.append([row["task"], row["seed"], row["status"], *["-"] * 6])
            continue
        machine, figures = judged(row, folder)
        found.append((row["task"], machine, figures))
        lines.append(line(row, machine, figures))
    spent = ". ".join(
        _summary(name, [row[key] for row in rows if row.get(key) is not None])
        for name, key in (("Seconds", "seconds"), ("CPU seconds", "cpu_seconds"))
    )
    exact = sum(figures["held_out_loss"] <= EXACT for _, _, figures in found)
    changed = ", ".join(f"{key} = {value:g}" for key, value in _flat(experiment.changed))
    parts = [
        f"# {experiment.title}",
        f"{machine_line().split(', process')[0]}. Settings: {changed or 'the defaults'}.",
        markdown_table(HEADER, lines),
        f"Exact on held-out strings (error <= {EXACT:g}): {exact} of {len(rows)}. {spent}.",
    ]
    (RESULTS / "machines").mkdir(parents=True, exist_ok=True)
    for task, machine in smallest(found).items():
        save_machine(machine, RESULTS / "machines" / f"{task}.json")
        parts.append(f"`{task}`, {len(machine.trainable)} links:\n\n```\n{equations(machine)}\n```")
    write_result(f"programs_{name}", "\n\n".join(parts))


def _flat(changed, prefix=""):
    """Settings that differ from the defaults, by path."""
    for key, value in changed.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _summary(name, figures):
    if not figures:
        return f"{name}: not measured"
    return f"{name}: median {statistics.median(figures):.0f}, most {max(figures):.0f}"


def main():
    """Run or read an experiment, print and keep its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=EXPERIMENTS)
    parser.add_argument("--out", type=Path, default=Path("runs/programs"))
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    experiment, folder = EXPERIMENTS[options.name], options.out / options.name
    rows = rows_of(experiment, folder, options.workers)
    report(options.name, experiment, rows, folder)


if __name__ == "__main__":
    main()
