"""Balancing a pole on a cart: a small simulator, a hand-made controller, and imitating it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from vvalues import VValue

from ..process.checks import check_probability, check_whole
from ..process.models import Model
from .descriptions import drawn_by

__all__ = ["CartPole", "CartPoleImitation", "controller"]

LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class CartPole:
    """The cart and pole of Barto, Sutton and Anderson, many at a time.

    A state is ``(x, x', angle, angle')`` in m, m/s, rad, rad/s. A step lasts 0.02 s (explicit
    Euler) under a force of 10 N to the left or right. An episode fails when ``|x| > 2.4`` or
    ``|angle| > 12 degrees``, and is won after ``limit`` steps.

    References
    ----------
    A. Barto, R. Sutton, C. Anderson, IEEE Trans. SMC 13 (1983), 834; constants as in Gymnasium's
    CartPole-v1, whose limit is 500.

    Examples
    --------
    >>> world, rng = CartPole(), np.random.default_rng(0)
    >>> always_left = lambda states: np.zeros(len(states), dtype=int)
    >>> world.episodes(always_left, 3, rng), world.episodes(controller, 3, rng)
    (array([11,  9,  9]), array([500, 500, 500]))
    """

    gravity: float = 9.8
    cart: float = 1.0
    pole: float = 0.1
    half_length: float = 0.5
    force: float = 10.0
    seconds: float = 0.02
    limit: int = 500

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` states, all four numbers uniform in [-0.05, 0.05]: (n, 4)."""
        return rng.uniform(-0.05, 0.05, (n, 4))

    def step(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """States (n, 4) one step later; actions (n,) are 0 (left) or 1 (right)."""
        _, speed, angle, spin = states.T
        push = np.where(np.asarray(actions) == RIGHT, self.force, -self.force)
        total = self.cart + self.pole
        sine, cosine = np.sin(angle), np.cos(angle)
        pull = (push + self.pole * self.half_length * spin**2 * sine) / total
        slowness = self.half_length * (4.0 / 3.0 - self.pole * cosine**2 / total)
        turn = (self.gravity * sine - cosine * pull) / slowness
        acceleration = pull - self.pole * self.half_length * turn * cosine / total
        dt = self.seconds
        return states + dt * np.stack([speed, acceleration, spin, turn], axis=1)

    def failed(self, states: np.ndarray) -> np.ndarray:
        """Which states are out of bounds: bool (n,)."""
        return (np.abs(states[:, 0]) > 2.4) | (np.abs(states[:, 2]) > np.deg2rad(12.0))

    def episodes(
        self, policy: Callable[[np.ndarray], np.ndarray], n: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Lengths in steps of ``n`` episodes under a policy: states (m, 4) -> actions (m,)."""
        states, lengths = self.start(n, rng), np.zeros(n, dtype=np.intp)
        running = np.arange(n)
        for _ in range(self.limit):
            states = self.step(states, policy(states))
            lengths[running] += 1
            goes_on = ~self.failed(states)
            states, running = states[goes_on], running[goes_on]
            if not running.size:
                break
        return lengths


def controller(states: np.ndarray) -> np.ndarray:
    """A linear state feedback that keeps the pole up for ever: actions (n,).

    Its gains are of the size of the linear-quadratic regulator's for these constants.

    Examples
    --------
    >>> int(controller(np.array([0.0, 0.0, 0.1, 0.0])))  # it leans to the right
    1
    """
    return (states @ np.array([1.0, 2.0, 30.0, 6.0]) > 0.0).astype(np.intp)


class CartPoleImitation:
    """Imitate a controller from the states it meets.

    States are visited by the controller with a share of random actions, so that recoveries are
    among them; inputs are scaled to about 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        States to learn from.
    disturbed : float
        Probability of a random action while states are gathered.
    batch_size : int

    Attributes
    ----------
    inputs, held_out_inputs : arrays (n, 4)
        Scaled states to learn from, and as many others to judge by.
    actions, held_out_actions : arrays of int (n,)
        The controller's.

    Examples
    --------
    >>> task = CartPoleImitation(np.random.default_rng(0), n=200)
    >>> task.inputs.shape, np.bincount(task.actions).tolist()
    ((200, 4), [91, 109])
    """

    scale = np.array([0.5, 0.5, 0.05, 0.5])
    n_classes = 2

    def __init__(
        self,
        rng: np.random.Generator,
        n: int = 20_000,
        disturbed: float = 0.3,
        batch_size: int = 256,
        world: CartPole | None = None,
    ) -> None:
        check_probability("disturbed", disturbed)
        check_whole("n", n, 1)
        check_whole("batch_size", batch_size, 1)
        own = {"n": n, "disturbed": disturbed, "batch_size": batch_size}
        self.origin = drawn_by("cart-pole", rng, **own) if world is None else None
        self.world = CartPole() if world is None else world
        self.batch_size = batch_size
        states, others = self._visited(n, disturbed, rng), self._visited(n, disturbed, rng)
        self.inputs, self.actions = states / self.scale, controller(states)
        self.held_out_inputs, self.held_out_actions = others / self.scale, controller(others)

    def _visited(self, n: int, disturbed: float, rng: np.random.Generator) -> np.ndarray:
        carts = 64
        states, found = self.world.start(carts, rng), []
        for _ in range(-(-n // carts)):
            found.append(states)
            actions = controller(states)
            random = rng.random(carts) < disturbed
            actions[random] = rng.integers(2, size=int(random.sum()))
            states = self.world.step(states, actions)
            lost = self.world.failed(states)
            states[lost] = self.world.start(int(lost.sum()), rng)
        return np.concatenate(found)[:n]

    def batch(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Scaled states (batch, 4) and the controller's actions (batch,)."""
        chosen = rng.integers(len(self.actions), size=self.batch_size)
        return self.inputs[chosen], self.actions[chosen]

    def loss(self, predictions: np.ndarray, targets: np.ndarray) -> float:
        """Mean cross-entropy of two outputs (n, 2); differentiable."""
        margins = predictions[:, 1] - predictions[:, 0]
        return anp.mean(anp.logaddexp(0.0, anp.where(targets == RIGHT, -margins, margins)))

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Share of held-out states acted on as the controller does; mean steps of 50 episodes."""

        def act(inputs: np.ndarray) -> np.ndarray:
            return np.argmax(model(parameters, inputs), axis=1)

        lengths = self.world.episodes(
            lambda states: act(states / self.scale), 50, np.random.default_rng(12345)
        )
        agreement = float(np.mean(act(self.held_out_inputs) == self.held_out_actions))
        return {"agreement": agreement, "mean_steps": float(lengths.mean())}
