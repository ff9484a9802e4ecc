"""Long lives in little memory: parts of them are run again instead of being kept.

What a tick leaves behind is what its neurons emitted, the matrix among it. So a life can be cut
anywhere: what was sent at every cut is kept, and derivatives run every part once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sweeps import Gradients, Start, Sweeps

__all__ = ["CutLife", "RecomputedSweeps"]


@dataclass
class CutLife:
    """What is kept of a run: what was sent at every cut, and the observed numbers."""

    start: Start
    sent: list[np.ndarray | None]
    observed: np.ndarray


class RecomputedSweeps:
    """The interface of `Sweeps`, part after part.

    Parameters
    ----------
    sweeps : Sweeps
        Of the whole run; it is never run as a whole.
    length : int
        Ticks of a part.

    Raises
    ------
    ValueError
        If parts have no tick.
    """

    def __init__(self, sweeps: Sweeps, length: int) -> None:
        if length < 1:
            raise ValueError(f"recompute is {length}; expected True, False or a number of ticks")
        ticks = sweeps.ticks
        self.parts = [sweeps.part(a, min(length, ticks - a)) for a in range(0, ticks, length)]

    def forward(self, start: Start) -> CutLife:
        """As `Sweeps.forward`."""
        sent: list[np.ndarray | None] = [None]
        observed = []
        for part in self.parts:
            life = part.forward(start, sent[-1])
            observed.append(np.array(part.observed(life)))
            sent.append(np.array(life.slots.at[-1].flat))
        return CutLife(start, sent[:-1], np.concatenate(observed, axis=1))

    def observed(self, life: CutLife) -> np.ndarray:
        """As `Sweeps.observed`."""
        return life.observed

    def pull_back(self, life: CutLife, g: np.ndarray) -> Gradients:
        """As `Sweeps.pull_back`."""
        end: np.ndarray | None = None
        still = np.zeros_like(life.start.still)
        for part, sent in zip(reversed(self.parts), reversed(life.sent), strict=True):
            own = g[:, part.first : part.first + part.ticks]
            found, end = part.pull_back_from(part.forward(life.start, sent), own, end)
            still = still + found.still
        return Gradients(still, found.held)  # only the first part begins with the holder's stream

    def push_forward(self, life: CutLife, direction: Start) -> np.ndarray:
        """As `Sweeps.push_forward`."""
        tangents: np.ndarray | None = None
        out = []
        for part, sent in zip(self.parts, life.sent, strict=True):
            run = part.forward(life.start, sent)
            own, tangents = part.push_forward_from(run, direction, tangents)
            out.append(own)
        return np.concatenate(out, axis=2)
