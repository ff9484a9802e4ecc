"""Digits 0-4, then 5-9: continual learning with settings chosen on a validation split.

Every method has its candidates. They are compared on images split off the training set, with a seed
of their own; the one whose network is right most often on all ten digits is used for the figures,
and the test images are read once, at the end of each path.

Source: github Guruprasad93/FlexibleMachineLearning @9043036.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ...architectures import Perceptron
from ...optimize import Optimizer, momentum, schedule
from ...tasks import Digits
from ...weight_space import (
    Memory,
    Method,
    Waypoint,
    elastic_weights,
    fine_tuning,
    learned_along,
    plots,
    remember,
    replay,
    staying_invariant,
)
from ..tables import Report, medians, save_plot, seeds_in_words, table
from .sparse_path import trained_perceptron

__all__ = [
    "BLENDED",
    "PLAIN",
    "REPLAYED",
    "STORED",
    "Candidate",
    "after_both",
    "blended",
    "chosen",
    "first_task",
    "say_both",
]

STORED, FEW_STORED = 250, 50
STEPS = 2000
CHOOSING_SEED = 100  # none of the seeds of the figures
BLENDED = f"invariant path, tempered and blended, {STORED} stored"
REPLAY = f"replay with labels, {STORED} stored"
ELASTIC = "elastic weight consolidation"
PARTS = ("old", "new", "all")


@dataclass(frozen=True)
class Candidate:
    """A method with its settings.

    Attributes
    ----------
    words : str
        The settings, for a report.
    method : Method
    optimizer : callable, steps -> Optimizer
    """

    words: str
    method: Method
    optimizer: Callable[[int], Optimizer]


def _constant(rate: float) -> Callable[[int], Optimizer]:
    return lambda steps: momentum(rate, 0.9)


def _falling(steps: int) -> Optimizer:
    return momentum(schedule(0.003, 0.0001, steps, "cosine"), 0.9)


PUBLISHED = Candidate("published", staying_invariant(), _constant(0.001))
PLAIN = Candidate("rate .001", fine_tuning, _constant(0.001))
REPLAYED = Candidate("rate .001", replay, _constant(0.001))


def blended(temperature: float, strength: float) -> Candidate:
    """A tempered and blended invariant path."""
    return Candidate(
        f"temperature {temperature:g}, new loss times {strength:g}, cosine rate from .003",
        staying_invariant(temperature=temperature, blend=True, strength=strength),
        _falling,
    )


def candidates() -> dict[str, list[Candidate]]:
    """What is tried, by method."""
    tempered = [blended(t, strength) for t in (1.0, 2.0, 3.0, 4.0) for strength in (1.0, 2.0)]
    replayed = [REPLAYED, Candidate("cosine rate from .003", replay, _falling)]
    elastic = [
        Candidate(
            f"strength {strength:g}, rate {rate:g}", elastic_weights(strength), _constant(rate)
        )
        for strength in (1e1, 1e2, 1e3, 1e4, 1e5, 1e6)
        for rate in (1e-3, 1e-4)
    ]
    return {BLENDED: tempered, REPLAY: replayed, ELASTIC: elastic}


# -------------------- one path --------------------


def first_task(digits: Digits, seed: int, share: float) -> tuple[Memory, Digits, Digits]:
    """A perceptron trained on digits 0-4 with what it stores of them; both tasks."""
    rng = np.random.default_rng([seed, 0])
    old, new = digits.only(range(5)).with_batch_size(50), digits.only(range(5, 10))
    model = Perceptron([digits.n_pixels, 400, 10])
    trained = trained_perceptron(model, old, int(3000 * share), rng, rate=0.02)
    return remember(model, trained, old, STORED, rng), old, new


def _right(digits: Digits, memory: Memory, parameters: VValue) -> dict[str, float]:
    """Percent of the old, of the new and of all test images of ``digits``."""
    is_old = digits.test_labels < 5
    right = digits.predicted(memory.model, parameters) == digits.test_labels
    parts = (right[is_old], right[~is_old], right)
    return {name: 100.0 * float(part.mean()) for name, part in zip(PARTS, parts, strict=True)}


def _path(
    memory: Memory, new: Digits, candidate: Candidate, seed: int, share: float, **options: Any
) -> list[Waypoint]:
    rng, steps = np.random.default_rng([seed, 3]), int(STEPS * share)
    optimizer = candidate.optimizer(steps)
    return learned_along(
        memory, new, candidate.method, rng, steps=steps, optimizer=optimizer, **options
    )


# -------------------- choosing --------------------


def chosen(report: Report, digits: Digits, share: float, out: Path) -> dict[str, Candidate]:
    """The candidate of every method that is best on a validation split."""
    split = digits.validation_split()
    memory, _, new = first_task(split, CHOOSING_SEED, share)
    found, rows, curves = {}, [], {}
    for method, tried in candidates().items():
        paths = [_validated(split, memory, new, candidate, share) for candidate in tried]
        best = int(np.argmax([path[-1].figures["all"] for path in paths]))
        found[method] = tried[best]
        curves[method] = (
            [point.length for point in paths[best]],
            [point.figures["old"] for point in paths[best]],
        )
        for i, (candidate, path) in enumerate(zip(tried, paths, strict=True)):
            figures = path[-1].figures
            report.keep(f"validation, {method}, {candidate.words}", figures)
            shown = [figures[part] for part in PARTS]
            rows.append([method, candidate.words, *shown, "yes" if i == best else ""])
    title = "Old digits while learning the new ones"
    save_plot(out, "invariant-paths", plots.accuracy_along, curves, title=title, x="length")
    report.say(
        "## Choices, on a validation split",
        f"The last {len(split.test_labels):,} training images, split off; percent of them, seed "
        f"{CHOOSING_SEED}, which no figure below uses. Taken: the settings with most of all ten "
        "digits. A path that diverged counts as it began.",
        table(["method", "settings", *PARTS, "taken"], rows),
    )
    return found


def _validated(
    split: Digits, memory: Memory, new: Digits, candidate: Candidate, share: float
) -> list[Waypoint]:
    """The path with figures on the way; of one that diverges, the start."""
    options = {
        "every": max(int(STEPS * share) // 8, 1),
        "observe": lambda parameters: _right(split, memory, parameters),
    }
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return _path(memory, new, candidate, CHOOSING_SEED, share, **options)
    except FloatingPointError:
        return _path(memory, new, PLAIN, CHOOSING_SEED, 0.0, **options)


# -------------------- figures --------------------


def after_both(
    digits: Digits,
    taken: dict[str, Candidate],
    memory: Memory,
    new: Digits,
    seed: int,
    share: float,
) -> dict[str, float]:
    """Percent of the test images after both tasks, every method with the settings taken."""
    # The store is sorted by class: every fifth image keeps the strata.
    thin = slice(None, None, STORED // FEW_STORED)
    few = memory._replace(inputs=memory.inputs[thin], targets=memory.targets[thin])
    methods = {
        "fine-tuning": (PLAIN, memory),
        f"invariant path, published form, {FEW_STORED} stored": (PUBLISHED, few),
        f"invariant path, published form, {STORED} stored": (PUBLISHED, memory),
        **{name: (candidate, memory) for name, candidate in taken.items()},
    }
    ends = {"before": memory.parameters}
    for name, (candidate, remembered) in methods.items():
        ends[name] = _path(remembered, new, candidate, seed, share)[-1].parameters
    return {
        f"{name}: {part}": value
        for name, parameters in ends.items()
        for part, value in _right(digits, memory, parameters).items()
    }


def say_both(report: Report, taken: dict[str, Candidate], results: list[dict[str, float]]) -> None:
    """The table of all methods."""
    middle = medians(results)
    names = list(dict.fromkeys(key.rsplit(": ", 1)[0] for key in middle))
    rows = [[name, *(middle[f"{name}: {part}"] for part in PARTS)] for name in names]
    settings = "\n".join(f"* {name}: {candidate.words}." for name, candidate in taken.items())
    report.say(
        "## Digits 0-4, then 5-9",
        f"784-400-10, one head; test accuracy in percent, {seeds_in_words(results)}. Settings as "
        "chosen above:",
        settings,
        "* Published form: momentum .9 at rate .001, mean loss of the new batch of 100 plus summed "
        "Bhattacharyya distance on all stored inputs.\n"
        "* Tempered and blended: the distance at a temperature, on random blends of the stored "
        "inputs with each other and with unlabelled images of the new task.\n"
        "* Replay: mean loss of the new batch plus summed loss of the stored inputs.\n"
        "* Elastic weight consolidation: Fisher information from 2,000 images of the old training "
        "set.",
        table(["method", "old digits", "new digits", "all"], rows),
    )
