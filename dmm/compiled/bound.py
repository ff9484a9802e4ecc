"""A program on one batch of streams: values and derivatives, with the last run remembered."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import numpy as np

from ..machine.streams import Streams
from .binding import bind_initial, bind_sources
from .directions import DenseDirections, UnitDirections
from .evaluation import Evaluation
from .movement import Workspace
from .plan import Plan
from .segments import SegmentedEvaluation

__all__ = ["BoundProgram"]


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

    Examples
    --------
    >>> from dmm.compiled import Program
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> program = Program(detector, [("output", "dict-1")], engine="numpy")
    >>> bound, weights = program.bind(text_streams("aa.", 30)), program.flatten(detector.trainable)
    >>> bound.forward(weights)[0, -1], bound.pushforward(weights, weights)[0, -1]
    (array([1.]), array([6.]))
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
        if self._last is not None:
            known, state = self._last
            if self.workspace.owner is state and self._is_same(known, weights):
                return state.observed, state
        numbers, _, state = self.evaluation.forward(self.links(weights), self._start)
        state.observed = numbers
        self._last = np.array(np.atleast_2d(weights)), state
        return numbers, state

    def _is_same(self, known: np.ndarray, weights: np.ndarray) -> bool:
        """Whether these are the known weights, (machines, links), and the thread is the same."""
        if get_ident() != self._thread or known.dtype != weights.dtype:
            return False
        # By content: the caller may have changed the array in place since.
        return np.array_equal(known, np.atleast_2d(weights))

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Observed numbers, ([machines,] observed, ticks, strings)."""
        numbers, _ = self.state(weights)
        return np.array(numbers[0] if weights.ndim == 1 else numbers)

    def values(self, weights: np.ndarray) -> np.ndarray:
        """As `forward`, where no derivatives at these weights are to follow."""
        return self.forward(weights)

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
        found: dict[str, np.ndarray]
        found = {name: np.zeros(shape) for name, shape in self.shapes.items()}
        for group in self.plan.sources:
            for neuron in group.neurons if group.neuron_type.is_source else ():
                index = self._indices.get(neuron)
                if index is None:
                    continue
                out = found[neuron]
                emitted = np.flatnonzero(index >= 0)
                port = neuron, group.neuron_type.writes[0].name
                numbers = cotangents.numbers[0, self.plan.slot_of[port], 1 + emitted]
                np.add.at(out[..., 0], index[emitted], numbers)
                if port in self.plan.key_slot_of:
                    width = out.shape[2] - 1
                    own_keys = cotangents.keys[0, self.plan.key_slot_of[port]]
                    keys = own_keys[1 + emitted, :, :width]
                    np.add.at(out[..., 1:], index[emitted], keys)
        return found

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
