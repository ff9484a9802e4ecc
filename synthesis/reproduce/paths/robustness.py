"""Adversarial robustness along an invariant path: a perceptron on MNIST.

Source: G. Raghavan et al., Nature Machine Intelligence (2024), whose second objectives include
robustness; attacks after I. Goodfellow et al. (arXiv:1412.6572) and A. Madry et al.
(arXiv:1706.06083).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures import Perceptron
from ...optimize import momentum, schedule
from ...tasks import Digits, load_mnist
from ...weight_space import Categorical, Invariance, Robustness, freeze, last, walk, weighted
from ..tables import Report, medians, seeds_in_words, table
from .sparse_path import trained_perceptron

__all__ = ["attacked_accuracies", "reproduce"]

INK = 0.1  # how far a pixel is moved, of full ink
STEPS, STORED, TEMPERATURE = 1500, 500, 2.0
STRENGTHS = (0.0, 0.01, 0.1, 1.0)  # of the distance to the frozen network; 0: its function is free
CHOOSING_SEED = 100  # none of the seeds of the figures
MOST_LOST = 1.0  # points of clean accuracy that a choice may cost
PARTS = {"clean": 0, "one-step attack": 1, "ten-step attack": 10}


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``robustness.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 to 4 (about ten minutes on one core); otherwise seed 0 and a tenth of the steps.
    out : Path
    """
    report = Report("robustness", "Robustness along an invariant path", out, full)
    digits, share = load_mnist(), 1.0 if full else 0.1
    strength = _chosen(report, digits, share)
    job = partial(_figures, digits, strength, share)
    say = partial(_say, strength=strength)
    report.each_seed("robustness", range(5 if full else 1), job, say)
    return report.figures


def attacked_accuracies(
    digits: Digits, model: Perceptron, parameters: VValue, ink: float = INK
) -> dict[str, float]:
    """Percent of the test images, as they are and attacked with a radius of so much ink."""
    inputs, labels = digits.as_inputs(digits.test_images), digits.test_labels
    found = {}
    for name, steps in PARTS.items():
        seen = inputs
        if steps:
            attack = Robustness(model, digits, ink / digits.deviation, steps)
            seen = attack.attacked(parameters, inputs, labels)
        found[name] = 100.0 * float(np.mean(np.argmax(model(parameters, seen), axis=1) == labels))
    return found


def _trained(digits: Digits, seed: int, share: float) -> tuple[Perceptron, VValue]:
    model, rng = Perceptron([digits.n_pixels, 400, 10]), np.random.default_rng([seed, 0])
    return model, trained_perceptron(model, digits, int(3600 * share), rng)


def _walked(
    digits: Digits, model: Perceptron, start: VValue, strength: float, seed: int, share: float
) -> VValue:
    """The end of a path that pulls towards robustness and holds the frozen network's function."""
    rng, steps = np.random.default_rng([seed, 1]), int(STEPS * share)
    reference = freeze(model, start, digits.store(STORED, rng)[0], Categorical(TEMPERATURE))
    held = Invariance(reference, per_step=100)
    attack = Robustness(model, digits, INK / digits.deviation)
    pull = weighted((1.0, attack), (strength, held)) if strength else attack
    optimizer = momentum(schedule(0.02, 0.001, steps), 0.9)
    return last(walk(start, pull, optimizer, steps=steps, rng=rng, every=max(steps, 1))).parameters


def _chosen(report: Report, digits: Digits, share: float) -> float:
    """The strength with most right under attack on a validation split, the clean loss bounded."""
    split = digits.validation_split()
    model, start = _trained(split, CHOOSING_SEED, share)
    before = attacked_accuracies(split, model, start)
    rows: list[list[Any]] = [["before", *before.values()]]
    under: dict[float, float] = {}
    for strength in STRENGTHS:
        end = _walked(split, model, start, strength, CHOOSING_SEED, share)
        found = attacked_accuracies(split, model, end)
        rows.append([f"{strength:g}", *found.values()])
        if strength and found["clean"] >= before["clean"] - MOST_LOST:
            under[strength] = found["one-step attack"]
    best = max(under, key=under.__getitem__) if under else STRENGTHS[-1]
    report.keep("validation", rows)
    report.say(
        "## Choice, on a validation split",
        f"The last {len(split.test_labels):,} training images, percent, seed {CHOOSING_SEED}. "
        f"Taken: strength {best:g} of the distance to the frozen network, the best under attack "
        f"that costs at most {MOST_LOST:g} point; with 0 nothing is held.",
        table(["strength", *PARTS], rows),
    )
    return best


def _figures(digits: Digits, strength: float, share: float, seed: int) -> dict[str, float]:
    model, start = _trained(digits, seed, share)
    networks = {
        "before": start,
        "along the path": _walked(digits, model, start, strength, seed, share),
        "the attack's loss alone": _walked(digits, model, start, 0.0, seed, share),
    }
    return {
        f"{name}: {part}": value
        for name, parameters in networks.items()
        for part, value in attacked_accuracies(digits, model, parameters).items()
    }


def _say(report: Report, results: list[dict[str, float]], strength: float) -> None:
    middle = medians(results)
    names = list(dict.fromkeys(key.rpartition(": ")[0] for key in middle))
    report.say(
        "## 784-400-10 on MNIST",
        f"Percent of the 10,000 test images, {seeds_in_words(results)}; every pixel moved by at "
        f"most {INK:g} of full ink, unclipped, by one signed gradient step or by ten. The path: "
        f"{STEPS:,} steps of the attacked images' loss, the distance to the frozen network on "
        f"{STORED} stored images at temperature {TEMPERATURE:g} with strength {strength:g}.",
        table(["", *PARTS], [[n, *(middle[f"{n}: {part}"] for part in PARTS)] for n in names]),
    )
