"""How far bounds may be moved while a circuit behind them stays right.

A bound was found next to the values of a stream that some answer comes with. Which one is meant -
the simplest number by far - is seen by moving it until an answer is wrong, first one way, then the
other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ...problems import Strings
from ..composition.thresholds import chosen_between
from ..proposal import Gap

__all__ = ["Gaps", "values_of", "widened"]

Gaps = dict[str, list[Gap]]
"""Bounds of streams, from the lowest to the highest."""


def values_of(gaps: Mapping[str, list[Gap]]) -> dict[str, list[float]]:
    """The bounds alone."""
    return {source: [gap.value for gap in found] for source, found in gaps.items()}


def widened(gaps: Gaps, strings: Strings, is_right: Callable[[Gaps], bool]) -> Gaps:
    """Bounds between the values of streams up to which everything stays right.

    Parameters
    ----------
    gaps : mapping of source to list of Gap
        With these everything is right.
    strings : Strings
        Where the streams are read.
    is_right : gaps -> bool

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> strings = to_strings([[0.1, 0.2, 0.4, 0.45, 0.8]], [[0.0] * 5])[0]
    >>> gaps = {"stream-x": [chosen_between(0.4, 0.45)]}
    >>> ((gap,),) = widened(gaps, strings, lambda g: 0.15 < g["stream-x"][0].value < 0.7).values()
    >>> gap.low, gap.high, gap.value
    (0.2, 0.8, 0.5)
    """
    for source, found in gaps.items():
        values = np.unique(strings.numbers(source)[strings.inside()])
        for k in range(len(found)):
            gaps = _one_widened(gaps, source, k, values, is_right)
    return gaps


def _one_widened(
    gaps: Gaps, source: str, k: int, values: np.ndarray, is_right: Callable[[Gaps], bool]
) -> Gaps:
    """The same gaps with one of them as wide as it may be, between its neighbours."""
    bounds = values_of(gaps)[source]
    # So many values are not above a bound; another one has to be between two bounds.
    places = [int(np.searchsorted(values, bound, side="right")) for bound in bounds]
    lowest = places[k - 1] + 1 if k else 1
    highest = places[k + 1] - 1 if k + 1 < len(places) else len(values) - 1

    def moved(low: int, high: int) -> Gaps:
        found = list(gaps[source])
        found[k] = chosen_between(float(values[low - 1]), float(values[high]))
        return {**gaps, source: found}

    if not lowest <= places[k] <= highest:
        return gaps

    def holds(place: int) -> bool:
        return is_right(moved(place, place))

    low = places[k] - _steps(places[k] - lowest, lambda n: holds(places[k] - n))
    high = places[k] + _steps(highest - places[k], lambda n: holds(places[k] + n))
    wide = moved(low, high)
    return wide if is_right(wide) else gaps


def _steps(most: int, holds: Callable[[int], bool]) -> int:
    """How many steps may be taken while something holds, that holds up to some step only."""
    good, bad = 0, most + 1
    reach = 1
    while good + reach < bad:  # twice as far every time, then half way
        if not holds(good + reach):
            bad = good + reach
            break
        good, reach = good + reach, 2 * reach
    while bad - good > 1:
        middle = (good + bad) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good
