"""Two small worlds under control, with a rule for each: a pole on a cart, a car in a valley."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .control import RIGHT, Imitation, World

__all__ = [
    "CartPole",
    "CartPoleImitation",
    "MountainCar",
    "MountainCarImitation",
    "controller",
    "swing",
]


# -------------------- a pole on a cart --------------------


@dataclass(frozen=True)
class CartPole(World):
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

    def over(self, states: np.ndarray) -> np.ndarray:
        """Which states are out of bounds: bool (n,)."""
        return (np.abs(states[:, 0]) > 2.4) | (np.abs(states[:, 2]) > np.deg2rad(12.0))


def controller(states: np.ndarray) -> np.ndarray:
    """A linear state feedback that keeps the pole up for ever: actions (n,).

    Its gains are of the size of the linear-quadratic regulator's for these constants.

    Examples
    --------
    >>> int(controller(np.array([0.0, 0.0, 0.1, 0.0])))  # it leans to the right
    1
    """
    return (states @ np.array([1.0, 2.0, 30.0, 6.0]) > 0.0).astype(np.intp)


class CartPoleImitation(Imitation):
    """Imitate the `controller` of a cart-pole; inputs are about 1. See `control.Imitation`.

    Examples
    --------
    >>> task = CartPoleImitation(np.random.default_rng(0), n=200)
    >>> task.inputs.shape, np.bincount(task.actions).tolist()
    ((200, 4), [91, 109])
    """

    maker = "cart-pole"
    world = CartPole()
    scale = np.array([0.5, 0.5, 0.05, 0.5])
    rule = staticmethod(controller)


# -------------------- a car in a valley --------------------


@dataclass(frozen=True)
class MountainCar(World):
    """A car in a valley whose engine is weaker than the slope, many at a time.

    A state is ``(x, x')``; the valley's height is ``sin 3x``. An episode ends when ``x`` reaches
    the top on the right, or after ``limit`` steps: the shorter, the better. The wall on the left
    takes all speed.

    References
    ----------
    A. Moore, Efficient memory-based learning for robot control (PhD thesis, Cambridge, 1990);
    constants as in Gymnasium's MountainCar-v0, without its third action, to coast.

    Examples
    --------
    >>> world, rng = MountainCar(), np.random.default_rng(0)
    >>> always_right = lambda states: np.ones(len(states), dtype=int)
    >>> world.episodes(always_right, 2, rng), world.episodes(swing, 2, rng)
    (array([200, 200]), array([152, 152]))
    """

    engine: float = 0.001
    gravity: float = 0.0025
    fastest: float = 0.07
    wall: float = -1.2
    top: float = 0.5
    limit: int = 200

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` cars at rest, ``x`` uniform in [-0.6, -0.4]: (n, 2)."""
        return np.stack([rng.uniform(-0.6, -0.4, n), np.zeros(n)], axis=1)

    def step(self, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """States (n, 2) one step later; actions (n,) are 0 (left) or 1 (right)."""
        x, speed = states.T
        push = np.where(np.asarray(actions) == RIGHT, self.engine, -self.engine)
        speed = np.clip(speed + push - self.gravity * np.cos(3 * x), -self.fastest, self.fastest)
        x = np.maximum(x + speed, self.wall)
        return np.stack([x, np.where((x == self.wall) & (speed < 0), 0.0, speed)], axis=1)

    def over(self, states: np.ndarray) -> np.ndarray:
        """Which cars are at the top: bool (n,)."""
        return states[:, 0] >= self.top


def swing(states: np.ndarray) -> np.ndarray:
    """Push the way the car goes, which adds energy at every step: actions (n,).

    Examples
    --------
    >>> swing(np.array([[-0.5, 0.01], [-0.5, -0.01]])).tolist()
    [1, 0]
    """
    return (states[:, 1] > 0.0).astype(np.intp)


class MountainCarImitation(Imitation):
    """Imitate the `swing` of a mountain car; inputs are about 1. See `control.Imitation`.

    Examples
    --------
    >>> task = MountainCarImitation(np.random.default_rng(0), n=200)
    >>> task.inputs.shape, task.world.limit
    ((200, 2), 200)
    """

    maker = "mountain-car"
    world = MountainCar()
    scale = np.array([0.5, 0.03])
    rule = staticmethod(swing)
