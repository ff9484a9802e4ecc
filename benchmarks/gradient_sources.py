"""Gradient sources on one task, in evaluations and seconds.

``python -m benchmarks.gradient_sources [--seconds N]``

The task is the duplicate detector on its own batch of eight random strings of 100 ticks. Three
tables: one estimate by each source; training the handcrafted wiring from noisy weights, also with
a comparison neuron that nothing can differentiate; training the large layered machine for the same
number of seconds with each source (``--seconds``, default 20).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import vvalues as vv
from dmm import layered_space
from dmm.neurons import neuron_type, number
from dmm.zoo import duplicate_detector
from synthesis.optimize.gradients import (
    EvolutionStrategy,
    ExactGradient,
    FiniteDifferences,
    StoppedPath,
    descend,
)
from synthesis.optimize.objective import BlackBoxObjective, MachineObjective
from synthesis.optimize.optimizers import adam, chain, clip_by_norm
from synthesis.process.models import MachineModel
from synthesis.tasks import get_task
from vvalues import from_buffer

from .measure import machine_line, markdown_table, median_seconds, write_result

SOURCES = {
    "exact reverse mode": ExactGradient(),
    "accumulators' path stopped": StoppedPath(),
    "evolution strategy, 16 pairs": EvolutionStrategy(16, 0.005),
    "evolution strategy, 16 pairs, ranks": EvolutionStrategy(16, 0.005, use_ranks=True),
    "evolution strategy, 128 pairs": EvolutionStrategy(128, 0.005),
    "finite differences": FiniteDifferences(),
}
NOISE, GOOD, MOST_STEPS, DENSE_RATE, SMALL_RATE = 0.2, 0.01, 1500, 0.003, 0.01
HIDDEN_STEPS = 60


@neuron_type("hidden_compare", reads=["dict-1", "dict-2"], writes=["true/:number"])
def hidden_compare(inputs):
    """A comparison known by its outputs alone (plain Python, no kernel, no trace)."""
    return {"true": max(0.0, float(number(inputs, "dict-1")) - float(number(inputs, "dict-2")))}


def make_objective(machine, kind=MachineObjective, strings=None):
    """The task's loss of a machine, on one random batch (or some strings of it)."""
    streams, targets = get_task("duplicate-detector").batch(np.random.default_rng(0))
    if strings is not None:
        streams, targets = streams.select(strings), targets[..., strings]
    return kind(MachineModel(machine), streams, targets)


def noisy_detector():
    """The handcrafted wiring with noise on its eight weights."""
    machine = duplicate_detector()
    noise = NOISE * np.random.default_rng(1).standard_normal(machine.trainable.size)
    support = machine.trainable.support
    return machine.with_trainable(from_buffer(support, machine.trainable.buffer + noise))


def estimates():
    """One call of each source, on the small and the large machine."""
    rows = []
    for machine in (noisy_detector(), layered_space(np.random.default_rng(0))):
        objective, start = make_objective(machine), machine.trainable
        _, exact = objective.gradient(start)
        for name, source in SOURCES.items():
            rng = np.random.default_rng(0)
            size = len(start)
            repeats = 1 if source.evaluations(size) > 500 else 5
            seconds = median_seconds(lambda s=source: s(objective, start, rng), repeats)  # noqa: B023
            found = [source(objective, start, rng)[1] for _ in range(repeats)]
            cosines = [vv.inner(g, exact) / (vv.l2_norm(g) * vv.l2_norm(exact)) for g in found]
            mean = f"{np.mean(cosines):.3f}"
            rows.append([size, name, source.evaluations(size), f"{1e3 * seconds:.1f}", mean])
    header = ["links", "source", "evaluations", "ms", "cosine to the exact gradient"]
    return markdown_table(header, rows)


def until_good(objective, start, source, most):
    """Steps until the loss is good, seconds, and the least loss."""
    steps = descend(objective, start, adam(SMALL_RATE), source, np.random.default_rng(0))
    begun, least = time.process_time(), np.inf
    for count, step in enumerate(steps):
        least = min(least, step.loss)
        if least <= GOOD or count == most:
            return count, time.process_time() - begun, least
    raise AssertionError("a descent never ends by itself")


def training():
    """The handcrafted wiring from noisy weights, by every source; then with a hidden neuron."""
    machine = noisy_detector()
    objective = make_objective(machine)
    rows = []
    for name, source in SOURCES.items():
        rows.append(["open", name, *_figures(objective, machine, source, MOST_STEPS)])
    hidden = replace(machine, neurons={**machine.neurons, "compare": "hidden_compare"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it runs on the reference engine is the point
        objective = make_objective(hidden, BlackBoxObjective, strings=[0])
        for name in ("evolution strategy, 16 pairs", "evolution strategy, 16 pairs, ranks"):
            figures = _figures(objective, hidden, SOURCES[name], HIDDEN_STEPS)
            rows.append(["hidden (one string)", name, *figures])
    header = ["comparison neuron", "source", "steps", "evaluations", "seconds", "least loss"]
    return markdown_table(header, rows)


def _figures(objective, machine, source, most):
    count, seconds, least = until_good(objective, machine.trainable, source, most)
    total = (count + 1) * source.evaluations(len(machine.trainable))
    return [count, f"{total:,}", f"{seconds:.2f}", f"{least:.2g}"]


def dense(seconds):
    """The large machine, the same time for every source."""
    machine = layered_space(np.random.default_rng(0))
    objective = make_objective(machine)
    size = len(machine.trainable)
    rows = []
    for name, source in SOURCES.items():
        optimizer = chain(clip_by_norm(1.0), adam(DENSE_RATE))
        steps = descend(objective, machine.trainable, optimizer, source, np.random.default_rng(0))
        begun, least = time.process_time(), np.inf
        for count, step in enumerate(steps):  # noqa: B007  (reported)
            least = min(least, step.loss)
            if time.process_time() - begun > seconds:
                break
        total = (count + 1) * source.evaluations(size)
        rows.append([name, count, f"{total:,}", f"{least:.4g}"])
    return markdown_table(["source", "steps", "evaluations", "least loss"], rows)


def main():
    """Measure, print and keep the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    text = "\n\n".join(
        [
            "# Gradient sources on the duplicate detector",
            machine_line() + "; an evaluation is one run of the machine on eight strings of 100 "
            "ticks, a reverse pass counts as another.",
            "## One estimate",
            estimates(),
            f"## Handcrafted wiring, noise {NOISE} on its weights, Adam {SMALL_RATE}, until the "
            f"loss is {GOOD} (at most {MOST_STEPS:,} steps; {HIDDEN_STEPS} with a hidden neuron)",
            training(),
            f"## 1,486 links from random weights, clipped Adam {DENSE_RATE}, "
            f"{options.seconds:g} s of process time each",
            dense(options.seconds),
        ]
    )
    write_result("gradient_sources", text)


if __name__ == "__main__":
    main()
