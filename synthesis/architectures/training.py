"""What the trainings of all architectures share: a seed, a memory, an outcome, an identity.

A training is a `synthesis.process.StoredProcess` of a model, a task and settings. Its state keeps
the optimizer's memory beside the parameters, so that it goes on to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np

from ..optimize.optimizers import Optimizer, state_leaves, with_state_leaves
from ..process.codec import to_plain
from ..process.models import Model, Task
from ..process.process import Event, Outcome, Process
from ..process.records import Record
from ..process.state import State
from ..tasks.descriptions import described

__all__ = ["Seed", "Training", "TrainingState", "driven_by", "kept", "seed_of"]

Seed = int | tuple[int, ...]
"""What `numpy.random.default_rng` makes a generator of."""

S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class TrainingState(State):
    """A network in training.

    Attributes
    ----------
    moments : tuple
        Leaves of the optimizer's state.
    """

    moments: tuple[Any, ...] = ()

    def memory(self, optimizer: Optimizer) -> Any:
        """The optimizer's state that the moments are leaves of."""
        return with_state_leaves(optimizer.init(self.parameters), list(self.moments))


def kept(memory: Any) -> tuple[Any, ...]:
    """An optimizer's state as `TrainingState.moments`."""
    return tuple(state_leaves(memory))


class Training:
    """The part of a `StoredProcess` that does not depend on the architecture.

    A subclass is a frozen dataclass with ``model``, ``task``, ``settings`` and ``seed``, and the
    methods `start` and `advance`.

    Attributes
    ----------
    name : str
        In `synthesis.runs.catalogue`.
    types : tuple of classes
        That states are made of.
    """

    name: ClassVar[str]
    types: ClassVar[tuple[type, ...]]

    model: Model
    task: Task
    settings: Any
    seed: Seed

    @property
    def rng(self) -> np.random.Generator:
        """The generator that a run of this seed starts with."""
        return np.random.default_rng(self.seed)

    @property
    def seconds(self) -> float:
        """Wall-clock limit of a run: none, trainings count their steps."""
        return math.inf

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Model, task, settings and seed in words; JSON-compatible."""
        return {
            "process": self.name,
            "model": self.model.description,  # type: ignore[attr-defined]
            "task": described(self.task),
            "settings": to_plain(self.settings),
            "seed": to_plain(self.seed),
        }

    def outcome(self, state: Any, records: list[Record]) -> Outcome:
        """The parameters of a state, with the task's figures."""
        figures = self.task.evaluate(self.model, state.parameters)
        return Outcome(state.parameters, state.loss, figures, records)


def seed_of(plain: Any) -> Seed:
    """A seed from an identity."""
    return tuple(plain) if isinstance(plain, list) else plain


def driven_by(process: Process[S], state: S, rng: np.random.Generator) -> Iterator[Event]:
    """The events of a process that draws from the caller's generator.

    For helpers that are handed a generator: what the caller draws between two events counts.
    """
    while not state.is_done:
        state, records = process.advance(state.after(rng))
        rng.bit_generator.state = dict(state.rng)
        yield Event(state, records)
