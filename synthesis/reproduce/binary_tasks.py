"""Families of sparse binary networks elsewhere: two worlds under control, and small digits.

Source: arXiv:2011.02712, whose networks "succeed in both static and dynamic tasks".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vvalues import VValue

from ..architectures.binary import BinaryFamily, FamilySettings, evolve, evolved, family_figures
from ..tasks import CartPoleImitation, Imitation, MountainCarImitation, small_digits
from .tables import Report, figures_table

__all__ = ["reproduce"]

MEMBERS = 20
GENERATIONS, QUICK_GENERATIONS = 400, 40
SIDES = ("left", "right")
POLE_SIZES, POLE_KEPT = (4, 256, 2), (2, 64)
CAR_SIZES, CAR_KEPT = (2, 256, 2), (1, 64)
SMALL_SIZES, SMALL_KEPT = (64, 256, 10), (6, 36)


def reproduce(full: bool, out: Path) -> dict[str, Any]:
    """Measure, write ``binary-tasks.md`` and ``.json``, return the figures.

    Parameters
    ----------
    full : bool
        400 generations (about a minute on one core); otherwise 40.
    out : Path
    """
    report = Report("binary-tasks", "Families of sparse binary networks elsewhere", out, full)
    _control(
        report,
        "cart-pole",
        BinaryFamily(POLE_SIZES, POLE_KEPT, SIDES),
        CartPoleImitation(np.random.default_rng(0)),
        "Steps until the pole falls or the cart leaves, at most 500: the more, the better",
        full,
    )
    _control(
        report,
        "mountain car",
        BinaryFamily(CAR_SIZES, CAR_KEPT, SIDES),
        MountainCarImitation(np.random.default_rng(0)),
        "Steps until the car is at the top, at most 200: the fewer, the better",
        full,
    )
    _small_digits(report, full)
    return report.figures


def _evolved(
    report: Report,
    name: str,
    family: BinaryFamily,
    task: Any,
    settings: FamilySettings,
    score: Callable[[VValue], float],
) -> tuple[list[VValue], str]:
    """Members after evolution, and a table of their figures beside those of members before it."""
    run = evolve(family, task.batch, np.random.default_rng(1), settings)
    ends = {"evolved": evolved(run), "random draws": family.initial(np.random.default_rng(0))}
    drawn = {
        end: family.members(scores, MEMBERS, np.random.default_rng(2))
        for end, scores in ends.items()
    }
    found = {end: family_figures(family, members, score) for end, members in drawn.items()}
    zeros = family.zeros / (family.zeros + drawn["evolved"][0].size)
    figures = {end: row._asdict() for end, row in found.items()}
    report.keep(name, {**figures, "share of zeros": zeros})
    return drawn["evolved"], figures_table("", figures)


def _say(
    report: Report, name: str, family: BinaryFamily, settings: FamilySettings, *paragraphs: str
) -> None:
    sizes, kept = ("-".join(map(str, counts)) for counts in (family.sizes, family.kept))
    report.say(
        f"## {name[0].upper()}{name[1:]}",
        f"{MEMBERS} members of a family {sizes} whose units keep {kept} inputs, after "
        f"{settings.generations} generations. {paragraphs[0]}",
        *paragraphs[1:],
    )


def _control(
    report: Report, name: str, family: BinaryFamily, task: Imitation, counted: str, full: bool
) -> None:
    """A rule of control is imitated; members are judged by their own episodes."""
    settings = _settings(full)

    def steps(member: VValue) -> float:
        return task.evaluate(family.network, member)["mean_steps"]

    members, figures = _evolved(report, name, family, task, settings, steps)
    agreement = [task.evaluate(family.network, member)["agreement"] for member in members]
    report.keep(f"{name}, agreement with the rule", float(np.mean(agreement)))
    _say(
        report, name, family, settings,
        f"They imitate a rule of control, which takes {task.mean_steps_of_rule():.0f} steps, and "
        f"agree with it in {100 * np.mean(agreement):.1f} % of held-out states. {counted}; "
        "mean over 50 episodes a member.",
        figures,
    )  # fmt: skip


def _small_digits(report: Report, full: bool) -> None:
    """A second task without time: a family of its own on other images."""
    name = "digits of 8 x 8 pixels"
    try:
        task = small_digits().with_batch_size(256)
    except ImportError as error:
        report.say(f"## {name}", f"Not measured: {error}.")
        return
    settings = _settings(full)
    family = BinaryFamily(SMALL_SIZES, SMALL_KEPT, [f"digit-{i}" for i in range(10)])
    score = partial(task.accuracy, family.network)
    _, figures = _evolved(report, name, family, task, settings, score)
    _say(
        report, name, family, settings,
        f"Percent of the {len(task.test_labels)} test images.", figures,
    )  # fmt: skip


def _settings(full: bool) -> FamilySettings:
    return FamilySettings(generations=GENERATIONS if full else QUICK_GENERATIONS)
