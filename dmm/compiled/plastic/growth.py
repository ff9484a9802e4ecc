"""What stands in for a bound program: a larger one, or the reference engine.

Where numbers decide how many copies a machine makes, its arrays have room for some, and are made
anew with more when a run needs it. What no room would do for is left to the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import make_jvp, make_vjp

from vvalues import VValue, unravel

from ...machine.streams import Streams
from ...reference.judge import ReferenceProgram
from ..lowering import Reason
from .firing.decisions import Beyond

__all__ = ["Growing", "OnReference"]


class OnReference:
    """The interface of a bound program, on the reference engine; warns, and says why.

    Examples
    --------
    >>> from dmm.zoo import self_copying
    >>> machine, one = self_copying(), np.ones((5, 1, 1))
    >>> program = ReferenceProgram(machine, [("output", "dict-1")])
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     bound = OnReference(program, Streams((((),),), {"x": one}, ticks=5), "it is so")
    >>> str(said[0].message)
    'it is so; these streams run on the reference engine'
    >>> bound.forward(np.array(machine.trainable.buffer)).ravel()
    array([0., 0., 0., 1., 2.])
    """

    def __init__(self, program: ReferenceProgram, streams: Streams, reason: str) -> None:
        warnings.warn(f"{reason}; these streams run on the reference engine", stacklevel=4)
        self.program, self.streams, self.reason = program, streams, reason
        self.live = program.live

    def _values(self, weights: np.ndarray) -> np.ndarray:
        return self.program(unravel(weights, self.program.support), self.streams)

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """As `BoundPlasticProgram.forward`; differentiable."""
        if weights.ndim == 2:
            return anp.stack([self.forward(row) for row in weights])
        return self._values(weights)

    evaluate = forward

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """As `BoundPlasticProgram.pullback`."""
        if weights.ndim == 2:
            return np.stack([self.pullback(w, own) for w, own in zip(weights, g, strict=True)])
        return make_vjp(self._values)(weights)[0](g)

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """As `BoundPlasticProgram.pushforward`."""
        return make_jvp(self._values)(weights)(direction)[1]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `BoundPlasticProgram.jacobian`."""
        directions = np.eye(len(weights))
        return self.forward(weights), np.stack([self.pushforward(weights, d) for d in directions])

    def matrices(self, weights: np.ndarray, edit: tuple[int, VValue] | None = None) -> Any:
        """Raise ValueError: the trace of a run tells them."""
        raise ValueError(f"{self.reason}; dmm.run tells its matrices")


class Growing:
    """A bound program that is made anew, with more room, where a run needs it.

    Parameters
    ----------
    bound : BoundPlasticProgram
        With room for one case.
    make : callable
        From the number of cases that there is to be room for to a bound program, or the reason
        why there is none.
    refer : callable
        From a reason to the stand-in on the reference engine.

    Attributes
    ----------
    bound : BoundPlasticProgram or OnReference
    reserve : int
        What there is room for.
    live : boolean array, per element of the trainable matrix
        All of them: a copy that has not been made yet may need any link.

    Examples
    --------
    >>> from dmm.compiled.plastic import PlasticProgram
    >>> from dmm.zoo import self_copying
    >>> machine = self_copying()
    >>> x = np.array([3.0, 0.0, -3.0, 0.0, 3.0, *np.zeros(5)]).reshape(10, 1, 1)
    >>> program = PlasticProgram(machine, [("output", "dict-1")])
    >>> bound = program.bind(Streams((((),),), {"x": x}, ticks=10))
    >>> values = bound.forward(np.array(machine.trainable.buffer))
    >>> bound.reserve  # two copies
    2
    """

    def __init__(
        self, bound: Any, make: Callable[[int], Any], refer: Callable[[str], OnReference]
    ) -> None:
        self.bound, self.reserve = bound, 1
        self._make, self._refer = make, refer
        self.live = np.ones(len(bound.live), dtype=bool)

    def _with_room(self, method: str, *arguments: Any) -> Any:
        """What the bound program answers, made anew as often as it needs more room."""
        while True:
            try:
                return getattr(self.bound, method)(*arguments)
            except Beyond as beyond:
                self.bound = self._larger(beyond)

    # All that a `BoundPlasticProgram` can be asked.
    evaluate = partialmethod(_with_room, "evaluate")
    forward = partialmethod(_with_room, "forward")
    pullback = partialmethod(_with_room, "pullback")
    pushforward = partialmethod(_with_room, "pushforward")
    jacobian = partialmethod(_with_room, "jacobian")
    matrices = partialmethod(_with_room, "matrices")

    def _larger(self, beyond: Beyond) -> Any:
        """With twice the room, or as much as is needed, or on the reference engine."""
        found: Any = Reason(beyond)
        if beyond.needed is not None:
            for reserve in (max(2 * self.reserve, beyond.needed), beyond.needed):
                found = self._make(reserve)
                if not isinstance(found, Reason):
                    self.reserve = reserve
                    return found
        return self._refer(found)
