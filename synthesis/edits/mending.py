"""Mending any network that has lost links: what is left is fitted, then links grow again.

Machines have a way of their own (`synthesis.loop.repair`), which opens links that were never there.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict

from ..optimize.gradients import descend
from ..optimize.least_squares import levenberg_marquardt
from ..optimize.objective import Objective
from ..optimize.optimizers import adam, schedule
from ..process.abilities import prunable_elements

__all__ = ["Mended", "PartObjective", "mended"]

SCALE = 0.05  # of links that grow again; larger ones drown what is left
ITERATIONS = 60  # of least squares
ENOUGH = 0.1  # of the tolerance: a fit that is so good is not polished further
STEPS = 400  # of Adam, where there are no residuals
RATE = 0.02


class Mended(NamedTuple):
    """What a repair has come to.

    Attributes
    ----------
    parameters : VValue
        On the support it was given.
    loss_before, loss : float
    is_mended : bool
        Whether ``loss`` is not above the tolerance.
    regrowths : int
        How often links grew again; 0 if a fit of what was left was enough.

    Examples
    --------
    >>> found = Mended(VValue({"a": 2.0}), loss_before=4.0, loss=1e-9, is_mended=True, regrowths=1)
    >>> f"{found.loss_before:g} -> {found.loss:g} after {found.regrowths} regrowth"
    '4 -> 1e-09 after 1 regrowth'
    """

    parameters: VValue
    loss_before: float
    loss: float
    is_mended: bool
    regrowths: int


class PartObjective:
    """An objective as a function of some elements of the parameters; the others stay as they are.

    Parameters
    ----------
    objective : Objective
    parameters : VValue
    elements : array of int (n,)

    Attributes
    ----------
    support : Support
        A leaf per element.

    Examples
    --------
    >>> from synthesis.tasks import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> model = task.model(rng)
    >>> objective, weights = task.objective(model, rng), model.initial(rng)
    >>> part = PartObjective(objective, weights, np.array([0, 5]))
    >>> len(part.part), round(part.loss(part.part), 3), len(part.gradient(part.part)[1])
    (2, 86.145, 2)
    """

    def __init__(self, objective: Objective, parameters: VValue, elements: np.ndarray) -> None:
        self.objective, self.parameters, self.elements = objective, parameters, elements
        width = len(str(max(len(elements) - 1, 0)))
        self.support = Support.of((f"{i:0{width}d}",) for i in range(len(elements)))

    @property
    def part(self) -> VValue:
        """The elements as they are."""
        return from_buffer(self.support, self.parameters.buffer[self.elements])

    def whole(self, part: VValue) -> VValue:
        """The parameters with other values of the elements."""
        return from_buffer(self.parameters.support, self._wholes(part.buffer[None])[0])

    def _wholes(self, parts: np.ndarray) -> np.ndarray:
        wholes = np.tile(self.parameters.buffer, (len(parts), 1))
        wholes[:, self.elements] = parts
        return wholes

    def loss(self, parameters: VValue) -> float:
        """Loss of the whole."""
        return self.objective.loss(self.whole(parameters))

    def losses(self, support: Support, weights: np.ndarray) -> np.ndarray:
        """Losses of many values of the elements, (vectors, n) -> (vectors,)."""
        return self.objective.losses(self.parameters.support, self._wholes(weights))

    def gradient(self, parameters: VValue) -> tuple[float, VValue]:
        """Loss, and its gradient by the elements."""
        loss, gradient = self.objective.gradient(self.whole(parameters))
        whole = restrict(gradient, self.parameters.support)
        return loss, from_buffer(self.support, whole.buffer[self.elements])

    def residuals(self, parameters: VValue) -> tuple[np.ndarray, np.ndarray]:
        """Residuals, and their Jacobian by the elements."""
        r, jacobian = self.objective.residuals(self.whole(parameters))
        return r, jacobian[self.elements]

    def living(self, support: Support) -> Support:
        """All of it: elements are not leaves."""
        return support


def mended(
    objective: Objective,
    left: VValue,
    rng: np.random.Generator,
    *,
    whole: Support | None = None,
    tolerance: float = 1e-6,
    regrowths: int = 4,
    steps: int = STEPS,
) -> Mended:
    """Mend a network that has lost links.

    What is left of it is fitted first, by least squares if the task offers residuals and by Adam
    otherwise. If that is not enough, lost links grow again from near zero and all are fitted; the
    best of some regrowths is kept. The network before the damage is never looked at.

    Parameters
    ----------
    objective : Objective
    left : VValue
        What is left: absent leaves, and zeros in arrays, are lost links.
    rng : numpy.random.Generator
        Draws what grows.
    whole : Support, optional
        Where links may grow; where zeros are when omitted.
    tolerance : float
        A loss not above this is mended.
    regrowths : int
        At most so many are tried.
    steps : int
        Of Adam, where there are no residuals.

    Raises
    ------
    TypeError
        If the model's parameters are no links; it says why.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.optimize import ModelObjective
    >>> from synthesis.tasks import table_task
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(20, 2))
    >>> task, model = table_task(x, x @ [[2.0], [1.0]], rng), Perceptron([2, 1])
    >>> left = VValue({"layer-1": {"weights": np.array([[2.0], [0.0]]), "bias": np.zeros(1)}})
    >>> found = mended(ModelObjective(model, task, *task.batch(rng)), left, rng)
    >>> found.is_mended, found.regrowths, found.parameters["layer-1", "weights"].round(2).tolist()
    (True, 1, [[2.0], [1.0]])
    """
    support = left.support if whole is None else whole
    left = restrict(left, support)
    is_weight = prunable_elements(getattr(objective, "model", None), support)  # type: ignore[arg-type]
    is_lost = is_weight & (left.buffer == 0.0)
    before = objective.loss(left)
    best, loss, used = left, before, 0
    for attempt in range(regrowths + 1):
        start = left if attempt == 0 else _grown(left, is_lost, rng)
        chosen = np.flatnonzero(is_weight & (start.buffer != 0.0))
        found, reached = _fitted(PartObjective(objective, start, chosen), steps, ENOUGH * tolerance)
        if reached < loss:
            best, loss, used = found, reached, attempt
        if loss <= tolerance:
            break
    return Mended(best, before, loss, loss <= tolerance, used)


def _grown(left: VValue, is_lost: np.ndarray, rng: np.random.Generator) -> VValue:
    noise = SCALE * rng.standard_normal(left.size)
    return from_buffer(left.support, np.where(is_lost, noise, left.buffer))


def _fitted(part: PartObjective, steps: int, target: float) -> tuple[VValue, float]:
    """The best values of the elements, in the whole, and their loss."""
    task: Any = getattr(part.objective, "task", None)
    if task is None or hasattr(task, "residuals"):
        fit = levenberg_marquardt(
            part, part.part, iterations=ITERATIONS, patience=10, tolerance=1e-6, target=target
        )
        return part.whole(fit.parameters), fit.loss
    descent = descend(part, part.part, adam(schedule(RATE, RATE / 20.0, steps)))
    parameters = next(islice(descent, steps, None)).parameters
    return part.whole(parameters), part.loss(parameters)
