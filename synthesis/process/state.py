"""State of a run: everything the next unit of work depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vvalues import VValue

from .records import Front, Record

__all__ = ["SearchState", "generator_from", "generator_state"]


@dataclass(frozen=True)
class SearchState:
    """Immutable; each unit of work maps one state to the next.

    Attributes
    ----------
    phase : str
        Name of the phase that goes on from here; "done" at the end.
    parameters : VValue
        The machine being worked on.
    loss : float
        Its training loss.
    step : int
        Gradient and least-squares steps so far.
    moments : tuple of V-values and numbers
        Leaves of the optimizer's state (see `synthesis.optimize.optimizers.state_leaves`).
    memo : mapping of str to number or str
        Counters and bounds of the current phase.
    passes : mapping of str to int
        Counters of the whole run: ``rescues``, ``failures`` in a row, ``regrowths``.
    reserve : tuple of VValue
        Further starts (lanes of a population), most promising first.
    best : VValue or None
        The best machine of earlier passes.
    best_loss : float
    front : Front
    rng : mapping
        State of the random generator.
    """

    phase: str
    parameters: VValue
    loss: float = float("inf")
    step: int = 0
    moments: tuple[Any, ...] = ()
    memo: Mapping[str, Any] = field(default_factory=dict)
    passes: Mapping[str, int] = field(default_factory=dict)
    reserve: tuple[VValue, ...] = ()
    best: VValue | None = None
    best_loss: float = float("inf")
    front: Front = field(default_factory=Front)
    rng: Mapping[str, Any] = field(default_factory=dict)

    def to(self, phase: str, **changes: Any) -> SearchState:
        """The state at the beginning of another phase: its memo starts empty."""
        return replace(self, phase=phase, **{"memo": {}, "moments": (), **changes})

    def with_memo(self, **changes: Any) -> SearchState:
        """The state with some entries of the memo replaced."""
        return replace(self, memo={**self.memo, **changes})

    def record(self, event: str, **details: Any) -> Record:
        """A record of the state as it is."""
        return Record(
            event=event,
            phase=self.phase,
            step=self.step,
            loss=self.loss,
            links=len(self.parameters),
            l1=float(np.sum(np.abs(self.parameters.buffer))),
            details=details,
        )


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """JSON-compatible state of a Generator."""
    return dict(rng.bit_generator.state)


def generator_from(state: Mapping[str, Any]) -> np.random.Generator:
    """A Generator in a stored state.

    Raises
    ------
    ValueError
        If numpy does not have that bit generator.
    """
    name = state.get("bit_generator")
    kind = getattr(np.random, str(name), None)
    if kind is None:
        raise ValueError(f"random state is of bit generator {name!r}, which numpy does not have")
    bits = kind()
    bits.state = dict(state)
    return np.random.Generator(bits)
