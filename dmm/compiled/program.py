"""The compiled engine: a machine as one autograd primitive.

``compile_machine(machine)`` gives a `Program`. A program run costs one tape node for the tree
(`vvalues.ravel`) and one for the machine, whatever the number of links and ticks; gradients,
Jacobians and second-order products are exact and agree with the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from threading import get_ident, local
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Support, VValue, ravel, restrict
from vvalues.core.fused import evaluate

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..neurons.fields import names_of
from ..reference.judge import ReferenceProgram
from .binding import bind_initial, bind_sources
from .directions import DenseDirections, UnitDirections
from .evaluation import Evaluation
from .lowering import Lowered, Reason, lower
from .movement import Workspace
from .plan import Plan, make_plan
from .segments import SegmentedEvaluation

__all__ = ["BoundProgram", "Program", "compile_machine"]

OUTPUT = (("output", "dict-1"), ("output", "dict-2"))


class Program:
    """A compiled machine.

    Parameters
    ----------
    machine : Machine or Lowered
        One that is lowered already (`dmm.compiled.lower`) is taken as it is, with what it stops.
    observed, stopped, recompute : see `compile_machine`

    Attributes
    ----------
    machine : Machine
    observed : tuple of (neuron, input field)
    support : Support of the trainable matrix it was compiled for
    live : boolean array, per element of the trainable matrix
        Which trainable links can influence what is observed; the others have zero gradient.

    Raises
    ------
    ValueError
        If the compiled engine cannot run the machine; the message says why.

    Notes
    -----
    Large arrays are kept from one run to the next, for each thread its own: several threads may
    use one program at once. What `bind` returns is for the thread that asked.
    """

    engine = "compiled"

    def __init__(
        self,
        machine: Machine | Lowered,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
        *,
        recompute: bool | int = False,
    ) -> None:
        lowered = lower(machine, stopped) if isinstance(machine, Machine) else machine
        if isinstance(lowered, Reason):
            raise ValueError(f"{lowered}; take a ReferenceProgram, or compile_machine to choose")
        self.machine = lowered.original
        self.observed = tuple(observed)
        self.recompute = recompute
        self.support: Support = self.machine.trainable.support
        self.plan = make_plan(lowered, self.observed)
        self.live = np.zeros(self.support.size, dtype=bool)
        self.live[self.plan.trainable[1]] = True
        self._indices: dict[tuple[str, int], np.ndarray] = {}
        self._mine = _OfThread()

    def bind(self, streams: Streams) -> BoundProgram:
        """The program on given streams; remembered as long as the streams live."""
        mine = self._mine
        bound = mine.bound.get(streams)
        if bound is None:
            bound = mine.bound[streams] = BoundProgram(
                self.plan, streams, mine.workspace, self._indices, recompute=self.recompute
            )
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


class _OfThread(local):
    """What a program keeps for each thread that uses it."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.bound: WeakKeyDictionary[Streams, BoundProgram] = WeakKeyDictionary()


class BoundProgram:
    """A program on one batch of streams, for one thread; remembers its last forward pass.

    Parameters
    ----------
    plan : Plan
    streams : Streams
    workspace : Workspace
    indices : dict
        Remembers when sources emit what, see `dmm.compiled.binding.bind_sources`.
    recompute : bool or int
        See `compile_machine`.

    Attributes
    ----------
    columns : for every string, the `dmm.compiled.binding.Columns` of its keys
    """

    def __init__(
        self,
        plan: Plan,
        streams: Streams,
        workspace: Workspace,
        indices: dict[tuple[str, int], np.ndarray],
        *,
        recompute: bool | int,
    ) -> None:
        self.plan = plan
        self.workspace = workspace
        self._thread = get_ident()
        self.shapes = {name: array.shape for name, array in streams.arrays.items()}
        numbers, keys, self.columns = bind_sources(plan, streams, indices)
        self._indices = {name: indices.get((name, streams.ticks)) for name in streams.arrays}
        self._start = bind_initial(plan, self.columns, keys.shape[-1])
        self.evaluation: Evaluation | SegmentedEvaluation
        if recompute:
            length = None if recompute is True else int(recompute)
            self.evaluation = SegmentedEvaluation(plan, (numbers, keys), workspace, length=length)
        else:
            self.evaluation = Evaluation(plan, (numbers, keys), workspace)
        self._last: tuple[np.ndarray, Any] | None = None

    # -------------------- links and weights --------------------

    def links(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the live links, (machines, live links), from weights of all trainable ones."""
        if get_ident() != self._thread:
            raise RuntimeError("a bound program is for one thread: bind the program in each")
        if weights.dtype.kind not in "biufc":
            raise ValueError(f"weights are of type {weights.dtype}; expected numbers")
        if weights.shape[-1:] != (self.plan.n_weights,) or weights.ndim > 2:
            raise ValueError(
                f"weights have shape {weights.shape}; this program needs ({self.plan.n_weights},) "
                f"or (machines, {self.plan.n_weights})"
            )
        flat = np.atleast_2d(weights)
        live, elements = self.plan.trainable
        # Fixed weights and streams are float64, whatever the weights are.
        out = np.empty((len(flat), len(self.plan.links)), np.result_type(flat.dtype, np.float64))
        out[:] = self.plan.base
        out[:, live] += flat[:, elements]
        return out

    def unlink(self, gradient: np.ndarray) -> np.ndarray:
        """Gradient of all trainable weights, (machines, links), from that of the live links."""
        live, elements = self.plan.trainable
        out = np.zeros((self.plan.n_weights, len(gradient)), gradient.dtype)
        if self.plan.shares_weights:
            np.add.at(out, elements, gradient[:, live].T)
        else:
            out[elements] = gradient[:, live].T
        return out.T

    # -------------------- values and derivatives --------------------

    def state(self, weights: np.ndarray) -> tuple[np.ndarray, Any]:
        """Observed numbers and state; the last state is kept for the derivatives."""
        if self._last is not None and get_ident() == self._thread:
            known, state = self._last
            # By content: the caller may have changed the array in place since.
            is_same = known.dtype == weights.dtype and np.array_equal(known, weights)
            if is_same and self.workspace.owner is state:
                return state.observed, state
        numbers, _, state = self.evaluation.forward(self.links(weights), self._start)
        state.observed = numbers
        self._last = np.array(weights), state
        return numbers, state

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Observed numbers, ([machines,] observed, ticks, strings)."""
        numbers, _ = self.state(weights)
        return np.array(numbers[0] if weights.ndim == 1 else numbers)

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Gradient of ``sum(g * observed)``, of the shape of the weights."""
        _, state = self.state(weights)
        cotangent = g[None] if weights.ndim == 1 else g
        gradient = self.unlink(self.evaluation.pull_back(state, cotangent)[0])
        return gradient[0] if weights.ndim == 1 else gradient

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Derivative of the observed numbers along a direction of the shape of the weights."""
        if weights.ndim == 2:
            pairs = zip(weights, direction, strict=True)
            return np.stack([self.pushforward(w, d) for w, d in pairs])
        _, state = self.state(weights)
        links, elements = self.plan.trainable
        live = np.zeros((1, len(self.plan.links)), direction.dtype)
        live[:, links] = direction[elements]
        return self.evaluation.tangent(state, DenseDirections(live))[0][0]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Program.jacobian`."""
        values, state = self.state(weights)
        links, elements = self.plan.trainable
        directions = UnitDirections(self.plan, links)
        columns, _ = self.evaluation.tangent(state, directions)
        element = np.zeros(len(self.plan.links), np.intp)
        element[links] = elements
        out = np.zeros((self.plan.n_weights, *values.shape[1:]))
        if self.plan.shares_weights:
            np.add.at(out, element[directions.order], columns)
        else:
            out[element[directions.order]] = columns
        return np.array(values[0]), out

    def stream_gradient(self, weights: np.ndarray, g: np.ndarray) -> dict[str, np.ndarray]:
        """See `Program.stream_gradient`."""
        _, state = self.state(weights)
        _, cotangents = self.evaluation.pull_back(state, g[None], with_sources=True)
        found: dict[str, np.ndarray] = {}
        for group in self.plan.sources:
            for neuron in group.neurons if group.neuron_type.is_source else ():
                index = self._indices.get(neuron)
                if index is None:
                    continue
                out: np.ndarray = np.zeros(self.shapes[neuron])
                found[neuron] = out
                emitted = np.flatnonzero(index >= 0)
                port = neuron, group.neuron_type.writes[0].name
                numbers = cotangents.numbers[0, self.plan.slot_of[port], 1 + emitted]
                np.add.at(out[..., 0], index[emitted], numbers)
                if port in self.plan.key_slot_of:
                    width = out.shape[2] - 1
                    own_keys = cotangents.keys[0, self.plan.key_slot_of[port]]
                    keys = own_keys[1 + emitted, :, :width]
                    np.add.at(out[..., 1:], index[emitted], keys)
        return {name: found.get(name, np.zeros(shape)) for name, shape in self.shapes.items()}

    def trace(self, weights: np.ndarray) -> np.ndarray:
        """See `Program.trace`."""
        live = self.links(weights)
        numbers, keys, _ = self.evaluation.forward(live, self._start, with_keys=True)
        n_observed, ticks, strings = numbers.shape[1:]
        out = np.zeros((n_observed, ticks, strings, 1 + self.evaluation.n_keys))
        out[..., 0] = numbers[0]
        if keys is not None:
            out[self.plan.observed_keyed, ..., 1:] = keys[0]
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
    lowered = lower(machine, stopped)
    if isinstance(lowered, Reason):
        warnings.warn(f"{lowered}; this machine runs on the reference engine", stacklevel=2)
        return ReferenceProgram(machine, observed, stopped)
    return Program(lowered, observed, recompute=recompute)


def _check_observed(machine: Machine, observed: Sequence[tuple[str, str]]) -> None:
    for neuron, field in observed:
        if neuron not in machine.neurons:
            raise ValueError(
                f"observed port {neuron}/{field}: the machine has no neuron {neuron!r}"
            )
        if machine.type_of(neuron).read_field(field) is None:
            reads = names_of(machine.type_of(neuron).reads)
            raise ValueError(f"observed port {neuron}/{field}: {neuron!r} reads {reads}")
