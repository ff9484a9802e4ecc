"""The compiled engine: a machine as one autograd primitive.

``compile_machine(machine)`` gives a `Program`. A program run costs one tape node for the tree
(`vvalues.ravel`) and one for the machine, whatever the number of links and ticks; gradients,
Jacobians and second-order products are exact and agree with the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import VValue, ravel, restrict
from vvalues.support import Support

from .binding import bind_initial, bind_sources
from .differentials import evaluate
from .directions import DenseDirections, UnitDirections
from .evaluation import Evaluation
from .fallback import why_not_compiled
from .lowering import lower
from .machine import Machine
from .movement import Workspace
from .plan import make_plan
from .reference_program import ReferenceProgram
from .segments import SegmentedEvaluation
from .streams import Streams

__all__ = ["BoundProgram", "Program", "ReferenceProgram", "compile_machine"]

OUTPUT = (("output", "dict-1"), ("output", "dict-2"))


class Program:
    """A compiled machine.

    Parameters
    ----------
    machine, observed, stopped, recompute : see `compile_machine`

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
        *,
        recompute: bool | int = False,
    ) -> None:
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = frozenset(stopped)
        self.recompute = recompute
        self.support: Support = machine.trainable.support
        lowered = lower(machine, self.stopped)
        self.plan = make_plan(lowered.machine, self.observed)
        links, elements = self.plan.trainable
        self.plan.trainable = links, lowered.origin[elements]
        self.stopped_lowered = lowered.stopped
        self.live = np.zeros(self.support.size, dtype=bool)
        self.live[self.plan.trainable[1]] = True
        self.workspace = Workspace()
        self._stream_indices: dict[tuple[str, int], np.ndarray] = {}
        self._bound: WeakKeyDictionary[Streams, BoundProgram] = WeakKeyDictionary()

    def bind(self, streams: Streams) -> BoundProgram:
        """The program on given streams; remembered as long as the streams live."""
        bound = self._bound.get(streams)
        if bound is None:
            bound = self._bound[streams] = BoundProgram(self, streams, self._stream_indices)
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

        Examples
        --------
        >>> from dmm import compile_machine, text_streams
        >>> from dmm.zoo import duplicate_detector
        >>> detector = duplicate_detector()
        >>> program = compile_machine(detector)
        >>> observed = program(detector.trainable, text_streams("aa.", 40))
        >>> observed.shape, float(observed[0].max())
        ((2, 40, 1), 1.0)
        """
        return evaluate(self.flatten(trainable), self.bind(streams))

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

        Raises
        ------
        ValueError
            If the number of weights is not that of the compiled support.
        """
        return evaluate(weights, self.bind(streams))

    def jacobian(self, weights: np.ndarray, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
        """Values and their exact Jacobian with respect to flat weights, by forward mode.

        Returns
        -------
        values : array of shape (observed, ticks, strings)
        jacobian : array of shape (links, observed, ticks, strings)
        """
        return self.bind(streams).jacobian(weights)

    def stream_gradient(
        self, weights: np.ndarray, g: np.ndarray, streams: Streams
    ) -> dict[str, np.ndarray]:
        """Gradient with respect to the entries of the input streams.

        Parameters
        ----------
        weights : array, (links,)
        g : array, (observed, ticks, strings)
            Cotangent of the observed numbers.
        streams : Streams

        Returns
        -------
        dict of source neuron to array of shape (ticks, strings, columns)
            Zero where an entry is never emitted.
        """
        return self.bind(streams).stream_gradient(weights, g)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed streams with their keys, untraced: (observed, ticks, strings, columns).

        Column 0 is the ``:number``; the others are those of ``streams.keys`` (constants of the
        machine may append columns, see `BoundProgram.columns`).
        """
        return self.bind(streams).trace(np.asarray(self.flatten(trainable)))


class BoundProgram:
    """A program on one batch of streams; remembers its last forward pass.

    Attributes
    ----------
    columns : for every string, the `dmm.binding.Columns` of its keys
    """

    def __init__(
        self, program: Program, streams: Streams, indices: dict[tuple[str, int], np.ndarray]
    ) -> None:
        self.program_plan = program.plan
        self.n_weights = program.support.size
        self.workspace = program.workspace
        self.shapes = {name: array.shape for name, array in streams.arrays.items()}
        numbers, keys, self.columns = bind_sources(program.plan, streams, indices)
        self._indices = {name: indices.get((name, streams.ticks)) for name in streams.arrays}
        self._start = bind_initial(program.plan, self.columns, keys.shape[-1])
        arguments = program.plan, (numbers, keys), program.stopped_lowered, program.workspace
        self.evaluation: Evaluation | SegmentedEvaluation
        if program.recompute:
            length = None if program.recompute is True else int(program.recompute)
            self.evaluation = SegmentedEvaluation(*arguments, length=length)
        else:
            self.evaluation = Evaluation(*arguments)
        self._last: tuple[np.ndarray, Any] | None = None

    # -------------------- links and weights --------------------

    def links(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the live links, (machines, live links), from weights of all trainable ones."""
        if weights.shape[-1:] != (self.n_weights,) or weights.ndim > 2:
            raise ValueError(
                f"weights have shape {weights.shape}; this program needs ({self.n_weights},) "
                f"or (machines, {self.n_weights})"
            )
        flat = np.atleast_2d(weights)
        live, elements = self.program_plan.trainable
        out = np.empty((len(flat), len(self.program_plan.links)), flat.dtype)
        out[:] = self.program_plan.base
        out[:, live] += flat[:, elements]
        return out

    def unlink(self, gradient: np.ndarray) -> np.ndarray:
        """Gradient of all trainable weights, (machines, links), from that of the live links."""
        live, elements = self.program_plan.trainable
        out = np.zeros((self.n_weights, len(gradient)), gradient.dtype)
        if self.program_plan.shares_weights:
            np.add.at(out, elements, gradient[:, live].T)
        else:
            out[elements] = gradient[:, live].T
        return out.T

    # -------------------- values and derivatives --------------------

    def state(self, weights: np.ndarray) -> tuple[np.ndarray, Any]:
        """Observed numbers and state; the last state is kept for the derivatives."""
        if self._last is not None:
            known, state = self._last
            if known is weights and self.workspace.owner is state:
                return state.observed, state
        numbers, _, state = self.evaluation.forward(self.links(weights), self._start)
        state.observed = numbers
        self._last = weights, state
        return numbers, state

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Observed numbers, ([machines,] observed, ticks, strings)."""
        numbers, _ = self.state(weights)
        return numbers[0] if weights.ndim == 1 else numbers

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Gradient of ``sum(g * observed)``, of the shape of the weights."""
        _, state = self.state(weights)
        cotangent = g[None] if weights.ndim == 1 else g
        gradient = self.unlink(self.evaluation.adjoint(state, cotangent))
        return gradient[0] if weights.ndim == 1 else gradient

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Derivative of the observed numbers along a direction of the shape of the weights."""
        if weights.ndim == 2:
            pairs = zip(weights, direction, strict=True)
            return np.stack([self.pushforward(w, d) for w, d in pairs])
        _, state = self.state(weights)
        links, elements = self.program_plan.trainable
        live = np.zeros((1, len(self.program_plan.links)), direction.dtype)
        live[:, links] = direction[elements]
        return self.evaluation.tangent(state, DenseDirections(live))[0][0]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Program.jacobian`."""
        values, state = self.state(weights)
        links, elements = self.program_plan.trainable
        directions = UnitDirections(self.program_plan, links)
        columns, _ = self.evaluation.tangent(state, directions)
        element = np.zeros(len(self.program_plan.links), np.intp)
        element[links] = elements
        out = np.zeros((self.n_weights, *values.shape[1:]))
        if self.program_plan.shares_weights:
            np.add.at(out, element[directions.order], columns)
        else:
            out[element[directions.order]] = columns
        return values[0], out

    def stream_gradient(self, weights: np.ndarray, g: np.ndarray) -> dict[str, np.ndarray]:
        """See `Program.stream_gradient`."""
        _, state = self.state(weights)
        _, cotangents = self.evaluation.pull_back(state, g[None], with_sources=True)
        plan = self.program_plan
        found: dict[str, np.ndarray] = {}
        for group in plan.sources:
            for neuron in group.neurons if group.kind.is_source else ():
                index = self._indices.get(neuron)
                if index is None:
                    continue
                out: np.ndarray = np.zeros(self.shapes[neuron])
                found[neuron] = out
                emitted = np.flatnonzero(index >= 0)
                port = neuron, group.kind.writes[0].name
                numbers = cotangents.numbers[0, plan.slot_of[port], 1 + emitted]
                np.add.at(out[..., 0], index[emitted], numbers)
                if port in plan.key_slot_of:
                    width = out.shape[2] - 1
                    own_keys = cotangents.keys[0, plan.key_slot_of[port]]
                    keys = own_keys[1 + emitted, :, :width]
                    np.add.at(out[..., 1:], index[emitted], keys)
        return {name: found.get(name, np.zeros(shape)) for name, shape in self.shapes.items()}

    def trace(self, weights: np.ndarray) -> np.ndarray:
        """See `Program.trace`."""
        numbers, keys, _ = self.evaluation.forward(self.links(weights), self._start)
        n_observed, ticks, strings = numbers.shape[1:]
        out = np.zeros((n_observed, ticks, strings, 1 + self.evaluation.n_keys))
        out[..., 0] = numbers[0]
        if keys is not None:
            out[self.program_plan.observed_keyed, ..., 1:] = keys[0]
        return out


def compile_machine(
    machine: Machine,
    observed: Sequence[tuple[str, str]] = OUTPUT,
    *,
    stopped: Collection[tuple[str, str]] = (),
    recompute: bool | int = False,
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
    recompute : bool or int
        For long runs: store the state only every so many ticks (True: the square root of the
        number of ticks) and compute each segment once more for the derivatives. Memory then grows
        with the square root of the number of ticks, time by about one forward pass.

    Returns
    -------
    Program, or ReferenceProgram (with a warning that says why) for a machine that the compiled
    engine cannot run.

    Raises
    ------
    ValueError
        If an observed port does not exist.
    """
    _check_observed(machine, observed)
    reason = why_not_compiled(machine)
    if reason:
        warnings.warn(f"{reason}; this machine runs on the reference engine", stacklevel=2)
        return ReferenceProgram(machine, observed, stopped)
    return Program(machine, observed, stopped, recompute=recompute)


def _check_observed(machine: Machine, observed: Sequence[tuple[str, str]]) -> None:
    kinds: Mapping[str, str] = machine.neurons
    for neuron, field in observed:
        if neuron not in kinds:
            raise ValueError(
                f"observed port {neuron}/{field}: the machine has no neuron {neuron!r}"
            )
        if machine.type_of(neuron).read_field(field) is None:
            reads = ", ".join(f.name for f in machine.type_of(neuron).reads) or "nothing"
            raise ValueError(f"observed port {neuron}/{field}: {neuron!r} reads {reads}")
