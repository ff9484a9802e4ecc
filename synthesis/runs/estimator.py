"""Synthesis in the manner of scikit-learn: ``fit``, ``predict``, trailing underscores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dmm import Machine, compile_machine
from vvalues import VValue

from ..loop.loop import synthesize
from ..loop.route import Settings
from ..process.records import Front, Record
from ..tasks.streams import (
    DELAY,
    SPACE,
    task_from_streams,
    to_streams,
    with_constants,
    with_delay,
)

__all__ = ["Synthesizer"]


class Synthesizer:
    """Find a small machine that turns input streams into target streams.

    Parameters
    ----------
    seed : int
    delay : int
        Ticks the machine may take to answer.
    space : str
        Search space (`synthesis.tasks.streams.named_space`).
    constants : mapping of name to V-value, optional
        Streams that are the same at every tick, as further sources.
    held_out : float
        Share of the strings that nothing is decided on.
    settings : Settings, optional

    Attributes
    ----------
    machine_ : Machine
    pareto_ : Front
        Machines found, links against training loss.
    figures_ : dict
        Figures on the held-out strings.
    records_ : list of Record
    loss_ : float
        Training loss: squared error summed over ticks and outputs, mean over strings.

    Examples
    --------
    ``Synthesizer(delay=3).fit(inputs, targets).machine_``
    """

    machine_: Machine
    pareto_: Front
    figures_: dict[str, float]
    records_: list[Record]
    loss_: float

    def __init__(
        self,
        seed: int = 0,
        *,
        delay: int = DELAY,
        space: str = SPACE,
        constants: Mapping[str, VValue | Mapping[str, float]] | None = None,
        held_out: float = 0.2,
        settings: Settings | None = None,
    ) -> None:
        self.seed = seed
        self.delay = delay
        self.space = space
        self.constants = constants
        self.held_out = held_out
        self.settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the constructor by name."""
        names = ("seed", "delay", "space", "constants", "held_out", "settings")
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Synthesizer:
        """Change parameters of the constructor."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"{name!r} is no parameter of {type(self).__name__}")
            setattr(self, name, value)
        return self

    def fit(self, inputs: Any, targets: Any) -> Synthesizer:
        """Synthesize a machine; ``inputs`` and ``targets`` as in `task_from_streams`."""
        task = task_from_streams(
            inputs,
            targets,
            delay=self.delay,
            held_out=self.held_out,
            constants=self.constants,
            space=self.space,
        )
        outcome = synthesize(task, self.seed, self.settings)
        self.machine_ = outcome.machine
        self.pareto_ = outcome.front
        self.figures_ = outcome.figures
        self.records_ = outcome.records
        self.loss_ = outcome.loss
        self._observed = tuple(task.observed)
        return self

    def predict(self, inputs: Any) -> np.ndarray:
        """What the machine says, (strings, ticks) or (strings, ticks, outputs).

        Raises
        ------
        AttributeError
            Before `fit`.
        """
        if not hasattr(self, "machine_"):
            raise AttributeError("predict before fit: call fit(inputs, targets) first")
        streams = with_constants(with_delay(to_streams(inputs), self.delay), self.constants or {})
        program = compile_machine(self.machine_, self._observed)
        answers = program(self.machine_.trainable, streams)[:, self.delay :].transpose(2, 1, 0)
        return answers[..., 0] if answers.shape[2] == 1 else answers
