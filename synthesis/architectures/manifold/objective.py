"""What a manifold is trained on: the task's loss and terms that depend on its links.

The source's terms are *flow*, the squared difference between the strengths that leave the inputs
and those that enter the outputs, and *sparsity*, the squared share of cells that live - a count,
which has no gradient. Ours are a soft count, a hinge on the strength that every output receives,
and time and memory of the evaluation (`synthesis.architectures.manifold.cost`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from autograd.tracer import getval

from vvalues import VValue

from ...process.bounds import Bounded, finite
from .cost import CostModel
from .model import Links
from .structure.layout import Layout
from .structure.schedule import Schedule

__all__ = [
    "Figures",
    "ManifoldObjective",
    "TermWeights",
    "density",
    "flow",
    "inflow_hinge",
    "soft_count",
    "sparsity",
]


@dataclass(frozen=True)
class TermWeights(Bounded, called="weight {}"):
    """Coefficients of the terms of the loss.

    Attributes
    ----------
    objective : float
        Of the task's own loss.
    flow : float
    sparsity : float
        Of the source's count; changes the value, never the gradient.
    soft_count : float
        Of the soft share of living cells.
    softness : float
        Strength at which a link counts half.
    inflow : float
        Of the hinge on the strength that every output receives.
    least_inflow : float
        Where that hinge begins.
    seconds, bytes : float
        Of the predicted time and memory of a step; they need a cost model.

    Examples
    --------
    >>> TermWeights(softness=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: weight softness is -1.0; expected a finite number >= 0
    """

    objective: float = finite(1.0)
    flow: float = finite(0.0)
    sparsity: float = finite(0.0)
    soft_count: float = finite(0.0)
    softness: float = finite(0.05)
    inflow: float = finite(0.0)
    least_inflow: float = finite(0.5)
    seconds: float = finite(0.0)
    bytes: float = finite(0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.softness > 0:
            raise ValueError("weight softness is 0; expected a number > 0")

    @classmethod
    def source_toy(cls) -> TermWeights:
        """The coefficients of the source's toy notebook."""
        return cls(objective=1e4, flow=1.0, sparsity=0.1)

    @classmethod
    def source_mnist(cls) -> TermWeights:
        """The coefficients of the source's MNIST notebook."""
        return cls(objective=1e3, flow=1e-4, sparsity=0.1)


# -------------------- terms --------------------


def flow(layout: Layout, links: Links) -> Any:
    """(sum of strengths from inputs to hidden - sum from hidden to outputs)^2; differentiable.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> round(float(flow(model.layout, model.links(parameters))), 6)
    0.000225
    """
    rows, columns = links.schedule.rows, links.schedule.columns
    enters = (rows < layout.n_hidden) & (columns < layout.n_inputs)
    leaves = (rows >= layout.n_hidden) & (columns >= layout.n_inputs)
    return anp.dot(enters * 1.0 - leaves, anp.abs(links.strengths)) ** 2


def density(layout: Layout, links: Links) -> float:
    """Share of the allowed cells that are links.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> round(density(model.layout, model.links(parameters)), 3)  # 11 of 14
    0.786
    """
    return links.n_links / layout.n_cells


def sparsity(layout: Layout, links: Links) -> float:
    """The source's sparsity term, the squared density; a number, constant to the gradient."""
    return density(layout, links) ** 2


def soft_count(links: Links, softness: float) -> Any:
    """Number of links, where a weak one counts less: sum of ``|D| / (|D| + softness)``.

    Zero exactly for a cell without link, so that only living cells need looking at; tends to the
    number of links as the softness tends to 0.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> links = model.links(parameters)
    >>> links.n_links, [round(float(soft_count(links, softness)), 2) for softness in (0.5, 0.01)]
    (11, [2.66, 9.35])
    """
    size = anp.abs(links.strengths)
    return anp.sum(size / (size + softness))


def inflow_hinge(layout: Layout, links: Links, least: float) -> Any:
    """Sum over outputs of the square of what their received strength lacks to ``least``."""
    first = links.schedule.n_hidden_links
    into = links.schedule.rows[first:] - layout.n_hidden
    selector = np.zeros((layout.n_outputs, len(into)))
    selector[into, np.arange(len(into))] = 1.0
    received = anp.dot(selector, anp.abs(links.strengths[first:]))
    return anp.sum(anp.maximum(least - received, 0.0) ** 2)


# -------------------- their sum --------------------


class Figures(NamedTuple):
    """What an evaluation met on its way.

    Attributes
    ----------
    objective : float
        The task's own loss.
    flow : float
        0 where it has no weight.
    schedule : Schedule
        The structure.
    """

    objective: float
    flow: float
    schedule: Schedule


class ManifoldObjective:
    """Loss and gradient of a manifold on batches of a task.

    Parameters
    ----------
    model : Manifold, or one over time
    task : Task
        Its ``loss`` is the first term.
    weights : TermWeights, optional
        For evaluations on its own. A training goes by the weights of its settings; if weights are
        given here too, they must be the same (`ManifoldTraining` refuses others).
    cost : CostModel, optional
        Needed if seconds or bytes have a weight.

    Attributes
    ----------
    weights : TermWeights, or None if none were given

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> from synthesis.tasks import SumsAndDifferences
    >>> task, rng = SumsAndDifferences(batch_size=4, n_test=10), np.random.default_rng(0)
    >>> objective = ManifoldObjective(Manifold(5, 6, 4), task, TermWeights(flow=0.1))
    >>> loss, slope, figures = objective.gradient(objective.model.initial(rng), *task.batch(rng))
    >>> round(float(loss), 2), slope.size
    (1.9, 93)
    """

    def __init__(
        self,
        model: Any,
        task: Any,
        weights: TermWeights | None = None,
        cost: CostModel | None = None,
    ) -> None:
        self.model, self.task, self.weights, self.cost = model, task, weights, cost
        self.check_cost(weights or TermWeights())

    def check_cost(self, weights: TermWeights) -> None:
        """Refuse weights of time or memory without a cost model."""
        if self.cost is None and (weights.seconds or weights.bytes):
            raise ValueError(
                f"weights seconds={weights.seconds:g} and bytes={weights.bytes:g} need a cost "
                "model: give ManifoldObjective cost=fit_cost(...)"
            )

    def _evaluated(
        self, parameters: VValue, inputs: Any, targets: Any, weights: TermWeights
    ) -> tuple[Any, Figures]:
        """The loss, and the figures; differentiable."""
        self.check_cost(weights)
        model, layout = self.model, self.model.layout
        predictions, links = model.predict(parameters, inputs)
        objective = self.task.loss(predictions, targets)
        total = weights.objective * objective
        flows = 0.0
        if weights.sparsity:
            total = total + weights.sparsity * sparsity(layout, links)
        if weights.flow:
            flows = flow(layout, links)
            total = total + weights.flow * flows
        if weights.soft_count:
            share = soft_count(links, weights.softness) / layout.n_cells
            total = total + weights.soft_count * share
        if weights.inflow:
            total = total + weights.inflow * inflow_hinge(layout, links, weights.least_inflow)
        if self.cost is not None and (weights.seconds or weights.bytes):
            n = int(np.prod(inputs.shape[:-1]))  # time steps count as samples
            total = total + weights.seconds * self.cost.seconds(layout, links, n)
            total = total + weights.bytes * self.cost.bytes(layout, links, n)
        return total, Figures(float(getval(objective)), float(getval(flows)), links.schedule)

    def gradient(
        self, parameters: VValue, inputs: Any, targets: Any, weights: TermWeights | None = None
    ) -> tuple[float, VValue, Figures]:
        """Loss and gradient on a batch, and what else was met.

        Raises
        ------
        ValueError
            If predictions and targets do not fit, or weights need a cost model that is missing.
        """
        weights = weights or self.weights or TermWeights()
        met: list[Figures] = []

        def traced(tree: VValue) -> Any:
            loss, figures = self._evaluated(tree, inputs, targets, weights)
            met.append(figures)
            return loss

        loss, gradient = value_and_grad(traced)(parameters)
        return float(loss), gradient, met[0]

    def loss(self, parameters: VValue, inputs: Any, targets: Any) -> float:
        """Loss on a batch."""
        weights = self.weights or TermWeights()
        return float(self._evaluated(parameters, inputs, targets, weights)[0])
