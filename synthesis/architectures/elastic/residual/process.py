"""Training of residual networks whose units and blocks come and go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from vvalues import VValue, from_buffer

from ....edits.neurons import add_neuron, delete_neuron
from ....optimize.optimizers import adagrad, state_leaves
from ....tasks.digits import Digits
from ..turnover import members_to_delete, wants_another
from .model import ResidualNetwork, ResidualSettings

__all__ = ["ResidualMemory", "ResidualRecord", "train_residual"]


class ResidualMemory(NamedTuple):
    """What training remembers beside the parameters.

    Attributes
    ----------
    optimizer : state of Adagrad
    ages : dict of block -> tuple (units,)
        Steps that every unit has lived.
    """

    optimizer: Any
    ages: dict[str, tuple[float, ...]]


class ResidualRecord(NamedTuple):
    """A step of training.

    Attributes
    ----------
    step : int
    loss : float
        Of the batch, nats.
    widths : dict of block -> units
    memory : ResidualMemory
        To go on from, together with the parameters.
    """

    step: int
    loss: float
    widths: dict[str, int]
    memory: ResidualMemory


def train_residual(
    model: ResidualNetwork,
    task: Digits,
    rng: np.random.Generator,
    steps: int,
    parameters: VValue | None = None,
    memory: ResidualMemory | None = None,
) -> Iterator[tuple[VValue, ResidualRecord]]:
    """Train with Adagrad; units and blocks come and go after every step.

    Parameters
    ----------
    model : ResidualNetwork
    task : Digits
    rng : Generator
    steps : int
    parameters : VValue, optional
        To go on from; random ones when omitted.
    memory : ResidualMemory, optional
        The last record's, to go on as if training had not been interrupted. When omitted,
        Adagrad's memory and the ages begin at zero.

    Yields
    ------
    parameters, record : after every step

    Raises
    ------
    ValueError
        If there are no steps, or the memory is of other parameters.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps!r}; expected at least 1")
    parameters = model.initial(rng) if parameters is None else parameters
    optimizer = adagrad(model.settings.rate)
    state = optimizer.init(parameters) if memory is None else memory.optimizer
    if any(tree.support is not parameters.support for tree in _trees(state)):
        raise ValueError("memory is of other parameters; give both from the same step")
    elastic = _Elastic(model, {} if memory is None else memory.ages)
    for step in range(1, steps + 1):
        loss, gradient = model.linearize(parameters, *task.batch(rng))
        change, state = optimizer.update(gradient, state, parameters)
        parameters = _shrunk(model.settings, parameters + change)
        parameters, state = elastic.edited(parameters, state, rng)
        kept = ResidualMemory(state, elastic.kept_ages())
        yield parameters, ResidualRecord(step, loss, model.widths(parameters), kept)


def _trees(state: Any) -> list[VValue]:
    return [leaf for leaf in state_leaves(state) if isinstance(leaf, VValue)]


def _shrunk(settings: ResidualSettings, parameters: VValue) -> VValue:
    """Decoupled penalties, and the floor of the multipliers."""
    support, values = parameters.support, np.array(parameters.buffer)
    for i, path in enumerate(support.paths):
        span = support.span(i, i + 1)
        if path[-1].startswith("multiplier"):
            values[span] = np.maximum(values[span] - settings.penalty, settings.smallest)
        elif path[-1] != "bias":
            values[span] *= 1.0 - settings.weight_decay
    return from_buffer(support, values)


class _BlockRules(NamedTuple):
    """The rules' settings for blocks."""

    spare: int
    add_probability: float
    delete_probability: float
    spontaneous: float
    largest: int
    protection: float


class _Elastic:
    """The edits after every step; remembers ages when they matter."""

    def __init__(self, model: ResidualNetwork, ages: Mapping[str, Sequence[float]]) -> None:
        self.model = model
        settings = model.settings
        self.block_rules = _BlockRules(
            1,
            settings.block_add_probability,
            settings.block_delete_probability,
            0.0,
            settings.largest_depth,
            0.0,
        )
        self.ages = {name: np.array(lived) for name, lived in ages.items()}

    def kept_ages(self) -> dict[str, tuple[float, ...]]:
        """Ages of all units, to go on from."""
        return {name: tuple(lived.tolist()) for name, lived in self.ages.items()}

    def edited(
        self, parameters: VValue, state: Any, rng: np.random.Generator
    ) -> tuple[VValue, Any]:
        """Units first, then blocks."""
        for name in self.model.blocks(parameters):
            parameters, state = self._edit_units(name, parameters, state, rng)
        return self._edit_blocks(parameters, state, rng)

    def _edit_units(
        self, name: str, parameters: VValue, state: Any, rng: np.random.Generator
    ) -> tuple[VValue, Any]:
        settings, context = self.model.settings, self.model.units(name)
        multipliers = parameters[name, "multipliers"]
        ages = self.ages.get(name, np.zeros(len(multipliers))) + 1
        marked = np.flatnonzero(multipliers <= settings.threshold)
        gone = members_to_delete(marked, settings, rng, ages[marked])
        if gone:
            names = [str(i) for i in gone]
            parameters, state = delete_neuron(parameters, state, context, names=names)
            ages = np.delete(ages, gone)
        if wants_another(len(ages), len(marked) - len(gone), settings, rng):
            parameters, state = add_neuron(parameters, state, context, rng)
            ages = np.append(ages, 0.0)
        self.ages[name] = ages
        return parameters, state

    def _edit_blocks(
        self, parameters: VValue, state: Any, rng: np.random.Generator
    ) -> tuple[VValue, Any]:
        settings, context = self.model.settings, self.model.depth
        names = self.model.blocks(parameters)
        strength = np.array([parameters[name, "multiplier"] for name in names])
        marked = np.flatnonzero(strength <= settings.threshold)
        gone = members_to_delete(marked, self.block_rules, rng)
        if gone:
            chosen = [names[i] for i in gone]
            parameters, state = delete_neuron(parameters, state, context, names=chosen)
            for name in chosen:
                del self.ages[name]
        if wants_another(len(names) - len(gone), len(marked) - len(gone), self.block_rules, rng):
            parameters, state = add_neuron(parameters, state, context, rng)
        return parameters, state
