"""Settings of a manifold's training: the source's, and ours."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...optimize.optimizers import Optimizer, adam, schedule
from ...process.bounds import Bounded, positive, whole
from .objective import TermWeights

__all__ = ["ManifoldSettings"]


@dataclass(frozen=True)
class ManifoldSettings(Bounded, called="setting {}"):
    """Constants of a training run.

    Attributes
    ----------
    steps : int
    segment : int
        Steps per event (record, checkpoint).
    rate, last_rate : float
        Learning rate of Adam; constant until ``decay_from``, then falling geometrically.
    decay_from : float
        Share of the steps after which the rate falls.
    weights : TermWeights
        Of the terms of the loss.
    ramp : (float, float)
        Shares of the steps between which the weights of soft count, seconds and bytes rise from 0
        to their full value.
    budget : float, optional
        Share of cells to come down to by the end of the ramp: the soft count's weight is then
        raised or lowered after every segment, whichever brings the count to its course.
    guard : bool
        Take back a step of the closeness numbers that would cut an output off from all inputs.

    Examples
    --------
    >>> settings = ManifoldSettings(steps=100, ramp=(0.2, 0.6))
    >>> [settings.ramped(step) for step in (0, 40, 80)]
    [0.0, 0.5, 1.0]
    """

    steps: int = whole(5000, least=1)
    segment: int = whole(100, least=1)
    rate: float = positive(0.001)
    last_rate: float = positive(0.001)
    decay_from: float = 0.0
    weights: TermWeights = field(default_factory=TermWeights)
    ramp: tuple[float, float] = (0.0, 0.0)
    budget: float | None = None
    guard: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decay_from < 1:
            raise ValueError(f"setting decay_from is {self.decay_from!r}; expected in [0, 1)")
        if np.shape(self.ramp) != (2,) or not 0 <= self.ramp[0] <= self.ramp[1] <= 1:
            raise ValueError(f"setting ramp is {self.ramp!r}; expected 0 <= start <= end <= 1")
        if self.budget is not None and not 0 < self.budget <= 1:
            raise ValueError(f"setting budget is {self.budget!r}; expected a share in (0, 1]")
        if self.budget is not None and not self.weights.soft_count:
            raise ValueError(
                f"setting budget is {self.budget!r}, but weight soft_count, which it steers, is 0: "
                "give weights=TermWeights(soft_count=...)"
            )

    def optimizer(self) -> Optimizer:
        """Adam with the rate of these settings."""
        held = int(self.decay_from * self.steps)
        falling = schedule(self.rate, self.last_rate, self.steps - held)
        return adam(lambda count: falling(max(count - held, 0)))

    def ramped(self, step: int) -> float:
        """Height of the ramp at a step, between 0 and 1."""
        start, end = (share * self.steps for share in self.ramp)
        return float(np.clip((step - start) / max(end - start, 1.0), 0.0, 1.0))

    @classmethod
    def source_toy(cls) -> ManifoldSettings:
        """The toy notebook."""
        return cls(weights=TermWeights.source_toy())

    @classmethod
    def source_mnist(cls, steps: int = 50_000) -> ManifoldSettings:
        """The MNIST notebook."""
        return cls(steps=steps, segment=max(steps // 100, 1), rate=0.002, last_rate=0.002,
                   weights=TermWeights.source_mnist())  # fmt: skip

    @classmethod
    def default_toy(cls, steps: int = 20_000) -> ManifoldSettings:
        """Ours for the toy set: soft count from a tenth of the steps on, in full at half."""
        return cls(steps=steps, segment=max(steps // 40, 1), rate=0.01, last_rate=0.01 / 30,
                   decay_from=0.6, weights=TermWeights(soft_count=0.3, inflow=1.0), ramp=(0.1, 0.5),
                   guard=True)  # fmt: skip

    @classmethod
    def default_mnist(cls, steps: int = 50_000, budget: float = 0.029) -> ManifoldSettings:
        """Ours for MNIST: the number of links comes down to the budget in half of the steps."""
        return cls(steps=steps, segment=max(steps // 100, 1), rate=0.01, last_rate=0.01 / 30,
                   decay_from=0.4, weights=TermWeights(soft_count=5.0, inflow=1.0),
                   ramp=(0.05, 0.5), budget=budget, guard=True)  # fmt: skip
