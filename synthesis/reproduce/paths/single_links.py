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
from ...weight_space import damaged, link_vulnerability
from ..tables import Report, medians, seeds_in_words, table
from .convolutions import BATCH, CHOOSING_SEED, RANKED_BY, STEPS, Experiment

__all__ = ["reproduce"]

RATE, TEMPERATURE = 0.003, 4.0  # as chosen on the validation split by `convolutions`
FIRST_STEPS = (0.05, 0.2, 0.5)
CUTS = (1, 10, 100)
ALONE = 5  # links that are cut one at a time


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``single-links.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 and 1 (about six minutes on one core); otherwise seed 0 and a tenth of the steps.
    out : Path
    """
    report = Report("single-links", "Single links cut and recovered", out, full)
    digits, share = load_mnist().with_batch_size(BATCH), 1.0 if full else 0.1
    size = _chosen(report, Experiment(digits.validation_split(), share, CHOOSING_SEED))
    job = partial(_figures, digits, share, size)
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


def _chosen(report: Report, of: Experiment) -> float:
    """The length of the first step of a recovery."""
    whole = of.trained(RATE)
    damage = _cut(whole, _ranked(of, whole)[: CUTS[-1]])
    found = {
        size: of.accuracy(of.recovered(whole, damage, TEMPERATURE, size)) for size in FIRST_STEPS
    }
    report.keep("validation", [[size, value] for size, value in found.items()])
    report.say(
        "## Choice, on a validation split",
        f"Percent of the last {len(of.digits.test_labels):,} training images, seed {of.seed}, the "
        f"{CUTS[-1]} worst links cut and recovered; the best first step is taken.",
        table(["first step", "right"], [[f"{size:g}", value] for size, value in found.items()]),
    )
    return max(found, key=found.__getitem__)


def _figures(digits: Digits, share: float, size: float, seed: int) -> dict[str, float]:
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
        damage = _cut(whole, links)
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
