"""The compiled engine: a machine as one autograd primitive.

``compile_machine(machine)`` gives a `Program`. A program run costs one tape node for the tree
(`vvalues.ravel`) and one for the machine, whatever the number of links and ticks; gradients,
Jacobians and second-order products are exact and agree with the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from weakref import WeakKeyDictionary

import autograd.numpy as anp
import numpy as np
from autograd.extend import defjvp, defvjp, primitive

from vvalues import NUMBER, VValue, ravel, restrict
from vvalues.support import Support

from . import engine
from .activations import number
from .binding import bind_sources
from .directions import DenseDirections, UnitDirections
from .evaluation import Evaluation, State
from .machine import Machine
from .plan import make_plan, missing_kernels
from .streams import Streams

__all__ = ["Program", "ReferenceProgram", "compile_machine"]

OUTPUT = (("output", "dict-1"), ("output", "dict-2"))
COMPLEX_STEP = 1e-30


class Program:
    """A compiled machine.

    Attributes
    ----------
    machine : Machine
    observed : tuple of (neuron, input field)
    support : Support of the trainable matrix it was compiled for
    live : boolean array, per element of the trainable matrix
        Which trainable links can influence what is observed; the others have zero gradient.
    """

    engine = "compiled"

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
    ) -> None:
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = frozenset(stopped)
        self.support: Support = machine.trainable.support
        self.plan = make_plan(machine, self.observed)
        self.live = np.zeros(self.support.size, dtype=bool)
        self.live[self.plan.trainable[1]] = True
        self._bound: WeakKeyDictionary[Streams, BoundProgram] = WeakKeyDictionary()

    def bind(self, streams: Streams) -> BoundProgram:
        """The program on given streams; remembered as long as the streams live."""
        bound = self._bound.get(streams)
        if bound is None:
            bound = self._bound[streams] = BoundProgram(self, streams)
        return bound

    def __call__(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed numbers for a trainable matrix; differentiable.

        Parameters
        ----------
        trainable : VValue
            Depth 4. Links outside the compiled support have no effect (and no gradient).
        streams : Streams

        Returns
        -------
        array of shape (observed, ticks, strings)
        """
        return _evaluate(self.flatten(trainable), self.bind(streams))

    def flatten(self, trainable: VValue) -> np.ndarray:
        """Weights in the order of ``support``."""
        if trainable.support is not self.support:
            trainable = restrict(trainable, self.support)
        return ravel(trainable)

    def evaluate(self, weights: np.ndarray, streams: Streams) -> np.ndarray:
        """As a call, for flat weights of shape (links,) or (machines, links); differentiable.

        Returns
        -------
        array of shape ([machines,] observed, ticks, strings)
        """
        return _evaluate(weights, self.bind(streams))

    def jacobian(self, weights: np.ndarray, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
        """Values and their exact Jacobian with respect to flat weights.

        Returns
        -------
        values : array of shape (observed, ticks, strings)
        jacobian : array of shape (links, observed, ticks, strings)
        """
        return self.bind(streams).jacobian(weights)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed streams with their keys, untraced: (observed, ticks, strings, columns).

        Column 0 is the ``:number``; the others are those of ``streams.keys`` (constants of the
        machine may append columns, see `BoundProgram.columns`).
        """
        return self.bind(streams).trace(np.asarray(self.flatten(trainable)))


class BoundProgram:
    """A program on one batch of streams; remembers its last forward pass."""

    def __init__(self, program: Program, streams: Streams) -> None:
        self.program_plan = program.plan
        self.n_weights = program.support.size
        numbers, keys, self.columns = bind_sources(program.plan, streams)
        self.evaluation = Evaluation(program.plan, (numbers, keys), program.stopped)
        self._last: tuple[np.ndarray, State] | None = None

    def links(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the live links, (machines, live links), from weights of all trainable ones."""
        plan = self.program_plan
        if weights.shape[-1:] != (self.n_weights,) or weights.ndim > 2:
            raise ValueError(
                f"weights have shape {weights.shape}; this program needs ({self.n_weights},) "
                f"or (machines, {self.n_weights})"
            )
        flat = np.atleast_2d(weights)
        live = np.broadcast_to(plan.base, (flat.shape[0], len(plan.links))).astype(flat.dtype)
        live[:, plan.trainable[0]] += flat[:, plan.trainable[1]]
        return live

    def unlink(self, gradient: np.ndarray) -> np.ndarray:
        """Gradient of all trainable weights, (machines, links), from that of the live links."""
        out = np.zeros((gradient.shape[0], self.n_weights), gradient.dtype)
        out[:, self.program_plan.trainable[1]] = gradient[:, self.program_plan.trainable[0]]
        return out

    def state(self, weights: np.ndarray) -> tuple[np.ndarray, State]:
        """Observed numbers and state; the last state is kept for the derivatives."""
        if self._last is not None and self._last[0] is weights:
            return self._last[1].observed, self._last[1]
        numbers, _, state = self.evaluation.forward(self.links(weights))
        state.observed = numbers
        self._last = weights, state
        return numbers, state

    def forward(self, weights: np.ndarray) -> np.ndarray:
        numbers, _ = self.state(weights)
        return numbers[0] if weights.ndim == 1 else numbers

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        _, state = self.state(weights)
        cotangent = g[None] if weights.ndim == 1 else g
        gradient = self.unlink(self.evaluation.adjoint(state, cotangent, None))
        return gradient[0] if weights.ndim == 1 else gradient

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        if weights.ndim == 2:
            pairs = zip(weights, direction, strict=True)
            return np.stack([self.pushforward(w, d) for w, d in pairs])
        _, state = self.state(weights)
        live = np.zeros((1, len(self.program_plan.links)), direction.dtype)
        live[:, self.program_plan.trainable[0]] = direction[self.program_plan.trainable[1]]
        return self.evaluation.tangent(state, DenseDirections(live))[0][0]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, state = self.state(weights)
        links, elements = self.program_plan.trainable
        directions = UnitDirections(self.program_plan, links)
        columns, _ = self.evaluation.tangent(state, directions)
        element = np.zeros(len(self.program_plan.links), np.intp)
        element[links] = elements
        out = np.zeros((self.n_weights, *values.shape[1:]))
        out[element[directions.order]] = columns
        return values[0], out

    def trace(self, weights: np.ndarray) -> np.ndarray:
        numbers, keys, _ = self.evaluation.forward(self.links(weights))
        n_observed, ticks, strings = numbers.shape[1:]
        out = np.zeros((n_observed, ticks, strings, 1 + self.evaluation.n_keys))
        out[..., 0] = numbers[0]
        if keys is not None:
            out[self.program_plan.observed_keyed, ..., 1:] = keys[0]
        return out


# -------------------- the primitives --------------------
# Values, first and second derivatives of one function, F(w) = observed numbers:
#   _evaluate F(w), _pushforward F'(w) d, _pullback F'(w)^T g,
#   _curvature (g . F)''(w) d and _acceleration F''(w)[d, e], both by the complex step.


@primitive
def _evaluate(weights: np.ndarray, bound: BoundProgram, /) -> np.ndarray:
    return bound.forward(weights)


@primitive
def _pullback(weights: np.ndarray, g: np.ndarray, bound: BoundProgram, /) -> np.ndarray:
    return bound.pullback(weights, g)


@primitive
def _pushforward(weights: np.ndarray, direction: np.ndarray, bound: BoundProgram, /) -> np.ndarray:
    return bound.pushforward(weights, direction)


@primitive
def _curvature(
    weights: np.ndarray, g: np.ndarray, direction: np.ndarray, bound: BoundProgram, /
) -> np.ndarray:
    return _complex_step(lambda w: bound.pullback(w, g), weights, direction)


@primitive
def _acceleration(
    weights: np.ndarray, one: np.ndarray, other: np.ndarray, bound: BoundProgram, /
) -> np.ndarray:
    return _complex_step(lambda w: bound.pushforward(w, one), weights, other)


def _complex_step(function: Callable, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Directional derivative without cancellation: Im f(x + i h d) / h."""
    return function(x + 1j * COMPLEX_STEP * direction).imag / COMPLEX_STEP


defvjp(
    _evaluate,
    lambda ans, w, bound: lambda g: _pullback(w, g, bound),
    argnums=(0,),
)
defjvp(_evaluate, lambda d, ans, w, bound: _pushforward(w, d, bound), argnums=(0,))

defvjp(
    _pullback,
    lambda ans, w, g, bound: lambda d: _curvature(w, g, d, bound),
    lambda ans, w, g, bound: lambda d: _pushforward(w, d, bound),
    argnums=(0, 1),
)
defjvp(
    _pullback,
    lambda d, ans, w, g, bound: _curvature(w, g, d, bound),
    lambda d, ans, w, g, bound: _pullback(w, d, bound),
    argnums=(0, 1),
)

defvjp(
    _pushforward,
    lambda ans, w, d, bound: lambda g: _curvature(w, g, d, bound),
    lambda ans, w, d, bound: lambda g: _pullback(w, g, bound),
    argnums=(0, 1),
)
defjvp(
    _pushforward,
    lambda e, ans, w, d, bound: _acceleration(w, d, e, bound),
    lambda e, ans, w, d, bound: _pushforward(w, e, bound),
    argnums=(0, 1),
)


# -------------------- machines without kernels --------------------


class ReferenceProgram:
    """The interface of `Program` on the reference engine, for neuron types without a kernel."""

    engine = "reference"

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
    ) -> None:
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = tuple(stopped)
        self.support: Support = machine.trainable.support
        self.live = np.ones(self.support.size, dtype=bool)

    def __call__(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """As `Program.__call__`."""
        return anp.stack([self._one(trainable, streams, b) for b in range(len(streams))], axis=-1)

    def _one(self, trainable: VValue, streams: Streams, string: int) -> np.ndarray:
        trace = engine.run(
            self.machine, streams, trainable=trainable, string=string, stopped=self.stopped
        )
        rows = [
            anp.array([number(inputs.subtree(neuron), field) for inputs in trace.inputs])
            for neuron, field in self.observed
        ]
        return anp.stack(rows)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """As `Program.trace`, without columns that only constants of the machine have."""
        out = np.zeros((len(self.observed), streams.ticks, len(streams), streams.columns))
        for b in range(len(streams)):
            trace = engine.run(self.machine, streams, trainable=trainable, string=b)
            for i, port in enumerate(self.observed):
                for t, inputs in enumerate(trace.inputs):
                    stream = inputs.subtree(port)
                    for c, path in enumerate(streams.keys[b]):
                        out[i, t, b, c] = stream.get((*path, NUMBER))
        return out


def compile_machine(
    machine: Machine,
    observed: Sequence[tuple[str, str]] = OUTPUT,
    *,
    stopped: Collection[tuple[str, str]] = (),
) -> Program | ReferenceProgram:
    """Compile a machine.

    Parameters
    ----------
    machine : Machine
    observed : sequence of (neuron, input field)
        What a run returns; by default both inputs of ``output``.
    stopped : collection of (neuron type, field)
        Inputs that pass no gradient. ``[("accum", "dict-1")]`` is the gradient of the published
        Julia run; the default is the exact one.

    Returns
    -------
    Program, or ReferenceProgram (with a warning that says why) if a neuron type has no kernel.

    Raises
    ------
    ValueError
        If an observed port does not exist.
    """
    for neuron, field in observed:
        if neuron not in machine.neurons:
            raise ValueError(
                f"observed port {neuron}/{field}: the machine has no neuron {neuron!r}"
            )
        if machine.type_of(neuron).read_field(field) is None:
            reads = ", ".join(f.name for f in machine.type_of(neuron).reads) or "nothing"
            raise ValueError(f"observed port {neuron}/{field}: {neuron!r} reads {reads}")
    missing = missing_kernels(machine)
    if missing:
        warnings.warn(
            f"neuron types without a vectorised kernel: {', '.join(missing)}; "
            "this machine runs on the reference engine",
            stacklevel=2,
        )
        return ReferenceProgram(machine, observed, stopped)
    return Program(machine, observed, stopped)
