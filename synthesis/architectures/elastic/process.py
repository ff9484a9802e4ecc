"""Training one elastic network as a tree, with the general optimizers and edits of this package.

This is the definition; `networks` does the same to the bit for many networks side by side, many
times faster. Use this one to change something: another optimizer, another rule, an edit of one's
own in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ...edits.neurons import KeyedNeurons, add_neuron, delete_neuron, neuron_leaves
from ...optimize.optimizers import (
    Optimizer,
    adagrad,
    chain,
    clip,
    map_trees,
    rmsprop,
)
from ...process.abilities import elements_of
from ...process.codec import to_plain
from ...process.records import Record
from ...process.state import DONE
from ...tasks.characters import CharacterTask
from ...tasks.successions import Phase, cycles_of, phases_described, phases_of, reading
from ..training import Seed, Training, TrainingState, driven_by, kept, seed_of
from .areas import AreaNetwork
from .arrays import READOUT
from .birth import EPSILON, RMS_SHARE, memory_of_new
from .model import ElasticNetwork
from .modulated import ModulatedNetwork
from .settings import ElasticSettings
from .turnover import members_to_delete, wants_another

__all__ = [
    "ElasticState",
    "ElasticTraining",
    "elastic_optimizer",
    "step",
    "train_tree",
]

AnyNetwork = ElasticNetwork | ModulatedNetwork | AreaNetwork


@dataclass(frozen=True, eq=False)
class ElasticState(TrainingState):
    """An elastic network in training; the loss is the running mean of that of a cycle.

    Attributes
    ----------
    hidden : array (neurons,)
        Hidden state, in the order of the neurons' names; of areas that of all their neurons.
    born : mapping of name -> cycle
    next_number : int
        Number of the next neuron; none is ever used twice.
    deleted : (name, leaves), optional
        The last deleted neuron, for inheritance.
    at : int
        Place in the text that the next cycle reads from.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> training = ElasticTraining(ElasticNetwork(), phases, size=2)
    >>> state = training.start(training.rng)
    >>> state.born, state.next_number, state.at
    ({'neuron-1': 0, 'neuron-2': 0}, 3, 0)
    """

    hidden: np.ndarray = field(default_factory=lambda: np.zeros(0))
    born: Mapping[str, int] = field(default_factory=dict)
    next_number: int = 1
    deleted: tuple[str, VValue] | None = None
    at: int = 0


# -------------------- optimizer --------------------


def elastic_optimizer(settings: ElasticSettings) -> Optimizer:
    """Bounded gradient, Adagrad or RMSProp, bounded step."""
    if settings.mode == "outgoing-norm":
        adaptive = rmsprop(settings.rate, RMS_SHARE, EPSILON)
    else:
        adaptive = adagrad(settings.rate, EPSILON)
    return chain(clip(settings.clip), adaptive, clip(settings.largest_step))


# -------------------- the process --------------------


@dataclass(frozen=True)
class ElasticTraining(Training):
    """The training of one tree; a `synthesis.process.StoredProcess`.

    The hidden state is carried from cycle to cycle (without gradient), and begins at zero where a
    text begins again.

    Attributes
    ----------
    model : ElasticNetwork, ModulatedNetwork or AreaNetwork
    phases : tuple of Phase
        What is read.
    seed : Seed
        Determines the first weights and all later chances.
    size : int
        Neurons to begin with.
    every : int
        Cycles per unit of work.

    Raises
    ------
    ValueError
        If there are no phases, a task has another alphabet than the model, or ``every`` is below 1.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> training = ElasticTraining(ElasticNetwork(), phases, size=2, every=2)
    >>> state, records = training.advance(training.start(training.rng))
    >>> state.step, training.model.neurons(state.parameters)
    (2, ('neuron-1', 'neuron-2', 'neuron-3'))
    """

    model: AnyNetwork
    phases: tuple[Phase, ...]
    seed: Seed = 0
    size: int = 1
    every: int = 1000

    name = "elastic"
    types = (ElasticState,)

    def __post_init__(self) -> None:
        if not self.phases:
            raise ValueError("phases: there are none")
        check_every(self.every)
        for phase in self.phases:
            if phase.task.alphabet != self.model.alphabet:
                raise ValueError(
                    f"phases: {phase.task.name} has the alphabet {phase.task.alphabet!r}, the "
                    f"model {self.model.alphabet!r}; make the model with the task's"
                )

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> ElasticTraining:
        """The process of an identity; a ValueError unless its texts can be drawn again."""
        words = identity["model"]
        kinds = {kind.__name__: kind for kind in (ElasticNetwork, ModulatedNetwork, AreaNetwork)}
        model = kinds[words["kind"]].described(words)
        seed, size = seed_of(identity["seed"]), identity["size"]
        return cls(model, phases_of(identity["phases"]), seed, size, identity["every"])

    @property
    def task(self) -> CharacterTask:  # type: ignore[override]
        """The last phase's: an outcome has its figures."""
        return self.phases[-1].task

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Model, phases, seed, size and unit of work in words; JSON-compatible."""
        return {
            "process": self.name,
            "model": self.model.description,
            "phases": phases_described(self.phases),
            "seed": to_plain(self.seed),
            "size": self.size,
            "every": self.every,
        }

    def start(self, rng: np.random.Generator) -> ElasticState:
        """A network of random weights that has read nothing yet."""
        model, length = self.model, self.phases[0].task.length
        parameters = model.initial(rng, self.size)
        memory = elastic_optimizer(model.settings).init(parameters)
        if model.settings.mode == "outgoing-norm":
            starts = _chosen(parameters, ["input", "bias"]) * memory_of_new(model.settings)
            memory = map_trees(memory, lambda tree: from_buffer(parameters.support, starts))
        names = model.neurons(parameters)
        return ElasticState(
            parameters,
            length * float(np.log(len(model.alphabet))),
            phase="train",
            moments=kept(memory),
            hidden=np.zeros(len(names) * model.width),
            born=dict.fromkeys(names, 0),
            next_number=self.size + 1,
        ).after(rng)

    def advance(self, state: ElasticState) -> tuple[ElasticState, list[Record]]:
        """Some cycles."""
        rng, total, losses = state.generator(), cycles_of(self.phases), []
        last = min(state.step + self.every, total)
        for cycle in range(state.step, last):
            symbols, at, wraps = reading(self.phases, cycle, state.at)
            if wraps:
                state = replace(state, hidden=np.zeros_like(state.hidden))
            state, loss = step(self.model, replace(state, at=at), symbols, rng)
            losses.append(loss)
        state = state.after(rng, phase=DONE if last == total else state.phase)
        return state, [
            state.record("train", neurons=len(state.born), mean_loss=float(np.mean(losses)))
        ]


def check_every(every: int) -> None:
    """Refuse units of work without a cycle."""
    if every < 1:
        raise ValueError(f"every is {every!r}; expected at least 1 cycle between records")


def train_tree(
    model: AnyNetwork, phases: Sequence[Phase], rng: np.random.Generator, size: int = 1
) -> Iterator[tuple[ElasticState, float]]:
    """Train one tree to the end of its phases; yields state and loss after every cycle.

    Raises
    ------
    ValueError
        As `ElasticTraining`.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> [(state.step, round(loss, 1)) for state, loss in train_tree(ElasticNetwork(), phases, rng)]
    [(1, 55.5), (2, 53.6), (3, 53.2), (4, 53.7)]
    """
    training = ElasticTraining(model, tuple(phases), size=size, every=1)
    for event in driven_by(training, training.start(rng), rng):
        yield event.state, event.records[0].details["mean_loss"]


# -------------------- one cycle --------------------


def step(
    model: AnyNetwork, state: ElasticState, symbols: np.ndarray, rng: np.random.Generator
) -> tuple[ElasticState, float]:
    """One cycle: read, learn, edit. Returns the new state and the loss of the cycle.

    Parameters
    ----------
    model : ElasticNetwork, ModulatedNetwork or AreaNetwork
    state : ElasticState
    symbols : array of int (length + 1,)
    rng : Generator
    """
    settings = model.settings
    optimizer = elastic_optimizer(settings)
    loss, gradient, hidden = model.loss_and_gradient(state.parameters, symbols, state.hidden)
    if settings.has_multipliers:
        gradient = gradient + _penalty(model, state.parameters, len(symbols) - 1)
    change, memory = optimizer.update(gradient, state.memory(optimizer), state.parameters)
    share = settings.smoothing
    state = replace(
        state,
        parameters=_shrunk(model, state.parameters + change),
        moments=kept(memory),
        hidden=hidden,
        step=state.step + 1,
        loss=(1.0 - share) * state.loss + share * loss,
    )
    return (_edited(model, state, memory, rng) if settings.adapts_size else state), loss


def _chosen(parameters: VValue, kinds: Sequence[str]) -> np.ndarray:
    """Which elements are of leaves of these kinds; in every step, and so by no pattern."""
    support = parameters.support
    leaves = [path[1] in kinds and path[0] != READOUT for path in support.paths]
    return elements_of(support, np.array(leaves, dtype=bool))


def _penalty(model: AnyNetwork, parameters: VValue, length: int) -> VValue:
    penalty, at = np.zeros(parameters.size), _chosen(parameters, ["multiplier"])
    penalty[at] = length * model.settings.penalty * np.sign(parameters.buffer[at])
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


def _edited(
    model: AnyNetwork, state: ElasticState, memory: Any, rng: np.random.Generator
) -> ElasticState:
    """Deletion and addition by the rules; memory and hidden state follow."""
    settings, neurons = model.settings, model.places()
    names, marked = model.neurons(state.parameters), _marked(model, state.parameters)
    ages = [state.step - state.born[names[i]] for i in marked]
    places = members_to_delete(marked, settings, rng, ages)
    is_another = wants_another(len(names) - len(places), len(marked) - len(places), settings, rng)
    if not places and not is_another:
        return state
    parameters, hidden, deleted = state.parameters, state.hidden, state.deleted
    born, number = dict(state.born), state.next_number
    if places:
        gone = [names[i] for i in places]
        leaves = neuron_leaves(parameters, neurons, gone[-1])
        deleted = gone[-1], leaves.at((gone[-1], "multiplier")).remove()
        parameters, memory = delete_neuron(parameters, memory, neurons, names=gone)
        hidden = np.delete(hidden.reshape(-1, model.width), places, axis=0).ravel()
        born = {name: cycle for name, cycle in born.items() if name not in gone}
    if is_another:
        name = f"{model.prefix}{number}"
        inherit = deleted if settings.inherit else None
        parameters, memory = add_neuron(
            parameters, memory, neurons, rng, name=name, inherit=inherit
        )
        memory = map_trees(memory, lambda tree: _started(tree, neurons, name, settings))
        hidden = np.append(hidden, np.zeros(model.width))
        born[name], number = state.step, number + 1
    return replace(
        state,
        parameters=parameters,
        moments=kept(memory),
        hidden=hidden,
        born=born,
        next_number=number,
        deleted=deleted,
    )


def _started(memory: VValue, neurons: KeyedNeurons, name: str, settings: ElasticSettings) -> VValue:
    support = neuron_leaves(memory, neurons, name).support
    return memory + from_buffer(support, np.full(support.size, memory_of_new(settings)))
