"""Single links of a convolutional network cut: which matter, and what is recovered without labels.

Source: G. Raghavan, J. Li, M. Thomson, arXiv:2005.11603 (vulnerability, damage and recovery).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ...tasks import Digits, load_mnist
from ...weight_space import Categorical, damaged, freeze, link_vulnerability
from ..tables import Report, medians, seeds_in_words, table
from .convolutions import BATCH, CHOOSING_SEED, RANKED_BY, STEPS, Experiment

__all__ = ["reproduce"]

RATE, TEMPERATURE = 0.003, 4.0  # as chosen on the validation split by `convolutions`
FIRST_STEPS = (0.02, 0.1, 0.5)
CUTS = (1, 10, 100)
APART = 2000  # images, of those kept apart, on which recoveries are compared
ALONE = 5  # links that are cut one at a time


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``single-links.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 and 1 (about six minutes on one core; interrupted, the same command
        goes on with what ``single-links.json`` lacks); otherwise seed 0 and a tenth of the steps.
    out : Path
    """
    report = Report("single-links", "Single links cut and recovered", out, full)
    report.resume()
    digits, share = load_mnist().with_batch_size(BATCH), 1.0 if full else 0.1
    of = Experiment(digits.validation_split(), share, CHOOSING_SEED)
    found = report.once("validation", partial(_validated, of))
    job = partial(_figures, digits, share, _chosen(report, of, found))
    report.each_seed("links", range(2 if full else 1), job, _say)
    return report.figures


def _cut(whole: VValue, links: np.ndarray) -> VValue:
    """The mask of some elements of the parameters."""
    mask = np.zeros(whole.size)
    mask[links] = 1.0
    return from_buffer(whole.support, mask)


def _ranked(of: Experiment, whole: VValue) -> np.ndarray:
    """Elements that are not zero, by the change that cutting them is predicted to make."""
    some = of.inputs[:: max(len(of.inputs) // RANKED_BY, 1)]
    scores = link_vulnerability(of.model, whole, some).buffer
    return np.argsort(-scores)


def _validated(of: Experiment) -> dict[str, list[float]]:
    """Distances on images kept apart, by the number of links cut, for every first step."""
    whole = of.trained(RATE)
    inputs = of.digits.as_inputs(of.digits.test_images[:APART])
    apart = freeze(of.model, whole, inputs, Categorical(TEMPERATURE))
    worst = _ranked(of, whole)
    return {
        str(n): [
            apart.divergence(of.recovered(whole, _cut(whole, worst[:n]), TEMPERATURE, size))
            for size in FIRST_STEPS
        ]
        for n in CUTS
    }


def _chosen(report: Report, of: Experiment, found: dict[str, list[float]]) -> dict[int, float]:
    """The length of the first step of a recovery, by the number of links cut."""
    report.say(
        "## Choice, on a validation split",
        f"Distance to the whole network on {APART:,} training images kept apart, seed {of.seed}, "
        "the worst links cut and recovered, by the first step; the step of least distance is "
        "taken for as many links.",
        table(
            ["links cut", *(f"first step {size:g}" for size in FIRST_STEPS)],
            [[n, *distances] for n, distances in found.items()],
        ),
    )
    return {n: FIRST_STEPS[int(np.argmin(found[str(n)]))] for n in CUTS}


def _figures(digits: Digits, share: float, sizes: dict[int, float], seed: int) -> dict[str, float]:
    """Accuracies, and squared distances of the outputs from those of the whole network."""
    of = Experiment(digits, share, seed)
    whole = of.trained(RATE)
    reference, worst = of.reference(whole, TEMPERATURE), _ranked(of, whole)
    random = of.rng(8).permutation(whole.size)
    figures = {"whole": of.accuracy(whole)}
    choices = {f"the {n} worst": worst[:n] for n in CUTS}
    choices |= {f"{n} at random": random[:n] for n in CUTS}
    choices |= {f"worst, number {k + 1} alone": worst[k : k + 1] for k in range(1, ALONE)}
    for name, links in choices.items():
        damage, size = _cut(whole, links), sizes[len(links)]
        hurt, well = damaged(whole, damage), of.recovered(whole, damage, TEMPERATURE, size)
        for word, network in (("damaged", hurt), ("recovered", well)):
            figures[f"{name}, {word}"] = of.accuracy(network)
            figures[f"{name}, {word}: distance"] = reference.divergence(network)
    return figures


def _say(report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    names = [key.removesuffix(", damaged") for key in middle if key.endswith(", damaged")]
    rows = [
        [name, *(middle[f"{name}, {word}{what}"] for what in ("", ": distance")
                 for word in ("damaged", "recovered"))]
        for name in names
    ]  # fmt: skip
    report.say(
        "## Links cut",
        f"The network of `convolutions`; percent of the 10,000 test images, "
        f"{seeds_in_words(results)}, the whole network {middle['whole']:.2f}. Worst: largest "
        f"predicted change of the outputs. Distance: what recovery brings down, on the stored "
        f"images. Recovery: at most {STEPS['recovery']} steps without labels, all other weights.",
        table(["cut", "damaged", "recovered", "distance, damaged", "distance, recovered"], rows),
    )
