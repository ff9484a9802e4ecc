"""Training networks side by side: a process, and a helper that hands out the trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from vvalues import Support, VValue, from_buffer

from ....process.codec import from_plain, to_plain
from ....process.process import Outcome, events
from ....process.records import Record
from ....process.state import DONE
from ....tasks.characters import CharacterTask
from ....tasks.successions import Phase, cycles_of, phases_described, phases_of
from ...training import Seed, Training, TrainingState
from ...wired import numbered
from ..model import ElasticNetwork
from ..modulated import ModulatedNetwork, linked_network
from ..process import check_every
from ..settings import ElasticSettings
from .lockstep import NetworkTrainer
from .standing import Deleted, Member, Standing, Texts

__all__ = ["NetworksRecord", "NetworksState", "NetworksTraining", "train_networks"]


@dataclass(frozen=True, eq=False)
class NetworksState(TrainingState):
    """Elastic networks in training; parameters and memory are arrays, one leaf per network.

    Attributes
    ----------
    hidden : array (networks, capacity)
    smooth : array (networks,)
    at : array of int (networks,)
    members : tuple (networks,) of Member
        See `Standing`.
    links : int
        Of all networks.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> training = NetworksTraining(ElasticSettings.of("paper"), (phases, phases), seeds=(1, 2))
    >>> state = training.start(training.rng)
    >>> state.smooth.shape, [member.numbers for member in state.members]
    ((2,), [(1,), (1,)])
    """

    hidden: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    smooth: np.ndarray = field(default_factory=lambda: np.zeros(0))
    at: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    members: tuple[Member, ...] = ()
    links: int = 0

    @classmethod
    def of(cls, trainer: NetworkTrainer, phase: str) -> NetworksState:
        """The state of a trainer between two cycles."""
        cycles, parameters, memory, hidden, smooth, at, members = trainer.standing()
        return cls(
            _leaves(parameters),
            float(np.mean(smooth)),
            cycles,
            phase,
            moments=(_leaves(memory),),
            hidden=hidden,
            smooth=smooth,
            at=at,
            members=members,
            links=sum(trainer.n_links(i) for i in range(len(members))),
        )

    def standing(self) -> Standing:
        """What a trainer goes on from."""
        shape = len(self.members), -1, self.hidden.shape[1]
        return Standing(
            self.step,
            self.parameters.buffer.reshape(shape),
            self.moments[0].buffer.reshape(shape),
            self.hidden,
            self.smooth,
            self.at,
            self.members,
        )


def _leaves(arrays: np.ndarray) -> VValue:
    """Arrays of networks, (networks, rows, capacity), as one tree ``network-0``, ..."""
    paths = [(name,) for name in numbered("network", len(arrays))]
    return from_buffer(Support.of(paths, [arrays.shape[1:]] * len(arrays)), arrays.ravel())


@dataclass(frozen=True)
class NetworksTraining(Training):
    """The training of networks side by side; a `synthesis.process.StoredProcess`.

    Attributes
    ----------
    settings : ElasticSettings
    phases : tuple (networks) of tuples of Phase
        What every network reads. Alphabet, characters per cycle and number of cycles are the same
        in all.
    seeds : tuple (networks) of Seed
        Each determines a network's first weights and all its later chances, so that its figures do
        not depend on its companions.
    size : int
        Neurons to begin with.
    every : int
        Cycles per unit of work.
    ratio : float, optional
        Links come in pairs (see `ModulatedNetwork`); the share of the multiplicative ones to begin
        with. Without it there are single links.

    Raises
    ------
    ValueError
        If networks have different numbers of cycles, or ``every`` is below 1; as
        `ModulatedNetwork`, with a ratio.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> settings = ElasticSettings.of("paper")
    >>> training = NetworksTraining(settings, (phases, phases), seeds=(1, 2), every=2)
    >>> state, records = training.advance(training.start(training.rng))
    >>> state.step, len(state.members)
    (2, 2)
    """

    settings: ElasticSettings
    phases: tuple[tuple[Phase, ...], ...]
    seeds: tuple[Seed, ...] = ()
    size: int = 1
    every: int = 1000
    ratio: float | None = None

    name = "elastic-networks"
    types = (NetworksState, Member, Deleted)

    def __post_init__(self) -> None:
        check_every(self.every)
        totals = {cycles_of(plan) for plan in self.phases}
        if len(totals) > 1:
            raise ValueError(
                f"phases: networks have {sorted(totals)} cycles; expected equally many"
            )
        if self.ratio is not None:
            ModulatedNetwork(settings=self.settings, ratio=self.ratio)  # which refuses bad ones

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> NetworksTraining:
        """The process of an identity; a ValueError unless its texts can be drawn again."""
        return cls(
            from_plain(identity["settings"], [ElasticSettings]),
            tuple(phases_of(plan) for plan in identity["phases"]),
            from_plain(identity["seeds"], ()),
            identity["size"],
            identity["every"],
            identity.get("ratio"),
        )

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self.phases)

    @property
    def rng(self) -> np.random.Generator:
        """Any generator: every network has one of its own."""
        return np.random.default_rng(0)

    @property
    def model(self) -> ElasticNetwork | ModulatedNetwork:  # type: ignore[override]
        """The model that all networks are members of."""
        return linked_network(self.task.alphabet, self.settings, self.ratio)

    @property
    def task(self) -> CharacterTask:  # type: ignore[override]
        """The first network's last one."""
        return self.phases[0][-1].task

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Settings, phases, seeds, size and unit of work in words; JSON-compatible.

        A ratio stands there only where links come in pairs: runs of single links are older.
        """
        return {
            "process": self.name,
            "settings": to_plain(self.settings),
            "phases": [phases_described(plan) for plan in self.phases],
            "seeds": to_plain(self.seeds),
            "size": self.size,
            "every": self.every,
            **({} if self.ratio is None else {"ratio": self.ratio}),
        }

    def start(self, rng: np.random.Generator) -> NetworksState:
        """Networks of random weights, each drawn by the generator of its own seed, not by ``rng``.

        Raises
        ------
        ValueError
            If there are not as many seeds as networks; as `Texts` and `NetworkTrainer.begun`.
        """
        return self.begun_by([np.random.default_rng(seed) for seed in self.seeds])

    def begun_by(self, rngs: Sequence[np.random.Generator]) -> NetworksState:
        """As `start`, with these generators in place of seeds."""
        trainer = NetworkTrainer.begun(self.settings, self._texts, rngs, self.size, self.ratio)
        return NetworksState.of(trainer, "train")

    def trainer(self, state: NetworksState) -> NetworkTrainer:
        """A trainer that goes on from a state, which it does not change."""
        return NetworkTrainer(self.settings, self._texts, state.standing(), self.ratio)

    def advance(self, state: NetworksState) -> tuple[NetworksState, list[Record]]:
        """Some cycles."""
        trainer, total = self.trainer(state), cycles_of(self.phases[0])
        while trainer.cycles < total:
            trainer.step()
            if trainer.cycles % self.every == 0:
                break
        trainer.compact()
        state = NetworksState.of(trainer, DONE if trainer.cycles == total else state.phase)
        sizes, losses = trainer.sizes.tolist(), trainer.smooth.tolist()
        return state, [state.record("train", losses=losses, sizes=sizes)]

    def outcome(self, state: NetworksState, records: list[Record]) -> Outcome:
        """A tree per network, and medians of their figures."""
        trainer = self.trainer(state)
        names = self.parts(state)
        trees = {name: trainer.network(i) for i, name in enumerate(names)}
        measured = [
            plan[-1].task.evaluate(self.model, tree)
            for plan, tree in zip(self.phases, trees.values(), strict=True)
        ]
        figures = {name: float(np.median([one[name] for one in measured])) for name in measured[0]}
        figures["neurons"] = float(np.median(trainer.sizes))
        return Outcome(VValue(trees), state.loss, figures, records)

    def parts(self, state: NetworksState) -> tuple[str, ...]:
        """Names of the networks."""
        return tuple(path[0] for path in state.parameters.support.paths)


# -------------------- with the trainer in hand --------------------


class NetworksRecord(NamedTuple):
    """Where all networks stand.

    Attributes
    ----------
    cycle : int
        Cycles so far.
    losses : array (networks,)
        Running mean of the loss of a cycle, nats summed over its characters.
    sizes : array of int (networks,)
        Numbers of neurons.

    Examples
    --------
    >>> record = NetworksRecord(10, np.array([52.5, 51.0]), np.array([3, 5]))
    >>> int(record.losses.argmin()), record.sizes.tolist()
    (1, [3, 5])
    """

    cycle: int
    losses: np.ndarray
    sizes: np.ndarray


def train_networks(
    settings: ElasticSettings,
    phases: Sequence[Sequence[Phase]],
    rngs: Sequence[np.random.Generator],
    size: int = 1,
    every: int = 1000,
    ratio: float | None = None,
) -> Iterator[tuple[NetworkTrainer, NetworksRecord]]:
    """Train networks side by side to the end of their phases.

    Yields a trainer, whose networks may be read, and a record: before the first cycle, after every
    ``every`` cycles and after the last one.

    Parameters
    ----------
    settings : ElasticSettings
    phases : sequence (networks) of sequences of Phase
    rngs : sequence (networks) of Generator
        A network's first weights and all its later chances.
    size : int
        Neurons to begin with.
    every : int
    ratio : float, optional
        Links come in pairs (see `NetworksTraining`).

    Raises
    ------
    ValueError
        As `NetworksTraining` and `NetworkTrainer.begun`.

    Examples
    --------
    >>> from synthesis.tasks import Phase, easy_task
    >>> rng = np.random.default_rng(0)
    >>> phases = (Phase(easy_task(rng, 400), cycles=4),)
    >>> rngs = [np.random.default_rng(seed) for seed in (1, 2)]
    >>> run = train_networks(ElasticSettings.of("paper"), [phases, phases], rngs, every=2)
    >>> [(record.cycle, record.sizes.tolist()) for _, record in run]
    [(0, [1, 1]), (2, [2, 1]), (4, [2, 1])]
    """
    training = NetworksTraining(settings, tuple(map(tuple, phases)), (), size, every, ratio)
    state = training.begun_by(rngs)
    yield _shown(training, state)
    for event in events(training, state):
        for rng, member in zip(rngs, event.state.members, strict=True):
            rng.bit_generator.state = dict(member.rng)
        yield _shown(training, event.state)


def _shown(
    training: NetworksTraining, state: NetworksState
) -> tuple[NetworkTrainer, NetworksRecord]:
    trainer = training.trainer(state)
    return trainer, NetworksRecord(state.step, state.smooth, trainer.sizes)
