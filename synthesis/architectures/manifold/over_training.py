"""A training as a film: snapshots, order parameters of the structure, and the movie of links.

The source saw "a sudden shift in its connectivity" a quarter into the training and asked why and
how. What would show one is measured between snapshots here: how many links are exchanged, and how
many of these by the cutoff alone, which all neurons share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue

from ...process.process import events
from ..films import save_frames
from .plots import show
from .process import ManifoldTraining, with_elements_of
from .structure.layout import CLOSENESS

__all__ = [
    "Change",
    "Shift",
    "Snapshot",
    "adjacency_movie",
    "changes",
    "largest_shift",
    "snapshots",
]


class Snapshot(NamedTuple):
    """A manifold at a step of its training.

    Attributes
    ----------
    step : int
    parameters : VValue
    objective, flow : float
        Means over the segment that ends here; NaN at the start.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> film = [Snapshot(step, parameters, 1.0, 0.0) for step in (0, 100)]
    >>> [change.turnover for change in changes(model, film)]
    [0.0]
    """

    step: int
    parameters: VValue
    objective: float
    flow: float


@dataclass(frozen=True)
class Change:
    """From one snapshot to the next.

    Attributes
    ----------
    step : int
        At which it ends.
    links : int
        Then.
    turnover : float
        Links that are in one of the two only, over links in either: 0 is none, 1 all.
    by_cutoff : float
        The same, if the cutoff alone had moved.
    from_start : float
        The same against the first snapshot.
    strength : float
        Sum of the sizes of all strengths.
    cutoff : float
    moved : dict
        Root mean square change of every kind of closeness number, over all rows.
    objective, flow : float

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> later = model.initial(np.random.default_rng(1))
    >>> [change] = changes(model, [Snapshot(0, parameters, 1.0, 0.0), Snapshot(9, later, 0.5, 0.0)])
    >>> change.step, change.links, round(change.turnover, 3)
    (9, 8, 0.273)
    """

    step: int
    links: int
    turnover: float
    by_cutoff: float
    from_start: float
    strength: float
    cutoff: float
    moved: dict[str, float]
    objective: float
    flow: float


class Shift(NamedTuple):
    """The largest exchange of links in a training.

    Attributes
    ----------
    place : int
        Which of the changes it is.
    share : float
        When it ends, as a share of all steps.
    ratio : float
        Its turnover over the median turnover of the others; infinite where that is 0.

    Examples
    --------
    >>> Shift(place=3, share=0.4, ratio=2.5).ratio
    2.5
    """

    place: int
    share: float
    ratio: float


def snapshots(training: ManifoldTraining) -> Iterator[Snapshot]:
    """A manifold before its training and after every segment of it.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold, ManifoldObjective, ManifoldSettings
    >>> from synthesis.tasks import SumsAndDifferences
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), SumsAndDifferences(n_test=100))
    >>> training = ManifoldTraining.of(objective, settings=ManifoldSettings(steps=4, segment=2))
    >>> [snapshot.step for snapshot in snapshots(training)]
    [0, 2, 4]
    """
    start = training.start(training.rng)
    yield Snapshot(0, start.parameters, float("nan"), float("nan"))
    for state, [record], _ in events(training, start):
        figures = record.details
        yield Snapshot(state.step, state.parameters, figures["objective"], figures["flow"])


def changes(model: Any, film: Sequence[Snapshot]) -> list[Change]:
    """What changes from snapshot to snapshot.

    Parameters
    ----------
    model : Manifold
    film : sequence of Snapshot
        The first is the start.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold, ManifoldObjective, ManifoldSettings
    >>> from synthesis.tasks import SumsAndDifferences
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), SumsAndDifferences(n_test=100))
    >>> training = ManifoldTraining.of(objective, settings=ManifoldSettings(steps=4, segment=2))
    >>> found = changes(objective.model, list(snapshots(training)))
    >>> [(change.step, change.links) for change in found]
    [(2, 23), (4, 23)]
    """
    cells = [_cells(model, snapshot.parameters) for snapshot in film]
    cutoff_at, found = model.closeness_at[-1], []
    for (old, new), (before, now) in zip(pairwise(film), pairwise(cells), strict=True):
        cut_only = _cells(model, with_elements_of(old.parameters, new.parameters, cutoff_at))
        moves = (new.parameters.buffer - old.parameters.buffer)[model.closeness_at[:-1]]
        rms = np.sqrt(np.mean(moves.reshape(len(CLOSENESS), -1) ** 2, axis=1))
        found.append(
            Change(
                step=new.step,
                links=len(now),
                turnover=_turnover(before, now),
                by_cutoff=_turnover(before, cut_only),
                from_start=_turnover(cells[0], now),
                strength=float(np.abs(model.links(new.parameters).strengths).sum()),
                cutoff=float(1 / (1 + np.exp(-new.parameters.buffer[cutoff_at]))),
                moved=dict(zip(CLOSENESS, rms.tolist(), strict=True)),
                objective=new.objective,
                flow=new.flow,
            )
        )
    return found


def _cells(model: Any, parameters: VValue) -> np.ndarray:
    """Numbers of the living cells, sorted."""
    schedule = model.links(parameters).schedule
    return np.unique(schedule.rows * model.layout.n_columns + schedule.columns)


def _turnover(one: np.ndarray, other: np.ndarray) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    either = len(one) + len(other) - common
    return 1.0 - common / either if either else 0.0


def largest_shift(found: Sequence[Change], after: float = 0.0) -> Shift:
    """The largest exchange of links, from a share ``after`` of the steps on.

    Raises
    ------
    ValueError
        If fewer than two changes are left to compare.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold, ManifoldObjective, ManifoldSettings
    >>> from synthesis.tasks import SumsAndDifferences
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), SumsAndDifferences(n_test=100))
    >>> training = ManifoldTraining.of(objective, settings=ManifoldSettings(steps=4, segment=2))
    >>> largest_shift(changes(objective.model, list(snapshots(training)))).place
    0
    """
    last = found[-1].step
    turnovers = {i: c.turnover for i, c in enumerate(found) if c.step > after * last}
    if len(turnovers) < 2:
        raise ValueError(
            f"{len(turnovers)} changes after {after:.0%} of the training; need 2 or more"
        )
    place = max(turnovers, key=turnovers.__getitem__)
    usual = float(np.median([turnover for i, turnover in turnovers.items() if i != place]))
    ratio = turnovers[place] / usual if usual else float("inf")
    return Shift(place, found[place].step / last, ratio)


def adjacency_movie(
    model: Any, film: Sequence[Snapshot], file: str | Path, frames_per_second: int = 10
) -> Path:
    """The adjacency over a training, as a GIF or a self-contained page.

    Parameters
    ----------
    model : Manifold
    film : sequence of Snapshot
    file : path ending in ``.gif`` or ``.html``

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> film = [Snapshot(step, parameters, 1.0, 0.0) for step in (0, 100)]
    >>> adjacency_movie(model, film, "links.gif")  # doctest: +SKIP
    PosixPath('links.gif')
    """

    def draw(axes: Any, snapshot: Snapshot) -> None:
        show(model, snapshot.parameters, titles=[f"step {snapshot.step:,}"], axes=[axes])

    return save_frames(file, film, draw, frames_per_second, size=(5.6, 3.4))
