"""Long runs in little memory: segments are computed again instead of being stored.

A machine's memory at one time is what its neurons just emitted, because a link reads the tick
before and nothing else. So a run can be cut anywhere: the forward pass keeps that memory at every
cut, and the derivatives run each segment once more.

A segment costs something by itself, whatever its length: as much as some 100 ticks of a small
machine. Segments of the square root of the number of ticks need least memory and, at a thousand
ticks, seven times the time. So they are as long as makes their own cost small, as long as the one
that is stored is no more than a quarter of the run; in very long runs both the cuts and the segment
grow with the square root.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from .directions import Directions
from .evaluation import Evaluation, Outputs
from .movement import Signals, Workspace
from .plan import Plan

__all__ = ["SegmentedEvaluation", "SegmentedState", "segment_length"]


SHORTEST = 32  # ticks; below that memory is no matter
LONG = 256  # ticks; a segment's own cost is a third of its work then, at one string
LARGEST_SHARE = 4  # a segment is no more than this part of the run


@dataclass
class SegmentedState:
    """What a segmented forward pass leaves behind: the memory at every cut."""

    weights: np.ndarray
    starts: list[Outputs | None]
    observed: np.ndarray | None = None


class SegmentedEvaluation:
    """A plan bound to sources, evaluated in segments; the interface of `Evaluation`.

    Parameters
    ----------
    plan, sources, workspace : as for `Evaluation`
    length : int, optional
        Ticks per segment; `segment_length` when omitted.
    """

    def __init__(
        self,
        plan: Plan,
        sources: tuple[np.ndarray, np.ndarray],
        workspace: Workspace | None = None,
        *,
        length: int | None = None,
    ) -> None:
        numbers, keys = sources
        self.n_keys = keys.shape[3]
        self.workspace = Workspace() if workspace is None else workspace
        ticks = numbers.shape[1] - 1
        length = segment_length(ticks) if length is None else length
        self.spans = [(a, min(a + length, ticks)) for a in range(0, ticks, length)]
        self.segments = [
            Evaluation(plan, (numbers[:, a : b + 1], keys[:, a : b + 1]), self.workspace)
            for a, b in self.spans
        ]

    def forward(
        self, weights: np.ndarray, start: Outputs | None = None, *, with_keys: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None, SegmentedState]:
        """As `Evaluation.forward`."""
        numbers, keys = [], []
        state = SegmentedState(weights, [])
        for segment in self.segments:
            state.starts.append(start)
            number, key, inner = segment.forward(weights, start, with_keys=with_keys)
            numbers.append(number)
            if key is not None:
                keys.append(key)
            start = _copied(inner.signals.at(-1))
        self.workspace.owner = state
        every_key = np.concatenate(keys, 2) if keys else None
        return np.concatenate(numbers, 2), every_key, state

    def pull_back(
        self, state: SegmentedState, observed: np.ndarray, *, with_sources: bool = False
    ) -> tuple[np.ndarray, Signals]:
        """As `Evaluation.pull_back`, over the whole run."""
        end: Outputs | None = None
        gradient = np.zeros_like(state.weights)
        numbers, keys = [], []
        for segment, (a, b), start in zip(
            reversed(self.segments), reversed(self.spans), reversed(state.starts), strict=True
        ):
            _, _, inner = segment.forward(state.weights, start)
            part, cotangents = segment.pull_back(
                inner, observed[:, :, a:b], end, with_sources=with_sources
            )
            gradient += part
            if with_sources:
                n, k = segment.n_sources
                numbers.append(cotangents.numbers[:, :n])
                keys.append(cotangents.keys[:, :k])
            end = _copied(cotangents.at(0))
        self.workspace.owner = state
        return gradient, _joined(numbers, keys)

    def tangent(
        self, state: SegmentedState, directions: Directions
    ) -> tuple[np.ndarray, Signals | None]:
        """As `Evaluation.tangent`, over the whole run."""
        numbers = []
        tangent_start: Outputs | None = None
        for segment, start in zip(self.segments, state.starts, strict=True):
            _, _, inner = segment.forward(state.weights, start)
            number, tangents = segment.tangent(inner, directions, tangent_start)
            numbers.append(number)
            tangent_start = _copied(tangents.at(-1))
        self.workspace.owner = state
        return np.concatenate(numbers, 2), None


def segment_length(ticks: int) -> int:
    """How many ticks to store at a time.

    Examples
    --------
    >>> [segment_length(ticks) for ticks in (50, 400, 4_000, 1_000_000)]
    [32, 100, 256, 1000]
    """
    return max(SHORTEST, min(max(LONG, ceil(sqrt(ticks))), ceil(ticks / LARGEST_SHARE)))


def _copied(outputs: Outputs) -> Outputs:
    return np.array(outputs[0]), np.array(outputs[1])


def _joined(numbers: list[np.ndarray], keys: list[np.ndarray]) -> Signals:
    """Cotangents of the sources over the whole run, from segments in reverse order.

    The entry at a cut belongs to both segments: the one before it carried it along already.
    """
    if not numbers:
        return Signals(np.zeros((0, 0, 1, 0)), np.zeros((0, 0, 1, 0, 0)))

    def join(parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([parts[-1][:, :, :1], *(part[:, :, 1:] for part in parts[::-1])], 2)

    return Signals(join(numbers), join(keys))
