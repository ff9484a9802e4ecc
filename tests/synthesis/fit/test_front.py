"""The front is for choosing: every member is a machine that answers."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dmm import Machine
from synthesis.fit import Choices, ConvergenceWarning
from tests.synthesis.fit.programs import NUMBERS, fitted, quick, running_sum
from tests.synthesis.samples import said, strings_of


@pytest.fixture(scope="module")
def noisy():
    """A sum of three streams that are ever weaker, and noise: more links, less error."""
    rng = np.random.default_rng(3)
    X = {name: rng.standard_normal(NUMBERS.shape) for name in "abc"}
    y = X["a"] + 0.5 * X["b"] + 0.25 * X["c"] + 0.05 * rng.standard_normal(NUMBERS.shape)
    with pytest.warns(ConvergenceWarning):
        return quick().fit(X, y), X, y


def test_members_are_machines_with_equations_and_figures(noisy):
    model, X, y = noisy
    assert len(model.front_) >= 2
    for member in model.front_:
        assert isinstance(member.machine, Machine)
        assert member.links == len(member.machine.trainable) + len(member.machine.fixed)
        assert member.bits > 0.0
        assert member.equations.split("\n")[-1].startswith("y = ")
        answers = member.predict(X)
        assert answers.shape == y.shape
        assert member.train.mean_square == pytest.approx(np.mean((answers - y)[:18] ** 2))
        assert member.validation.mean_square == pytest.approx(np.mean((answers - y)[18:24] ** 2))


def test_the_circuit_of_a_member_is_its_machine(noisy):
    model, X, y = noisy
    for member in model.front_:
        np.testing.assert_allclose(
            said(member.circuit, strings_of(X, y))[0], member.predict(X), atol=1e-9
        )


def test_no_member_is_beaten(noisy):
    members = list(noisy[0].front_)
    pairs = [(member.links, member.validation.mean_square) for member in members]
    assert pairs == sorted(pairs)
    for k, (links, error) in enumerate(pairs):
        better = [o for j, o in enumerate(pairs) if j != k and o[0] <= links and o[1] <= error]
        assert not better or members[k] is noisy[0].front_.best


def test_best_is_what_fit_settled_on(noisy):
    model, X, _ = noisy
    best = model.front_.best
    assert best in list(model.front_)
    assert best.machine is model.machine_
    assert best.equations == model.equations_
    np.testing.assert_array_equal(best.predict(X), model.predict(X))
    assert model.pareto_ is model.front_


def test_the_knee_is_where_more_links_begin_to_buy_little(noisy):
    """A hundredth of the error for one link more, and hardly less for six more."""
    member = noisy[0].front_.best
    errors = [replace(member.validation, mean_square=error) for error in (1.0, 0.01, 0.009)]
    machines = [SimpleNamespace(trainable=range(size), fixed=()) for size in (1, 2, 8)]
    members = [
        replace(member, validation=error, machine=machine)
        for error, machine in zip(errors, machines, strict=True)
    ]
    assert Choices(members, members[2]).knee is members[1]
    assert Choices(members[1:], members[2]).knee is members[2]  # two have no bend between them


def test_a_front_prints_as_a_table(noisy):
    front = noisy[0].front_
    lines = str(front).split("\n")
    assert lines[0].split() == ["links", "bits", "validation", "error", "right", "equations"]
    assert len(lines) == len(front) + 1
    assert sum("*" in line.split("%")[0] for line in lines[1:]) == 1
    assert repr(front) == str(front)


def test_a_front_is_drawn_in_notebooks(noisy):
    front = noisy[0].front_
    html = front._repr_html_()
    assert html.count("<tr>") == len(front) + 1
    assert html.count("<circle") == len(front)
    assert html.count("<svg") == html.count("</svg>") == 1
    one = fitted(running_sum)[0].front_
    assert "nan" not in one._repr_html_()


def test_equations_are_escaped():
    X, y = running_sum()
    model = quick().fit({"<b>": X["event"]}, y)
    assert "<b>" not in model.front_._repr_html_()
    assert "&lt;b&gt;" in model.front_._repr_html_()


def test_a_front_is_a_sequence(noisy):
    front = noisy[0].front_
    assert front[0] is next(iter(front))
    assert front[-1] in front
    assert list(front[:2]) == [front[0], front[1]]
