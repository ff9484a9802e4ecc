"""Training by gradient of any model, on any task: for networks without rules of their own.

What a simulation has wired, what a family has drawn, what a manifold has found: it begins from
parameters that are handed over, and goes on from a checkpoint without them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from vvalues import VValue, restrict

from ..optimize.optimizers import Optimizer, adam, schedule
from ..process.bounds import Bounded, positive, whole
from ..process.checks import check_whole
from ..process.codec import from_plain
from ..process.records import Record
from ..process.state import DONE
from ..tasks.descriptions import task_of
from ..weight_space.task_pulls import loss_and_gradient
from .convolutional.model import ConvolutionalNetwork
from .manifold.network import Network
from .perceptron import Perceptron
from .training import Seed, Training, TrainingState, kept, seed_of
from .wired import WiredNetwork

__all__ = ["NetworkSettings", "NetworkTraining"]

KINDS = {kind.__name__: kind for kind in (ConvolutionalNetwork, Network, Perceptron, WiredNetwork)}


@dataclass(frozen=True)
class NetworkSettings(Bounded, called="setting {}"):
    """Constants of a training.

    Attributes
    ----------
    steps : int
    rate, last_rate : float
        Adam's, falling geometrically.
    """

    steps: int = whole(600, least=1)
    rate: float = positive(0.01)
    last_rate: float = positive(0.001)


@dataclass(frozen=True)
class NetworkTraining(Training):
    """Adam on a model's loss, batch after batch; a `synthesis.process.StoredProcess`.

    The structure stays: gradients are taken on the support that it began with.

    Attributes
    ----------
    model : Perceptron, ConvolutionalNetwork, WiredNetwork or Network
        Any other can be trained, but not made again from a file alone.
    task : Task
    settings : NetworkSettings
    seed : Seed
        Determines the batches and, where nothing is handed over, the first weights.
    begun_from : VValue, optional
        Parameters to begin from; the model's own when omitted.
    every : int
        Steps per unit of work.
    beginning : str, optional
        Worked out from ``begun_from``: what tells it from others.
    """

    model: Any
    task: Any
    settings: NetworkSettings = field(default_factory=NetworkSettings)
    seed: Seed = 0
    begun_from: VValue | None = field(default=None, compare=False)
    every: int = 50
    beginning: str | None = None

    name = "network"
    types = (TrainingState,)

    def __post_init__(self) -> None:
        check_whole("every", self.every, 1)
        if self.begun_from is not None:
            object.__setattr__(self, "beginning", _fingerprint(self.begun_from))

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> NetworkTraining:
        """The process of an identity; a ValueError unless its model and task can be made again."""
        words = identity["model"]
        if words["kind"] not in KINDS:
            raise ValueError(
                f"a {words['kind']} cannot be made again from a file alone; resume it from Python: "
                "Run.resumed(folder, process)"
            )
        return cls(
            KINDS[words["kind"]].described(words),  # type: ignore[attr-defined]
            task_of(identity["task"]),
            from_plain(identity["settings"], [NetworkSettings]),
            seed_of(identity["seed"]),
            every=identity["every"],
            beginning=identity["beginning"],
        )

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Model, task, settings, seed and beginning in words; JSON-compatible."""
        return {**super().identity, "every": self.every, "beginning": self.beginning}

    @cached_property
    def optimizer(self) -> Optimizer:
        """Adam with the rate of the settings."""
        settings = self.settings
        return adam(schedule(settings.rate, settings.last_rate, settings.steps))

    def start(self, rng: np.random.Generator) -> TrainingState:
        """The parameters that it begins from.

        Raises
        ------
        ValueError
            If they were handed over to the process that this one was made again from.
        """
        if self.begun_from is None and self.beginning is not None:
            raise ValueError("begun_from: the parameters are in the run's checkpoint alone")
        parameters = self.model.initial(rng) if self.begun_from is None else self.begun_from
        moments = kept(self.optimizer.init(parameters))
        return TrainingState(parameters, phase="train", moments=moments).after(rng)

    def advance(self, state: TrainingState) -> tuple[TrainingState, list[Record]]:
        """Some steps; a ValueError if the loss is not finite any more."""
        rng, parameters, memory = state.generator(), state.parameters, state.memory(self.optimizer)
        last, losses = min(state.step + self.every, self.settings.steps), []
        for step in range(state.step, last):
            loss, gradient = loss_and_gradient(
                self.model, self.task, parameters, *self.task.batch(rng)
            )
            if not np.isfinite(loss):
                raise ValueError(f"training diverged at step {step}: choose a lower rate")
            gradient = restrict(gradient, parameters.support)
            change, memory = self.optimizer.update(gradient, memory, parameters)
            parameters = parameters + change
            losses.append(loss)
        state = state.after(
            rng,
            parameters=parameters,
            loss=float(np.mean(losses)),
            step=last,
            phase=DONE if last == self.settings.steps else state.phase,
            moments=kept(memory),
        )
        return state, [state.record("train")]


def _fingerprint(parameters: VValue) -> str:
    checksum = zlib.crc32(repr(parameters.support.paths).encode())
    checksum = zlib.crc32(np.ascontiguousarray(parameters.buffer).data, checksum)
    return f"{parameters.size} numbers at {len(parameters)} paths, crc32 {checksum:08x}"
