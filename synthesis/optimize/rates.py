"""Schedules: a rate for every count of updates, and schedules made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

__all__ = ["Schedule", "cycle", "rate_at", "schedule", "sequence", "stairs", "warm_up"]

Schedule = Callable[[int], float]


def schedule(start: float, end: float, steps: int, kind: str = "geometric") -> Schedule:
    """A learning rate that goes from ``start`` to ``end`` in ``steps`` updates and stays there.

    Parameters
    ----------
    kind : {"geometric", "linear", "cosine"}

    Examples
    --------
    >>> rate = schedule(0.1, 0.001, 100)
    >>> round(rate(0), 6), round(rate(50), 6), round(rate(500), 6)
    (0.1, 0.01, 0.001)
    """
    kinds = ("geometric", "linear", "cosine")
    if kind not in kinds:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds)}")

    def rate(count: int) -> float:
        done = min(count / max(steps, 1), 1.0)
        if kind == "geometric":
            return start * (end / start) ** done
        if kind == "cosine":
            done = (1 - np.cos(np.pi * done)) / 2
        return start + (end - start) * done

    return rate


def rate_at(rate: float | Schedule, count: int) -> float:
    """A rate after so many updates."""
    return rate(count) if callable(rate) else rate


def warm_up(rate: float | Schedule, steps: int) -> Schedule:
    """A rate that rises from ``rate / steps`` to itself in the first ``steps`` updates.

    Examples
    --------
    >>> [warm_up(0.1, 4)(count) for count in (0, 1, 3, 9)]
    [0.025, 0.05, 0.1, 0.1]
    """
    return lambda count: rate_at(rate, count) * min((count + 1) / max(steps, 1), 1.0)


def stairs(start: float, factors: Mapping[int, float]) -> Schedule:
    """A rate that is multiplied by a factor at some counts of updates, and flat in between.

    Examples
    --------
    >>> rate = stairs(1.0, {2: 0.5, 4: 0.1})
    >>> [rate(count) for count in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.05, 0.05]
    """

    def rate(count: int) -> float:
        now = start
        for first, factor in factors.items():
            now *= factor if count >= first else 1.0
        return now

    return rate


def sequence(*parts: tuple[int, float | Schedule], then: float | Schedule) -> Schedule:
    """Schedules one after the other, each counting from its own beginning.

    Parameters
    ----------
    *parts : (number of updates, rate or schedule)
    then : rate or schedule afterwards

    Examples
    --------
    >>> rate = sequence((2, 0.1), (3, lambda count: 0.01 * count), then=0.001)
    >>> [rate(count) for count in range(6)]
    [0.1, 0.1, 0.0, 0.01, 0.02, 0.001]
    """

    def at(count: int) -> float:
        for steps, rate in parts:
            if count < steps:
                return rate_at(rate, count)
            count -= steps
        return rate_at(then, count)

    return at


def cycle(rate: Schedule, steps: int, growth: float = 1.0) -> Schedule:
    """A schedule that begins anew after ``steps`` updates: warm restarts.

    Parameters
    ----------
    rate : Schedule
    steps : int
        Length of the first round.
    growth : float >= 1
        How many times longer every round is than the one before; the schedule is stretched.

    Raises
    ------
    ValueError
        If a round would have no update.

    References
    ----------
    I. Loshchilov, F. Hutter, arXiv:1608.03983.

    Examples
    --------
    >>> rate = cycle(lambda count: 1.0 - count / 4, 4)
    >>> [rate(count) for count in range(6)]
    [1.0, 0.75, 0.5, 0.25, 1.0, 0.75]
    """
    if steps < 1 or growth < 1.0:
        raise ValueError(f"steps is {steps!r} and growth {growth!r}; expected at least 1 of each")

    def at(count: int) -> float:
        length = float(steps)
        while count >= length:
            count -= int(length)
            length *= growth
        return rate(int(count * steps / length))

    return at
