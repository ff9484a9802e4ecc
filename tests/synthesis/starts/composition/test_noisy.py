"""Programs behind noise: the program itself is found, with weights that are as simple."""

import numpy as np
import pytest

from synthesis.fit.data import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Noisy
from synthesis.verdicts.trial import Candidate, answers_of
from tests.marks import thorough

QUICK = Noisy(bank=600, largest=3, most=3)


def _late(x, samples):
    return np.pad(x, ((0, 0), (samples, 0)))[:, : x.shape[1]]


PROGRAMS = {
    "a sum so far": lambda x, u: np.cumsum(x, axis=1),
    "weighted": lambda x, u: 2.0 * x - 0.5 * _late(u, 1),
    "late": lambda x, u: _late(np.cumsum(x * u, axis=1), 3),
    "bent": lambda x, u: np.maximum(np.cumsum(x - u, axis=1), 0.0),
    "a constant": lambda x, u: np.full(x.shape, 3.0),
}


@pytest.mark.parametrize("noise", [pytest.param(0.05, marks=pytest.mark.thorough), 0.2])
@pytest.mark.parametrize(
    "name",
    [
        "weighted",
        *thorough("a sum so far", "bent", "late"),
    ],
)
def test_one_of_the_first_proposals_is_the_program(name, noise):
    rng = np.random.default_rng(3)
    x, u = rng.integers(0, 3, (30, 25)).astype(float), rng.integers(0, 3, (30, 25)).astype(float)
    clean = PROGRAMS[name](x, u)
    noisy = clean + noise * clean.std() * rng.standard_normal(clean.shape)
    strings, _ = to_strings({"x": x, "u": u}, noisy)
    problem = Problem.of(strings, held_out=0.0)
    unit = problem.answer_units[0]
    off = []
    for proposal in QUICK.propose(problem, VOCABULARY):
        candidate = Candidate(*proposal.circuit.lowered())
        answers = unit * answers_of(candidate, problem.split.training, 1)[0].T
        off.append(np.abs(answers - clean).max())
    assert min(off) <= 1e-9 * np.abs(clean).max()


def test_without_anything_to_tell_there_is_the_constant():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (20, 20)).astype(float)
    strings, _ = to_strings({"x": x}, 3.0 + rng.standard_normal((20, 20)))
    first = next(iter(QUICK.propose(Problem.of(strings), VOCABULARY)))
    assert [wire.neuron_out for wire in first.circuit.wires] == ["const_1"]
