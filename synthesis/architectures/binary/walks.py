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

    Examples
    --------
    >>> found = FamilyFigures(0.9, 0.8, 0.95, 0.5, 0.7, zeros=(18,), excitatory=0.5)
    >>> found.mean_overlap, found.zeros
    (0.5, (18,))
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

    Examples
    --------
    >>> family = BinaryFamily([6, 4, 2], kept=[2, 3])
    >>> rng = np.random.default_rng(0)
    >>> members = family.members(family.initial(rng), 5, rng)
    >>> figures = family_figures(family, members, score=lambda member: 1.0)
    >>> figures.zeros, round(figures.mean_overlap, 2)
    ((18,), 0.26)
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

    Examples
    --------
    >>> family = BinaryFamily([6, 4, 2], kept=[2, 3])
    >>> rng = np.random.default_rng(0)
    >>> first, second = family.initial(rng), family.initial(rng)
    >>> middle = list(walk_between(family, first, second, rng, points=3, members=2))[1]
    >>> middle.share, len(middle.members)
    (0.5, 2)
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

    Examples
    --------
    >>> from vvalues import from_buffer
    >>> family, rng = BinaryFamily([6, 4, 2], kept=[2, 3]), np.random.default_rng(0)
    >>> first = 5.0 * from_buffer(family.support, rng.normal(size=family.support.size))
    >>> path = walk_between(family, first, -first, rng, points=3)
    >>> [(round(at.to_first, 2), round(at.to_second, 2)) for at in path]
    [(0.83, 0.02), (0.19, 0.38), (0.0, 0.84)]
    """
    check_whole("points", points, 2)
    check_whole("members", members, 1)
    ends = [family.members(scores, members, rng) for scores in (first, second)]
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
