"""Settings of the unattended loop; the defaults serve every task of this package."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """All constants of the loop.

    Attributes
    ----------
    dense_steps : int
        Adam steps on the whole search space.
    rate : float
        Learning rate of Adam.
    largest_gradient : float
        The gradient is clipped to this Euclidean norm.
    dense_l1, bite_l1 : float
        Coupled L1 before and during the bites (loss per unit of weight).
    proximal_l1 : float
        Decoupled L1 during the bites, per unit of learning rate; 0 for none.
    bite_fraction : float
        Share of the links that one bite drops, by magnitude.
    bite_steps : int
        Adam steps between bites.
    small : int
        Number of links at which least squares takes over.
    shrink_rounds : int
        At most so many rounds of fitting and magnitude bisection.
    fit_l1 : float
        L1 of least-squares fits while links are being removed.
    shrink_factor, shrink_floor : float
        A bisection may raise the loss to ``max(factor * loss, floor)``.
    budget_factor, budget_floor : float
        A removal is accepted if, refitted, the loss is below
        ``max(floor, factor * loss at the last acceptance)``; otherwise it is backed out.
    candidates : int
        Removals tried before giving up a round, while there are more than 24 links.
    lanes, lane_steps, lane_rate : int, int, float
        Random starts of a recurrent machine that are trained side by side, Adam steps, and their
        first learning rate.
    lane_success : float
        A lane whose loss is not above this is worth pruning.
    contest_steps : int
        Adam steps of one contest between variants of a recurrent machine.
    contest_budget : float
        Largest loss of a variant that may win a contest.
    lane_strings : int
        Strings of the pool that a recurrent machine is fitted and pruned on.
    second_opinions : int
        Once a recurrent machine is exact, so many further starts in a row may be pruned without
        finding a smaller one before regrowing begins.
    self_link : float
        Charge on superfluid accumulators that do not hold their state, while random starts are
        trained (see `synthesis.optimize.regularizers`); 0 for none.
    exact : float
        A loss not above this counts as exact.
    rescues : int
        At most so many restarts from a perturbed copy while the best machine is not exact.
    regrow_failures : int
        Regrowing stops after so many failures in a row.
    regrow_neurons : int
        Unused neurons offered to one regrowth.
    restarts : int
        Fresh random starts, if there is any regrowing (after it; in recurrent spaces, as another
        population, before it); the best machine counts.
    seconds : float
        Wall-clock limit of a run, checked between units of work.
    """

    dense_steps: int = 600
    rate: float = 0.003
    largest_gradient: float = 1.0
    dense_l1: float = 0.001
    bite_l1: float = 0.03
    proximal_l1: float = 0.0
    bite_fraction: float = 0.1
    bite_steps: int = 60
    small: int = 120
    shrink_rounds: int = 8
    fit_l1: float = 0.02
    shrink_factor: float = 1.5
    shrink_floor: float = 0.025
    budget_factor: float = 1.3
    budget_floor: float = 0.05
    candidates: int = 6
    lanes: int = 8
    lane_steps: int = 6000
    lane_rate: float = 0.03
    lane_success: float = 1.0
    contest_steps: int = 1200
    contest_budget: float = 1.0
    lane_strings: int = 16
    second_opinions: int = 3
    self_link: float = 0.0
    exact: float = 1e-10
    rescues: int = 4
    regrow_failures: int = 12
    regrow_neurons: int = 5
    restarts: int = 1
    seconds: float = 300.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
                raise ValueError(f"setting {item.name} is {value!r}; expected a number >= 0")
        for name in (
            "rate",
            "largest_gradient",
            "small",
            "bite_steps",
            "lanes",
            "lane_steps",
            "lane_strings",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"setting {name} is {getattr(self, name)!r}; it must be above 0")
        if not self.bite_fraction < 1:
            raise ValueError(f"setting bite_fraction is {self.bite_fraction}; expected less than 1")
