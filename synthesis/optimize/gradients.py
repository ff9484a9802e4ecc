"""Gradient sources: interchangeable ways to get a descent direction of an objective.

Every source is called as ``source(objective, parameters, rng) -> (loss, gradient)``, so a training
loop need not know which one it has. Sources that only ask for losses serve machines that nothing
can differentiate, such as one with a neuron that is known by its outputs alone.

`ExactGradient`        reverse mode; the default everywhere
`StoppedPath`          reverse mode that passes nothing through some inputs (a published run's)
`EvolutionStrategy`    antithetic random directions, from losses alone
`FiniteDifferences`    central differences, from losses alone; to check the others
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Support, VValue, from_buffer

from ..process.models import MachineModel
from .objective import MachineObjective, Objective
from .optimizers import Optimizer

__all__ = [
    "Descent",
    "EvolutionStrategy",
    "ExactGradient",
    "FiniteDifferences",
    "GradientSource",
    "SourcedObjective",
    "StoppedPath",
    "descend",
]

ROWS = 64  # weight vectors held at once by the sources that ask for many losses


class GradientSource(Protocol):
    """What a training loop asks for a gradient.

    Examples
    --------
    >>> sources = ExactGradient(), FiniteDifferences(), EvolutionStrategy(pairs=32)
    >>> [source.evaluations(100) for source in sources]  # losses that a gradient costs
    [2, 201, 65]
    """

    def __call__(
        self, objective: Objective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss at the parameters, and a gradient on their support."""
        ...

    def evaluations(self, size: int) -> int:
        """Runs of the model per call for ``size`` weights; a reverse pass counts as one more."""
        ...


# -------------------- reverse mode --------------------


@dataclass(frozen=True)
class ExactGradient:
    """Reverse mode, exact.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> objective = task.objective(model := task.model(rng), rng)
    >>> loss, slope = ExactGradient()(objective, model.initial(rng))
    >>> round(loss, 3), slope.size
    (86.145, 78)
    """

    def __call__(
        self, objective: Objective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss and exact gradient; ``rng`` is not used."""
        return objective.gradient(parameters)

    def evaluations(self, size: int) -> int:
        """One run and one reverse pass."""
        return 2


@dataclass(frozen=True)
class StoppedPath:
    """Reverse mode that passes no gradient through some inputs of some neuron types.

    Parameters
    ----------
    stopped : tuple of (neuron type, field)
        The default stops the accumulators' own state: the gradient of the published Julia runs.

    References
    ----------
    The runs: github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3`` and ``run-2.1``.

    Examples
    --------
    >>> StoppedPath().stopped
    (('accum', 'dict-1'),)
    """

    stopped: tuple[tuple[str, str], ...] = (("accum", "dict-1"),)
    _twins: WeakKeyDictionary = field(default_factory=WeakKeyDictionary, repr=False, compare=False)

    def __call__(
        self, objective: Objective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss and gradient without the stopped paths; ``rng`` is not used.

        Raises
        ------
        TypeError
            If the objective is not one of a machine: other models have no such inputs.
        """
        if not isinstance(objective, MachineObjective):
            raise TypeError(
                f"{type(objective).__name__} has no neuron inputs to stop; StoppedPath needs a "
                "MachineObjective"
            )
        twin = self._twins.get(objective)
        if twin is None:
            twin = self._twins[objective] = self._twin(objective)
        return twin.gradient(parameters)

    def _twin(self, objective: MachineObjective) -> MachineObjective:
        """The same objective of a model that is compiled with the stops."""
        model = objective.model
        twin = copy.copy(objective)
        twin.model = MachineModel(model.space, observed=model.observed, stopped=self.stopped)
        return twin

    def evaluations(self, size: int) -> int:
        """One run and one reverse pass."""
        return 2


# -------------------- from losses alone --------------------


@dataclass(frozen=True)
class EvolutionStrategy:
    """Antithetic evolution strategy: differences of losses along random directions.

    For directions ``e`` of independent normal numbers, the gradient of the loss smoothed over
    ``scale`` is the mean of ``(loss(w + scale e) - loss(w - scale e)) / (2 scale) * e``. All
    machines of one estimate are run as a batch.

    Parameters
    ----------
    pairs : int
        Random directions per estimate; each costs two losses.
    scale : float
        Standard deviation of the perturbations, in units of weight.
    use_ranks : bool
        Replace the losses of one estimate by their ranks, spread evenly over [-1/2, 1/2]. The
        result no longer has the size of a gradient, but does not mind outliers and divergence.

    Notes
    -----
    With ``n`` weights the expected cosine to the true gradient is about
    ``sqrt(pairs / (pairs + n))``, so a smaller machine needs fewer pairs.

    References
    ----------
    X. Zhang, J. Clune, K. Stanley, arXiv:1712.06564; T. Salimans et al., arXiv:1703.03864.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> objective = task.objective(model := task.model(rng), rng)
    >>> loss, guess = EvolutionStrategy(pairs=200)(objective, weights := model.initial(rng), rng)
    >>> float(np.corrcoef(guess.buffer, objective.gradient(weights)[1].buffer)[0, 1].round(2))
    0.81
    """

    pairs: int = 32
    scale: float = 0.02
    use_ranks: bool = False

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ValueError(f"pairs is {self.pairs}; an estimate needs at least 1")
        if not self.scale > 0:
            raise ValueError(f"scale is {self.scale}; it must be above 0")

    def __call__(
        self, objective: Objective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss and estimated gradient.

        A pair with a loss that is not finite says nothing about a slope and is left out (not so
        with ranks, where it is merely last); without any finite pair the gradient is zero.

        Raises
        ------
        ValueError
            If ``rng`` is missing.
        """
        if rng is None:
            raise ValueError("rng is missing: an evolution strategy draws random directions")
        support, w = parameters.support, parameters.buffer
        directions = rng.standard_normal((self.pairs, w.size))
        moves = self.scale * directions
        losses = _losses(objective, support, w, np.concatenate([moves, -moves]))
        if self.use_ranks:
            from scipy.stats import rankdata  # importing it takes longer than the rest

            losses = (rankdata(losses) - 1.0) / max(losses.size - 1, 1) - 0.5
        up, down = losses[: self.pairs], losses[self.pairs :]
        is_finite = np.isfinite(up) & np.isfinite(down)
        slopes = (up[is_finite] - down[is_finite]) / (2.0 * self.scale)
        gradient = slopes @ directions[is_finite] / max(slopes.size, 1)
        return objective.loss(parameters), from_buffer(support, gradient)

    def evaluations(self, size: int) -> int:
        """Two per pair, and one for the loss itself."""
        return 2 * self.pairs + 1


@dataclass(frozen=True)
class FiniteDifferences:
    """Central differences, one weight after the other.

    Parameters
    ----------
    step : float
        Move of a weight, in units of ``max(1, |weight|)``. The error is of order ``step**2``,
        plus rounding of order ``1e-16 * loss / step``.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> objective = task.objective(model := task.model(rng), rng)
    >>> loss, slope = FiniteDifferences()(objective, weights := model.initial(rng))
    >>> float(np.abs((slope - objective.gradient(weights)[1]).buffer).max().round(5))
    0.0
    """

    step: float = 1e-5

    def __call__(
        self, objective: Objective, parameters: VValue, rng: np.random.Generator | None = None
    ) -> tuple[float, VValue]:
        """Loss and gradient to second order of the step; ``rng`` is not used."""
        support, w = parameters.support, parameters.buffer
        steps = self.step * np.maximum(1.0, np.abs(w))
        gradient = np.empty(w.size)
        for first in range(0, w.size, ROWS // 2):
            rows = np.arange(first, min(first + ROWS // 2, w.size))
            moves = np.zeros((rows.size, w.size))
            moves[np.arange(rows.size), rows] = steps[rows]
            losses = _losses(objective, support, w, np.concatenate([moves, -moves]))
            up, down = losses[: rows.size], losses[rows.size :]
            gradient[rows] = (up - down) / (2.0 * steps[rows])
        return objective.loss(parameters), from_buffer(support, gradient)

    def evaluations(self, size: int) -> int:
        """Two per weight, and one for the loss itself."""
        return 2 * size + 1


def _losses(objective: Objective, support: Support, w: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Losses at ``w + move`` for every row of ``moves``, a bounded number of rows at a time."""
    parts = [
        objective.losses(support, w + moves[first : first + ROWS])
        for first in range(0, len(moves), ROWS)
    ]
    return np.concatenate(parts)


# -------------------- use --------------------


class Descent(NamedTuple):
    """One step of a descent.

    Attributes
    ----------
    loss : float
        Before the step.
    parameters : VValue
        Before the step.

    Examples
    --------
    >>> best = min([Descent(4.0, VValue({"a": 2.0})), Descent(1.0, VValue({"a": 1.0}))])
    >>> best.parameters
    VValue({'a': 1.0})
    """

    loss: float
    parameters: VValue


def descend(
    objective: Objective,
    parameters: VValue,
    optimizer: Optimizer,
    source: GradientSource | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[Descent]:
    """Train for ever, one step per item; the consumer decides when to stop.

    Parameters
    ----------
    objective : Objective
    parameters : VValue
    optimizer : Optimizer
    source : GradientSource, optional
        Exact reverse mode when omitted.
    rng : numpy.random.Generator, optional
        For sources that draw random directions.

    Yields
    ------
    Descent
        Loss and parameters *before* each update, as training logs have them.

    Examples
    --------
    >>> from itertools import islice
    >>> from synthesis.optimize import adam
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> objective = task.objective(model := task.model(rng), rng)
    >>> descent = descend(objective, model.initial(rng), adam(0.01))
    >>> [round(step.loss) for step in islice(descent, 0, 10, 3)]
    [86, 77, 55, 39]
    """
    source = ExactGradient() if source is None else source
    state = optimizer.init(parameters)
    while True:
        loss, gradient = source(objective, parameters, rng)
        yield Descent(loss, parameters)
        step, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + step


class SourcedObjective:
    """An objective whose gradient comes from a source; all else is the objective's own.

    Puts any source into code that asks an objective for its gradient, the unattended loop
    included.

    Parameters
    ----------
    objective : Objective
    source : GradientSource
    seed : int
        The random directions at given parameters are a function of the seed and the parameters:
        an interrupted run that is resumed repeats them to the bit.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> objective = task.objective(model := task.model(rng), rng)
    >>> sourced, weights = SourcedObjective(objective, EvolutionStrategy(4)), model.initial(rng)
    >>> round(sourced.loss(weights)), sourced.gradient(weights)[1].size
    (86, 78)
    """

    def __init__(self, objective: Objective, source: GradientSource, seed: int = 0) -> None:
        self.objective = objective
        self.source = source
        self.seed = seed

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss and the source's gradient."""
        digest = zlib.crc32(parameters.buffer.tobytes())
        rng = np.random.default_rng([self.seed, digest])
        return self.source(self.objective, parameters, rng)

    def loss(self, parameters: VValue) -> float:
        """Loss at the parameters."""
        return self.objective.loss(parameters)

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many weight vectors of one support."""
        return self.objective.losses(support, weights)

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """Residuals and their Jacobian."""
        return self.objective.residuals(parameters)

    def living(self, support: Support) -> Support:
        """The part of a support that can influence the loss."""
        return self.objective.living(support)
