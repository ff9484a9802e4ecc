"""Checks of numbers that many modules share.

Each raises ValueError, which names the setting, its value and what is expected. Dataclasses declare
the checks of their fields (`synthesis.process.bounds`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, cast

__all__ = [
    "check_above",
    "check_at_least",
    "check_each",
    "check_finite",
    "check_positive",
    "check_probability",
    "check_whole",
]


def _real(value: Any) -> float:
    """The value if it is a number; NaN, which no comparison accepts, if it is none."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return cast(float, value) if is_number else math.nan


def check_probability(name: str, value: float) -> None:
    """Refuse what is no probability.

    Examples
    --------
    >>> check_probability("repeat", 0.6)
    """
    if not 0.0 <= _real(value) <= 1.0:
        raise ValueError(f"{name} is {value!r}; a probability is between 0 and 1")


def check_finite(name: str, value: float) -> None:
    """Refuse what is negative, infinite or no number.

    Examples
    --------
    >>> check_finite("rate", 0.01)
    """
    if not 0.0 <= _real(value) < math.inf:
        raise ValueError(f"{name} is {value!r}; expected a finite number >= 0")


def check_positive(name: str, value: float) -> None:
    """Refuse what is not positive, infinite or no number.

    Examples
    --------
    >>> check_positive("radius", 1.5)
    """
    if not 0.0 < _real(value) < math.inf:
        raise ValueError(f"{name} is {value!r}; expected a finite number > 0")


def check_whole(name: str, value: int, least: int = 0) -> None:
    """Refuse what is no whole number, or one below the least.

    Examples
    --------
    >>> check_whole("spare", 1)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number >= {least}")


def check_at_least(name: str, value: float, least: float) -> None:
    """Refuse what is below the least, or no number; infinity passes.

    Examples
    --------
    >>> check_at_least("seconds", float("inf"), 1)
    """
    if not _real(value) >= least:
        raise ValueError(f"{name} is {value!r}; expected a number >= {least}")


def check_above(name: str, value: float, limit: float) -> None:
    """Refuse what is not above the limit, or no number; infinity passes.

    Examples
    --------
    >>> check_above("largest_step", float("inf"), 0)
    """
    if not _real(value) > limit:
        raise ValueError(f"{name} is {value!r}; expected a number > {limit}")


def check_each(name: str, values: Iterable[float]) -> None:
    """Refuse what is empty, or holds something negative, infinite or no number.

    Examples
    --------
    >>> check_each("penalties", (0.1, 1.0))
    """
    if not isinstance(values, tuple) or not values:
        raise ValueError(f"{name} is {values!r}; expected a tuple of numbers")
    for value in values:
        check_finite(f"{name}: one", value)
