"""Stream tasks: strings in, numbers out at every tick, and a machine to be found between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from dmm import Machine, Streams, compile_machine
from dmm.machine import SOURCES
from vvalues import VValue

from ...optimize.objective import MachineObjective
from ...process.models import OUTPUT, MachineModel, Model
from .spaces import named_space

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

    def batches(
        self, rng: np.random.Generator, size: int = 2
    ) -> tuple[tuple[Streams, np.ndarray], ...]:
        """The strings in random small batches, each string in one of them."""
        order = rng.permutation(len(self.inputs))
        parts = [order[i : i + size] for i in range(0, len(order), size)]
        return tuple((self.inputs.select(part), self.targets[..., part]) for part in parts)


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
    sources : output ports that a search space may start from
    draw_pool : rng -> Streams, optional
        Strings for recurrent machines; eight batches of ``draw`` when omitted.
    """

    name: str
    summary: str
    draw: Callable[[np.random.Generator], Streams]
    specification: Callable[[Streams], np.ndarray]
    held_out_streams: Callable[[], Sequence[Streams]]
    space: Callable[[np.random.Generator], Machine]
    observed: Sequence[tuple[str, str]] = field(default=OUTPUT)
    sources: Sequence[tuple[str, str]] = field(default=SOURCES)
    draw_pool: Callable[[np.random.Generator], Streams] | None = None

    def pool(self, rng: np.random.Generator) -> Example:
        """Many strings, for training on small batches (recurrent machines need them)."""
        if self.draw_pool is not None:
            return self.example(self.draw_pool(rng))
        parts = [self.batch(rng) for _ in range(8)]
        inputs = concatenated([inputs for inputs, _ in parts])
        return Example(inputs, np.concatenate([targets for _, targets in parts], axis=-1))

    @staticmethod
    def from_streams(inputs: Any, targets: Any, **options: Any) -> StreamTask:
        """A task from a user's own data; see `task_from_streams`."""
        from .from_streams import task_from_streams

        return task_from_streams(inputs, targets, **options)

    def with_space(self, name: str) -> StreamTask:
        """The same task in another search space (see `synthesis.tasks.streams.spaces.named_space`).

        Its name is ``TASK@SPACE``, which `synthesis.tasks.get_task` understands.
        """
        stem = self.name.partition("@")[0]
        return replace(self, name=f"{stem}@{name}", space=named_space(name, self.sources))

    def example(self, streams: Streams) -> Example:
        """Streams with their targets."""
        return Example(streams, self.specification(streams))

    def batch(self, rng: np.random.Generator) -> tuple[Streams, np.ndarray]:
        """Random training strings and their targets."""
        streams = self.draw(rng)
        return streams, self.specification(streams)

    def loss(self, predictions: Any, targets: np.ndarray) -> float:
        """Squared error summed over outputs and ticks (not where a target is NaN), mean over
        strings."""
        is_asked = ~np.isnan(targets)
        error = (predictions - np.nan_to_num(targets)) * is_asked
        return anp.sum(error**2) / targets.shape[-1]

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
        with np.errstate(all="ignore"):
            squares = [
                (model(parameters, example.inputs) - example.targets) ** 2
                for example in self.held_out
            ]
        asked = np.concatenate(
            [
                square[~np.isnan(example.targets)]
                for square, example in zip(squares, self.held_out, strict=True)
            ]
        )
        return {
            "held_out_loss": float(np.sum(asked)),
            "held_out_max_element": float(np.max(asked, initial=0.0)),
            "held_out_per_element": float(np.mean(asked)) if asked.size else 0.0,
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


def concatenated(batches: Sequence[Streams]) -> Streams:
    """Batches of streams of equal length as one."""
    width = max(streams.columns for streams in batches)

    def padded(array: np.ndarray) -> np.ndarray:
        return np.pad(array, ((0, 0), (0, 0), (0, width - array.shape[2])))

    arrays = {
        name: np.concatenate([padded(streams.arrays[name]) for streams in batches], axis=1)
        for name in batches[0].arrays
    }
    keys = tuple(key for streams in batches for key in streams.keys)
    labels = tuple(label for streams in batches for label in streams.labels)
    return Streams(keys, arrays, batches[0].ticks, labels)
