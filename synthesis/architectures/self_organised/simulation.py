"""Simulations as processes: tissue, pooling layers, spiking stacks, kept in folders like trainings.

A state holds the whole simulator as one V-value with array leaves. What edits or walks make of the
tree, the simulator goes on from: `unit_places` says how units lie in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from vvalues import Path, VValue

from ...process.bounds import Bounded, positive, whole
from ...process.checks import check_whole
from ...process.codec import from_plain, to_plain, types_in
from ...process.places import AxisNeurons
from ...process.process import Outcome
from ...process.records import Record
from ...process.state import DONE, State
from ..training import Seed, seed_of
from ..wired import SYNAPSE
from .growth import Pooling, PoolingSettings, Tissue, TissueSettings
from .polygons import Polygon
from .spiking import LayerSettings, SpikingStack, leaky_retina

__all__ = ["Garden", "Simulation", "SimulationState", "WaveSettings", "unit_places"]


@dataclass(frozen=True)
class Garden:
    """Where a tissue grows, and how.

    Attributes
    ----------
    corners : tuple of (x, y)
        Of the polygon.
    settings : TissueSettings
    """

    corners: tuple[tuple[float, float], ...]
    settings: TissueSettings


@dataclass(frozen=True)
class WaveSettings(Bounded):
    """A square of leaky sensors with layers above it.

    Attributes
    ----------
    n_sensors : int
    side : float
    layers : tuple of LayerSettings
    """

    n_sensors: int = whole(400, least=1)
    side: float = positive(10.0)
    layers: tuple[LayerSettings, ...] = (LayerSettings(40),)


class _Kind(NamedTuple):
    """What differs: how a simulator is made and run, and where its weights are."""

    settings: type
    make: Callable[[Any, np.random.Generator], Any]
    run: Callable[[Any, int], Any]
    weights: Path


KINDS: Mapping[str, _Kind] = {
    "tissue": _Kind(
        Garden, lambda s, rng: Tissue(Polygon(s.corners), rng, s.settings),
        lambda tissue, steps: tissue.grow(steps), ("units", "weights"),
    ),
    "pooling": _Kind(
        PoolingSettings, lambda s, rng: Pooling(rng, s),
        lambda pooling, steps: pooling.advance(steps), ("units", "weights"),
    ),
    "waves": _Kind(
        WaveSettings,
        lambda s, rng: SpikingStack(leaky_retina(rng, n=s.n_sensors, side=s.side), s.layers, rng),
        lambda stack, steps: stack.organise(float(steps)), ("layer-1", "plastic", "weights"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class SimulationState(State):
    """A simulator as a tree; a step is a millisecond.

    The loss is the share of the first layer's possible synapses (weights of 0.1 or more) that are
    there: organisation loses them. Without units it is 1.
    """


@dataclass(frozen=True)
class Simulation:
    """A simulation; a `synthesis.process.StoredProcess`.

    Attributes
    ----------
    settings : Garden, PoolingSettings or WaveSettings
        Of a tissue, a pooling layer, or a spiking stack.
    seed : Seed
    steps : int
        Milliseconds.
    every : int
        Milliseconds per unit of work.

    Raises
    ------
    ValueError
        If the settings are of another make, or a number is below 1.
    """

    settings: Garden | PoolingSettings | WaveSettings
    seed: Seed = 0
    steps: int = 10_000
    every: int = 1000

    name: ClassVar[str] = "simulation"
    types: ClassVar[tuple[type, ...]] = (SimulationState,)
    model: ClassVar[Any] = None
    seconds: ClassVar[float] = math.inf

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, 1)
        check_whole("every", self.every, 1)
        _ = self.kind

    @classmethod
    def from_identity(cls, identity: Mapping[str, Any]) -> Simulation:
        """The process of an identity."""
        made_of = [Garden, TissueSettings, *types_in(WaveSettings()), PoolingSettings]
        made_of += types_in(LayerSettings(1))
        settings = from_plain(identity["settings"], made_of)
        return cls(settings, seed_of(identity["seed"]), identity["steps"], identity["every"])

    @cached_property
    def kind(self) -> str:
        """Tissue, pooling or waves."""
        for name, kind in KINDS.items():
            if isinstance(self.settings, kind.settings):
                return name
        made_of = ", ".join(kind.settings.__name__ for kind in KINDS.values())
        raise ValueError(f"settings are {self.settings!r:.60}; expected one of {made_of}")

    @property
    def rng(self) -> np.random.Generator:
        """The generator that a run of this seed starts with."""
        return np.random.default_rng(self.seed)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Kind, settings, seed and steps in words; JSON-compatible."""
        return {
            "process": self.name,
            "kind": self.kind,
            "settings": to_plain(self.settings),
            "seed": to_plain(self.seed),
            "steps": self.steps,
            "every": self.every,
        }

    def simulator(self, tree: VValue, rng: np.random.Generator) -> Any:
        """The simulator of a tree, with this source of chance: tree to simulator."""
        simulator = KINDS[self.kind].make(self.settings, np.random.default_rng(0))
        simulator.restore(tree, rng)
        return simulator

    def start(self, rng: np.random.Generator) -> SimulationState:
        """The simulator as it is made."""
        tree = KINDS[self.kind].make(self.settings, rng).state
        return SimulationState(tree, self._density(tree), phase="organise").after(rng)

    def advance(self, state: SimulationState) -> tuple[SimulationState, list[Record]]:
        """Some milliseconds."""
        rng = state.generator()
        simulator = self.simulator(state.parameters, rng)
        last = min(state.step + self.every, self.steps)
        KINDS[self.kind].run(simulator, last - state.step)
        tree = simulator.state
        state = state.after(
            rng,
            parameters=tree,
            loss=self._density(tree),
            step=last,
            phase=DONE if last == self.steps else state.phase,
        )
        return state, [state.record("organise", **self._figures(tree))]

    def outcome(self, state: SimulationState, records: list[Record]) -> Outcome:
        """The simulator's tree and its figures."""
        return Outcome(state.parameters, state.loss, self._figures(state.parameters), records)

    def _density(self, tree: VValue) -> float:
        weights = np.asarray(tree[KINDS[self.kind].weights])
        return float(np.mean(weights >= SYNAPSE)) if weights.size else 1.0

    def _figures(self, tree: VValue) -> dict[str, float]:
        n_inputs, n_units = np.shape(tree[KINDS[self.kind].weights])
        synapses = np.count_nonzero(tree[KINDS[self.kind].weights] >= SYNAPSE)
        return {"sensors": float(n_inputs), "units": float(n_units), "synapses": float(synapses)}


def unit_places(tree: VValue) -> AxisNeurons:
    """How the units of the first layer lie in a simulator's tree, for `delete_neuron`.

    Parameters
    ----------
    tree : VValue
        State of a tissue or a pooling layer.

    Examples
    --------
    >>> from synthesis.edits import delete_neuron
    >>> process = Simulation(PoolingSettings(n_sensors=20, n_units=3, side=4.0))
    >>> tree = process.start(process.rng).parameters
    >>> fewer, _ = delete_neuron(tree, (), unit_places(tree), names=["1"])
    >>> process.simulator(fewer, process.rng).weights.shape
    (20, 2)
    """
    first, last = tree.support.leaf_range(("units",))
    axes = {path: 1 if path[-1] == "weights" else 0 for path in tree.support.paths[first:last]}
    return AxisNeurons(axes)
