"""Layered networks of elastic width and depth: easy digits, all digits, easy digits again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..architectures.elastic.residual import ResidualNetwork, ResidualSettings, train_residual
from ..tasks import Digits, find_mnist, load_mnist, small_digits

__all__ = ["DATA", "layered_figures", "run_layers"]

EASY = (0, 1)
DATA: dict[str, dict[str, Any]] = {
    "digits, penalty 1e-3": {"steps": 2000, "settings": ResidualSettings()},
    "MNIST, penalty 1e-4": {
        "steps": 4000,
        "settings": ResidualSettings(penalty=1e-4, weight_decay=1e-5),
    },
    "MNIST, penalty 3e-5": {
        "steps": 4000,
        "settings": ResidualSettings(penalty=3e-5, weight_decay=1e-5),
    },
    "digits, penalty 1e-3, memory carried on": {
        "steps": 2000,
        "settings": ResidualSettings(),
        "carries": True,
    },
    "MNIST, penalty 1e-4, memory carried on": {
        "steps": 4000,
        "settings": ResidualSettings(penalty=1e-4, weight_decay=1e-5),
        "carries": True,
    },
}
"""By name: the first word is the data set. Memory: Adagrad's, and the ages of units."""


def _task(name: str) -> Digits | None:
    """The data set, None where it is not at hand."""
    try:
        if name.startswith("digits"):
            return small_digits()
        find_mnist()
    except (ImportError, FileNotFoundError):
        return None
    return load_mnist()


def run_layers(name: str, seed: int) -> dict[str, Any] | None:
    """One seed: blocks, units and test accuracy after 0 and 1, all digits, 0 and 1 again."""
    task = _task(name)
    if task is None:
        return None
    options = DATA[name]
    model = ResidualNetwork(task.n_pixels, task.n_classes, 32, options["settings"])
    rng = np.random.default_rng([seed, 4])
    figures: dict[str, Any] = {"seed": seed, "blocks": [], "units": [], "accuracy": []}
    parameters = memory = None
    for part in (task.only(EASY), task, task.only(EASY)):
        events = train_residual(model, part, rng, options["steps"], parameters, memory)
        *_, (parameters, record) = events
        memory = record.memory if options.get("carries") else None
        figures["blocks"].append(len(record.widths))
        figures["units"].append(sum(record.widths.values()))
        figures["accuracy"].append(round(part.accuracy(model, parameters), 2))
    return figures


def layered_figures(name: str, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """`run_layers` for some seeds; empty where the data set is not at hand."""
    return [row for row in (run_layers(name, seed) for seed in seeds) if row is not None]
