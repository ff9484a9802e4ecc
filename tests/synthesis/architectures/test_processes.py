"""Every training is a process that goes on to the bit after a break, and knows what it is."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from synthesis.architectures import Perceptron
from synthesis.architectures.binary import (
    BinaryFamily,
    FamilyEvolution,
    FamilySettings,
    NeuronStrategy,
)
from synthesis.architectures.binary.objective import cross_entropy, squared_error
from synthesis.architectures.elastic import (
    AreaNetwork,
    ElasticNetwork,
    ElasticSettings,
    ElasticTraining,
    ModulatedNetwork,
    NetworksTraining,
)
from synthesis.architectures.elastic.residual import (
    Lesson,
    ResidualNetwork,
    ResidualSettings,
    ResidualTraining,
)
from synthesis.architectures.evolving import EvolvingModel, EvolvingSettings, EvolvingTraining
from synthesis.architectures.manifold import (
    CostModel,
    Manifold,
    ManifoldObjective,
    ManifoldSettings,
    ManifoldTraining,
    MemoryManifold,
    RecurrentManifold,
    Start,
    TermWeights,
    network_of,
)
from synthesis.architectures.network_training import NetworkSettings, NetworkTraining
from synthesis.architectures.self_organised.growth import PoolingSettings, TissueSettings
from synthesis.architectures.self_organised.simulation import Garden, Simulation, WaveSettings
from synthesis.architectures.self_organised.spiking import LayerSettings
from synthesis.cli import main
from synthesis.optimize import EvolutionStrategy
from synthesis.process.process import carried_out
from synthesis.runs import Run, process_of
from synthesis.tasks import (
    CartPoleImitation,
    Digits,
    Echo,
    Latch,
    Phase,
    SumsAndDifferences,
    easy_task,
    hard_task,
    small_experiment,
    table_task,
    text_task,
)
from tests.marks import thorough
from vvalues import load


@dataclass
class Case:
    """A short training, what another one of its kind differs in, and whether words remake it."""

    process: Any
    other: dict[str, Any]
    differs: str
    is_described: bool = True


TOY = SumsAndDifferences(batch_size=10, n_test=100)
OVER_TIME = Start(sigma=(3.0, 1.0), mu=(0.0, 2.0), gamma=(0.0, 1.0), cutoff=-3.0, bias=(0.0, 0.3))


def manifold(model, task, seed=1, cost=None, **settings):
    given = ManifoldSettings(**{"steps": 12, "segment": 3, "rate": 0.01, **settings})
    return ManifoldTraining.of(ManifoldObjective(model, task, cost=cost), given, seed, 2)


def evolving(pruning, task=None, **options):
    settings = EvolvingSettings(epochs=4, steps=10, largest=2, added=2, pruning=pruning)
    task = small_experiment(np.random.default_rng(4), samples=60) if task is None else task
    return EvolvingTraining.of(EvolvingModel(4, 2, **options), task, (0, 3), settings)


FOUND, FOUND_WEIGHTS = network_of(
    (wide := Manifold(5, 4, 4, link_weights=True, start=Start.wide_toy())),
    wide.initial(np.random.default_rng(3)),
)


TOP = LayerSettings(4, kernel=None)
SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))


def own_table():
    """A table that nothing but its caller knows."""
    rng = np.random.default_rng(5)
    return table_task(rng.standard_normal((40, 4)), rng.standard_normal((40, 2)), rng)


BUSY = {"add_probability": 0.4, "delete_probability": 0.5, "spontaneous": 0.2, "inherit": True}


def texts(seed):
    """Two short texts that are each read to the end and begin again."""
    rng = np.random.default_rng(seed)
    return (Phase(easy_task(rng, 30), 9), Phase(hard_task(rng, 30), 9))


def few_digits():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 17, (60, 16), dtype=np.uint8)
    labels = np.arange(60) % 3
    return Digits("few", images, labels, images[:20], labels[:20], 3, 10, 16.0)


RESIDUAL = ResidualSettings(
    add_probability=0.6, delete_probability=0.6, block_add_probability=0.5, protection=5.0,
    block_delete_probability=0.5, penalty=5e-2,
)  # fmt: skip


def own_source(objective, scores, rng):
    return EvolutionStrategy(pairs=3)(objective, scores, rng)


COST = CostModel((1.0, 0.1, 0.01) + (0.0,) * 6, (0.0, 0.0, 0.02) + (0.0,) * 6)
CASES = {
    "manifold": Case(
        manifold(
            Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy()),
            TOY,
            weights=TermWeights(soft_count=1.0, inflow=1.0),
            budget=0.3,
            guard=True,
        ),
        {"seed": 2},
        "seed is 1, not 2",
    ),
    "manifold with a cost model": Case(
        manifold(
            Manifold(5, 8, 4, squared=True),
            TOY,
            (1, 7),
            COST,
            weights=TermWeights(seconds=0.1, flow=0.1),
        ),
        {"seed": (2, 7)},
        r"seed is \[1, 7\], not \[2, 7\]",
    ),
    "manifold with memory": Case(
        manifold(
            MemoryManifold(Manifold(2, 4, 1, link_weights=True, start=OVER_TIME)),
            Latch(batch_size=4, n_steps=5, n_test=10),
        ),
        {"settings": ManifoldSettings(steps=13)},
        r"settings\.steps is 12, not 13",
    ),
    "recurrent manifold": Case(
        manifold(
            RecurrentManifold(Manifold(3, 4, 3, link_weights=True, start=OVER_TIME), 2),
            Echo(batch_size=4, n_steps=5, n_test=10),
        ),
        {"tested_every": 3},
        "tested_every is 2, not 3",
    ),
    "evolving layers": Case(
        evolving("contribution", hidden=(3,), trains_links=True),
        {"seed": 1},
        r"seed is \[0, 3\], not 1",
    ),
    "evolving layers pruned by held-out loss": Case(
        evolving("loss"),
        {"settings": EvolvingSettings()},
        r"settings\.epochs is 4, not 60",
    ),
    "evolving layers on a table of one's own": Case(
        evolving("none", own_table()),
        {"task": small_experiment(np.random.default_rng(4), samples=60)},
        "task.name is 'table', not 'products'",
        is_described=False,
    ),
    "elastic tree": Case(
        ElasticTraining(
            ElasticNetwork(settings=ElasticSettings(protection=5.0, **BUSY)), texts(1), (0, 2), 3, 4
        ),
        {"size": 2},
        "size is 3, not 2",
    ),
    "elastic tree by outgoing norms": Case(
        ElasticTraining(
            ElasticNetwork(settings=ElasticSettings.of("outgoing-norm", **BUSY)), texts(2), 0, 2, 5
        ),
        {"seed": 1},
        "seed is 0, not 1",
    ),
    "elastic tree of paired links": Case(
        ElasticTraining(
            ModulatedNetwork("abc", ElasticSettings(**BUSY), 0.2),
            (Phase(text_task("abcacb" * 80), 12),),
            0,
            2,
            5,
        ),
        {"every": 6},
        "every is 5, not 6",
        is_described=False,
    ),
    "elastic tree of areas": Case(
        ElasticTraining(AreaNetwork(settings=ElasticSettings(**BUSY), width=2), texts(3), 0, 2, 5),
        {"model": AreaNetwork(settings=ElasticSettings(**BUSY), width=3)},
        "model.width is 2, not 3",
    ),
    "elastic networks": Case(
        NetworksTraining(
            ElasticSettings(mode="paper", protection=5.0, **BUSY),
            (texts(1), texts(2), texts(3)),
            ((0, 2), (1, 2), 5),
            2,
            4,
        ),
        {"seeds": ((0, 2), (1, 2), 6)},
        r"seeds is \[\[0, 2\], \[1, 2\], 5\], not",
    ),
    "elastic networks of paired links": Case(
        NetworksTraining(
            ElasticSettings(protection=5.0, **BUSY),
            (texts(1), texts(2)),
            ((0, 2), (1, 2)),
            2,
            4,
            ratio=0.1,
        ),
        {"ratio": 0.2},
        r"ratio is 0\.1, not 0\.2",
    ),
    "residual network": Case(
        ResidualTraining(
            ResidualNetwork(16, 3, 5, RESIDUAL),
            (Lesson(few_digits(), 8), Lesson(few_digits().as_ink(), 7)),
            (0, 4),
            every=3,
        ),
        {"carries": True},
        "carries is False, not True",
        is_described=False,
    ),
    "residual network that carries its memory on": Case(
        ResidualTraining(
            ResidualNetwork(16, 3, 5, RESIDUAL),
            (Lesson(few_digits(), 8), Lesson(few_digits().as_ink(), 7)),
            0,
            True,
            4,
        ),
        {"every": 5},
        "every is 4, not 5",
        is_described=False,
    ),
    "perceptron": Case(
        NetworkTraining(Perceptron([5, 6, 4], "tanh"), TOY, NetworkSettings(7), (1, 2), every=2),
        {"every": 3},
        "every is 2, not 3",
    ),
    "found network": Case(
        NetworkTraining(FOUND, TOY, NetworkSettings(5), 0, FOUND_WEIGHTS, 2),
        {"begun_from": 2.0 * FOUND_WEIGHTS},
        "beginning is '[0-9]+ numbers at",
    ),
    "tissue": Case(
        Simulation(Garden(SQUARE, TissueSettings(most=40, noise=8.0)), (0, 1), 1500, 400),
        {"seed": 1},
        r"seed is \[0, 1\], not 1",
    ),
    "pooling layer": Case(
        Simulation(PoolingSettings(n_sensors=40, n_units=4, side=5.0, silent=0.1), 0, 1100, 300),
        {"every": 200},
        "every is 300, not 200",
    ),
    "spiking stack": Case(
        Simulation(
            WaveSettings(30, 4.0, (LayerSettings(6), LayerSettings(4, kernel=None))), 0, 7, 2
        ),
        {"steps": 8},
        "steps is 7, not 8",
    ),
    "binary family": Case(
        FamilyEvolution(
            BinaryFamily((4, 6, 2), (2, 3), ["left", "right"]),
            CartPoleImitation(np.random.default_rng(0), n=200, batch_size=16),
            FamilySettings(generations=11),
            (3, 1),
            NeuronStrategy(pairs=4),
            every=3,
        ),
        {"source": NeuronStrategy(pairs=5)},
        r"source\.pairs is 4, not 5",
    ),
    "binary family by an ordinary evolution strategy": Case(
        FamilyEvolution(
            BinaryFamily((5, 4), (2,)),
            SumsAndDifferences(batch_size=12, n_test=50),
            FamilySettings(generations=8, concentrations=(1.5,)),
            source=EvolutionStrategy(pairs=6),
            member_loss=squared_error,
            every=3,
        ),
        {"member_loss": cross_entropy},
        "member_loss is 'squared_error', not 'cross_entropy'",
    ),
    "binary family with a source and a loss of one's own": Case(
        FamilyEvolution(
            BinaryFamily((5, 4), (2,)),
            SumsAndDifferences(batch_size=12, n_test=50),
            FamilySettings(generations=8),
            source=own_source,
            member_loss=squared_error,
            every=3,
        ),
        {"settings": FamilySettings(generations=9)},
        r"settings\.generations is 8, not 9",
        is_described=False,
    ),
}


def same(one, other):
    assert one.support is other.support
    np.testing.assert_array_equal(one.buffer, other.buffer)


VARIANTS = (
    *("manifold with a cost model", "recurrent manifold", "elastic tree by outgoing norms"),
    *("elastic tree of areas", "evolving layers pruned by held-out loss"),
)
"""They differ from another case by an option only."""


@pytest.fixture(params=[*(name for name in CASES if name not in VARIANTS), *thorough(*VARIANTS)])
def case(request):
    return CASES[request.param]


@pytest.fixture(
    params=[
        *(name for name in CASES if CASES[name].is_described and name not in VARIANTS),
        *thorough(*(name for name in VARIANTS if CASES[name].is_described)),
    ]
)
def described(request):
    """A case whose model and task can be made again from words."""
    return CASES[request.param]


@pytest.mark.parametrize("breaks", [2, *thorough(None)], ids=["first and last", "any"])
def test_it_goes_on_to_the_bit_after_a_break_at_any_unit(case, breaks, tmp_path):
    process = case.process
    whole, records = carried_out(process, process.rng)
    run = Run.new(tmp_path / "whole", process).to_end()
    n_units = len({record.step for record in records})
    assert n_units > 2
    for unit in range(n_units) if breaks is None else (0, n_units - 1):
        folder = tmp_path / str(unit)
        for count, _ in enumerate(Run.new(folder, process).events()):
            if count == unit:
                break
        resumed = Run.resumed(folder, process).to_end()
        same(resumed.state.parameters, whole.parameters)
        assert resumed.state.is_done and resumed.state.rng == whole.rng
        assert [r.to_dict() for r in resumed.records] == [r.to_dict() for r in run.records]
    assert [r.to_dict() for r in run.records] == [
        json.loads(json.dumps(r.to_dict())) for r in records
    ]


def test_its_folder_is_all_that_is_needed_to_go_on(described, tmp_path):
    case = described
    next(iter(Run.new(tmp_path, case.process).events()))
    resumed = Run.resumed(tmp_path).to_end()
    assert resumed.process.identity == case.process.identity
    whole, _ = carried_out(case.process, case.process.rng)
    same(resumed.state.parameters, whole.parameters)


def test_an_identity_is_plain_and_makes_the_same_process(case):
    identity = case.process.identity
    assert json.loads(json.dumps(identity)) == identity
    if case.is_described:
        assert process_of(identity).identity == identity
    else:
        with pytest.raises(ValueError, match=r"Run\.resumed\(folder, process\)"):
            process_of(identity)


WRONG = [None, "x", -1]


def parts(identity):
    """Every part of an identity by the keys that lead to it."""
    for key, value in identity.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *inner) for inner in parts(value))


def test_an_identity_with_a_part_missing_or_wrong_is_another_one_or_refused(described):
    identity = described.process.identity
    for path in parts(identity):
        for wrong in [..., *WRONG]:
            damaged = json.loads(json.dumps(identity))
            inner = damaged
            for key in path[:-1]:
                inner = inner[key]
            if wrong is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = wrong
            with suppress(ValueError):
                process_of(damaged)


def test_a_folder_of_another_process_is_refused(case, tmp_path):
    Run.new(tmp_path, case.process)
    with pytest.raises(ValueError, match=f"is of another run: its {case.differs}"):
        Run.of(tmp_path, replace(case.process, **case.other))


def test_an_outcome_has_figures_and_leaves_them_with_the_parameters(described, tmp_path, capsys):
    case = described
    next(iter(Run.new(tmp_path, case.process).events()))
    assert main(["resume", str(tmp_path)]) == 0
    assert "training loss" in capsys.readouterr().out
    whole, records = carried_out(case.process, case.process.rng)
    outcome = case.process.outcome(whole, records)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures == {"training_loss": outcome.loss, **outcome.figures}
    assert outcome.figures and all(np.isfinite(list(figures.values())))
    assert load(tmp_path / "parameters.npz") == outcome.parameters
