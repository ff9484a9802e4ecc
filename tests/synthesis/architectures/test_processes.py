"""Every training is a process that goes on to the bit after a break, and knows what it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

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
)
from synthesis.cli import main
from synthesis.process.events import carried_out
from synthesis.runs import Run, process_of
from synthesis.tasks import Echo, Latch, SumsAndDifferences
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
}


def same(one, other):
    assert one.support is other.support
    np.testing.assert_array_equal(one.buffer, other.buffer)


@pytest.fixture(params=CASES, ids=list(CASES))
def case(request):
    return CASES[request.param]


def test_it_goes_on_to_the_bit_after_a_break_at_any_unit(case, tmp_path):
    process = case.process
    whole, records = carried_out(process, process.rng)
    run = Run.new(tmp_path / "whole", process).to_end()
    n_units = len({record.step for record in records})
    assert n_units > 2
    for unit in range(n_units):
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


def test_its_folder_is_all_that_is_needed_to_go_on(case, tmp_path):
    if not case.is_described:
        pytest.skip("its task is known to the caller only")
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


def test_a_folder_of_another_process_is_refused(case, tmp_path):
    Run.new(tmp_path, case.process)
    with pytest.raises(ValueError, match=f"is of another run: its {case.differs}"):
        Run.of(tmp_path, replace(case.process, **case.other))


def test_an_outcome_has_figures_and_leaves_them_with_the_parameters(case, tmp_path, capsys):
    if not case.is_described:
        pytest.skip("the command line knows the folder only")
    next(iter(Run.new(tmp_path, case.process).events()))
    assert main(["resume", str(tmp_path)]) == 0
    assert "training loss" in capsys.readouterr().out
    whole, records = carried_out(case.process, case.process.rng)
    outcome = case.process.outcome(whole, records)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures == {"training_loss": outcome.loss, **outcome.figures}
    assert outcome.figures and all(np.isfinite(list(figures.values())))
    assert load(tmp_path / "parameters.npz") == outcome.parameters
