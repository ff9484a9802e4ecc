"""Sparsification along invariant paths: a perceptron on MNIST, and a dataflow matrix machine.

Sources: arXiv:2012.09605; github Guruprasad93/FlexibleMachineLearning @9043036.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures import Perceptron
from ...loop import Settings, synthesize
from ...optimize import MachineObjective, adam, chain, clip_by_norm, l1, momentum, schedule
from ...process import MachineModel
from ...tasks import Digits, get_task, load_mnist
from ...weight_space import (
    Categorical,
    circuit_reference,
    freeze,
    gradual_magnitude,
    largest_kept,
    learn,
    plots,
    pruned_along_path,
    settled,
    sparsified,
)
from ..tables import Report, medians, save_plot, seeds_in_words, table

__all__ = ["reproduce", "trained_machine", "trained_perceptron"]

SPARSITIES = (0.90, 0.95, 0.98)
SIZES = (784, 300, 100, 10)
UNLABELLED = 10_000
TEMPERATURE = 4.0
METHODS = ("one-shot", "path, projected", "path, settled", "gradual magnitude (labels)")


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``sparse-path.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4 and all steps; otherwise seed 0 and a quarter of the steps.
    out : Path
    """
    report = Report("sparse-path", "Sparsification along an invariant path", out, full)
    seeds = range(5 if full else 1)
    perceptron = partial(_perceptron, load_mnist(), 1.0 if full else 0.25)
    report.each_seed("perceptron", seeds, perceptron, _say_perceptron)
    report.each_seed("machine", seeds, partial(_machine, out), _say_machines)
    return report.figures


# -------------------- the perceptron --------------------


def trained_perceptron(
    model: Perceptron, task: Digits, steps: int, rng: np.random.Generator, rate: float = 0.05
) -> VValue:
    """Weights after so many steps of momentum from random ones; the rate falls to 0.002."""
    optimizer = momentum(schedule(rate, 0.002, steps), 0.9)
    return learn(model, task, model.initial(rng), optimizer, steps, rng)


def _perceptron(task: Digits, share: float, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([seed, 1])
    model = Perceptron(SIZES)
    dense = trained_perceptron(model, task, int(4800 * share), rng)
    inputs, _ = task.store(UNLABELLED, rng)
    reference = freeze(model, dense, inputs, Categorical(TEMPERATURE))
    figures = {"dense": task.accuracy(model, dense)}
    for sparsity in SPARSITIES:
        found = sparsified(reference, sparsity, rng=rng, steps=int(1500 * share))
        end = settled(reference, found.projected, steps=int(500 * share), rng=rng)
        gradual = gradual_magnitude(model, task, dense, sparsity, steps=int(2000 * share), rng=rng)
        asked = round(sparsity * dense.size)
        for name, network in zip(
            METHODS, (largest_kept(dense, sparsity), found.projected, end, gradual), strict=True
        ):
            zeros = int(np.count_nonzero(network.buffer == 0))
            if zeros < asked:
                raise ValueError(f"{name}: {zeros} zeros where {asked} were asked")
            figures[f"{sparsity:.2f} {name}"] = task.accuracy(model, network)
        figures[f"{sparsity:.2f} distance"] = found.distance
        figures[f"{sparsity:.2f} zeros"] = found.zeros
    return figures


def _say_perceptron(report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    rows = [
        [f"{100 * p:.0f} %", *(middle[f"{p:.2f} {name}"] for name in METHODS),
         middle[f"{p:.2f} distance"], int(middle[f"{p:.2f} zeros"])]
        for p in SPARSITIES
    ]  # fmt: skip
    report.say(
        "## 784-300-100-10 on MNIST",
        f"Test accuracy in percent, {seeds_in_words(results)}; dense {middle['dense']:.2f}. "
        f"The path sees {UNLABELLED:,} unlabelled inputs; gradual magnitude pruning sees all "
        "60,000 with labels, for as many steps as path and settling together. Largest jump: the "
        "largest distance from the end of a stage to its projection. Zeros are counted in the "
        "delivered network, over all weights and biases.",
        table(["zeros asked", *METHODS, "largest jump", "zeros delivered"], rows),
    )
    curves = {name: [middle[f"{p:.2f} {name}"] for p in SPARSITIES] for name in METHODS}
    save_plot(report.out, "sparse-path", plots.sparsity_curves, SPARSITIES, curves)


# -------------------- the machine --------------------


def trained_machine(seed: int, steps: int = 2500) -> tuple[MachineModel, MachineObjective, Any]:
    """A dense duplicate detector of 1,486 links, trained with Adam and a little L1.

    Returns
    -------
    model : MachineModel
    objective : MachineObjective
    parameters : VValue
    """
    task = get_task("duplicate-detector")
    model = MachineModel(task.space(np.random.default_rng([seed, 1])), observed=task.observed)
    objective = MachineObjective(model, *task.batch(np.random.default_rng([seed, 0])))
    optimizer = chain(l1(0.001), clip_by_norm(1.0), adam(schedule(0.003, 0.0005, steps)))
    parameters = model.initial(np.random.default_rng(0))
    state = optimizer.init(parameters)
    for _ in range(steps):
        _, gradient = objective.gradient(parameters)
        change, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + change
    return model, objective, parameters


def _machine(out: Path, seed: int) -> dict[str, float]:
    task = get_task("duplicate-detector")
    model, objective, dense = trained_machine(seed)
    reference = circuit_reference(model, dense, objective.inputs)
    start = time.perf_counter()
    path = list(pruned_along_path(reference, np.random.default_rng([seed, 2])))
    seconds = time.perf_counter() - start
    losses = [objective.loss(machine.parameters) for machine in path]
    good = [i for i, loss in enumerate(losses) if loss <= 0.5]
    least = min(good, key=lambda i: path[i].links) if good else 0
    loop = synthesize(task, seed, Settings.of(judge={"regrowths": 0}))
    if seed == 0:
        deviations = {
            "task loss": losses, "deviation from the dense machine": [m.deviation for m in path]
        }  # fmt: skip
        links = [machine.links for machine in path]
        save_plot(out, "sparse-path-machine", plots.pruning_curve, links, deviations)
    held_out = "held_out_per_element"
    return {
        "dense loss": losses[0],
        "dense held out": task.evaluate(model, dense)[held_out],
        "path links": path[least].links,
        "path loss": losses[least],
        "path held out": task.evaluate(model, path[least].parameters)[held_out],
        "largest deviation on the way": max(machine.deviation for machine in path),
        "path seconds": seconds,
        "loop links": len(loop.parameters),
        "loop loss": loop.loss,
    }


def _say_machines(report: Report, results: list[dict[str, float]]) -> None:
    rows = [[str(seed), *result.values()] for seed, result in enumerate(results)]
    rows.append(["median", *medians(results).values()])
    report.say(
        "## A dataflow matrix machine of 1,486 links",
        "The duplicate detector, trained, then pruned along an invariant path that sees no "
        "targets: the frozen dense machine's outputs on the training strings are all it has to "
        "keep. Smallest machine on the path with task loss <= 0.5; beside it the synthesis loop "
        "on the same task (no regrowth). Loss: squared error summed over outputs and ticks, mean "
        "over strings; held out: squared error per output and tick.",
        table(["seed", *results[0]], rows),
    )
