"""Vulnerability, damage and recovery: a perceptron on MNIST, and synthesized circuits.

Sources: G. Raghavan, J. Li, M. Thomson, arXiv:2005.11603; US patent application 2021/0397964.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from vvalues import VValue, from_buffer

from ...architectures import Perceptron
from ...loop import Settings, synthesize
from ...optimize import schedule
from ...process import MachineModel
from ...tasks import Digits, get_task, load_mnist
from ...weight_space import (
    Categorical,
    Waypoint,
    circuit_reference,
    damaged,
    deviation,
    freeze,
    intact,
    neurons_cut,
    plots,
    predicted_changes,
    pruned_along_path,
    recovered_circuit,
    recovery,
    top_directions,
    true_changes,
    unit_vulnerability,
    vulnerability_map,
)
from ..tables import Report, medians, save_plot, seeds_in_words, table
from .sparse_path import trained_machine, trained_perceptron

__all__ = ["reproduce"]

HIDDEN = 400
TEMPERATURE = 4.0
SHARES, STORES = (0.75, 0.90), (50, 500)
RECOVERED = 1.0  # a circuit deviating less than this from the whole one counts as recovered
CIRCUIT_SIZES = (100, 60, 30, 15)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``resilience.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4; otherwise seed 0 and a third of the training steps.
    out : Path
    """
    report = Report("resilience", "Resilience and recovery", out, full)
    digits = load_mnist()
    perceptron = partial(_perceptron, digits, 1.0 if full else 1 / 3, out)
    report.each_seed("perceptron", range(5 if full else 1), perceptron, _say_perceptron)
    _circuit_map(report, out)
    report.each_seed("circuits", range(3 if full else 1), _circuit_damage, _say_circuits)
    return report.figures


# -------------------- the perceptron --------------------


def _perceptron(digits: Digits, share: float, out: Path, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([seed, 0])
    model = Perceptron([digits.n_pixels, HIDDEN, 10])
    whole = trained_perceptron(model, digits, int(3600 * share), rng)
    inputs, _ = digits.store(max(STORES), rng)
    figures = {"whole": digits.accuracy(model, whole)}
    figures |= _predictions(model, whole, inputs[:100], rng)
    scores = unit_vulnerability(model, whole, inputs[:200], 1)
    curves: dict[str, list[Waypoint]] = {}
    for cut in SHARES:
        n = round(cut * HIDDEN)
        choices = {"random": rng.permutation(HIDDEN)[:n], "worst": np.argsort(-scores)[:n]}
        for kind, units in choices.items():
            damage = model.units(1, units)
            hurt = damaged(whole, damage)
            name = f"{100 * cut:.0f} % {kind}"
            figures[f"{name}, damaged"] = digits.accuracy(model, hurt)
            for stored in STORES:
                thin = inputs[:: max(STORES) // stored]
                path = list(
                    recovery(
                        freeze(model, whole, thin, Categorical(TEMPERATURE)), hurt, damage,
                        sizes=schedule(0.2, 0.005, 300), rng=rng, every=30,
                        observe=lambda w: {"accuracy": digits.accuracy(model, w)},
                    )
                )  # fmt: skip
                end = path[-1]
                if np.any(end.parameters.buffer[damage.buffer != 0]):
                    raise ValueError("a damaged weight has moved")
                figures[f"{name}, {stored} inputs"] = end.figures["accuracy"]
                if stored == max(STORES):
                    curves[name] = path
    if seed == 0:
        save_plot(out, "resilience", plots.recovery_curves, curves)
    return figures


def _predictions(
    model: Perceptron, whole: VValue, inputs: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """Rank correlation of predicted and measured change, for small steps of several kinds."""
    incoming = [damaged(whole, intact(_incoming(model, unit))) for unit in range(100)]
    noise = [from_buffer(whole.support, rng.standard_normal(whole.size)) for _ in range(100)]
    _, top = top_directions(model, whole, inputs, 20)
    norm = float(np.linalg.norm(noise[0].buffer))
    kinds = {
        "a tenth of a unit's incoming weights cut": [-0.1 * step for step in incoming],
        "random steps, norm .01": [(0.01 / norm) * step for step in noise],
        "top directions, norm .01": [0.01 * direction for direction in top],
        "random steps, norm 5": [(5.0 / norm) * step for step in noise],
    }
    found = {}
    for name, steps in kinds.items():
        predicted = predicted_changes(model, whole, inputs, steps)
        measured = true_changes(model, whole, inputs, steps)
        found[f"Spearman, {name}"] = float(spearmanr(predicted, measured).statistic)
    return found


def _incoming(model: Perceptron, unit: int) -> VValue:
    """A mask of the weights into a hidden unit: silencing it through them is not linear."""
    mask = model.unit(1, unit)
    outgoing = (model.layers[1], "weights")
    return mask.at(outgoing).set(np.zeros_like(mask[outgoing]))


def _say_perceptron(report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    rows = [
        [f"{100 * cut:.0f} % {kind}",
         middle[f"{100 * cut:.0f} % {kind}, damaged"],
         *(middle[f"{100 * cut:.0f} % {kind}, {stored} inputs"] for stored in STORES)]
        for cut in SHARES for kind in ("random", "worst")
    ]  # fmt: skip
    report.say(
        "## 784-400-10 on MNIST, hidden units cut",
        f"Test accuracy in percent, {seeds_in_words(results)}; whole network "
        f"{middle['whole']:.2f}. Worst: largest predicted change of the outputs. Recovery: 300 "
        f"normalised steps on unlabelled inputs, distance at temperature {TEMPERATURE:g}, "
        "undamaged weights only (damaged ones checked to be exactly zero).",
        table(["units cut", "damaged", *(f"recovered, {n} inputs" for n in STORES)], rows),
        "Rank correlation of predicted (first order) and measured change of the outputs:",
        table(
            ["steps", "Spearman"],
            [[k.removeprefix("Spearman, "), v] for k, v in middle.items() if k[:8] == "Spearman"],
        ),
    )


# -------------------- circuits --------------------


def _circuit_map(report: Report, out: Path) -> None:
    task = get_task("duplicate-detector")
    machine = synthesize(task, 0, Settings.of(judge={"regrowths": 0})).machine
    streams, _ = task.batch(np.random.default_rng(0))
    reference = circuit_reference(MachineModel(machine), machine.trainable, streams)
    found = vulnerability_map(reference)
    save_plot(out, "vulnerability", plots.vulnerability_graph, machine, found.measured)
    rows = [
        ["/".join(path), float(machine.trainable[path]), predicted, found.measured[path]]
        for path, predicted in found.predicted.items()
    ]
    rows.sort(key=lambda row: -row[3])
    correlation = spearmanr(found.predicted.buffer, found.measured.buffer).statistic
    report.keep("circuit, Spearman of predicted and measured", float(correlation))
    report.say(
        "## Vulnerability map of a synthesized circuit",
        f"The duplicate detector of seed 0, {len(machine.trainable)} links; squared change of the "
        "outputs when a link is cut, summed over outputs and ticks, mean over strings. Rank "
        f"correlation {correlation:.2f} - a whole link is not a small step.",
        table(["link", "weight", "predicted", "measured"], rows),
    )


def _circuit_damage(seed: int) -> dict[str, float]:
    """Every hidden neuron cut in turn, in machines of several sizes from one invariant path."""
    model, objective, dense = trained_machine(seed)
    reference = circuit_reference(model, dense, objective.inputs)
    path = list(pruned_along_path(reference, np.random.default_rng([seed, 2])))
    figures: dict[str, float] = {}
    for size in CIRCUIT_SIZES:
        machine = max((m for m in path if m.links <= size), key=lambda m: m.links)
        whole = circuit_reference(model, machine.parameters, objective.inputs)
        neurons = sorted({p[0] for p in machine.parameters.support.paths} - {"output"})
        before, after = [], []
        for neuron in neurons:
            left = neurons_cut(machine.parameters, {neuron})
            before.append(deviation(whole, left))
            after.append(deviation(whole, recovered_circuit(whole, left, steps=25)))
        figures |= {
            f"about {size} links: neurons": float(len(neurons)),
            f"about {size} links: damage, median": float(np.median(before)),
            f"about {size} links: harmless, %": 100 * float(np.mean(np.array(before) < RECOVERED)),
            f"about {size} links: recovered, %": 100 * float(np.mean(np.array(after) < RECOVERED)),
        }
    return figures


def _say_circuits(report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    columns = ("neurons", "damage, median", "harmless, %", "recovered, %")
    rows = [
        [size, *(middle[f"about {size} links: {column}"] for column in columns)]
        for size in CIRCUIT_SIZES
    ]
    report.say(
        "## Damage and recovery of circuits",
        "Machines of several sizes from one invariant path; each hidden neuron cut in turn with "
        "all its links, then the links that are left walk back, without targets. Harmless or "
        f"recovered: deviation from the whole machine below {RECOVERED:g} (squared, summed, mean "
        f"over strings); {seeds_in_words(results)}.",
        table(["links, at most", *columns], rows),
    )
