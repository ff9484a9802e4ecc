"""The tasks of the public suites are what they are said to be, and figures say what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks.public_suites.__main__ import Measured, kept, kept_rivals
from benchmarks.public_suites.measuring import Outcome, drawn_long, plain, share_right
from benchmarks.public_suites.mips import MIPS
from benchmarks.public_suites.proving import proof_of
from benchmarks.public_suites.published import NO, PUBLISHED
from benchmarks.public_suites.rivals import least_squares, rivals_of
from benchmarks.public_suites.suites import SUITES, TASKS
from benchmarks.public_suites.telling import report
from dmm.machine import Circuit, Wire
from tests.benchmarks.definitions import FOLLOWED, PREFIXES

STRINGS = 20

OUTCOME = Outcome(
    task="Bitwise_Xor",
    suite="mips",
    seed=0,
    strings=400,
    right=1.0,
    right_long=1.0,
    claimed=True,
    start="composition: a composition",
    seconds=1.0,
    links=3,
    bits=50.0,
    equations="y = max_norm(x - y2)",
    sentence="Exact.",
    caveats=("one",),
    links_proposed=4,
    proof="proved",
    proof_says="Proved.",
)

# -------------------- definitions --------------------


def test_every_task_is_defined_twice():
    assert {name: len(suite) for name, suite in SUITES.items()} == {
        "mips": 62,
        "tomita": 7,
        "chomsky": 15,
        "life": 1,
    }
    assert set(PREFIXES) | set(FOLLOWED) == set(TASKS)
    assert set(PUBLISHED) == set(MIPS)


@pytest.mark.parametrize("name", PREFIXES)
def test_a_program_answers_what_its_definition_says_of_the_string_so_far(name):
    task = TASKS[name]
    streams, answers = task.draw(np.random.default_rng(7), STRINGS, task.length)
    assert set(streams) == set(task.alphabet)
    for s in range(STRINGS):
        columns = [tuple(map(float, column[s])) for column in streams.values()]
        asked = [
            PREFIXES[name](*(column[: t + 1] for column in columns)) for t in range(len(columns[0]))
        ]
        np.testing.assert_array_equal(answers[s], np.array(asked, dtype=float))


@pytest.mark.parametrize("name", FOLLOWED)
def test_an_answer_follows_its_string(name):
    task = TASKS[name]
    streams, answers = task.draw(np.random.default_rng(7), STRINGS, task.length)
    lengths = set()
    for x, end, asked in zip(streams["x"], streams["end"], answers, strict=True):
        (length,) = np.flatnonzero(end)
        lengths.add(length)
        tokens = [int(token) for token in x[:length]]
        assert set(tokens) <= set(task.alphabet["x"]) and not x[length:].any()
        assert np.isnan(asked[: length + 1]).all()
        assert asked[length + 1 :].tolist() == FOLLOWED[name](tokens)
    assert max(lengths) <= task.length and len(lengths) > 5


@pytest.mark.parametrize("name", TASKS)
def test_symbols_are_of_the_alphabet_and_strings_of_the_length(name):
    task = TASKS[name]
    streams, answers = task.draw(np.random.default_rng(1), 50, task.length)
    for stream, values in task.alphabet.items():
        seen = set(np.concatenate(streams[stream]).tolist())
        assert seen <= set(values)
        if len(values) < 20:
            assert seen == set(values)
    first = next(iter(task.alphabet))
    assert [len(column) for column in streams[first]] == [len(asked) for asked in answers]
    again, _ = task.draw(np.random.default_rng(1), 50, task.length)
    assert all(map(np.array_equal, streams[first], again[first]))


def test_life_knows_all_of_its_cases():
    program = TASKS["life"].program
    cases = list(product((0.0, 1.0), repeat=9))
    assert len(cases) == 512
    for cells in cases:
        assert program.step(0, *cells)[1] == PREFIXES["life"](*((cell,) for cell in cells))


def test_half_of_the_strings_of_a_grammar_stay_alive():
    _, answers = TASKS["tomita_1"].draw(np.random.default_rng(0), 400, 20)
    alive = np.mean([asked.all() for asked in answers])
    assert 0.45 < alive < 0.6


def test_the_published_totals_come_out():
    assert sum(one.gpt4 != NO for one in PUBLISHED.values()) == 30
    assert sum(one.mips != NO for one in PUBLISHED.values()) == 32
    assert sum(one.mips != NO and one.gpt4 == NO for one in PUBLISHED.values()) == 13


# -------------------- proofs --------------------


def machine_of(wires: list[Wire], **neurons: str):
    return Circuit({**neurons, "output": "output"}, tuple(wires)).lowered()[0]


def test_what_is_found_is_proved_or_refuted():
    sent = "stream-x", "stream"
    current = machine_of([Wire("output", "dict-1", *sent)], **{"stream-x": "stream"})
    assert proof_of(MIPS["Current_Number"], current).verdict == "proved"
    assert proof_of(MIPS["Prev1"], current).verdict == "refuted"
    past = machine_of([Wire("output", "dict-1", *sent, lag=1)], **{"stream-x": "stream"})
    assert proof_of(MIPS["Prev1"], past).verdict == "proved"
    size = machine_of(
        [Wire("norm", "dict", *sent), Wire("output", "dict-1", "norm", "norm")],
        **{"stream-x": "stream", "norm": "norm"},
    )
    assert proof_of(MIPS["Bit_Shift_Right"], size).verdict == "refuted"
    assert proof_of(TASKS["reverse_string"], size) is None


def test_a_machine_that_does_not_hear_a_stream_is_judged_all_the_same():
    one = machine_of([Wire("output", "dict-1", "const_1", "const_1")], const_1="const_1")
    found = proof_of(MIPS["Bitwise_Or"], one)
    assert found.verdict == "refuted"
    assert found.counterexample.streams == {"stream-x": (0.0,), "stream-y": (0.0,)}


# -------------------- figures --------------------


def test_only_what_is_asked_counts():
    asked = [np.array([1.0, np.nan, 2.0]), np.array([np.nan, 3.0])]
    found = [np.array([1.2, 9.0, 2.0]), np.array([9.0, 3.6])]
    assert share_right(found, asked) == 2 / 3


def test_strings_of_one_length_are_arrays_and_others_lists():
    streams, answers = plain(TASKS["even_pairs"].draw(np.random.default_rng(0), 3, 5))
    assert streams["x"].shape == answers.shape == (3, 5)
    streams, answers = plain(TASKS["reverse_string"].draw(np.random.default_rng(0), 9, 20))
    assert isinstance(streams["x"], list) and isinstance(answers, list)


def test_least_squares_finds_lags_and_nothing_else():
    for name, is_found in (("Sum_Last3", True), ("Newton_Freebody", False)):
        task = MIPS[name]
        streams, answers = plain(task.draw(np.random.default_rng(0), 40, task.length))
        new, wanted = drawn_long(task, 0)
        assert (share_right(least_squares(streams, answers, new), wanted) == 1.0) is is_found


def test_rivals_are_not_asked_for_what_they_cannot_learn():
    assert set(rivals_of(TASKS["reverse_string"], 0).values()) == {None}
    assert set(rivals_of(TASKS["modular_arithmetic"], 0).values()) == {None}


def test_what_is_known_is_not_measured_again(tmp_path):
    alone = replace(OUTCOME, right_long=0.75, start="composition: another")
    rivals = {"least squares on lags": 0.5}
    with open(tmp_path / "outcomes.jsonl", "w", encoding="utf-8") as stream:
        for starts, outcome in (("auto", OUTCOME), ("composition", alone)):
            stream.write(json.dumps({"starts": starts, "outcome": outcome.to_plain()}) + "\n")
    with open(tmp_path / "rivals.jsonl", "w", encoding="utf-8") as stream:
        stream.write(json.dumps({"task": OUTCOME.task, "seed": 0, "right": rivals}) + "\n")
    results = Measured(tmp_path, 400, None)
    assert results.outcome(OUTCOME.task, 0) == OUTCOME
    assert results.right_of_rivals(OUTCOME.task, 0) == rivals
    assert results.alone(OUTCOME.task, 0) == {"compositions alone": 0.75}
    assert results.alone(OUTCOME.task, 1) == {}
    results.outcomes["Sum_All", 0, 400, "auto"] = replace(OUTCOME, task="Sum_All")
    results.outcomes["Div_3", 0, 400, "auto"] = replace(OUTCOME, task="Div_3", start="automaton")
    assert results.alone("Sum_All", 0) == {"compositions alone": 1.0}
    assert results.alone("Div_3", 0) == {}


def test_exact_means_both_lengths_where_there_are_two():
    assert OUTCOME.is_exact
    assert replace(OUTCOME, right_long=None).is_exact
    assert not replace(OUTCOME, right_long=0.999).is_exact
    assert replace(OUTCOME, right=0.5).is_false_claim


def test_outcomes_are_read_back_and_told(tmp_path):
    assert kept(tmp_path) == {} == kept_rivals(tmp_path)
    wrong = replace(OUTCOME, task="Sum_All", right_long=0.99999, proof="refuted")
    with open(tmp_path / "outcomes.jsonl", "w", encoding="utf-8") as stream:
        for outcome in (OUTCOME, wrong):
            entry = {"starts": "auto", "outcome": outcome.to_plain()}
            stream.write(json.dumps(entry) + "\n")
    found = kept(tmp_path)
    assert found["Sum_All", 0, 400, "auto"] == wrong
    text = report([(outcome, {"x": 1.0}) for outcome in found.values()], 400)
    assert "| mips | 1 of 2 | 1 | 0 | 2 | 1 |" in text
    assert "| Sum_All | 0 | yes | 99.99 % | refuted | FALSELY |" in text
    assert "this library, every seed | 1 of 2" in text
    assert "Not measured: state merging, least squares on lags." in text
    counting = replace(OUTCOME, proof="open", proof_length=48)
    assert "| Bitwise_Xor | 0 | yes | yes | open, 48 samples | yes |" in report(
        [(counting, {})], 400
    )
