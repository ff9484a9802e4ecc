"""Units do not matter: the machine at 1,000 times the scale is the machine at 1."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from synthesis.fit.efforts import EFFORTS, VOCABULARY
from synthesis.fit.trials import Search
from synthesis.fit.units import in_own_units, simplest_scales
from synthesis.problems import Problem
from synthesis.verdicts import answers_of
from tests.synthesis.fit.programs import NUMBERS, quick
from tests.synthesis.samples import strings_of

SCALES = [0.001, 30.0, 1000.0]
TOTAL = np.cumsum(NUMBERS, axis=1)
PROGRAMS = {
    "running sum": TOTAL,
    "difference": np.diff(NUMBERS, axis=1, prepend=0.0),
    "largest so far": np.maximum(0.0, np.maximum.accumulate(NUMBERS, axis=1)),
    "positive part of the sum": np.maximum(0.0, TOTAL),
    "leaky mean": None,
}


def answers_to(name):
    if PROGRAMS[name] is not None:
        return PROGRAMS[name]
    out, kept = [], np.zeros(len(NUMBERS))
    for x in NUMBERS.T:
        kept = 0.5 * kept + 0.5 * x
        out.append(kept)
    return np.stack(out, axis=1)


def links_of(model):
    return sorted((*wire[:4], wire.lag) for wire in model.front_.best.circuit.wires)


EVERY = [
    pytest.param(name, scale, marks=pytest.mark.heavy) for name in PROGRAMS for scale in SCALES
]


@pytest.mark.parametrize(
    ("name", "scale"), [pytest.param("leaky mean", 1000.0, marks=pytest.mark.thorough), *EVERY]
)
def test_the_machine_is_the_same_in_other_units(name, scale):
    y = answers_to(name)
    at_one = quick().fit({"x": NUMBERS}, y)
    model = quick().fit({"x": scale * NUMBERS}, scale * y)
    assert at_one.verdict_.is_exact and model.verdict_.is_exact
    assert links_of(model) == links_of(at_one)
    answers = model.predict({"x": scale * NUMBERS})
    np.testing.assert_allclose(answers, scale * y, rtol=1e-9, atol=1e-9 * scale)


def test_streams_and_answers_have_units_of_their_own():
    """Volts in, millimetres out."""
    model = quick(effort="first").fit({"x": 1000.0 * NUMBERS}, 0.05 * TOTAL)
    assert model.verdict_.is_exact
    assert len(model.front_.best.circuit.wires) == 3
    np.testing.assert_allclose(model.predict({"x": 1000.0 * NUMBERS}), 0.05 * TOTAL, atol=1e-12)


def test_figures_are_in_the_users_units():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(NUMBERS.shape)
    squares = []
    for scale in (1.0, 100.0):
        with pytest.warns(UserWarning):
            model = quick(effort="first").fit({"x": NUMBERS}, scale * (TOTAL + noise))
        answers, asked = model.predict({"x": NUMBERS}), scale * (TOTAL + noise)
        n = len(NUMBERS) - 2 * round(0.2 * len(NUMBERS))
        expected = np.mean((answers - asked)[:n] ** 2)
        assert model.loss_ == pytest.approx(expected)
        assert model.figures_["training"].mean_square == model.loss_
        squares.append(model.loss_)
    assert squares[1] == pytest.approx(1e4 * squares[0])


@pytest.mark.parametrize(
    ("scale", "answer_scale"),
    [
        (0.001, 500.0),
        pytest.param(1.0, 1.0, marks=pytest.mark.thorough),
        pytest.param(30.0, 1.0, marks=pytest.mark.thorough),
    ],
)
def test_what_was_tried_is_what_is_given(scale, answer_scale):
    problem = Problem.of(strings_of({"x": scale * NUMBERS}, answer_scale * PROGRAMS["running sum"]))
    search = Search(problem, EFFORTS["quick"], VOCABULARY, np.random.default_rng(0))
    search.run(quick().spaces, lambda stage, search: None)
    for trial in search.right()[:5]:
        candidate, circuit = in_own_units(problem, trial)
        strings = problem.split.training
        expected = answers_of(trial.candidate, strings, 1) * problem.answer_units[0]
        got = answers_of(candidate, problem.in_own_units(strings), 1)
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8 * answer_scale)
        assert isinstance(circuit, Circuit)
        assert sorted(circuit.neurons) == sorted(trial.circuit.neurons)


def test_open_bounds_are_told_in_the_users_units():
    x = np.random.default_rng(0).uniform(0.0, 100.0, (20, 10))
    x = np.where((x > 40.0) & (x < 60.0), x + 30.0, x)
    model = quick().fit({"x": x}, (x > 50.0).astype(float))
    low, high = x[x < 50.0].max(), x[x > 50.0].min()
    (told,) = re.findall(r"from (\S+) to (\S+)", " ".join(model.verdict_.caveats))
    # What is kept for the report does not choose bounds: the gap may be a little wider.
    assert 37.0 < float(told[0]) <= round(low, 2) and round(high, 2) <= float(told[1]) < 63.0


def test_exact_weights_stay_exact_when_scales_are_chosen():
    """A loop that amplifies would amplify the rounding error of a third as well."""
    wires = [
        Wire("accum", "dict-1", "accum", "dict", 4.0, 1),
        Wire("accum", "dict-2", "stream-x", "stream", 3.0),
        Wire("output", "dict-1", "accum", "dict", 1.0),
    ]
    neurons = {"stream-x": "stream", "accum": "accum", "output": "output"}
    simpler = simplest_scales(Circuit(neurons, wires))
    assert all((wire.weight * 2.0**16).is_integer() for wire in simpler.wires)
