"""What all solvers share: the outcome, bounds by pattern, callbacks that may stop, progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.kernels import align
from ..core.tracing import is_traced, is_tree, unboxed
from ..derivatives.layout import Layout, layout_of, only, with_argument
from ..derivatives.maps import LinearMap

__all__ = ["Bounds", "Outcome", "Unknowns", "Watch", "flat_bounds"]

Bounds = Mapping[Any, tuple[Any, Any]] | tuple[Any, Any]
"""A mapping of pattern -> (low, high), or one such pair for everything."""


@dataclass(frozen=True)
class Outcome:
    """What a solver has found.

    Attributes
    ----------
    x : VValue, array or number
        Of the start's kind.
    value : float, VValue or array
        Of the function there: a number, or residuals.
    success : bool
    message : str
    n_evaluations : int
        Of the function, with or without its derivatives.
    n_iterations : int
        Calls of the callback that scipy makes.
    jacobian : LinearMap, or None
        Of residuals.
    scipy : the result of scipy, None if a callback has stopped it

    Examples
    --------
    >>> from vvalues import VValue
    >>> from vvalues.solvers import minimize
    >>> found = minimize(lambda v: (v["a"] - 2.0) ** 2, VValue({"a": 0.0}))
    >>> round(found.x["a"], 4), found.success
    (2.0, True)
    """

    x: Any
    value: Any
    success: bool
    message: str
    n_evaluations: int
    n_iterations: int
    jacobian: LinearMap | None = None
    scipy: Any = field(default=None, repr=False)


class _Stopped(Exception):
    """A callback wants no more."""


class Watch:
    """Counts evaluations, remembers the best point, and tells a callback and the terminal.

    Parameters
    ----------
    layout : Layout of the unknowns
    callback : (x, value) -> true to stop, optional
    progress : bool
    what : str, for the terminal
    """

    def __init__(
        self,
        layout: Layout,
        callback: Callable[[Any, float], Any] | None,
        progress: bool,
        what: str,
    ) -> None:
        self.n_evaluations = self.n_iterations = 0
        self.best: tuple[float, np.ndarray] = (np.inf, np.zeros(0))
        self._layout, self._callback, self._progress, self._what = layout, callback, progress, what
        self._shown = 0.0

    def evaluated(self, flat: np.ndarray, size: float) -> None:
        """To be called with every point and a number that says how good it is."""
        self.n_evaluations += 1
        if size < self.best[0] or not self.best[1].size:
            self.best = size, np.array(flat)

    def iterated(self, *_: Any, **__: Any) -> None:
        """To be called once per iteration."""
        self.n_iterations += 1
        if self._progress and time.monotonic() - self._shown > 0.2:
            self._shown = time.monotonic()
            print(f"\r{self}", end="", file=sys.stderr, flush=True)
        if self._callback is not None:
            size, flat = self.best
            if self._callback(self._layout.value(flat), size):
                raise _Stopped

    def solved(self, solve: Callable[[], Any]) -> tuple[Any, np.ndarray, bool, str]:
        """Of what scipy finds: all of it (None if it was stopped), the point, success, message."""
        try:
            result = solve()
            found = result, result.x, bool(result.success), str(result.message)
        except _Stopped:
            found = None, self.best[1], False, "stopped by the callback"
        if self._progress:
            print(f"\r{self}", file=sys.stderr, flush=True)
        return found

    def __str__(self) -> str:
        return (
            f"{self._what}: {self.n_iterations} iterations, {self.n_evaluations} evaluations, "
            f"{self.best[0]:.6g}"
        )


class Unknowns:
    """What a solver moves, all of the start or the leaves that a pattern selects.

    Attributes
    ----------
    function : callable of what moves
    start, part : where it begins, and the part of it that moves
    layout : Layout of what moves

    Raises
    ------
    TypeError
        If the start is being differentiated; it names the solver.
    """

    def __init__(
        self, function: Callable, start: Any, arguments: tuple, wrt: Any, solver: str
    ) -> None:
        if is_traced(start):
            raise TypeError(
                f"{solver} starts from a value that is being differentiated, and its result has "
                "no derivative: start from stop_gradient outside"
            )
        of_one, self.start = with_argument(function, (start, *arguments), 0)
        self.function, self.part = only(of_one, self.start, () if wrt is None else (wrt,))
        self.layout = layout_of(self.part, "the start")

    @property
    def flat(self) -> np.ndarray:
        """The start of what moves, for scipy."""
        return np.array(self.layout.plain(self.part), dtype=float)

    def whole(self, part: Any) -> Any:
        """What has moved and what has not, together."""
        return part if self.part is self.start else self.start - self.part + part


def flat_bounds(bounds: Bounds | None, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of the elements, infinite where there are none.

    Raises
    ------
    ValueError
        If a lower bound is above the upper one; the message names the pattern.
    """
    low, high = np.full(layout.size, -np.inf), np.full(layout.size, np.inf)
    if bounds is None:
        return low, high
    given = bounds if isinstance(bounds, Mapping) else {...: bounds}
    for pattern, (least, most) in given.items():
        at = layout.part(pattern)[1]
        for side, bound in ((low, least), (high, most)):
            if bound is not None:
                side[at] = _flat_bound(bound, layout)[at]
        if np.any(low[at] > high[at]):
            raise ValueError(f"bounds {pattern!r}: a lower bound is above the upper one")
    return low, high


def _flat_bound(bound: Any, layout: Layout) -> np.ndarray:
    if is_tree(bound) and layout.support is not None:
        return align(unboxed(bound), layout.support)
    return np.broadcast_to(np.asarray(bound, float), layout.shape or (layout.size,)).reshape(-1)
