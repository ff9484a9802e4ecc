"""Runge-Kutta steps of scipy's explicit methods, and derivatives of exactly these steps.

The derivative of a numerical solution with respect to start and parameters, the steps held fixed,
is a linear recursion over the stages. It needs the Jacobian of the slope at every stage. Where the
slope can be evaluated for all stages at once, as a batch, one tape does for the whole solution;
that it can is checked by its values. Otherwise there is a tape per stage.

References
----------
E. Hairer, G. Wanner, "Solving Ordinary Differential Equations II" (1996), and W. Hager, Numerische
Mathematik 87 (2000), 247-282, for the adjoint of a Runge-Kutta method.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from scipy import integrate

from ..core.bridges import ravel, unravel
from ..core.structure import restrict
from ..core.tracing import is_tree
from ..derivatives.sweeps import Tape, pushing
from ..exchange.batches import batch_layout
from .problem import Problem

__all__ = [
    "METHODS",
    "Stages",
    "Steps",
    "integrate_steps",
    "pulled_back",
    "pushed_forward",
    "unrolled",
]

METHODS: dict[str, Any] = {name: getattr(integrate, name) for name in ("RK23", "RK45", "DOP853")}
_LARGEST_BATCHED = 64  # elements of a state whose Jacobians at all stages are kept


class Steps(NamedTuple):
    """The steps that an explicit method has taken.

    Attributes
    ----------
    t, h : arrays (n_steps,)
    y : array (n_steps, size), the states before
    stages : array (n_steps, n_stages, size), the slopes
    ends : for every requested time, how many steps lead there
    """

    t: np.ndarray
    h: np.ndarray
    y: np.ndarray
    stages: np.ndarray
    ends: list[int]


def integrate_steps(problem: Problem, weights: np.ndarray) -> tuple[np.ndarray, Steps]:
    """States at the requested times, and the steps there; every time is the end of a step.

    Raises
    ------
    RuntimeError
        If scipy gives up; the message says where.
    """
    slope, state = problem.plain_slope(weights), np.array(weights[: problem.n])
    options = dict(problem.options)
    states, ends = [state], [0]
    taken: list[tuple[float, float, np.ndarray, np.ndarray]] = []
    for i, (begin, end) in enumerate(pairwise(problem.times.tolist())):
        solver = METHODS[problem.method](slope, begin, state, end, **options)
        wanted = solver.h_abs
        while solver.status == "running":
            message = solver.step()
            if solver.status == "failed":
                raise RuntimeError(f"{problem.method} failed at t = {solver.t:.6g}: {message}")
            size = solver.t - solver.t_old
            taken.append((solver.t_old, size, solver.y_old, np.array(solver.K[:-1])))
            # A step that was cut short at the end says nothing about the size of the next one.
            is_cut = solver.t == end and abs(size) < wanted
            wanted = max(wanted, solver.h_abs) if is_cut else solver.h_abs
            problem.watch.stepped(solver.t, solver.y)
        if i + 2 < len(problem.times):
            options["first_step"] = min(wanted, abs(float(problem.times[i + 2]) - end))
        state = solver.y
        states.append(state)
        ends.append(len(taken))
    t, h, y, stages = (np.array(part) for part in zip(*taken, strict=True))
    return np.array(states), Steps(t, h, y, stages, ends)


def tableau(method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients of a method: a (n_stages, n_stages), b and c (n_stages,)."""
    solver = METHODS[method]
    n_stages = len(solver.B)
    a = np.zeros((n_stages, n_stages))
    rows, columns = min(n_stages, solver.A.shape[0]), min(n_stages, solver.A.shape[1])
    a[:rows, :columns] = solver.A[:rows, :columns]
    return a, solver.B, solver.C[:n_stages]


# -------------------- the slope at all stages --------------------


class Stages:
    """Where the slope was evaluated, and its derivatives there."""

    def __init__(self, problem: Problem, weights: np.ndarray, steps: Steps) -> None:
        self.a, self.b, self.c = tableau(problem.method)
        self.problem, self.steps, self.weights = problem, steps, weights
        h = steps.h[:, None, None]
        # The point of stage s: y + h * sum of a[s, r] * slope r.
        mixed = np.einsum("sr,krn->ksn", self.a, steps.stages)
        self.points = steps.y[:, None, :] + h * mixed
        self.times = steps.t[:, None] + steps.h[:, None] * self.c
        self._tape = self._one_tape() if problem.n <= _LARGEST_BATCHED else None

    def _one_tape(self) -> Tape | None:
        """The tape of all stages at once, if the slope means that with either axis of a batch."""
        problem, support = self.problem, self.problem.state.support
        if support is None or not self.times.size or problem.batched is False:
            return None
        has_arrays = any(support.shape(i) for i in range(len(support)))
        failures = []
        for is_last in (False, True)[: 1 + has_arrays]:
            self._layout, self._at = batch_layout(support, self.times.size, is_last=is_last)
            try:
                return self._tape_of_batch()
            except (TypeError, ValueError, IndexError) as error:
                failures.append(error)
        if problem.batched:
            raise ValueError(
                f"the slope cannot be evaluated in a batch: {failures[0]}; give batched=False"
            ) from failures[0]
        return None

    def _tape_of_batch(self) -> Tape:
        """The tape of all stages in the present layout; ValueError if its values are others."""
        tape = Tape(self._batched, self._all_points())
        expected = self.steps.stages.reshape(self.times.size, -1)
        if not np.allclose(tape.value[self._at], expected, rtol=1e-9, atol=1e-12):
            raise ValueError("the slope of a batch of states is not the batch of slopes")
        return tape

    def _all_points(self) -> np.ndarray:
        """The points of all stages as a flat batch, and the parameters."""
        points = np.empty(self._layout.size)
        points[self._at] = self.points.reshape(self.times.size, -1)
        return np.concatenate([points, self.weights[self.problem.n :]])

    def _batched(self, flat: Any) -> Any:
        size = self._layout.size
        states = unravel(flat[:size], self._layout)
        parameters = self.problem.parameters(flat[size:])
        slope = self.problem.slope(self.times.ravel(), states, *parameters)
        if not is_tree(slope):
            raise TypeError("no tree")
        return ravel(restrict(slope, self._layout))

    @cached_property
    def jacobians(self) -> np.ndarray | None:
        """Derivatives of slopes by states, (n_steps, n_stages, n, n); None without a batch."""
        if self._tape is None:
            return None
        n, count = self.problem.n, self.times.size
        out = np.empty((count, n, n))
        for i in range(n):
            unit = np.zeros(self._layout.size)
            unit[self._at[:, i]] = 1.0
            out[:, i] = self._tape.backwards(unit)[: self._layout.size][self._at]
        return out.reshape(*self.times.shape, n, n)

    def pull_all(self, g: np.ndarray) -> np.ndarray:
        """Cotangent of the parameters from those of all slopes."""
        assert self._tape is not None
        flat = np.empty(self._layout.size)
        flat[self._at] = g.reshape(self.times.size, -1)
        return self._tape.backwards(flat)[self._layout.size :]

    def push_all(self, direction: np.ndarray) -> np.ndarray:
        """How all slopes change along a direction of the parameters."""
        push = pushing(self._batched, self._all_points())
        tangent = push(np.concatenate([np.zeros(self._layout.size), direction]))[1]
        return tangent[self._at].reshape(self.points.shape)

    def stage(self, k: int, s: int) -> tuple[Callable[[Any], Any], np.ndarray]:
        """The slope as a function of state and parameters, and where one stage evaluated it."""
        at = np.concatenate([self.points[k, s], self.weights[self.problem.n :]])
        return self.problem.traced_slope(self.times[k, s]), at


# -------------------- derivatives of the steps --------------------


def pulled_back(stages: Stages, g: np.ndarray) -> np.ndarray:
    """Cotangent of start and parameters from that of the states at all times: discrete adjoint."""
    problem, weights, steps = stages.problem, stages.weights, stages.steps
    n, jacobians = problem.n, stages.jacobians
    of_slopes = np.zeros(stages.points.shape)
    of_parameters = np.zeros(len(weights) - n)
    adjoint = np.zeros(n)
    n_stages = len(stages.b)
    for i in range(len(problem.times) - 1, 0, -1):
        adjoint = adjoint + g[i]
        for k in range(steps.ends[i] - 1, steps.ends[i - 1] - 1, -1):
            through = np.zeros((n_stages, n))
            for s in range(n_stages - 1, -1, -1):
                later = stages.a[s + 1 :, s] @ through[s + 1 :]
                of_slope = steps.h[k] * (stages.b[s] * adjoint + later)
                of_slopes[k, s] = of_slope
                if jacobians is not None:
                    through[s] = of_slope @ jacobians[k, s]
                else:
                    pulled = Tape(*stages.stage(k, s)).backwards(of_slope)
                    through[s] = pulled[:n]
                    of_parameters += pulled[n:]
            adjoint = adjoint + through.sum(axis=0)
    if jacobians is not None:
        of_parameters = stages.pull_all(of_slopes)
    return np.concatenate([adjoint + g[0], of_parameters])


def pushed_forward(stages: Stages, direction: np.ndarray) -> np.ndarray:
    """How the states at all times change along a direction of start and parameters."""
    problem, steps, jacobians = stages.problem, stages.steps, stages.jacobians
    n = problem.n
    forces = None if jacobians is None else stages.push_all(direction[n:])
    tangent, n_stages = direction[:n], len(stages.b)
    out = [tangent]
    for i in range(1, len(problem.times)):
        for k in range(steps.ends[i - 1], steps.ends[i]):
            slopes = np.zeros((n_stages, n))
            for s in range(n_stages):
                point = tangent + steps.h[k] * (stages.a[s, :s] @ slopes[:s])
                if jacobians is not None and forces is not None:
                    slopes[s] = jacobians[k, s] @ point + forces[k, s]
                else:
                    push = pushing(*stages.stage(k, s))
                    slopes[s] = push(np.concatenate([point, direction[n:]]))[1]
            tangent = tangent + steps.h[k] * (stages.b @ slopes)
        out.append(tangent)
    return np.array(out)


def unrolled(problem: Problem, weights: Any, steps: Steps) -> Any:
    """The same steps in operations of autograd: derivatives of any order, a tape node for each."""
    (a, b, c), n = tableau(problem.method), problem.n
    state, out = weights[:n], [weights[:n]]
    for i in range(1, len(problem.times)):
        for k in range(steps.ends[i - 1], steps.ends[i]):
            slopes: list[Any] = []
            for s in range(len(b)):
                point = state + steps.h[k] * _mixed(a[s, :s], slopes)
                function = problem.traced_slope(steps.t[k] + c[s] * steps.h[k])
                slopes.append(function(anp.concatenate([point, weights[n:]])))
            state = state + steps.h[k] * _mixed(b, slopes)
        out.append(state)
    return anp.stack(out)


def _mixed(weights: np.ndarray, slopes: list[Any]) -> Any:
    return sum((w * slope for w, slope in zip(weights, slopes, strict=True) if w), 0.0)
