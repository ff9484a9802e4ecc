"""The state of a run: everything its next unit of work depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from vvalues import VValue

from .records import Record

__all__ = ["DONE", "State", "generator_from", "generator_state"]

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

DONE = "done"
"""Phase of a state from which nothing follows."""

S = TypeVar("S", bound="State")


@dataclass(frozen=True)
class State:
    """What the states of all processes have in common; immutable.

    A process adds the fields it needs. A checkpoint can keep them if they are V-values, arrays,
    numbers, text, and tuples, mappings, dataclasses and named tuples of these.

    Attributes
    ----------
    parameters : VValue
        What is being worked on.
    loss : float
        Its training loss.
    step : int
        Steps so far: gradient steps, generations, cycles - whatever the process counts.
    phase : str
        What goes on from here; "done" at the end.
    rng : mapping
        State of the random generator.

    Examples
    --------
    >>> state = State(VValue({"a": 1.0, "b": 2.0}), loss=0.5, phase="polish")
    >>> state.links, state.phase
    (2, 'polish')
    """

    parameters: VValue
    loss: float = float("inf")
    step: int = 0
    phase: str = ""
    rng: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the process has ended."""
        return self.phase == DONE

    @property
    def links(self) -> int:
        """Number of links: leaves of the parameters, where a process does not know better."""
        return len(self.parameters)

    def generator(self) -> np.random.Generator:
        """A generator in the stored state."""
        return generator_from(self.rng)

    def after(self: S, rng: np.random.Generator, **changes: Any) -> S:
        """The state after random numbers have been drawn, with other changes."""
        return replace(self, rng=generator_state(rng), **changes)

    def record(self, event: str, **details: Any) -> Record:
        """A record of the state as it is."""
        return Record(
            event=event,
            phase=self.phase,
            step=self.step,
            loss=self.loss,
            links=self.links,
            l1=float(np.sum(np.abs(self.parameters.buffer))),
            details=details,
        )


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """JSON-compatible state of a Generator.

    Examples
    --------
    >>> state = generator_state(np.random.default_rng(0))
    >>> generator_from(state).random() == np.random.default_rng(0).random()
    True
    """
    return dict(rng.bit_generator.state)


def generator_from(state: Mapping[str, Any]) -> np.random.Generator:
    """A Generator in a stored state.

    Raises
    ------
    ValueError
        If it is of no bit generator of numpy's, or malformed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> state = generator_state(rng)
    >>> rng.random() == generator_from(state).random()
    True
    """
    name = state.get("bit_generator")
    if name not in BIT_GENERATORS:
        raise ValueError(
            f"random state is of bit generator {name!r:.60}; expected one of "
            f"{', '.join(BIT_GENERATORS)}"
        )
    bits = getattr(np.random, name)()
    try:
        bits.state = dict(state)
    except (TypeError, KeyError, ValueError, OverflowError, AttributeError) as error:
        raise ValueError(f"random state is malformed: {error!r:.80}") from None
    return np.random.Generator(bits)
