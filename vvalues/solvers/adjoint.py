"""Derivatives of a solution by differential equations of their own.

The adjoint runs backwards along the solution, the sensitivities forwards beside it. They are as
exact as their own tolerances, whatever the method.

References
----------
Y. Cao, S. Li, L. Petzold, R. Serban, SIAM J. Scientific Computing 24 (2003), 1076-1089.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ..derivatives.sweeps import Tape, pushing
from .problem import Problem

__all__ = ["dense_solution", "pulled_back_by_adjoint", "sensitivities", "tangent_solution"]


def dense_solution(problem: Problem, weights: np.ndarray) -> tuple[np.ndarray, Any]:
    """States at the requested times, and the solution as a function of time."""
    slope, start = problem.plain_slope(weights), weights[: problem.n]
    found = _solved(problem, slope, problem.times, start, dense=True)
    for t, flat in zip(found.t, found.y.T, strict=True):
        problem.watch.stepped(float(t), flat)
    states = np.array(found.y.T)
    states[0] = start  # not what interpolation makes of it
    return states, found.sol


def _solved(
    problem: Problem,
    slope: Callable[[float, np.ndarray], np.ndarray],
    times: np.ndarray,
    start: np.ndarray,
    dense: bool = False,
) -> Any:
    found = integrate.solve_ivp(
        slope,
        (times[0], times[-1]),
        start,
        method=problem.method,
        t_eval=times,
        dense_output=dense,
        **problem.options,
    )
    if not found.success:
        raise RuntimeError(f"{problem.method} failed at t = {found.t[-1]:.6g}: {found.message}")
    return found


def pulled_back_by_adjoint(
    problem: Problem, weights: np.ndarray, solution: Any, g: np.ndarray
) -> np.ndarray:
    """Cotangent of start and parameters from that of the states at all times."""
    n = problem.n

    def backwards(t: float, both: np.ndarray) -> np.ndarray:
        at = np.concatenate([solution(t), weights[n:]])
        return -Tape(problem.traced_slope(t), at).backwards(both[:n])

    both = np.zeros(len(weights))
    for i in range(len(problem.times) - 1, 0, -1):
        both[:n] += g[i]
        both = _solved(problem, backwards, problem.times[i - 1 : i + 1][::-1], both).y[:, -1]
    both[:n] += g[0]
    return both


def tangent_solution(problem: Problem, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """How the states at all times change along a direction: the sensitivity equation of one."""
    n = problem.n

    def forwards(t: float, both: np.ndarray) -> np.ndarray:
        push = pushing(problem.traced_slope(t), np.concatenate([both[:n], weights[n:]]))
        return np.concatenate(push(np.concatenate([both[n:], direction[n:]])))

    start = np.concatenate([weights[:n], direction[:n]])
    return _solved(problem, forwards, problem.times, start).y[n:].T


def sensitivities(problem: Problem, weights: np.ndarray) -> np.ndarray:
    """Derivatives of the states at all times by all of start and parameters.

    Returns
    -------
    array (n_times, n, size of start and parameters)
    """
    n, size = problem.n, len(weights)

    def forwards(t: float, both: np.ndarray) -> np.ndarray:
        tape = Tape(problem.traced_slope(t), np.concatenate([both[:n], weights[n:]]))
        rows = np.array([tape.backwards(unit) for unit in np.eye(n)])
        moved = rows[:, :n] @ both[n:].reshape(n, size)
        moved[:, n:] += rows[:, n:]
        return np.concatenate([tape.value, moved.ravel()])

    start = np.concatenate([weights[:n], np.eye(n, size).ravel()])
    found = _solved(problem, forwards, problem.times, start).y.T
    return found[:, n:].reshape(-1, n, size)
