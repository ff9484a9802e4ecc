"""Evaluation of a plan: all ticks at once, forwards, backwards, and along tangents.

Pure numpy, no autograd. The blocks do the work (`dmm.compiled.parallel`, `dmm.compiled.loops`);
this module lines them up and exchanges signals between them.
"""

from __future__ import annotations

import numpy as np

from .directions import Directions
from .loops import LoopBlock
from .movement import Signals, State, Workspace, pull, read
from .parallel import ParallelBlock, push
from .plan import Plan

__all__ = ["Evaluation", "State"]

Outputs = tuple[np.ndarray, np.ndarray]
"""Outputs of all slots at one time: numbers (machines, slots, strings) and keys."""


class Evaluation:
    """A plan bound to sources.

    Parameters
    ----------
    plan : Plan
    sources : (numbers, keys)
        Outputs of the sources, as from `bind_sources`.
    workspace : Workspace, optional
        Where to keep large arrays; evaluations that share one must not be interleaved.
    """

    def __init__(
        self,
        plan: Plan,
        sources: tuple[np.ndarray, np.ndarray],
        workspace: Workspace | None = None,
    ) -> None:
        self.plan = plan
        self.sources = sources
        self.workspace = Workspace() if workspace is None else workspace
        self.ticks = sources[0].shape[1] - 1
        self.strings = sources[0].shape[2]
        self.n_keys = sources[1].shape[3]
        self.n_sources = len(sources[0]), len(sources[1])
        self.blocks = [
            LoopBlock(plan, i, self.workspace)
            if block.is_loop
            else ParallelBlock(block, plan.stopped, plan.trainable[0])
            for i, block in enumerate(plan.blocks)
        ]

    # -------------------- forward --------------------

    def forward(
        self, weights: np.ndarray, start: Outputs | None = None, *, with_keys: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None, State]:
        """Run the machine.

        Parameters
        ----------
        weights : array, (machines, live links)
        start : (numbers, keys), optional
            What all slots emitted before the first tick; zero when omitted. Entries of sources
            are ignored (they are in ``sources``).
        with_keys : bool
            Whether to compute the keys of the observed streams too.

        Returns
        -------
        numbers : array, (machines, observed, ticks, strings)
        keys : array, (machines, keyed observed, ticks, strings, keys), or None where not asked for
            or where there are none
        state : State
            Lives in the workspace: valid until the next forward pass there.
        """
        state = self._run(weights, start, is_wild=False)
        if not state.signals.is_finite():
            state = self._run(weights, start, is_wild=True)
        self.workspace.owner = state
        return *read(self.plan.sink, state, state.signals, with_keys=with_keys), state

    def _run(self, weights: np.ndarray, start: Outputs | None, *, is_wild: bool) -> State:
        state = State(weights, self._signals(weights, start))
        state.signals.is_wild = is_wild
        with np.errstate(invalid=None if is_wild else "ignore"):
            for block in self.blocks:
                state.records.append(block.forward(state))
        return state

    def _signals(self, weights: np.ndarray, start: Outputs | None) -> Signals:
        plan, machines = self.plan, len(weights)
        shape = (machines, plan.n_slots, self.ticks + 1, self.strings)
        key_shape = (machines, plan.n_key_slots, *shape[2:], self.n_keys)
        numbers = self.workspace.take("numbers", shape, weights.dtype)
        keys = self.workspace.take("keys", key_shape, weights.dtype)
        # Every slot is written at all times but 0.
        numbers[:, :, 0] = 0.0 if start is None else start[0]
        keys[:, :, 0] = 0.0 if start is None else start[1]
        numbers[:, : self.n_sources[0]] = self.sources[0]
        keys[:, : self.n_sources[1]] = self.sources[1]
        return Signals(numbers, keys)

    def linearise(self, state: State) -> list:
        """Local partial derivatives of all blocks, computed once per state."""
        if state.partials is None:
            state.partials = [
                block.linearise(record)
                for block, record in zip(self.blocks, state.records, strict=True)
            ]
        return state.partials

    # -------------------- reverse mode --------------------

    def pull_back(
        self,
        state: State,
        observed: np.ndarray,
        end: Outputs | None = None,
        *,
        with_sources: bool = False,
    ) -> tuple[np.ndarray, Signals]:
        """Gradient with respect to the live links.

        Parameters
        ----------
        state : State
        observed : array, (machines, observed, ticks, strings)
            Cotangent of the observed numbers.
        end : (numbers, keys), optional
            Cotangent of what all slots emit at the last tick, from the segments after it.
        with_sources : bool
            Whether to compute the cotangents of the sources' outputs too.

        Returns
        -------
        gradient : array, (machines, live links)
        cotangents : Signals
            Of all slots; entry 0 in time is the cotangent of the start. Without
            ``with_sources`` the slots of sources hold zeros.
        """
        for is_wild in (state.signals.is_wild, True):
            gradient, cotangents = self._pull_back(state, observed, end, with_sources, is_wild)
            if is_wild or cotangents.is_finite():
                break
        return gradient, cotangents

    def _pull_back(
        self,
        state: State,
        observed: np.ndarray,
        end: Outputs | None,
        with_sources: bool,
        is_wild: bool,
    ) -> tuple[np.ndarray, Signals]:
        partials = self.linearise(state)
        signals = state.signals
        cotangents = Signals(np.zeros_like(signals.numbers), np.zeros_like(signals.keys), is_wild)
        if end is not None:
            cotangents.numbers[:, :, -1] = end[0]
            cotangents.keys[:, :, -1] = end[1]
        gradient = np.zeros_like(state.weights)
        quiet = (0, 0) if with_sources else self.n_sources
        pull(self.plan.sink, observed, None, state, cotangents, gradient, quiet)
        for evaluator, partial, record in zip(
            reversed(self.blocks), reversed(partials), reversed(state.records), strict=True
        ):
            if isinstance(evaluator, LoopBlock):
                evaluator.adjoint(partial, record, cotangents, gradient, with_sources=with_sources)
                continue
            rows, key_rows = evaluator.adjoint(partial, state, cotangents, gradient)
            pull(evaluator.block, rows, key_rows, state, cotangents, gradient, quiet)
        return gradient, cotangents

    # -------------------- forward mode --------------------

    def tangent(
        self, state: State, directions: Directions, start: Outputs | None = None
    ) -> tuple[np.ndarray, Signals]:
        """Derivatives of the observed numbers along directions in the live links.

        Parameters
        ----------
        state : State of one machine
        directions : Directions
            Dense ones (`DenseDirections`), or one per link (`UnitDirections`: the Jacobian).
        start : (numbers, keys), optional
            Tangents of what all slots emitted before the first tick.

        Returns
        -------
        numbers : array, (directions, observed, ticks, strings)
        tangents : Signals, with directions in place of machines
        """
        for is_wild in (state.signals.is_wild, True):
            numbers, tangents = self._tangent(state, directions, start, is_wild)
            if is_wild or tangents.is_finite():
                break
        return numbers, tangents

    def _tangent(
        self, state: State, directions: Directions, start: Outputs | None, is_wild: bool
    ) -> tuple[np.ndarray, Signals]:
        partials = self.linearise(state)
        signals = state.signals
        dtype = np.result_type(signals.numbers.dtype, directions.dtype)
        tangents = Signals(
            np.zeros((len(directions), *signals.numbers.shape[1:]), dtype),
            np.zeros((len(directions), *signals.keys.shape[1:]), dtype),
            is_wild,
        )
        if start is not None:
            tangents.numbers[:, :, 0], tangents.keys[:, :, 0] = start
        for i, (evaluator, partial) in enumerate(zip(self.blocks, partials, strict=True)):
            active = tangents.first(directions.n_active(i))
            if not len(active.numbers):
                continue
            if isinstance(evaluator, LoopBlock):
                evaluator.tangent(partial, state.records[i], directions, active)
            else:
                evaluator.tangent(partial, state, directions, active)
        sink = self.plan.sink
        return push(sink, state, directions, tangents, with_keys=False)[0], tangents
