"""Lottery tickets at a rate of their own, chosen on a validation split like that of the path.

Sources: J. Frankle, M. Carbin, arXiv:1803.03635; beside arXiv:2012.09605.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...tasks import Digits, load_mnist
from ..tables import Report, medians, seeds_in_words, table
from .convolutions import BATCH, CHOOSING_SEED, REWIND, ROUNDS, SPARSITY, STEPS, Experiment

__all__ = ["reproduce"]

RATES = (0.003, 0.01, 0.03)
WHOLE_RATE = 0.003  # as chosen on the validation split by `convolutions`


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``tickets.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        Seeds 0 and 1 (about nine minutes on one core; interrupted, the same command goes on with
        what ``tickets.json`` lacks); otherwise seed 0 and a tenth of the steps.
    out : Path
    """
    report = Report("tickets", "Lottery tickets at their own rate", out, full)
    report.resume()
    digits, share = load_mnist().with_batch_size(BATCH), 1.0 if full else 0.1
    of = Experiment(digits.validation_split(), share, CHOOSING_SEED)

    def validated(rate: float) -> float:
        return of.accuracy(of.ticket(rate))

    rates = report.each("validation", {f"{rate:g}": partial(validated, rate) for rate in RATES})
    report.say(
        "## Choice, on a validation split",
        f"Percent of the last {len(of.digits.test_labels):,} training images, seed {of.seed}.",
        table(["rate", "right"], list(rates.items())),
    )
    rate = max(RATES, key=lambda rate: rates[f"{rate:g}"])
    job, say = partial(_figures, digits, share, rate), partial(_say, rate)
    report.each_seed("ticket", range(2 if full else 1), job, say)
    return report.figures


def _figures(digits: Digits, share: float, rate: float, seed: int) -> dict[str, float]:
    of = Experiment(digits, share, seed)
    ticket = of.ticket(rate)
    return {
        "whole": of.accuracy(of.trained(WHOLE_RATE)),
        "ticket": of.accuracy(ticket),
        "weights left": float(np.count_nonzero(ticket.buffer)),
    }


def _say(rate: float, report: Report, results: list[dict[str, float]]) -> None:
    middle = medians(results)
    report.say(
        f"## {SPARSITY:.0%} zeros",
        f"The network of `convolutions`, {ROUNDS + 1} trainings of {STEPS['training']:,} steps at "
        f"rate {rate:g}, rewound to step {REWIND}. Percent of the 10,000 test images, "
        f"{seeds_in_words(results)}: the whole network {middle['whole']:.2f}, the ticket "
        f"{middle['ticket']:.2f}.",
        table(
            ["seed", "whole", "ticket", "weights left"],
            [[seed, row["whole"], row["ticket"], f"{row['weights left']:.0f}"]
             for seed, row in enumerate(results)],
        ),
    )  # fmt: skip
