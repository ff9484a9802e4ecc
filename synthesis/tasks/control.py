"""Small worlds under control, many at a time, and learning a rule of control by imitation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.checks import check_probability, check_whole
from ..process.models import Model
from .descriptions import drawn_by

__all__ = ["LEFT", "RIGHT", "Imitation", "Rule", "World"]

LEFT, RIGHT = 0, 1
WORLDS = 64  # side by side while states are gathered
EPISODES, EVALUATION_SEED = 50, 12345

Rule = Callable[[np.ndarray], np.ndarray]
"""Actions (n,) of states (n, numbers)."""


class World(ABC):
    """A simulator with two actions, 0 and 1, of many episodes side by side.

    Attributes
    ----------
    limit : int
        Steps of an episode at most.

    Examples
    --------
    >>> from synthesis.tasks import CartPole
    >>> isinstance(CartPole(), World), CartPole().limit
    (True, 500)
    """

    limit: int

    @abstractmethod
    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` random states (n, numbers) to begin from."""

    @abstractmethod
    def step(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """States (n, numbers) one step later; actions (n,) are 0 (left) or 1 (right)."""

    @abstractmethod
    def over(self, states: np.ndarray) -> np.ndarray:
        """Which states end their episode: bool (n,)."""

    def episodes(self, rule: Rule, n: int, rng: np.random.Generator) -> np.ndarray:
        """Lengths in steps of ``n`` episodes under a rule: states (m, numbers) -> actions (m,)."""
        states, lengths = self.start(n, rng), np.zeros(n, dtype=np.intp)
        running = np.arange(n)
        for _ in range(self.limit):
            states = self.step(states, rule(states))
            lengths[running] += 1
            goes_on = ~self.over(states)
            states, running = states[goes_on], running[goes_on]
            if not running.size:
                break
        return lengths


class Imitation(ABC):
    """Imitate a rule of control from the states it meets; a `synthesis.process.Task`.

    States are visited by the rule with a share of random actions, so that recoveries are among
    them. A subclass names the world, the rule and the scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        States to learn from.
    disturbed : float
        Probability of a random action while states are gathered.
    batch_size : int
    world : World, optional
        In place of the subclass's own; the task then cannot be made again from its description.

    Attributes
    ----------
    world : World
    scale : array (numbers,)
        States are divided by it before they are inputs.
    inputs, held_out_inputs : arrays (n, numbers)
        Scaled states to learn from, and as many others to judge by.
    actions, held_out_actions : arrays of int (n,)
        The rule's.
    origin : Origin, or None
        What the same task can be made again from.

    Examples
    --------
    >>> from synthesis.tasks import CartPoleImitation
    >>> task = CartPoleImitation(np.random.default_rng(0), n=100)
    >>> task.inputs.shape, task.batch(np.random.default_rng(0))[1].shape
    ((100, 4), (256,))
    """

    maker: ClassVar[str]
    """What descriptions call it."""
    world: World
    scale: np.ndarray
    n_classes = 2

    def __init__(
        self,
        rng: np.random.Generator,
        n: int = 20_000,
        disturbed: float = 0.3,
        batch_size: int = 256,
        world: World | None = None,
    ) -> None:
        check_probability("disturbed", disturbed)
        check_whole("n", n, 1)
        check_whole("batch_size", batch_size, 1)
        own = {"n": n, "disturbed": disturbed, "batch_size": batch_size}
        self.origin = drawn_by(self.maker, rng, **own) if world is None else None
        self.world = self.world if world is None else world
        self.batch_size = batch_size
        states, others = self._visited(n, disturbed, rng), self._visited(n, disturbed, rng)
        self.inputs, self.actions = states / self.scale, self.rule(states)
        self.held_out_inputs, self.held_out_actions = others / self.scale, self.rule(others)

    @staticmethod
    @abstractmethod
    def rule(states: np.ndarray) -> np.ndarray:
        """What is imitated: actions (n,) of states (n, numbers)."""

    def _visited(self, n: int, disturbed: float, rng: np.random.Generator) -> np.ndarray:
        states, found = self.world.start(WORLDS, rng), []
        for _ in range(-(-n // WORLDS)):
            found.append(states)
            actions = self.rule(states)
            random = rng.random(WORLDS) < disturbed
            actions[random] = rng.integers(2, size=int(random.sum()))
            states = self.world.step(states, actions)
            over = self.world.over(states)
            states[over] = self.world.start(int(over.sum()), rng)
        return np.concatenate(found)[:n]

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Scaled states (batch, numbers) and the rule's actions (batch,)."""
        chosen = rng.integers(len(self.actions), size=self.batch_size)
        return self.inputs[chosen], self.actions[chosen]

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean cross-entropy of two outputs (n, 2); differentiable."""
        margins = predictions[:, 1] - predictions[:, 0]
        return anp.mean(anp.logaddexp(0.0, anp.where(targets == RIGHT, -margins, margins)))

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Share of held-out states acted on as the rule does; mean steps of 50 episodes."""

        def act(inputs: np.ndarray) -> np.ndarray:
            return np.argmax(model(parameters, inputs), axis=1)

        lengths = self._episodes(lambda states: act(states / self.scale))
        agreement = float(np.mean(act(self.held_out_inputs) == self.held_out_actions))
        return {"agreement": agreement, "mean_steps": float(lengths.mean())}

    def mean_steps_of_rule(self) -> float:
        """Mean steps of the episodes that `evaluate` counts, under the rule itself."""
        return float(self._episodes(self.rule).mean())

    def _episodes(self, rule: Rule) -> np.ndarray:
        return self.world.episodes(rule, EPISODES, np.random.default_rng(EVALUATION_SEED))
