"""Polygons for cells to live in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ...process.checks import check_whole

__all__ = ["Polygon"]

LEAST_SHARE = 1e-4  # of its bounding box that a polygon has to fill to be sampled


class Polygon:
    """A simple polygon, given by its corners in order.

    Parameters
    ----------
    corners : array (n, 2)
        At least three; the last one is joined to the first.

    Raises
    ------
    ValueError
        If there are fewer than three corners, two neighbours coincide, it has no area, or edges
        cross or touch; the message names the edges.

    Examples
    --------
    >>> Polygon([(0, 0), (4, 0), (4, 3), (0, 3)]).area
    12.0
    >>> Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    Traceback (most recent call last):
    ValueError: polygon crosses itself: edge 0 (0, 0)-(4, 4) meets edge 2 (4, 0)-(0, 4)
    """

    def __init__(self, corners: Sequence[Sequence[float]] | np.ndarray) -> None:
        points = np.asarray(corners, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
            raise ValueError(
                f"corners have shape {points.shape}; a polygon needs at least three (x, y)"
            )
        if not np.isfinite(points).all():
            raise ValueError("corners are not finite: they contain NaN or infinity")
        same = np.flatnonzero(np.all(points == np.roll(points, -1, axis=0), axis=1))
        if same.size:
            raise ValueError(
                f"corners {same[0]} and {(same[0] + 1) % len(points)} coincide; leave one out"
            )
        self.corners = points
        self._refuse_crossings()
        x, y = (points - points[0]).T  # near the origin, where products keep their digits
        self.area = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        if self.area <= 1e-12 * max(float(np.ptp(points, axis=0).max()), 1e-300) ** 2:
            raise ValueError("polygon has no area: its corners are on one line")

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower left and upper right corner of the bounding box."""
        return self.corners.min(axis=0), self.corners.max(axis=0)

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Which points (n, 2) are inside: bool (n,). By the parity of edges to the right."""
        places = np.asarray(points, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != 2:
            raise ValueError(f"points have shape {places.shape}; expected one (x, y) per row")
        x, y = places.T[:, :, None]
        x1, y1 = self.corners.T
        x2, y2 = np.roll(self.corners, -1, axis=0).T
        spans = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        return np.count_nonzero(spans & (x < crossing), axis=1) % 2 == 1

    def require_inside(self, points: np.ndarray, name: str) -> None:
        """Raise ValueError for the first point (n, 2) that is not inside, by what it is called."""
        outside = points[~self.contains(points)]
        if len(outside):
            raise ValueError(f"{name} at {_shown(outside[0])} is outside the polygon")

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` points uniform inside, (n, 2); points of the bounding box that are outside go.

        Raises
        ------
        ValueError
            If the polygon fills so little of its bounding box that hardly a point would stay.
        """
        check_whole("n", n)
        low, high = self.bounds
        share = self.area / float(np.prod(high - low))
        if share < LEAST_SHARE:
            raise ValueError(
                f"polygon fills only {share:.1g} of its bounding box, too little to hit by chance "
                f"(at least {LEAST_SHARE:g}): turn it so that its long side is level, or choose "
                "points inside yourself"
            )
        found = np.empty((0, 2))
        while len(found) < n:
            points = low + (high - low) * rng.random((2 * n + 8, 2))
            found = np.concatenate([found, points[self.contains(points)]])
        return found[:n]

    def _refuse_crossings(self) -> None:
        last = len(self.corners) - 1
        edges = enumerate(zip(self.corners, np.roll(self.corners, -1, axis=0), strict=True))
        for (i, (a, b)), (j, (c, d)) in combinations(edges, 2):
            if j == i + 1 or (i, j) == (0, last):
                # Neighbours share a corner; they may not lie back on each other.
                joint, one, other = (b, a, d) if j == i + 1 else (a, b, c)
                meet = _cross(joint, one, other) == 0 and np.dot(one - joint, other - joint) > 0
            else:
                meet = _segments_meet(a, b, c, d)
            if meet:
                raise ValueError(
                    f"polygon crosses itself: edge {i} {_shown(a)}-{_shown(b)} meets edge {j} "
                    f"{_shown(c)}-{_shown(d)}"
                )


def _cross(o: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def _segments_meet(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    sides = [np.sign(_cross(*triple)) for triple in ends]
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    return any(
        side == 0 and np.all(np.minimum(p, q) <= r) and np.all(r <= np.maximum(p, q))
        for side, (p, q, r) in zip(sides, ends, strict=True)
    )


def _shown(point: np.ndarray) -> str:
    return f"({point[0]:g}, {point[1]:g})"
