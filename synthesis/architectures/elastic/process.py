"""Training one elastic network as a tree, with the general optimizers and edits of this package.

This is the definition; `lanes` does the same to the bit for many networks, many times faster. Use
this one to change something: another optimizer, another rule, an edit of one's own in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer, restrict

from ...edits.neurons import KeyedNeurons, add_neuron, delete_neuron, neuron_leaves
from ...optimize.optimizers import (
    Optimizer,
    adagrad,
    chain,
    clip,
    rmsprop,
    state_leaves,
    with_state_leaves,
)
from ...tasks.characters import Phase
from .arrays import PREFIX, READOUT
from .birth import EPSILON, RMS_SHARE, memory_of_new
from .model import ElasticNetwork
from .modulated import ModulatedNetwork
from .settings import ElasticSettings
from .turnover import members_to_delete, wants_another

__all__ = [
    "ElasticState",
    "TextReader",
    "elastic_optimizer",
    "initial_state",
    "step",
    "train_tree",
]


AnyNetwork = ElasticNetwork | ModulatedNetwork


@dataclass(frozen=True)
class ElasticState:
    """An elastic network in training.

    Attributes
    ----------
    parameters : VValue
    optimizer : optimizer state
    hidden : VValue
        Hidden state, a number per neuron.
    born : dict of name -> cycle
    next_number : int
        Number of the next neuron; none is ever used twice.
    deleted : (name, leaves), optional
        The last deleted neuron, for inheritance.
    cycle : int
    smooth : float
        Running mean of the loss of a cycle.
    """

    parameters: VValue
    optimizer: Any
    hidden: VValue
    born: dict[str, int]
    next_number: int
    deleted: tuple[str, VValue] | None
    cycle: int
    smooth: float


# -------------------- optimizer --------------------


def elastic_optimizer(settings: ElasticSettings) -> Optimizer:
    """Bounded gradient, Adagrad or RMSProp, bounded step."""
    if settings.mode == "outgoing-norm":
        adaptive = rmsprop(settings.rate, RMS_SHARE, EPSILON)
    else:
        adaptive = adagrad(settings.rate, EPSILON)
    return chain(clip(settings.clip), adaptive, clip(settings.largest_step))


# -------------------- one cycle --------------------


def initial_state(
    model: AnyNetwork, rng: np.random.Generator, size: int = 1, length: int = 40
) -> ElasticState:
    """A network of random weights that has read nothing yet."""
    parameters = model.initial(rng, size)
    optimizer = elastic_optimizer(model.settings).init(parameters)
    if model.settings.mode == "outgoing-norm":
        starts = _chosen(parameters, ["input", "bias"]) * memory_of_new(model.settings)
        memory = from_buffer(parameters.support, starts)
        optimizer = _with_memory(optimizer, lambda tree: memory)
    names = model.neurons(parameters)
    return ElasticState(
        parameters=parameters,
        optimizer=optimizer,
        hidden=VValue(dict.fromkeys(names, 0.0)),
        born=dict.fromkeys(names, 0),
        next_number=size + 1,
        deleted=None,
        cycle=0,
        smooth=length * float(np.log(len(model.alphabet))),
    )


def _with_memory(optimizer: Any, change: Any) -> Any:
    leaves = [
        change(leaf) if isinstance(leaf, VValue) else leaf for leaf in state_leaves(optimizer)
    ]
    return with_state_leaves(optimizer, leaves)


def step(
    model: AnyNetwork, state: ElasticState, symbols: np.ndarray, rng: np.random.Generator
) -> tuple[ElasticState, float]:
    """One cycle: read, learn, edit. Returns the new state and the loss of the cycle.

    Parameters
    ----------
    model : ElasticNetwork or ModulatedNetwork
    state : ElasticState
    symbols : array of int (length + 1,)
    rng : Generator
    """
    settings = model.settings
    names = model.neurons(state.parameters)
    hidden = np.array([state.hidden[name] for name in names])
    loss, gradient, hidden = model.linearize(state.parameters, symbols, hidden)
    if settings.has_multipliers:
        gradient = gradient + _penalty(model, state.parameters, len(symbols) - 1)
    change, optimizer = elastic_optimizer(settings).update(
        gradient, state.optimizer, state.parameters
    )
    parameters = _shrunk(model, state.parameters + change)
    share = settings.smoothing
    state = replace(
        state,
        parameters=parameters,
        optimizer=optimizer,
        hidden=VValue(dict(zip(names, hidden.tolist(), strict=True))),
        cycle=state.cycle + 1,
        smooth=(1.0 - share) * state.smooth + share * loss,
    )
    return (_edited(model, state, rng) if settings.adapts_size else state), loss


def _chosen(parameters: VValue, kinds: Sequence[str]) -> np.ndarray:
    """Which leaves are of these kinds."""
    return np.array([path[1] in kinds and path[0] != READOUT for path in parameters.support.paths])


def _penalty(model: AnyNetwork, parameters: VValue, length: int) -> VValue:
    is_multiplier = _chosen(parameters, ["multiplier"])
    strength = length * model.settings.penalty
    penalty = np.where(is_multiplier, strength * np.sign(parameters.buffer), 0.0)
    return from_buffer(parameters.support, penalty)


def _shrunk(model: AnyNetwork, parameters: VValue) -> VValue:
    """The decoupled penalty, and the floor of the multipliers."""
    settings, values = model.settings, np.array(parameters.buffer)
    if settings.mode == "outgoing-norm":
        at = _chosen(parameters, ["recurrent", "output"])
        values[at] -= settings.decoupled_penalty * np.sign(values[at])
    elif settings.has_multipliers:
        at = _chosen(parameters, ["multiplier"])
        values[at] = np.maximum(values[at] - settings.decoupled_penalty, settings.smallest)
    return from_buffer(parameters.support, values)


def _marked(model: AnyNetwork, parameters: VValue) -> np.ndarray:
    """Places of the neurons at or below the threshold."""
    if model.settings.has_multipliers:
        strength = model.multipliers(parameters)
    else:
        strength = model.outgoing_norms(parameters)  # type: ignore[union-attr]
    return np.flatnonzero(strength <= model.settings.threshold)


def _edited(model: AnyNetwork, state: ElasticState, rng: np.random.Generator) -> ElasticState:
    """Deletion and addition by the rules; memory and hidden state follow."""
    settings, context = model.settings, model.context()
    names, marked = model.neurons(state.parameters), _marked(model, state.parameters)
    ages = [state.cycle - state.born[names[i]] for i in marked]
    gone = [names[i] for i in members_to_delete(marked, settings, rng, ages)]
    parameters, optimizer, deleted = state.parameters, state.optimizer, state.deleted
    born, number = dict(state.born), state.next_number
    if gone:
        leaves = neuron_leaves(parameters, context, gone[-1])
        deleted = gone[-1], leaves.at((gone[-1], "multiplier")).remove()
        parameters, optimizer = delete_neuron(parameters, optimizer, context, rng, names=gone)
        born = {name: cycle for name, cycle in born.items() if name not in gone}
    if wants_another(len(born), len(marked) - len(gone), settings, rng):
        name = f"{PREFIX}{number}"
        inherit = deleted if settings.inherit else None
        parameters, optimizer = add_neuron(
            parameters, optimizer, context, rng, name=name, inherit=inherit
        )
        optimizer = _with_memory(optimizer, lambda tree: _started(tree, context, name, settings))
        born[name], number = state.cycle, number + 1
    return replace(
        state,
        parameters=parameters,
        optimizer=optimizer,
        hidden=restrict(state.hidden, VValue(dict.fromkeys(born, 0.0)).support),
        born=born,
        next_number=number,
        deleted=deleted,
    )


def _started(memory: VValue, context: KeyedNeurons, name: str, settings: ElasticSettings) -> VValue:
    support = neuron_leaves(memory, context, name).support
    return memory + from_buffer(support, np.full(support.size, memory_of_new(settings)))


# -------------------- whole runs --------------------


class TextReader:
    """Cycles of text, phase after phase; a text that ends begins again.

    Parameters
    ----------
    phases : sequence of Phase
    """

    def __init__(self, phases: Sequence[Phase]) -> None:
        self.phases = tuple(phases)

    def __iter__(self) -> Iterator[tuple[np.ndarray, bool]]:
        """Symbols (length + 1,) of every cycle, and whether the text has just begun again."""
        for phase in self.phases:
            codes, length, at = phase.task.codes, phase.task.length, 0
            for _ in range(phase.cycles):
                wraps = at + length + 1 >= len(codes)
                at = 0 if wraps else at
                yield codes[at : at + length + 1].astype(np.intp), wraps
                at += length


def train_tree(
    model: AnyNetwork, phases: Sequence[Phase], rng: np.random.Generator, size: int = 1
) -> Iterator[tuple[ElasticState, float]]:
    """Train one tree to the end of its phases; yields state and loss after every cycle.

    The hidden state is carried from cycle to cycle (without gradient), and begins at zero where a
    text begins again.

    Raises
    ------
    ValueError
        If a task has another alphabet than the model.
    """
    for phase in phases:
        if phase.task.alphabet != model.alphabet:
            raise ValueError(
                f"phases: {phase.task.name} has the alphabet {phase.task.alphabet!r}, the model "
                f"{model.alphabet!r}; make the model with the task's"
            )
    state = initial_state(model, rng, size, phases[0].task.length)
    for symbols, wraps in TextReader(phases):
        if wraps:
            state = replace(state, hidden=0.0 * state.hidden)
        state, loss = step(model, state, symbols, rng)
        yield state, loss
