"""Snapshots come back as they were, cost little, and are refused where they do not fit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.process.records import Record, read_jsonl, to_jsonl
from synthesis.process.snapshots import FEW, snapshot_in, with_snapshot
from tests.examples import examples
from vvalues import Support
from vvalues.core.tree import from_buffer

RECORD = Record("prune", "bite", 10, 0.5, 3, 1.0, {"dropped": 2})


def space(n: int) -> Support:
    return Support.of([(f"neuron-{i}", "field") for i in range(n)])


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
@examples(60)
def test_what_was_there_comes_back_through_a_file(n, seed):
    rng = np.random.default_rng(seed)
    is_there = rng.random(n) < rng.random()
    support = space(n).where(is_there)
    parameters = from_buffer(support, rng.standard_normal(support.size))
    before = Record("fit", "shrink", 9, 0.5, 3, 1.0)
    first, last = with_snapshot([before, RECORD], parameters, space(n))
    assert first is before
    assert last.details["dropped"] == 2
    (flat,) = read_jsonl(to_jsonl([last]))
    found = snapshot_in(flat, n)
    assert found.is_there.tolist() == is_there.tolist()
    if support.size <= FEW:
        np.testing.assert_allclose(found.weights, parameters.buffer, rtol=1e-3)
    else:
        assert found.weights is None


def test_a_large_space_takes_a_bit_per_link():
    parameters = from_buffer(space(1486), np.ones(1486))
    (record,) = with_snapshot([RECORD], parameters, space(1486))
    grown = len(json.dumps(record.to_dict())) - len(json.dumps(RECORD.to_dict()))
    assert grown < 300


def test_weights_that_are_not_finite_are_left_out_as_json_cannot_hold_them():
    parameters = from_buffer(space(2), np.array([1.0, np.inf]))
    (record,) = with_snapshot([RECORD], parameters, space(2))
    assert snapshot_in(record.to_dict(), 2).weights is None
    assert to_jsonl([record])


def test_without_records_there_is_nothing_to_say():
    assert with_snapshot([], from_buffer(space(1), np.ones(1)), space(1)) == []
    assert snapshot_in(RECORD.to_dict(), 3) is None


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"links_there": 3}, "expected bits in base64"),
        ({"links_there": "é"}, "expected bits in base64"),
        ({"links_there": "AAAA"}, "holds 3 bytes; the search space has 3 links"),
        ({"links_there": "4A==", "weights_there": [1.0]}, "expected 3 numbers"),
        ({"links_there": "4A==", "weights_there": "abc"}, "expected 3 numbers"),
        ({"links_there": "4A==", "weights_there": [1.0, 2.0, True]}, "expected 3 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(details, words):
    with pytest.raises(ValueError, match=words):
        snapshot_in(details, 3)
