"""Least squares and roots of functions from trees to trees, by scipy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from ..derivatives.forming import jacobian
from ..derivatives.layout import Layout, layout_of, only, with_argument
from ..derivatives.maps import LinearMap
from ..patterns.language import Pattern
from .watching import Bounds, Outcome, Stopped, Watch, flat_bounds, require_plain

__all__ = ["least_squares", "root"]


class _Equations:
    """Values and Jacobians of a function on flat arrays; one formed last is remembered."""

    def __init__(
        self, function: Callable, start: Any, arguments: tuple, wrt: Any, sparsity: Any
    ) -> None:
        of_one, self.whole = with_argument(function, (start, *arguments), 0)
        of_part, self.part = only(of_one, self.whole, () if wrt is None else (wrt,))
        self.columns = layout_of(self.part, "the start")
        self.rows: Layout = layout_of(of_part(self.part), "the value of the function")
        self.function = lambda x: self.rows.fixed(of_part(x), "the value of the function")
        self._jacobian = jacobian(self.function, sparsity=sparsity)
        self.watch: Watch | None = None

    def values(self, flat: np.ndarray) -> np.ndarray:
        value = self.function(self.columns.value(np.array(flat)))
        out = np.array(self.rows.plain(value), dtype=float)
        if self.watch is not None:
            self.watch.evaluated(flat, 0.5 * float(out @ out))
        return out

    def formed(self, flat: np.ndarray) -> LinearMap:
        return self._jacobian(self.columns.value(np.array(flat)))

    def matrix(self, flat: np.ndarray) -> Any:
        if self.watch is not None:
            self.watch.iterated()
        return self.formed(flat).matrix

    def found(self, flat: np.ndarray) -> Any:
        part = self.columns.value(np.array(flat))
        return part if self.part is self.whole else self.whole - self.part + part

    def outcome(self, flat: np.ndarray, success: bool, message: str, result: Any) -> Outcome:
        assert self.watch is not None
        watch, self.watch = self.watch, None
        watch.finished()
        return Outcome(
            self.found(flat),
            self.rows.value(self.values(flat)),
            success,
            message,
            watch.n_evaluations,
            watch.n_iterations,
            self.formed(flat),
            result,
        )


def least_squares(
    function: Callable,
    start: Any,
    *arguments: Any,
    wrt: Pattern | None = None,
    method: str = "trf",
    bounds: Bounds | None = None,
    sparsity: Any = None,
    callback: Callable[[Any, float], Any] | None = None,
    progress: bool = False,
    **options: Any,
) -> Outcome:
    """The tree where half the sum of squares is smallest, by ``scipy.optimize.least_squares``.

    Parameters
    ----------
    function : callable of the tree and the arguments -> VValue, array or number
        The residuals.
    start, arguments, wrt, bounds, callback, progress : as those of `minimize`
        The callback gets half the sum of squares, once per Jacobian.
    method : {"trf", "dogbox", "lm"}
    sparsity : optional
        Where the Jacobian may be different from zero, as for `jacobian`; then it takes few sweeps.
    **options
        Further arguments of scipy's function, such as ``loss`` and ``ftol``.

    Returns
    -------
    Outcome, with the Jacobian there

    Examples
    --------
    >>> from vvalues import VValue
    >>> x = np.array([0.0, 1.0, 2.0])
    >>> line = lambda v: v["slope"] * x + v["offset"] - (3 * x + 1)
    >>> found = least_squares(line, VValue({"slope": 0, "offset": 0}))
    >>> round(found.x["slope"], 6), round(found.x["offset"], 6)
    (3.0, 1.0)
    """
    require_plain(start, "least_squares")
    equations = _Equations(function, start, arguments, wrt, sparsity)
    equations.watch = watch = Watch(equations.columns, callback, progress, "least_squares")
    if bounds is not None:
        options["bounds"] = flat_bounds(bounds, equations.columns)
    try:
        result = optimize.least_squares(
            equations.values,
            np.array(equations.columns.plain(equations.part), dtype=float),
            jac=equations.matrix,
            method=method,
            **options,
        )
        flat, success, message = result.x, bool(result.success), str(result.message)
    except Stopped:
        result, flat = None, watch.best[1]
        success, message = False, "stopped by the callback"
    return equations.outcome(flat, success, message, result)


def root(
    function: Callable,
    start: Any,
    *arguments: Any,
    wrt: Pattern | None = None,
    method: str = "hybr",
    callback: Callable[[Any, float], Any] | None = None,
    progress: bool = False,
    **options: Any,
) -> Outcome:
    """The tree where a function is zero, by ``scipy.optimize.root``.

    Parameters
    ----------
    function : callable of the tree and the arguments -> VValue, array or number
        As many elements as there are unknowns.
    start, arguments, wrt, callback, progress : as those of `minimize`
        The callback gets half the sum of squares, once per Jacobian.
    method : str
        As scipy's; "hybr" and "lm" use the exact Jacobian.
    **options
        Options of the method; ``tol`` is scipy's.

    Returns
    -------
    Outcome, with the Jacobian there

    Raises
    ------
    ValueError
        If there are not as many equations as unknowns.

    Examples
    --------
    >>> from vvalues import VValue
    >>> def on_circle_and_line(v):
    ...     return VValue({"circle": v["x"] ** 2 + v["y"] ** 2 - 2, "line": v["x"] - v["y"]})
    >>> root(on_circle_and_line, VValue({"x": 2, "y": 0.5})).x
    VValue({'x': 1.0, 'y': 1.0})
    """
    require_plain(start, "root")
    equations = _Equations(function, start, arguments, wrt, None)
    if equations.rows.size != equations.columns.size:
        raise ValueError(
            f"{equations.rows.size} equations for {equations.columns.size} unknowns; a root needs "
            "as many (or least_squares, or wrt=...)"
        )
    equations.watch = watch = Watch(equations.columns, callback, progress, "root")
    tolerance = options.pop("tol", None)
    exact = {"jac": equations.matrix} if method in ("hybr", "lm") else {}
    try:
        result = optimize.root(
            equations.values,
            np.array(equations.columns.plain(equations.part), dtype=float),
            method=method,
            tol=tolerance,
            options=options,
            **exact,
        )
        flat, success, message = result.x, bool(result.success), str(result.message)
    except Stopped:
        result, flat = None, watch.best[1]
        success, message = False, "stopped by the callback"
    return equations.outcome(flat, success, message, result)
