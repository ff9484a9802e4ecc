"""The manifold of architectures: statistics of a family, and a walk from one family to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vvalues import VValue

from ...process.checks import check_whole
from .model import BinaryFamily, overlap, overlaps

__all__ = ["FamilyFigures", "Halfway", "family_figures", "walk_between"]


class FamilyFigures(NamedTuple):
    """A family through a sample of its members.

    Attributes
    ----------
    mean, least, largest : float
        Of the members' scores.
    mean_overlap, largest_overlap : float
        Shared connections (with the same sign), over all pairs of members.
    zeros : tuple of int
        The different numbers of absent connections that occur: one number, if all is well.
    excitatory : float
        Share of +1 among the connections.
    """

    mean: float
    least: float
    largest: float
    mean_overlap: float
    largest_overlap: float
    zeros: tuple[int, ...]
    excitatory: float


def family_figures(
    family: BinaryFamily, members: Sequence[VValue], score: Callable[[VValue], float]
) -> FamilyFigures:
    """Figures of sampled members.

    Parameters
    ----------
    members : sequence of VValue
        At least two.
    score : callable, member -> float
        Test accuracy, for instance.
    """
    if len(members) < 2:
        raise ValueError(f"{len(members)} members; overlap needs at least two")
    scores = np.array([score(member) for member in members])
    shared = overlaps(members)
    possible = sum(a * b for a, b in zip(family.sizes, family.sizes[1:], strict=False))
    zeros = sorted({possible - int(np.count_nonzero(member.buffer)) for member in members})
    signs = np.concatenate([member.buffer for member in members])
    return FamilyFigures(
        float(scores.mean()),
        float(scores.min()),
        float(scores.max()),
        float(shared.mean()),
        float(shared.max()),
        tuple(zeros),
        float(np.mean(signs > 0)),
    )


class Halfway(NamedTuple):
    """A family on the way between two.

    Attributes
    ----------
    share : float
        0 at the first family, 1 at the second.
    scores : VValue
    members : list of VValue
    to_first, to_second : float
        Mean overlap of the members with members of the two ends.
    """

    share: float
    scores: VValue
    members: list[VValue]
    to_first: float
    to_second: float


def walk_between(
    family: BinaryFamily,
    first: VValue,
    second: VValue,
    rng: np.random.Generator,
    *,
    points: int = 11,
    members: int = 5,
    settle: Callable[[VValue], VValue] | None = None,
) -> Iterator[Halfway]:
    """Walk from one family to another along the straight line of their scores.

    On the way the noise stays, so every point is a family; its members share ever fewer connections
    with the first family and ever more with the second. Scores of equal size but other sign pass
    through 0, where a connection is left to chance: that is where a straight line loses.

    Parameters
    ----------
    first, second : VValue
        Scores of the two families.
    points : int
        Families visited, both ends included.
    members : int
        Drawn at every point.
    settle : callable, scores -> scores, optional
        Called at every point between the ends - a few generations of `evolve`, say - so the walk
        keeps to families that work.

    Yields
    ------
    Halfway
    """
    check_whole("points", points, 2)
    check_whole("members", members, 1)
    ends = [family.members(scores, members, rng) for scores in (first, second)]
    scores = first
    for i in range(points):
        share = i / (points - 1)
        scores = first * (1.0 - share) + second * share
        if settle is not None and 0 < i < points - 1:
            scores = settle(scores)
        drawn = family.members(scores, members, rng)
        closeness = [
            float(np.mean([overlap(one, other) for one in drawn for other in end])) for end in ends
        ]
        yield Halfway(share, scores, drawn, *closeness)
