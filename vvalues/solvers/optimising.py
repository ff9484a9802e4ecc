"""Minimisation of functions of trees by scipy, L-BFGS among its methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from scipy import optimize

from ..core.tracing import is_tree
from ..derivatives.forming import hessian, jacobian
from ..derivatives.layout import layout_of
from ..derivatives.sweeps import Tape, hessian_vector_product
from ..patterns.language import Pattern
from .watching import Bounds, Outcome, Unknowns, Watch, flat_bounds

__all__ = ["Constraint", "minimize"]

_WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
_WITH_PRODUCTS = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
_WITH_HESSIAN = {"dogleg", "trust-exact"}


class Constraint(NamedTuple):
    """``low <= function(x) <= high``, element by element.

    Attributes
    ----------
    function : of what is minimised over -> VValue, array or number
    low, high : of that kind, or numbers; None is no bound
        Absent leaves of a tree are zero.

    Examples
    --------
    >>> from vvalues import VValue, sum_leaves
    >>> unit = Constraint(sum_leaves, low=1.0, high=1.0)
    >>> start, square = VValue({"a": 3.0, "b": 1.0}), lambda v: v["a"] ** 2 + v["b"] ** 2
    >>> found = minimize(square, start, method="SLSQP", constraints=[unit])
    >>> round(found.x["a"], 4), round(found.x["b"], 4)
    (0.5, 0.5)
    """

    function: Callable[[Any], Any]
    low: Any = 0.0
    high: Any = None


def minimize(
    function: Callable,
    start: Any,
    *arguments: Any,
    wrt: Pattern | None = None,
    method: str = "L-BFGS-B",
    bounds: Bounds | None = None,
    constraints: Sequence[Constraint] = (),
    callback: Callable[[Any, float], Any] | None = None,
    progress: bool = False,
    **options: Any,
) -> Outcome:
    """The tree where a number is smallest, by ``scipy.optimize.minimize``.

    Parameters
    ----------
    function : callable of the tree and the arguments -> number
    start : VValue, array or number
    *arguments : what else the function takes
    wrt : pattern, optional
        Only these leaves move; the rest stay as they are.
    method : str
        As scipy's. Gradients, Hessians and products with them are exact, where a method uses them.
    bounds : mapping of pattern -> (low, high), or one pair, optional
        Numbers, None, or trees (absent is zero): ``{"**/rate": (0, None)}``.
    constraints : sequence of Constraint
    callback : (x, value) -> bool, optional
        Called with the best point once per iteration; true stops.
    progress : bool
        A line on the terminal while it runs.
    **options
        Options of the method, such as ``maxiter``; ``tol`` is scipy's.

    Returns
    -------
    Outcome, its ``x`` of the start's kind

    Raises
    ------
    TypeError
        If the start is being differentiated, or the function's value is not a number.
    ValueError
        If bounds cross, or scipy knows no such method.

    Examples
    --------
    >>> from vvalues import VValue, squared_norm
    >>> target = VValue({"a": 3, "b": {"c": -1}})
    >>> found = minimize(lambda v: squared_norm(v - target), 0 * target, bounds={"a": (0, 2)})
    >>> found.x
    VValue({'a': 2.0, 'b': {'c': -1.0}})
    """
    unknowns = Unknowns(function, start, arguments, wrt, "minimize")
    of_part, layout = unknowns.function, unknowns.layout
    watch = Watch(layout, callback, progress, "minimize")
    name = method.lower()

    def value_and_slope(flat: np.ndarray) -> Any:
        point = layout.value(flat)
        if name in _WITHOUT_GRADIENT:
            value = float(of_part(point))
            watch.evaluated(flat, value)
            return value
        tape = Tape(of_part, point)
        value = _number(tape.value)
        watch.evaluated(flat, value)
        return value, np.array(layout.plain(tape.backwards(1.0)))

    extra: dict[str, Any] = {} if name in _WITHOUT_GRADIENT else {"jac": True}
    if name in _WITH_PRODUCTS:
        product = hessian_vector_product(of_part)
        extra["hessp"] = lambda flat, direction: np.array(
            layout.plain(product(layout.value(flat))(layout.value(np.array(direction))))
        )
    if name in _WITH_HESSIAN:
        extra["hess"] = lambda flat: hessian(of_part)(layout.value(flat)).dense()
    if bounds is not None:
        extra["bounds"] = optimize.Bounds(*flat_bounds(bounds, layout))
    if constraints:
        with_hessian = name == "trust-constr"
        extra["constraints"] = [_for_scipy(one, unknowns, with_hessian) for one in constraints]
    tolerance = options.pop("tol", None)
    found, flat, success, message = watch.solved(
        lambda: optimize.minimize(
            value_and_slope,
            unknowns.flat,
            method=method,
            callback=watch.iterated,
            tol=tolerance,
            options=options,
            **extra,
        )
    )
    return Outcome(
        unknowns.whole(layout.value(np.array(flat))),
        float(watch.best[0] if found is None else found.fun),
        success,
        message,
        watch.n_evaluations,
        watch.n_iterations,
        scipy=found,
    )


def _number(value: Any) -> float:
    if is_tree(value) or np.size(value) != 1:
        raise TypeError(
            f"the value of the function is {layout_of(value, 'the value')}; expected a number"
        )
    return float(value)


def _for_scipy(constraint: Constraint, unknowns: Unknowns, with_hessian: bool) -> Any:
    layout = unknowns.layout
    rows = layout_of(constraint.function(unknowns.start), "the value of a constraint")

    def of_part(moved: Any) -> Any:
        value = constraint.function(unknowns.whole(moved))
        return rows.fixed(value, "the value of a constraint")

    low, high = flat_bounds((constraint.low, constraint.high), rows)
    second: dict[str, Any] = {}
    if with_hessian:
        second["hess"] = lambda flat, weights: hessian(
            lambda moved: anp.dot(weights, rows.flat(of_part(moved)))
        )(layout.value(flat)).dense()
    return optimize.NonlinearConstraint(
        lambda flat: np.array(rows.plain(of_part(layout.value(flat)))),
        low,
        high,
        jac=lambda flat: jacobian(of_part)(layout.value(flat)).dense(),
        **second,
    )
