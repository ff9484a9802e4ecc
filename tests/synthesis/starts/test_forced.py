"""Descent from random weights, past answers taught in: tables, machines, circuits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import layered_space
from dmm.compiled import compile_machine
from synthesis.problems import Problem
from synthesis.starts import Forced
from synthesis.starts.forced.forced import TYPES, closed
from synthesis.starts.forced.taught import Column, tables
from synthesis.starts.forced.trained import CONST, Descent, Space
from synthesis.tasks.streams import to_streams
from tests.examples import examples
from tests.synthesis.samples import said, strings_of

X = np.random.default_rng(0).integers(0, 4, (40, 9)).astype(float)


def problem_of(*answers, **streams):
    return Problem.of(strings_of(streams or {"x": X}, *answers))


# -------------------- tables --------------------


def test_rows_are_what_was_there_and_what_is_asked():
    problem = problem_of(X.cumsum(axis=1) % 3)
    training = problem.split.training
    for table in tables(problem):
        assert len(np.unique(table.rows, axis=0)) == len(table)
        told = {tuple(row): answer for row, answer in zip(table.rows, table.answers, strict=True)}
        x, y = training.numbers("stream-x"), training.answers[0].T
        assert table.samples == y.size
        for b, t in np.ndindex(*y.shape):
            row = tuple(
                (x if column.name == "stream-x" else y)[b, t - column.lag]
                if t >= column.lag
                else 0.0
                for column in table.columns
            )
            assert told[row] == y[b, t]


def test_more_columns_than_enough_are_not_looked_at():
    found = [table.columns for table in tables(problem_of(np.maximum.accumulate(X, axis=1)))]
    assert found[0] == (Column("stream-x", 0), Column("answer-0", 1))
    assert not any(set(found[0]) < set(columns) for columns in found[1:])


def test_answers_of_a_past_that_no_column_tells_have_no_table():
    tossed = np.random.default_rng(1).integers(0, 2, X.shape).astype(float)
    assert list(tables(problem_of(tossed, x=0.0 * X))) == []


# -------------------- circuits --------------------


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 2))
@examples(8)
def test_a_circuit_answers_strings_as_its_machine_answers_rows(seed, layers, copies):
    rng = np.random.default_rng(seed)
    columns = (Column("stream-x", 0), Column("stream-x", 2))
    sources = (("stream-00", "stream"), ("stream-01", "stream"), CONST)
    machine = layered_space(
        rng, layers=layers, copies=copies, types=TYPES, scale=0.5, sources=sources
    )
    problem = problem_of(X)
    circuit = closed(machine, columns, problem)
    late = np.pad(X, ((0, 0), (2, 0)))[:, : X.shape[1]]
    rows = np.stack([X.ravel(), late.ravel()], axis=1)
    held = np.repeat(rows[:, None], layers + 2, axis=1)
    streams = to_streams({"00": held[..., 0], "01": held[..., 1]})
    expected = compile_machine(machine, [("output", "dict-1")])(machine.trainable, streams)[0, -1]
    got = said(circuit, strings_of({"x": X}, X))[0]
    np.testing.assert_allclose(got.ravel(), expected, atol=1e-9)


@pytest.mark.thorough
def test_numbers_of_any_size_are_answered_in_their_own_units():
    x = 100.0 * X
    [table] = [t for t in tables(problem_of(np.abs(x - 150.0), x=x)) if len(t.columns) == 1]
    found = Descent(table, Space(1, 1), TYPES, np.random.default_rng(0)).machine()
    assert found is not None
    held = np.repeat(table.rows[:, None], 3, axis=1)
    program = compile_machine(found, [("output", "dict-1")])
    got = program(found.trainable, to_streams({"00": held[..., 0]}))[0, -1]
    np.testing.assert_allclose(got, table.answers[:, 0], atol=1e-3)


BITS = X % 2


@pytest.mark.parametrize(
    ("x", "answers"),
    [
        (X, X + np.pad(X, ((0, 0), (1, 0)))[:, :-1]),
        pytest.param(X, np.maximum.accumulate(X, axis=1), marks=pytest.mark.thorough),
        pytest.param(BITS, BITS.cumsum(axis=1) % 2, marks=pytest.mark.thorough),
    ],
    ids=["sum of two", "largest so far", "parity"],
)
def test_small_programs_are_found_from_random_weights(x, answers):
    problem = problem_of(answers, x=x)
    report = problem.split.report
    vocabulary = ("accum", *TYPES)
    found = list(Forced(most=1).propose(problem, vocabulary))
    wanted = report.answers.transpose(0, 2, 1)
    assert any(np.abs(said(p.circuit, report) - wanted).max() < 1e-6 for p in found)
    allowed = {*vocabulary, "stream", "const_1", "output"}
    assert all(allowed.issuperset(p.circuit.neurons.values()) for p in found)


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_circuits():
    problem, start = problem_of(np.abs(X - 1.5)), Forced(spaces=(Space(1, 1),), seed=3)
    one, two = ([p.circuit for p in start.propose(problem, TYPES)] for _ in range(2))
    assert one == two and one


def test_other_vocabularies_and_many_outputs_are_left_to_others():
    problem = problem_of(X)
    assert list(Forced().propose(problem, ("accum", "dot"))) == []
    assert list(Forced().propose(problem_of(X, X, X), TYPES)) == []
