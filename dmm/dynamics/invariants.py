"""Figures of a matrix that moves: they say what a machine that edits itself comes to.

All are taken of the weights that can change, over time, and none depends on the names of neurons
or on the order of links: machines that differ in these only have the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["BEHAVIOURS", "Invariants", "invariants_of"]

BEHAVIOURS = (
    "fixed point",
    "settling",
    "oscillation",
    "quasi-periodic",
    "sleep and waking",
    "chaos",
    "growth",
)
"""From the quietest on."""

EXACT = 1e-6
"""Matrices are the same if they differ by less than this share of their largest weight."""

NEAR = 0.1
"""A matrix has come back if it is within this share of the largest distance."""

QUIET, SHORTEST_SLEEP = 0.05, 10
"""Asleep: the matrix moves by less than this share of its strong steps, for so many ticks."""

CALM = 0.005
"""Neighbours that part faster (per tick, in natural logarithms) part exponentially, and those that
meet faster will come to the same end."""

LARGEST = 1e6
SATURATED, FINEST = 1e-3, 1e-13


@dataclass(frozen=True)
class Invariants:
    """What is measured of a stretch of a life.

    Attributes
    ----------
    ticks : int
    size : float
        Largest weight ever.
    is_bounded : bool
        Whether all weights stay finite and below a million.
    return_time : int
        Ticks after which every matrix is back; 1 at rest, 0 if it never comes back.
    recurrence : float
        Mean ticks until the matrix is near an earlier one again; infinite if it never is.
    distinct : int
        Number of different matrices.
    divergence : float
        At what rate two lives that begin a billionth apart part, per tick: the slope of the
        logarithm of their distance while it is small.
    disorder : float
        Entropy of the power spectrum, as a share of that of noise: 0 is a single line, 1 is noise.
    asleep : float
        Share of ticks at which the matrix moves by less than a twentieth of its strong steps.
    wakings : int
        How often it has woken after at least ten such ticks in a row.

    Examples
    --------
    >>> two = np.tile([[1.0], [-1.0]], (100, 1))
    >>> found = invariants_of(two)
    >>> found.return_time, found.distinct, found.behaviour
    (2, 2, 'oscillation')
    """

    ticks: int
    size: float
    is_bounded: bool
    return_time: int = 0
    recurrence: float = np.inf
    distinct: int = 0
    divergence: float = 0.0
    disorder: float = 0.0
    asleep: float = 0.0
    wakings: int = 0

    @property
    def behaviour(self) -> str:
        """One of `BEHAVIOURS`: the first that the figures allow, from the least calm on.

        Whoever sleeps for three tenths of the time and wakes three times is of those that sleep
        and wake, whether they do so at regular times or not.
        """
        if not self.is_bounded:
            return "growth"
        if self.return_time == 1:
            return "fixed point"
        if self.asleep >= 0.3 and self.wakings >= 3:
            return "sleep and waking"
        if self.return_time:
            return "oscillation"
        if self.divergence > CALM:
            return "chaos"
        return "settling" if self.divergence < -CALM else "quasi-periodic"


def invariants_of(weights: np.ndarray, neighbour: np.ndarray | None = None) -> Invariants:
    """The figures of one life.

    Parameters
    ----------
    weights : array (ticks, links)
        The links that can change.
    neighbour : array (ticks, links), optional
        The same machine from a start a billionth beside the first, for the divergence; without it
        that is 0.

    Returns
    -------
    Invariants

    Raises
    ------
    ValueError
        If there are less than 16 ticks.

    References
    ----------
    G. Benettin et al., Meccanica 15, 1980 (divergence of neighbours); J.-P. Eckmann,
    D. Ruelle, Reviews of Modern Physics 57, 1985 (return times, spectra).

    Examples
    --------
    >>> x = [0.3]
    >>> for _ in range(999):
    ...     x.append(4.0 * x[-1] * (1.0 - x[-1]))  # the logistic map
    >>> y = [0.3 + 1e-9]
    >>> for _ in range(999):
    ...     y.append(4.0 * y[-1] * (1.0 - y[-1]))
    >>> found = invariants_of(np.array(x)[:, None], np.array(y)[:, None])
    >>> found.behaviour, round(found.divergence, 1)  # log 2, in theory
    ('chaos', 0.7)
    """
    ticks = len(weights)
    if ticks < 16:
        raise ValueError(f"weights are those of {ticks} ticks; expected at least 16")
    with np.errstate(invalid="ignore"):
        size = float(np.max(np.abs(weights), initial=0.0))
    if not size < LARGEST:  # not a number, too
        return Invariants(ticks, size, is_bounded=False)
    scale = size or 1.0
    steps = np.linalg.norm(np.diff(weights, axis=0), axis=1)
    is_quiet = steps < QUIET * np.quantile(steps, 0.99)
    return Invariants(
        ticks,
        size,
        is_bounded=True,
        return_time=_return_time(weights, EXACT * scale),
        recurrence=_recurrence(weights),
        distinct=len(np.unique(np.round(weights / (EXACT * scale)), axis=0)),
        divergence=0.0 if neighbour is None else _divergence(weights, neighbour),
        disorder=_disorder(weights, EXACT * scale),
        asleep=float(np.mean(is_quiet)),
        wakings=_wakings(is_quiet),
    )


def _return_time(weights: np.ndarray, tolerance: float) -> int:
    is_back = np.max(np.abs(weights[1 : len(weights) // 2 + 1] - weights[0]), axis=1, initial=0.0)
    for ticks in np.flatnonzero(is_back <= tolerance) + 1:
        if np.max(np.abs(weights[ticks:] - weights[:-ticks]), initial=0.0) <= tolerance:
            return int(ticks)
    return 0


def _recurrence(weights: np.ndarray) -> float:
    distance = np.linalg.norm(weights - weights[0], axis=1)
    is_near = distance <= NEAR * distance.max()
    returns = np.flatnonzero(is_near[1:] & ~is_near[:-1]) + 1
    if is_near.all():
        return 1.0
    return float(returns[-1] / len(returns)) if returns.size else np.inf


def _divergence(weights: np.ndarray, neighbour: np.ndarray) -> float:
    distance = np.linalg.norm(weights - neighbour, axis=1)
    apart = np.flatnonzero(~(distance < SATURATED * np.abs(weights).max()))
    small = distance[: apart[0] if apart.size else len(distance)]
    ticks = np.flatnonzero(small > FINEST)  # below, it is rounding
    if ticks.size < 3:
        return np.inf if apart.size else -np.inf
    return float(np.polyfit(ticks, np.log(small[ticks]), 1)[0])


def _disorder(weights: np.ndarray, tolerance: float) -> float:
    moving = weights - weights.mean(axis=0)
    if np.max(np.abs(moving), initial=0.0) <= tolerance:
        return 0.0
    window = np.hanning(len(moving))[:, None]
    power = np.sum(np.abs(np.fft.rfft(window * moving, axis=0)) ** 2, axis=1)
    share = power / power.sum()
    present = share[share > 0.0]
    return float(-np.sum(present * np.log(present)) / np.log(len(share)))


def _wakings(is_quiet: np.ndarray) -> int:
    """Stretches of quiet ticks that are long enough, and end."""
    padded = np.concatenate([[False], is_quiet, [False]])
    edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
    has_ended = edges[:, 1] < len(is_quiet)
    return int(np.sum((np.diff(edges, axis=1)[:, 0] >= SHORTEST_SLEEP) & has_ended))
