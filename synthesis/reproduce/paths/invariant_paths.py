"""Functionally invariant paths: continual learning on MNIST, null-space steps, costs, ensembles.

Sources: G. Raghavan et al., Nature Machine Intelligence (2024), s42256-024-00902-x; github
Guruprasad93/FlexibleMachineLearning @9043036.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures import Perceptron
from ...optimize import momentum, schedule
from ...tasks import Digits, load_mnist
from ...weight_space import (
    Memory,
    Robustness,
    TaskLoss,
    continual_sequence,
    disagreement,
    diverse_members,
    ensemble_probabilities,
    fine_tuning,
    moved_by,
    null_space_pull,
    output_drift,
    plots,
    replay,
)
from ..tables import Report, medians, process_seconds, save_plot, seeds_in_words, table
from .two_tasks import BLENDED, STORED, Candidate, after_both, chosen, first_task, say_both

__all__ = ["reproduce"]

STEP_NORM, NULL_SPACE_STEPS, PER_STEP = 0.05, 300, 40
FASHION_VARIABLE = "FASHION_MNIST_FOLDER"


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``invariant-paths.md`` and ``.json`` and plots, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4, all steps, longer sequences of tasks; otherwise seed 0 and a third of the
        steps.
    out : Path
    """
    report = Report("invariant-paths", "Functionally invariant paths", out, full)
    share = 1.0 if full else 1 / 3
    digits = load_mnist()
    taken = chosen(report, digits, share, out)
    results, steps, members = [], [], []
    for seed in range(5) if full else range(1):
        memory, old, new = first_task(digits, seed, share)
        results.append(after_both(digits, taken, memory, new, seed, share))
        report.keep(f"continual, seed {seed}", results[-1])
        steps.append(_null_space(memory, new, seed, out))
        report.keep(f"null space, seed {seed}", steps[-1])
        members.append(_ensemble(memory, old, seed, share))
        report.keep(f"ensemble, seed {seed}", members[-1])
        say_both(report, taken, results)
        _say_steps(report, steps, _costs(memory, new))
        _say_ensembles(report, members)
    if full:
        _sequences(report, digits, taken[BLENDED])
    return report.figures


# -------------------- the null space, costs --------------------


def _null_space(memory: Memory, new: Digits, seed: int, out: Path) -> dict[str, float]:
    """Drift of null-space and plain steps of equal norm, step by step along the null space."""
    model, rng = memory.model, np.random.default_rng([seed, 4])
    secondary = TaskLoss(model, new)
    parameters = memory.parameters
    names = ("null space", "plain gradient", "null space, all stored", "plain gradient, all stored")
    drifts: dict[str, list[float]] = {name: [] for name in names}
    for step in range(NULL_SPACE_STEPS):
        inputs = memory.inputs[rng.choice(len(memory.inputs), PER_STEP, replace=False)]
        _, gradient = secondary(parameters, step, rng)
        pull = null_space_pull(model, inputs, lambda *_, g=gradient: (0.0, g))
        moved = moved_by(parameters, pull(parameters, step, rng)[1], STEP_NORM)
        if step % 10 == 0:
            plain = moved_by(parameters, gradient, STEP_NORM)
            pairs = zip(drifts.values(), ((moved, inputs), (plain, inputs),
                        (moved, memory.inputs), (plain, memory.inputs)), strict=True)  # fmt: skip
            for values, (to, where) in pairs:
                values.append(output_drift(model, parameters, to, where))
        parameters = moved
    if seed == 0:
        shown = {name: drifts[name] for name in ("null space", "plain gradient")}
        save_plot(out, "null-space-drift", plots.drift_per_step, shown)
    assert isinstance(memory.task, Digits)
    figures = {name: float(np.median(values)) for name, values in drifts.items()}
    return {
        **figures,
        "ratio": figures["plain gradient"] / figures["null space"],
        "old after": memory.task.accuracy(model, parameters),
        "new after": new.accuracy(model, parameters),
    }


def _costs(memory: Memory, new: Digits) -> dict[str, float]:
    """Process time in milliseconds of steps with the same model and batch."""
    rng = np.random.default_rng(0)
    model, stored = memory.model, memory.inputs
    reference = memory.reference()
    secondary = TaskLoss(model, new)
    same_batch = reference.sample(min(new.batch_size, len(reference)), rng)
    optimizer = momentum(0.001, 0.9)
    state = optimizer.init(memory.parameters)

    def plain() -> None:
        _, gradient = secondary(memory.parameters, 0, rng)
        optimizer.update(gradient, state, memory.parameters)

    def finite(held: Any) -> None:
        plain()
        held.gradient(memory.parameters)

    def projected() -> None:
        null_space_pull(model, stored, secondary, per_step=PER_STEP)(memory.parameters, 0, rng)

    actions = {
        "gradient step, batch 100": plain,
        "path step, 100 stored inputs": lambda: finite(same_batch),
        f"path step, {STORED} stored inputs": lambda: finite(reference),
        f"null-space step, {PER_STEP} stored inputs": projected,
    }
    return {name: 1e3 * process_seconds(action) for name, action in actions.items()}


def _say_steps(report: Report, steps: list[dict[str, float]], costs: dict[str, float]) -> None:
    report.keep("costs in ms", costs)
    report.say(
        "## Steps in the null space of the metric",
        f"Steps of norm {STEP_NORM}; {PER_STEP} of {STORED} stored inputs per step; "
        f"{NULL_SPACE_STEPS} steps. Drift: root of the mean squared movement of the logits, on the "
        "inputs of the step and on all stored ones; ratio: plain to null-space, on the inputs of "
        f"the step; {seeds_in_words(steps)}.",
        table(["figure", "value"], list(medians(steps).items())),
    )
    base = next(iter(costs.values()))
    rows = [[name, value, value / base] for name, value in costs.items()]
    report.say("## Cost of a step", table(["step", "ms", "times a gradient step"], rows))


# -------------------- ensembles --------------------


def _ensemble(memory: Memory, task: Digits, seed: int, share: float) -> dict[str, float]:
    """Members walked apart at equal outputs; accuracy against inputs attacked on member one."""
    rng = np.random.default_rng([seed, 5])
    model, reference = memory.model, memory.reference(3.0)
    members = diverse_members(
        reference, 5, steps=int(300 * share), rng=rng, size=0.2, strength=300.0
    )
    inputs, labels = task.as_inputs(task.test_images[:2000]), task.test_labels[:2000]
    attacked = Robustness(model, task, 0.25).attacked(members[0], inputs, labels)

    def accuracy(networks: list[VValue], seen: np.ndarray) -> float:
        classes = np.argmax(ensemble_probabilities(model, networks, seen), axis=1)
        return 100.0 * float(np.mean(classes == labels))

    distances = [float(np.linalg.norm((a - b).buffer)) for a in members for b in members if a != b]
    return {
        "accuracy of one": accuracy(members[:1], inputs),
        "accuracy of five": accuracy(members, inputs),
        "attacked, one": accuracy(members[:1], attacked),
        "attacked, five": accuracy(members, attacked),
        "disagreement, %": 100.0 * disagreement(model, members, inputs),
        "distance between members": float(np.mean(distances)),
    }


def _say_ensembles(report: Report, members: list[dict[str, float]]) -> None:
    report.say(
        "## Ensembles of five along invariant paths",
        "Digits 0-4; members walked apart, held by the 250 stored inputs. Attack: one signed "
        f"gradient step of .25 on member one; {seeds_in_words(members)}.",
        table(["figure", "value"], list(medians(members).items())),
    )


# -------------------- sequences of tasks --------------------


def _sequences(report: Report, digits: Digits, blended: Candidate) -> None:
    """Split and permuted MNIST, and a second data set where one is available."""
    rng = np.random.default_rng(0)
    sequences = {
        "split MNIST, 5 x 2 digits": digits.split(2),
        "permuted MNIST, 3 orders": [digits, digits.permuted(rng), digits.permuted(rng)],
    }
    if folder := os.environ.get(FASHION_VARIABLE):
        sequences["MNIST, then the second data set"] = [digits, _beside(digits, folder)]
    methods = {
        "fine-tuning": fine_tuning,
        "invariant path": blended.method,
        "replay with labels": replay,
    }
    rows: list[list[object]] = []
    for title, tasks in sequences.items():
        model = Perceptron([digits.n_pixels, 400, tasks[-1].n_classes])
        for name, method in methods.items():
            rng = np.random.default_rng([0, 6])
            first = momentum(schedule(0.02, 0.002, 1500), 0.9), 1500
            # The summed loss of a growing store of labels diverges at the larger rate.
            later = (momentum(0.001, 0.9) if method is replay else blended.optimizer(1000)), 1000
            found = continual_sequence(
                model, tasks, model.initial(rng), method, rng, first=first, later=later,
                stored_each=STORED,
            )  # fmt: skip
            report.keep(f"{title}: {name}", found)
            each = ", ".join(f"{value:.1f}" for value in found[-1])
            rows.append([f"{title}: {name}", float(np.mean(found[-1])), each])
    report.say(
        "## Longer sequences",
        f"Seed 0; {STORED} inputs stored of every task; test accuracy at the end.",
        table(["sequence: method", "mean", "of every task"], rows),
    )


def _beside(digits: Digits, folder: str) -> Digits:
    """A second data set whose classes are numbered after the first's."""
    second = load_mnist(folder, name="second data set")
    return replace(
        second,
        labels=second.labels + digits.n_classes,
        test_labels=second.test_labels + digits.n_classes,
        n_classes=second.n_classes + digits.n_classes,
    )
