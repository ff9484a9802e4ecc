"""Stream tasks: strings in, numbers out at every tick, and a machine to be found between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from dmm import Machine, Streams, compile_machine
from vvalues import VValue

from ..models import OUTPUT, MachineModel
from ..objective import MachineObjective
from ..protocols import Model

__all__ = ["Example", "StreamTask", "targets_of_machine"]


@dataclass(frozen=True)
class Example:
    """Streams with the targets that belong to them.

    Attributes
    ----------
    inputs : Streams
    targets : array of shape (observed, ticks, strings)
    """

    inputs: Streams
    targets: np.ndarray


@dataclass(frozen=True)
class StreamTask:
    """A task on streams, for machines.

    Attributes
    ----------
    name, summary : str
    draw : rng -> Streams
        Random strings that determine the task.
    specification : Streams -> array of shape (observed, ticks, strings)
        What is asked at every tick.
    held_out_streams : () -> sequence of Streams
        Strings that no decision is made on.
    space : rng -> Machine
        Search space with random initial weights.
    observed : input ports whose ``:number`` is compared with the targets
    """

    name: str
    summary: str
    draw: Callable[[np.random.Generator], Streams]
    specification: Callable[[Streams], np.ndarray]
    held_out_streams: Callable[[], Sequence[Streams]]
    space: Callable[[np.random.Generator], Machine]
    observed: Sequence[tuple[str, str]] = field(default=OUTPUT)

    def example(self, streams: Streams) -> Example:
        """Streams with their targets."""
        return Example(streams, self.specification(streams))

    def batch(self, rng: np.random.Generator) -> tuple[Streams, np.ndarray]:
        """Random training strings and their targets."""
        streams = self.draw(rng)
        return streams, self.specification(streams)

    def loss(self, predictions: Any, targets: np.ndarray) -> float:
        """Squared error summed over outputs and ticks, mean over strings."""
        return anp.sum((predictions - targets) ** 2) / targets.shape[-1]

    @cached_property
    def held_out(self) -> tuple[Example, ...]:
        """Held-out strings with their targets."""
        return tuple(self.example(streams) for streams in self.held_out_streams())

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Figures on held-out strings.

        Returns
        -------
        dict
            ``held_out_loss`` (squared error summed over everything), ``held_out_max_element``
            (largest squared error of one output at one tick), ``held_out_per_element`` (mean).
        """
        errors = [
            (model(parameters, example.inputs) - example.targets) ** 2 for example in self.held_out
        ]
        total = float(sum(np.sum(e) for e in errors))
        count = sum(e.size for e in errors)
        return {
            "held_out_loss": total,
            "held_out_max_element": float(max(np.max(e) for e in errors)),
            "held_out_per_element": total / count,
        }

    def model(self, rng: np.random.Generator) -> MachineModel:
        """The search space as a model, with its random initial weights."""
        return MachineModel(self.space(rng), observed=self.observed)

    def objective(self, model: MachineModel, rng: np.random.Generator) -> MachineObjective:
        """Squared error on one random batch."""
        return MachineObjective(model, *self.batch(rng))


def targets_of_machine(
    machine: Machine, observed: Sequence[tuple[str, str]] = OUTPUT
) -> Callable[[Streams], np.ndarray]:
    """The specification "do what this machine does"."""
    program = compile_machine(machine, observed)
    return lambda streams: program(machine.trainable, streams)
