"""Scales on which a positive series may be simpler than on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["TRANSFORMS", "Transform", "transforms_for"]


@dataclass(frozen=True)
class Transform:
    """A scale.

    Attributes
    ----------
    name : str
        As it stands before the series in equations; empty for none.
    there, back : array -> array
        ``back`` gives medians: what is symmetric on this scale is not on the series' own.
    least : float
        The series must be above this.
    """

    name: str
    there: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    least: float = -np.inf

    def of(self, series: str) -> str:
        """What the series is called on this scale."""
        return f"{self.name}({series})" if self.name else series


TRANSFORMS = {
    "none": Transform("", np.array, np.array),
    "sqrt": Transform("sqrt", np.sqrt, lambda x: np.maximum(x, 0.0) ** 2, -1e-300),
    "log": Transform("log", np.log, lambda x: np.exp(np.minimum(x, 700.0)), 0.0),
}


def transforms_for(name: str, series: np.ndarray, can_choose: bool) -> list[str]:
    """The scales that are to be tried.

    Raises
    ------
    ValueError
        If there is none of that name, or the series has no values on it.

    Examples
    --------
    >>> transforms_for("auto", np.array([0.0, 2.0]), True)
    ['none', 'sqrt']
    """
    if name == "auto":
        low = float(series.min())
        return [t for t in TRANSFORMS if low > TRANSFORMS[t].least] if can_choose else ["none"]
    if name not in TRANSFORMS:
        raise ValueError(
            f"transform is {name!r}; expected 'auto' or one of {', '.join(TRANSFORMS)}"
        )
    if not series.min() > TRANSFORMS[name].least:
        raise ValueError(
            f"transform is {name!r}, but the series goes down to {series.min():g}; shift it, or "
            "leave the transform out"
        )
    return [name]
