"""Least squares and roots of functions from trees to trees, by scipy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from ..derivatives.forming import jacobian
from ..derivatives.layout import Layout, layout_of
from ..patterns.language import Pattern
from .watching import Bounds, Outcome, Unknowns, Watch, flat_bounds

__all__ = ["least_squares", "root"]


class _Equations(Unknowns):
    """Values and Jacobians of a function on flat arrays, and what scipy makes of them."""

    def __init__(
        self, function: Callable, start: Any, arguments: tuple, wrt: Any, solver: str, sparsity: Any
    ) -> None:
        super().__init__(function, start, arguments, wrt, solver)
        self.rows: Layout = layout_of(self.function(self.part), "the value of the function")
        self._jacobian = jacobian(self._value, sparsity=sparsity)
        self._watch: Watch | None = None

    def _value(self, part: Any) -> Any:
        return self.rows.fixed(self.function(part), "the value of the function")

    def values(self, flat: np.ndarray) -> np.ndarray:
        value = self._value(self.layout.value(np.array(flat)))
        out = np.array(self.rows.plain(value), dtype=float)
        if self._watch is not None:
            self._watch.evaluated(flat, 0.5 * float(out @ out))
        return out

    def matrix(self, flat: np.ndarray) -> Any:
        if self._watch is not None:
            self._watch.iterated()
        return self._jacobian(self.layout.value(np.array(flat))).matrix

    def outcome(self, watch: Watch, solve: Callable[[], Any]) -> Outcome:
        self._watch = watch
        result, flat, success, message = watch.solved(solve)
        self._watch = None
        part = self.layout.value(np.array(flat))
        return Outcome(
            self.whole(part),
            self.rows.value(self.values(flat)),
            success,
            message,
            watch.n_evaluations,
            watch.n_iterations,
            self._jacobian(part),
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
    equations = _Equations(function, start, arguments, wrt, "least_squares", sparsity)
    if bounds is not None:
        options["bounds"] = flat_bounds(bounds, equations.layout)
    return equations.outcome(
        Watch(equations.layout, callback, progress, "least_squares"),
        lambda: optimize.least_squares(
            equations.values, equations.flat, jac=equations.matrix, method=method, **options
        ),
    )


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
    equations = _Equations(function, start, arguments, wrt, "root", None)
    if equations.rows.size != equations.layout.size:
        raise ValueError(
            f"{equations.rows.size} equations for {equations.layout.size} unknowns; a root needs "
            "as many (or least_squares, or wrt=...)"
        )
    tolerance = options.pop("tol", None)
    exact = {"jac": equations.matrix} if method in ("hybr", "lm") else {}
    return equations.outcome(
        Watch(equations.layout, callback, progress, "root"),
        lambda: optimize.root(
            equations.values,
            equations.flat,
            method=method,
            tol=tolerance,
            options=options,
            **exact,
        ),
    )
