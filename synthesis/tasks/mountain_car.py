"""A car too weak for its hill: it has to swing up, and a rule that does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .control import RIGHT, Imitation, World

__all__ = ["MountainCar", "MountainCarImitation", "swing"]


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
