"""A machine with its names answers a user's streams, and does so again when read from its files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import save_machine
from dmm.machine import Circuit, Wire
from dmm.zoo import duplicate_detector
from synthesis.fit import Fitted, to_strings
from synthesis.fit.data import read_answers
from tests.examples import examples
from tests.synthesis.fit.data.forms import FORMS


def adder(source):
    """A machine that answers with the sum so far, and with the number turned round."""
    circuit = Circuit(
        {source: "stream", "accum": "accum", "output": "output"},
        [
            Wire("accum", "dict-2", source, "stream"),
            Wire("accum", "dict-1", "accum", "dict", lag=1),
            Wire("output", "dict-1", "accum", "dict"),
            Wire("output", "dict-2", source, "stream", -1.0),
        ],
    )
    return circuit.lowered()[0]


@pytest.mark.parametrize("form", FORMS)
@given(random=st.data())
@examples(30)
def test_answers_belong_to_their_samples_in_every_form(form, random):
    drawn = random.draw(FORMS[form].data)
    X, y, group = FORMS[form].bring(drawn)
    strings, names = to_strings(X, y, group)
    source = f"stream-{names.streams[0]}"
    found = Fitted(adder(source), names).predict(X, group)
    answers = read_answers(found, names.read(X, group)).answers
    for b, streams in enumerate(drawn.streams):
        both = np.stack([np.cumsum(streams[:, 0]), -streams[:, 0]])[: drawn.n_outputs]
        np.testing.assert_allclose(answers[:, : len(streams), b], both, atol=1e-9)
    np.testing.assert_array_equal(answers.shape, strings.answers.shape)


def fitted(lookahead=0):
    X = {"x": [[1, 2, 3], [5]], "unused": [[0, 1, 0], [1]]}
    names = to_strings(X, [[1, 2, 3], [5]])[1]
    return Fitted(adder("stream-x"), names, lookahead)


def test_an_answer_that_waits_is_the_one_to_the_sample_it_waits_for():
    answers = fitted(lookahead=1).predict({"x": [[1, 2, 3], [5]], "unused": [[0] * 3, [0]]})
    assert [string.tolist() for string in answers] == [[3.0, 6.0, 6.0], [5.0]]


def test_a_machine_answers_alike_when_it_was_read_from_a_folder(tmp_path):
    X = {"a/b": [[1.0, 2.0, 3.0]], "\n": [[0.0, 1.0, 1.0]]}
    names = to_strings(X, [[0, 1, 2]])[1]
    given = Fitted(adder("stream-a/b"), names, 2)
    given.save(tmp_path)
    for file in (tmp_path, tmp_path / "machine.json", tmp_path / "fitted.json"):
        again = Fitted.load(file)
        assert (again.names, again.lookahead) == (given.names, 2)
        np.testing.assert_array_equal(again.predict(X), given.predict(X))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "expected an object"),
        ('{"format": "vvalue"}', "expected an object"),
        ({"version": 2}, "version 2"),
        ({"lookahead": -1}, "lookahead"),
        ({"lookahead": True}, "lookahead"),
        ({"lookahead": 10**9}, "lookahead"),
        ({"names": []}, "names"),
        ({"names": {}}, "names: streams"),
    ],
)
def test_damaged_files_are_refused(tmp_path, text, expected):
    fitted().save(tmp_path)
    file = tmp_path / "fitted.json"
    if isinstance(text, dict):
        text = json.dumps({**json.loads(file.read_text()), **text})
    file.write_text(text)
    with pytest.raises(ValueError, match=expected) as caught:
        Fitted.load(tmp_path)
    assert str(caught.value).startswith(str(file))


def test_a_machine_that_was_not_fitted_on_these_names_is_refused(tmp_path):
    fitted().save(tmp_path)
    save_machine(adder("stream-y"), tmp_path / "machine.json")
    with pytest.raises(ValueError, match=r"'stream-y', which .* does not name"):
        Fitted.load(tmp_path)
    save_machine(duplicate_detector(), tmp_path / "machine.json")
    with pytest.raises(ValueError, match="does not say how its samples meet ticks"):
        Fitted.load(tmp_path)


@pytest.mark.parametrize(
    "pace", [{"ticks": 0}, {"ticks": 10**9}, {"delay": -1}, {"delay": 1e999}, {"ticks": "x"}]
)
def test_a_machine_of_no_possible_pace_is_refused(tmp_path, pace):
    fitted().save(tmp_path)
    file = tmp_path / "machine.json"
    document = json.loads(file.read_text())
    document["metadata"]["samples"] |= pace
    file.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"machine\.json"):
        Fitted.load(tmp_path)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Fitted.load(tmp_path)
    save_machine(adder("stream-x"), tmp_path / "machine.json")
    with pytest.raises(FileNotFoundError, match=r"fitted\.json"):
        Fitted.load(tmp_path / "machine.json")


def test_a_string_that_a_memory_cannot_hold_is_refused_by_name():
    circuit = Circuit(
        {"stream-x": "stream", "const_1": "const_1", "count": "accum", "cells": "cells(3)"}
        | {"output": "output"},
        [
            Wire("count", "dict-1", "count", "dict", lag=1),
            Wire("count", "dict-2", "const_1", "const_1"),
            Wire("cells", "cells", "cells", "cells", lag=1),
            Wire("cells", "number", "stream-x", "stream"),
            Wire("cells", "to", "count", "dict"),
            Wire("cells", "from", "count", "dict"),
            Wire("output", "dict-1", "cells", "number"),
        ],
    )
    echo = Fitted(circuit.lowered()[0], to_strings([[1.0, 2.0]], [[1.0, 2.0]])[1])
    np.testing.assert_array_equal(echo.predict([[7.0, 8.0, 9.0]]), [[7.0, 8.0, 9.0]])
    text = r"string 2 is too long for this machine: from sample 4 on .* \('cells', cells\(3\)\)"
    with pytest.raises(ValueError, match=text):
        echo.predict([[7.0], [7.0, 8.0, 9.0, 4.0]])
