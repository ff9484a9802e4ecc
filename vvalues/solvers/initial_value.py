"""Differential equations whose states and parameters are trees, with gradients of the solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from autograd.extend import defjvp, defvjp
from autograd.tracer import getval

from ..core.fused import Differentiable
from ..core.support import kept_supports
from ..core.tracing import is_traced, primitive
from ..core.tree import VValue
from ..derivatives.sweeps import notes
from ..exchange.batches import batch_of
from .adjoint import dense_solution, pulled_back_by_adjoint, sensitivities, tangent_solution
from .problem import Problem, StepWatch
from .runge_kutta import (
    METHODS,
    Stages,
    integrate_steps,
    pulled_back,
    pushed_forward,
    unrolled,
)

__all__ = ["Trajectory", "solve_ivp"]

_IMPLICIT = ("Radau", "BDF", "LSODA")
_GRADIENTS = ("auto", "discrete", "continuous", "forward", "unrolled")


class Trajectory(NamedTuple):
    """A solution at the times that were asked for.

    Attributes
    ----------
    times : array (n_times,)
    states : VValue, a batch
        Time is the first axis of every leaf: ``states["prey"]`` is an array over time, `unstack`
        gives the states one by one.
    n_evaluations, n_steps : int
        Of the solution itself, without its derivatives.

    Examples
    --------
    >>> from vvalues import VValue
    >>> found = solve_ivp(lambda t, state: -1.0 * state, VValue({"x": 1.0}), [0.0, 1.0, 2.0])
    >>> found.states["x"].round(3)
    array([1.   , 0.368, 0.135])
    """

    times: np.ndarray
    states: VValue
    n_evaluations: int
    n_steps: int


def solve_ivp(
    slope: Callable[..., VValue],
    start: VValue,
    times: Sequence[float] | np.ndarray,
    *parameters: Any,
    method: str = "RK45",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    gradient: str = "auto",
    batched: bool | None = None,
    callback: Callable[[float, VValue], Any] | None = None,
    progress: bool = False,
    **options: Any,
) -> Trajectory:
    """Solve ``d state / dt = slope(t, state, *parameters)``.

    Parameters
    ----------
    slope : callable (t, state, parameters...) -> VValue
        Where it has nothing, the state stands still. A leaf that the state has not is refused.
    start : VValue
        The state at ``times[0]``; may be differentiated.
    times : numbers, all rising or all falling
        Where the state is asked for.
    *parameters : VValue, array or number each
        May be differentiated.
    method : {"RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"}
        As scipy's. The explicit ones (the first three) end a step at every time that is asked for.
    rtol, atol : float
        Tolerances of a step.
    gradient : {"auto", "discrete", "continuous", "forward", "unrolled"}
        How start and parameters get their derivatives:

        * "discrete", of exactly the steps that were taken, held fixed; reverse and forward mode;
          explicit methods;
        * "continuous", by the adjoint equation backwards along the solution (reverse mode) or the
          sensitivity equation of one direction (forward mode); any method;
        * "forward", by the sensitivity equations of all start values and parameters at once; for
          few of them;
        * "unrolled", as "discrete", but every operation on autograd's tape: slow, and of any order;
        * "auto": "discrete" for explicit methods ("unrolled" inside a second derivative), else
          "continuous".
    batched : bool, optional
        Whether the slope may be called with a batch of states and an array of times, to evaluate
        all stages at once. Unless given it is tried, with the batch as first axis of every leaf
        (`stack`) and as last one, and done if it gives the same slopes: it does where everything is
        elementwise, or reads array leaves by index and as ``matrix @ leaf``.
    callback : (t, state), optional
        Called after every step (at every time that is asked for, if the method is implicit).
    progress : bool
        A line on the terminal while it runs.
    **options
        Further options of scipy's solver, such as ``max_step``.

    Returns
    -------
    Trajectory

    Raises
    ------
    TypeError, ValueError
        If start, times, method or gradient are not as above, or the slope leaves the state.
    RuntimeError
        If scipy gives up; the message says where.

    References
    ----------
    R. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, arXiv:1806.07366 (continuous adjoint);
    P. Kidger, arXiv:2202.02435, chapter 5 (the ways to differentiate a solution).

    Examples
    --------
    >>> from autograd import grad
    >>> slope = lambda t, state, rates: -rates * state
    >>> rates = VValue({"a": 1, "b": {"c": 2}})
    >>> start = VValue({"a": 1, "b": {"c": 1}})
    >>> end = lambda rates: solve_ivp(slope, start, [0, 1], rates).states["b", "c"][-1]
    >>> round(float(end(rates)), 4), round(grad(end)(rates)["b", "c"], 4)
    (0.1353, -0.1353)
    """
    _require_choice("method", method, (*METHODS, *_IMPLICIT))
    _require_choice("gradient", gradient, _GRADIENTS)
    if method in _IMPLICIT and gradient in ("discrete", "unrolled"):
        raise ValueError(f"gradient {gradient!r} is for explicit methods; of {method} 'continuous'")
    options = {"rtol": rtol, "atol": atol, **options}
    problem = Problem(slope, start, times, parameters, method, batched, options)
    problem.watch = StepWatch(problem.state, float(problem.times[-1]), callback, progress)
    weights = problem.weights(start, parameters)
    run = _run(problem, _way(gradient, method, weights), weights)
    values = run.traced(weights) if isinstance(run, _Unrolled) else _solution(weights, run)
    states = batch_of(values, start.support)
    return Trajectory(problem.times, states, run.n_evaluations, problem.watch.n_steps)


def _require_choice(name: str, given: str, choices: Sequence[str]) -> None:
    if given not in choices:
        raise ValueError(f"{name} is {given!r}; expected one of {', '.join(map(repr, choices))}")


def _way(gradient: str, method: str, weights: Any) -> type[Any]:
    if gradient == "auto":
        gradient = "continuous" if method in _IMPLICIT else "discrete"
        if gradient == "discrete" and is_traced(weights) and is_traced(weights._value):
            gradient = "unrolled"
    return _WAYS[gradient]


def _run(problem: Problem, way: type[Any], weights: Any) -> Any:
    """A run; the one of an earlier sweep at the same point, if there was one."""
    kept = notes()
    if kept is None:
        return way(problem)
    flat, options = getval(weights).tobytes(), repr(problem.options)
    key = (way, problem.slope, problem.method, options, problem.times.tobytes(), flat)
    return kept.setdefault((*key, problem.state.support), way(problem))


# -------------------- one tape node for the whole solution --------------------


@primitive
def _solution(weights: np.ndarray, run: Differentiable, /) -> np.ndarray:
    return run.forward(weights)


@primitive
def _pullback(weights: np.ndarray, g: np.ndarray, run: Differentiable, /) -> np.ndarray:
    with kept_supports():
        return run.pullback(weights, g)


@primitive
def _pushforward(weights: np.ndarray, direction: np.ndarray, run: Differentiable, /) -> np.ndarray:
    with kept_supports():
        return run.pushforward(weights, direction)


defvjp(_solution, lambda ans, weights, run: lambda g: _pullback(weights, g, run), argnums=(0,))
defjvp(_solution, lambda d, ans, weights, run: _pushforward(weights, d, run), argnums=(0,))


def _no_second_order(*_: Any) -> Any:
    raise NotImplementedError(
        "second derivatives of a solution are there with gradient='unrolled' (explicit methods)"
    )


# Linear in what they are applied to; by the weights there is no derivative.
defvjp(
    _pullback,
    _no_second_order,
    lambda ans, weights, g, run: lambda h: _pushforward(weights, h, run),
    argnums=(0, 1),
)
defjvp(_pullback, _no_second_order, "same", argnums=(0, 1))
defvjp(
    _pushforward,
    _no_second_order,
    lambda ans, weights, direction, run: lambda g: _pullback(weights, g, run),
    argnums=(0, 1),
)
defjvp(_pushforward, _no_second_order, "same", argnums=(0, 1))


class _Solved:
    """A problem, solved once however many sweeps there are at the same point."""

    solve: Callable[[Problem, np.ndarray], tuple[np.ndarray, Any]]

    def __init__(self, problem: Problem) -> None:
        self.problem, self.n_evaluations = problem, 0

    def forward(self, weights: np.ndarray) -> np.ndarray:
        if not self.n_evaluations:
            self.weights = weights
            self.states, self.course = self.solve(self.problem, weights)
            self.n_evaluations = self.problem.n_evaluations
        return self.states


class _Discrete(_Solved):
    """Derivatives of the steps that were taken."""

    solve = staticmethod(integrate_steps)

    @cached_property
    def stages(self) -> Stages:
        return Stages(self.problem, self.weights, self.course)

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        return pulled_back(self.stages, g)

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        return pushed_forward(self.stages, direction)


class _Unrolled(_Discrete):
    """The steps that were taken, in operations of autograd."""

    def traced(self, weights: Any) -> Any:
        self.forward(getval(weights))
        return unrolled(self.problem, weights, self.course)


class _Continuous(_Solved):
    """Derivatives by differential equations along the solution."""

    solve = staticmethod(dense_solution)

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        return pulled_back_by_adjoint(self.problem, weights, self.course, g)

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        return tangent_solution(self.problem, weights, direction)


class _Forward(_Continuous):
    """Derivatives by all sensitivities at once."""

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        return np.einsum("tn,tnw->w", g, self._formed(weights))

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        return self._formed(weights) @ direction

    def _formed(self, weights: np.ndarray) -> np.ndarray:
        if not hasattr(self, "_derivatives"):
            self._derivatives = sensitivities(self.problem, weights)
        return self._derivatives


_WAYS: dict[str, type[Any]] = {
    "discrete": _Discrete,
    "continuous": _Continuous,
    "forward": _Forward,
    "unrolled": _Unrolled,
}
