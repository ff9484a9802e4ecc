"""Where the process time of one synthesis goes: by kind of work and by phase of the loop.

    python -m benchmarks.synthesis_profile [TASK] [--seed N]

One process, one BLAS thread, by the engine that is installed; the run is kept in a folder, as
`python -m synthesis run` does it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from functools import wraps

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dmm.compiled import BoundProgram
from dmm.compiled.fast.side_by_side import FastBoundProgram
from synthesis.loop import Loop
from synthesis.optimize import least_squares
from synthesis.process.models import MachineModel
from synthesis.runs.run import Run
from synthesis.tasks import get_task

from .measure import machine_line, markdown_table, write_result

spent: Counter[str] = Counter()
_running: list[list] = []


def counted(name, function):
    """The function, its process time (without that of counted functions within) added up."""

    @wraps(function)
    def timed(*args, **kwargs):
        begun = time.process_time()
        _running.append([0.0])
        try:
            return function(*args, **kwargs)
        finally:
            whole = time.process_time() - begun
            (within,) = _running.pop()
            spent[name] += whole - within
            if _running:
                _running[-1][0] += whole

    return timed


def watch(owner, **names):
    """Count methods (or functions of a module) under the names of the table."""
    for method, name in names.items():
        setattr(owner, method, counted(name, getattr(owner, method)))


def profile(task, seed):
    """Run it; seconds by kind of work and by phase."""
    kinds = {
        "forward": "forward",
        "values": "values of several machines",
        "pullback": "gradient",
        "jacobian": "Jacobian",
    }
    for program in (FastBoundProgram, BoundProgram):
        watch(program, **kinds)
    watch(MachineModel, _compile="planning")
    watch(least_squares, _solve="least-squares steps")
    watch(Run, _save="checkpoints")
    phases: Counter[str] = Counter()
    loop = Loop.of(get_task(task), seed)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.new(folder, loop)
        phase, begun = run.state.phase, time.process_time()
        for event in run.events():
            phases[phase] += time.process_time() - begun
            phase, begun = event.state.phase, time.process_time()
        outcome = run.finish()
    return phases, outcome


def shares(seconds, total):
    """Rows of a table, largest first."""
    return [
        [name, f"{own:.2f}", f"{own / total:.0%}"] for name, own in seconds.most_common() if own
    ]


def main():
    """Profile one run, print and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", nargs="?", default="duplicate-detector")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    phases, outcome = profile(options.task, options.seed)
    total = sum(phases.values())
    spent["all else"] = total - sum(spent.values())
    header = ["", "seconds", "share"]
    text = [
        f"# One synthesis: {options.task}, seed {options.seed}",
        f"{machine_line()}; load {os.getloadavg()[0]:.1f}. {total:.1f} seconds of process time, "
        f"{len(outcome.parameters)} links.",
        markdown_table(["work", *header[1:]], shares(spent, total)),
        markdown_table(["phase", *header[1:]], shares(phases, total)),
    ]
    write_result("synthesis_profile", "\n\n".join(text))


if __name__ == "__main__":
    main()
