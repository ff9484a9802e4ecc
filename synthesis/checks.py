"""Checks of settings that many modules share; every error names the setting and its value."""

from __future__ import annotations

__all__ = ["check_probability"]


def check_probability(name: str, value: float) -> None:
    """Refuse what is no probability.

    Raises
    ------
    ValueError
        It names the setting and its value.

    Examples
    --------
    >>> check_probability("repeat", 0.6)
    """
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is {value!r}; a probability is between 0 and 1")
