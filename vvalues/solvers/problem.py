"""A differential equation on trees as one on flat arrays."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from ..core.paths import format_path
from ..core.support import Support
from ..core.tracing import is_traced, is_tree, support_of
from ..derivatives.layout import Layout, layout_of

__all__ = ["Problem", "StepWatch"]


class StepWatch:
    """Tells a callback and the terminal about accepted steps."""

    def __init__(
        self,
        state: Layout,
        end: float,
        callback: Callable[[float, Any], Any] | None,
        progress: bool,
    ) -> None:
        self.n_steps = 0
        self._state, self._end, self._callback, self._progress = state, end, callback, progress
        self._shown = 0.0

    def stepped(self, t: float, flat: np.ndarray) -> None:
        """To be called after every accepted step."""
        self.n_steps += 1
        if self._callback is not None:
            self._callback(t, self._state.value(np.array(flat)))
        if self._progress and (t == self._end or time.monotonic() - self._shown > 0.2):
            self._shown = time.monotonic()
            line = f"\rsolve_ivp: t = {t:.6g} of {self._end:.6g}, {self.n_steps} steps"
            print(line, end="\n" if t == self._end else "", file=sys.stderr, flush=True)


class Problem:
    """``d state / dt = slope(t, state, *parameters)``, the state a tree.

    Attributes
    ----------
    slope : (t, state, *parameters) -> VValue
    state : Layout of the state
    n : int, its size
    times : array, where the state is asked for; the first one is the start
    method, options : as scipy's
    batched : bool or None
        Whether the slope may be evaluated at many states at once; None: if it gives the same.
    """

    def __init__(
        self,
        slope: Callable[..., Any],
        start: Any,
        times: Sequence[float] | np.ndarray,
        parameters: tuple[Any, ...],
        method: str,
        batched: bool | None,
        options: dict[str, Any],
    ) -> None:
        self.slope, self.method, self.batched, self.options = slope, method, batched, options
        self.times = _checked_times(times)
        if not is_tree(start):
            raise TypeError(f"start is {type(start).__name__} {start!r:.40}; expected a VValue")
        self.state = Layout(support_of(start))
        self.n = self.state.size
        self._layouts = [layout_of(p, f"parameter {i}") for i, p in enumerate(parameters)]
        self.watch = StepWatch(self.state, float(self.times[-1]), None, False)
        self.n_evaluations = 0
        self._seen: set[Support] = {support_of(start)}

    def weights(self, start: Any, parameters: tuple[Any, ...]) -> Any:
        """Start and parameters as one flat array; may be traced."""
        parts = [self.state.flat(start)]
        parts += [layout.flat(p) for layout, p in zip(self._layouts, parameters, strict=True)]
        return anp.concatenate(parts)

    def parameters(self, flat: Any) -> list[Any]:
        """The parameters of their part of the flat array; may be traced."""
        out, first = [], 0
        for layout in self._layouts:
            out.append(layout.value(flat[first : first + layout.size]))
            first += layout.size
        return out

    def plain_slope(self, weights: np.ndarray) -> Callable[[float, np.ndarray], np.ndarray]:
        """The slope on flat arrays, not traced."""
        parameters = self.parameters(weights[self.n :])

        def at(t: float, flat: np.ndarray) -> np.ndarray:
            self.n_evaluations += 1
            slope = self.slope(t, self.state.cotangent(np.array(flat)), *parameters)
            self._require(slope, t)
            return self.state.plain(slope)

        return at

    def traced_slope(self, t: float) -> Callable[[Any], Any]:
        """The slope at a time as a function of state and parameters in one flat array."""

        def at(flat: Any) -> Any:
            parameters = self.parameters(flat[self.n :])
            return self.state.flat(self.slope(t, self.state.value(flat[: self.n]), *parameters))

        return at

    def _require(self, slope: Any, t: float) -> None:
        """Refuse a slope that leaves the support of the state."""
        if not is_tree(slope):
            raise TypeError(
                f"the slope at t = {t:.6g} is {type(slope).__name__} {slope!r:.40}; expected a "
                "VValue"
            )
        if is_traced(slope):
            raise TypeError(
                "the slope closes over something that is being differentiated; hand it to "
                "solve_ivp as a parameter, which the slope gets after t and state"
            )
        support = support_of(slope)
        if support in self._seen:
            return
        assert self.state.support is not None
        for path in support.paths:
            if path not in self.state.support.index:
                raise ValueError(
                    f"the slope has a leaf at {format_path(path)}, where the state has nothing: "
                    "give the start an explicit zero there"
                )
        self._seen.add(support)


def _checked_times(times: Any) -> np.ndarray:
    array = np.asarray(getval(times), dtype=float)
    steps = np.diff(array)
    if array.ndim != 1 or len(array) < 2 or not (np.all(steps > 0) or np.all(steps < 0)):
        raise ValueError(
            f"times is {times!r:.60}; expected at least two numbers, all rising or all falling, "
            "the start first"
        )
    return array
