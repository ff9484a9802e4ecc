"""The published experiment of every architecture, small enough for minutes: ``run NAME[:TASK]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ..architectures.binary import BinaryFamily, FamilyEvolution, FamilySettings
from ..architectures.binary.objective import squared_error
from ..architectures.convolutional import ConvolutionalNetwork, FilterLayer
from ..architectures.elastic import (
    AreaNetwork,
    ElasticNetwork,
    ElasticSettings,
    ElasticTraining,
    ModulatedNetwork,
    NetworksTraining,
)
from ..architectures.elastic.residual import Lesson, ResidualNetwork, ResidualTraining
from ..architectures.evolving import EvolvingModel, EvolvingSettings, EvolvingTraining
from ..architectures.manifold import (
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    MemoryManifold,
    Start,
    network_of,
    train,
)
from ..architectures.network_training import NetworkSettings, NetworkTraining
from ..architectures.perceptron import Perceptron
from ..architectures.self_organised import Polygon, pixels_under
from ..architectures.self_organised.growth import (
    PoolingSettings,
    Tissue,
    TissueSettings,
    grown_network,
    tissue_tree,
)
from ..architectures.self_organised.simulation import Garden, Simulation, WaveSettings
from ..architectures.self_organised.spiking import (
    LayerSettings,
    SpikingStack,
    leaky_retina,
    spiking_network,
)
from ..process.process import StoredProcess
from ..tasks import (
    CartPoleImitation,
    Digits,
    Echo,
    Latch,
    Phase,
    SumsAndDifferences,
    bars_task,
    easy_hard_easy,
    easy_task,
    hard_task,
    load_mnist,
    small_digits,
    small_experiment,
)

__all__ = ["EXPERIMENTS", "Experiment", "experiment_of"]

SIDE = 10.0  # of the square of sensors that an image is laid over

TaskMaker = Callable[[np.random.Generator], Any]
Maker = Callable[[Any, int, int], StoredProcess]

SUMS: Mapping[str, TaskMaker] = {"sums": lambda rng: SumsAndDifferences()}
IMAGES: Mapping[str, TaskMaker] = {
    "bars": bars_task,
    "digits": lambda rng: small_digits(),
    "mnist": lambda rng: load_mnist(),
}
POLE: Mapping[str, TaskMaker] = {"cart-pole": CartPoleImitation}
TEXTS: Mapping[str, TaskMaker] = {
    "easy": lambda rng: easy_task(rng, 20_000),
    "hard": lambda rng: hard_task(rng, 20_001),
    "easy-hard-easy": lambda rng: easy_hard_easy(rng, groups=20_001),
}
PLACES: Mapping[str, TaskMaker] = {
    "square": lambda rng: [(0, 0), (16, 0), (16, 16), (0, 16)],
    "L": lambda rng: [(0, 0), (18, 0), (18, 7), (7, 7), (7, 18), (0, 18)],
}
OVER_TIME = Start(sigma=(3.0, 1.0), mu=(0.0, 2.0), gamma=(0.0, 1.0), cutoff=-3.0, bias=(0.0, 0.3))


@dataclass(frozen=True)
class Experiment:
    """A process by name.

    Attributes
    ----------
    summary : str
    steps : int
        By default: gradient steps, generations, cycles or epochs, whatever the process counts.
    tasks : mapping of name to maker
        The first is the default.
    make : callable (task, seed, steps) -> StoredProcess
    """

    summary: str
    steps: int
    tasks: Mapping[str, TaskMaker]
    make: Maker

    def task(self, name: str | None = None) -> Any:
        """The task of this name, always with the same data; the default one when omitted.

        Raises
        ------
        ValueError
            If there is none; the message lists the known ones.
        """
        self.check(name)
        name = next(iter(self.tasks)) if name is None else name
        return self.tasks[name](np.random.default_rng(0))

    def check(self, name: str | None) -> None:
        """Refuse a task that there is not.

        Raises
        ------
        ValueError
            The message lists the known ones.
        """
        if name is not None and name not in self.tasks:
            raise ValueError(f"unknown task {name!r}; known here: {', '.join(self.tasks)}")

    def process(
        self, seed: int, task: str | None = None, steps: int | None = None
    ) -> StoredProcess:
        """The process of a seed."""
        return self.make(self.task(task), seed, self.steps if steps is None else steps)


def experiment_of(text: str) -> tuple[Experiment, str | None]:
    """The experiment that a text ``NAME[:TASK]`` names, and the task, if it does.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones.

    Examples
    --------
    >>> experiment_of("elastic:hard")[1]
    'hard'
    """
    name, separator, task = text.partition(":")
    if name not in EXPERIMENTS:
        raise ValueError(f"unknown experiment {name!r}; known ones: {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name], task if separator else None


# -------------------- makers --------------------


def _sizes(task: Any) -> tuple[int, int]:
    """Numbers of inputs and outputs that a task needs."""
    if isinstance(task, SumsAndDifferences):
        return 5, 4
    if isinstance(task, CartPoleImitation):
        return 4, task.n_classes
    if isinstance(task, (Echo, Latch)):
        inputs, targets = task.batch(np.random.default_rng(0))
        return inputs.shape[-1], targets.shape[-1]
    return task.n_pixels, task.n_classes


def _perceptron(task: Any, seed: int, steps: int) -> NetworkTraining:
    n, m = _sizes(task)
    return NetworkTraining(Perceptron([n, 32, m], "tanh"), task, NetworkSettings(steps), seed)


def _convolutional(task: Any, seed: int, steps: int) -> NetworkTraining:
    """A layer of filters, pooled, and a dense one."""
    side = int(np.sqrt(task.n_pixels))
    hidden = [FilterLayer(8, 3, pool=2), FilterLayer(32, 0)]
    model = ConvolutionalNetwork((1, side, side), hidden, task.n_classes)
    return NetworkTraining(model, task, NetworkSettings(steps), seed)


def _phases(task: Any, cycles: int) -> tuple[Phase, ...]:
    """A text for so many cycles, or the published three with their cycles scaled."""
    if not isinstance(task, tuple):
        return (Phase(task, cycles),)
    third = max(cycles // 3, 1)
    return tuple(replace(phase, cycles=third) for phase in task)


def _elastic(kind: type) -> Maker:
    def make(task: Any, seed: int, steps: int) -> ElasticTraining:
        every = max(min(500, steps // 4), 1)
        return ElasticTraining(kind(), _phases(task, steps), seed, 1, every)

    return make


def _elastic_networks(task: Any, seed: int, steps: int) -> NetworksTraining:
    phases, count = _phases(task, steps), 4
    seeds = tuple((seed, i) for i in range(count))
    return NetworksTraining(ElasticSettings(), (phases,) * count, seeds, 1, max(steps // 10, 1))


def _residual(task: Any, seed: int, steps: int) -> ResidualTraining:
    n, m = _sizes(task)
    every = max(min(100, steps // 4), 1)
    return ResidualTraining(ResidualNetwork(n, m, 16), (Lesson(task, steps),), seed, every=every)


def _manifold(**options: Any) -> Maker:
    def make(task: Any, seed: int, steps: int) -> ManifoldTraining:
        n, m = _sizes(task)
        return _trained(Manifold(n, 16, m, **options), task, seed, steps)

    return make


def _over_time(task: Any, seed: int, steps: int) -> ManifoldTraining:
    n, m = _sizes(task)
    manifold = Manifold(n, 6, m, link_weights=True, start=OVER_TIME)
    return _trained(MemoryManifold(manifold), task, seed, steps)


def _trained(model: Any, task: Any, seed: int, steps: int) -> ManifoldTraining:
    settings = ManifoldSettings(steps=steps, segment=max(min(100, steps // 4), 1), rate=0.01)
    return ManifoldTraining.of(ManifoldObjective(model, task), settings, seed)


def _found(task: Any, seed: int, steps: int) -> NetworkTraining:
    """A manifold is trained as long as the network that it has found is afterwards."""
    n, m = _sizes(task)
    model = Manifold(n, 16, m, link_weights=True, start=Start.wide_toy())
    settings = ManifoldSettings(steps=steps, segment=steps, rate=0.01)
    state, _ = train(ManifoldObjective(model, task), seed, settings)
    network, parameters = network_of(model, state.parameters)
    return NetworkTraining(network, task, NetworkSettings(steps), seed, parameters)


def _evolving(task: Any, seed: int, steps: int) -> EvolvingTraining:
    model = EvolvingModel(task.input_names, task.output_names)
    return EvolvingTraining.of(model, task, seed, EvolvingSettings(epochs=steps))


def _family(task: Any) -> BinaryFamily:
    n, m = _sizes(task)
    return BinaryFamily((n, 32, m), (max(n // 2, 1), 8))


def _binary_scores(task: Any, seed: int, steps: int) -> FamilyEvolution:
    settings = FamilySettings(generations=steps)
    is_squared = isinstance(task, SumsAndDifferences)
    options = {"member_loss": squared_error} if is_squared else {}
    return FamilyEvolution(_family(task), task, settings, seed, **options)  # type: ignore[arg-type]


def _binary_network(task: Any, seed: int, steps: int) -> NetworkTraining:
    """A member of a family in which all are equally likely: its wiring stays, its weights move."""
    family, rng = _family(task), np.random.default_rng([seed, 1])
    (member,) = family.members(family.initial(rng), 1, rng)
    return NetworkTraining(family.network, task, NetworkSettings(steps), seed, member)


def _seen(task: Digits, positions: np.ndarray, side: float) -> Digits:
    """Images laid over a square of sensors."""
    pixels = int(np.sqrt(task.n_pixels))
    corners = np.zeros(2), np.full(2, side)
    return task.seen_by(pixels_under(positions, (pixels, pixels), corners)).as_ink()


def _spiking(task: Any, seed: int, steps: int) -> NetworkTraining:
    """Two seconds of waves wire a layer; outputs on top are trained with it as a rate model."""
    stack, rng = _waves(seed), np.random.default_rng([seed, 2])
    model, parameters = spiking_network(stack, _classes(task), rng)
    seen = _seen(task, stack.retina.positions, SIDE)
    return NetworkTraining(model, seen, NetworkSettings(steps), seed, parameters)


@lru_cache(maxsize=2)
def _waves(seed: int) -> SpikingStack:
    rng = np.random.default_rng([seed, 1])
    stack = SpikingStack(leaky_retina(rng, n=400, side=SIDE), [LayerSettings(40)], rng)
    stack.organise(2000.0)
    return stack


def _grown(task: Any, seed: int, steps: int) -> NetworkTraining:
    """A tissue grows from one cell in a square; outputs on top of it are trained."""
    tissue, rng = _tissue(seed), np.random.default_rng([seed, 2])
    model, parameters = grown_network(tissue_tree(tissue), _classes(task), rng)
    seen = _seen(task, tissue.positions, SIDE)
    return NetworkTraining(model, seen, NetworkSettings(steps), seed, parameters)


@lru_cache(maxsize=2)
def _tissue(seed: int) -> Tissue:
    square = Polygon([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)])
    tissue = Tissue(square, np.random.default_rng([seed, 1]), TissueSettings(most=600))
    tissue.grow(12_000)
    return tissue


def _simulation(task: Any, seed: int, steps: int) -> Simulation:
    return Simulation(task, seed, steps, max(min(1000, steps // 4), 1))


def _garden(task: Any, seed: int, steps: int) -> Simulation:
    corners = tuple((float(x), float(y)) for x, y in task)
    return _simulation(Garden(corners, TissueSettings()), seed, steps)


def _classes(task: Any) -> list[str]:
    return [f"class-{i}" for i in range(task.n_classes)]


EXPERIMENTS: Mapping[str, Experiment] = {
    "perceptron": Experiment(
        "a multi-layer perceptron", 2000, {**SUMS, **POLE, **IMAGES}, _perceptron
    ),
    "convolutional": Experiment("filters over pictures", 1000, IMAGES, _convolutional),
    "elastic": Experiment(
        "a recurrent network that grows and shrinks", 8000, TEXTS, _elastic(ElasticNetwork)
    ),
    "elastic-networks": Experiment(
        "four elastic networks side by side", 25_000, TEXTS, _elastic_networks
    ),
    "modulated": Experiment(
        "an elastic network of additive and multiplicative links", 8000, TEXTS,
        _elastic(ModulatedNetwork),
    ),
    "areas": Experiment(
        "an elastic network whose areas come and go", 8000, TEXTS, _elastic(AreaNetwork)
    ),
    "residual": Experiment(
        "residual blocks whose width and depth follow the task", 2000, {**POLE, **IMAGES},
        _residual,
    ),
    "manifold": Experiment(
        "a dynamic manifold with shared weights, as published", 4000, SUMS, _manifold(squared=True)
    ),
    "manifold-linked": Experiment(
        "a dynamic manifold with link weights", 4000, SUMS,
        _manifold(link_weights=True, start=Start.wide_toy()),
    ),
    "manifold-over-time": Experiment(
        "a dynamic manifold of memory cells", 1500,
        {"latch": lambda rng: Latch(), "echo": lambda rng: Echo()}, _over_time,
    ),
    "found-network": Experiment(
        "the network that a manifold has found, trained on", 1500, SUMS, _found
    ),
    "evolving": Experiment(
        "elementary operations that come and go", 60, {"products": small_experiment}, _evolving
    ),
    "binary-scores": Experiment(
        "a family of networks of weights -1, 0, +1, evolved", 300, {**POLE, **SUMS}, _binary_scores
    ),
    "binary-network": Experiment(
        "a member of such a family, trained on its wiring", 1500, {**POLE, **SUMS}, _binary_network
    ),
    "spiking": Experiment("a layer wired by travelling waves", 1000, IMAGES, _spiking),
    "grown": Experiment("a network grown from one cell", 1000, IMAGES, _grown),
    "tissue": Experiment("cells that divide in a polygon and bud a layer", 20_000, PLACES, _garden),
    "pooling": Experiment(
        "a layer that learns the waves of a sheet of sensors", 20_000,
        {"sheet": lambda rng: PoolingSettings()}, _simulation,
    ),
    "waves": Experiment(
        "spiking layers that travelling waves wire", 4000,
        {"leaky": lambda rng: WaveSettings()}, _simulation,
    ),
}  # fmt: skip
"""The unattended loop is not among them: it runs the stream tasks by their own names."""
