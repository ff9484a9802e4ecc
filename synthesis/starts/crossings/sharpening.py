"""Bounds where the fewest states are needed: a bound that is off has to be made up for by memory.

Next to which values of a stream an answer ends tells of a bound within so many samples. Behind a
wrong one of these what happened is counted wrongly now and then, and the automaton that is right
nevertheless has states for every such string.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...problems import Strings
from ..composition.thresholds import chosen_between
from .widening import Gaps

__all__ = ["sharpened"]

PLACES = 24
"""Places of a bound that are looked at, at once."""

ROUNDS = 2
"""How often every bound is moved, if another one was moved after it."""


def sharpened(gaps: Gaps, strings: Strings, states: Callable[[Gaps], float]) -> Gaps:
    """Every bound where fewest states are needed, one after the other.

    Parameters
    ----------
    gaps : mapping of source to list of Gap
        Every bound lies in its gap, as far as known.
    strings : Strings
        Where the streams are read.
    states : gaps -> float
        How many states are needed behind these bounds; infinite for too many.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> strings = to_strings([[0.1, 0.2, 0.4, 0.45, 0.8]], [[0.0] * 5])[0]
    >>> gaps = {"stream-x": [chosen_between(0.1, 0.8)]}
    >>> far = lambda gaps: 2.0 + (not 0.2 <= gaps["stream-x"][0].value < 0.4)
    >>> ((gap,),) = sharpened(gaps, strings, far).values()
    >>> gap.low, gap.high, gap.value
    (0.2, 0.4, 0.3)
    """
    for _ in range(ROUNDS):
        before = gaps
        for source, found in gaps.items():
            values = np.unique(strings.numbers(source)[strings.inside()])
            for k in range(len(found)):
                gaps = _one_sharpened(gaps, source, k, values, states)
        if gaps == before:
            break
    return gaps


def _one_sharpened(
    gaps: Gaps, source: str, k: int, values: np.ndarray, states: Callable[[Gaps], float]
) -> Gaps:
    """The same gaps with one of them cut to where fewest states are needed."""
    gap = gaps[source][k]
    inside = values[(values >= gap.low) & (values <= gap.high)]
    if len(inside) < 3:
        return gaps

    def cut(low: int, high: int) -> Gaps:
        found = list(gaps[source])
        found[k] = chosen_between(float(inside[low]), float(inside[high]))
        return {**gaps, source: found}

    last = len(inside) - 1
    places = np.unique(np.linspace(0, last - 1, PLACES).astype(int))
    needed = np.array([states(cut(place, place + 1)) for place in places])
    if not np.isfinite(needed).any() or np.ptp(needed) == 0.0:
        return gaps
    best = np.flatnonzero(needed == needed.min())
    run = best[: int(np.argmax(np.diff(best, append=len(needed) + 1) > 1)) + 1]
    return cut(int(places[run[0]]), min(int(places[run[-1]]) + 1, last))
