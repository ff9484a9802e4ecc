"""The laws of machines that edit themselves hold; and each of them finds its own breach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import Streams, zoo
from dmm.compiled.plastic import PlasticProgram, outside, strokes
from dmm.compiled.plastic.supports import Supports
from dmm.dynamics import matrices
from dmm.machine import links
from dmm.strategies import fragments, lives, self_referential_machines
from dmm.testing import (
    Life,
    check_causality,
    check_copies_unheard,
    check_engines,
    check_laws,
    check_names,
    check_still_links,
    check_strings_apart,
    is_followed,
    laws,
    random_life,
)
from tests.examples import examples
from vvalues import VValue, max_norm
from vvalues.core.tree import from_leaves


@given(lives())
@examples(12)
def test_all_laws_hold(life):
    check_laws(life)


@pytest.mark.heavy
@given(lives(max_ticks=14))
@examples(1000)
def test_all_laws_hold_for_many(life):
    check_laws(life)


def test_the_laws_are_about_machines_that_hold_their_matrix():
    detector = zoo.duplicate_detector()
    assert not is_followed(Life(detector, random_life(np.random.default_rng(0)).streams))


def test_a_wrong_engine_is_found(monkeypatch):
    life = random_life(np.random.default_rng(0))
    true = PlasticProgram.evaluate
    monkeypatch.setattr(PlasticProgram, "evaluate", lambda self, *given: 1e-3 + true(self, *given))
    with pytest.raises(AssertionError, match="engines differ"):
        check_engines(life)


def test_a_link_that_was_taken_for_still_is_found(monkeypatch):
    life = _that_learns()
    true = laws.supports_of

    def without_changes(machine, streams):
        found = true(machine, streams)
        assert isinstance(found, Supports)
        return replace(found, changing=frozenset())

    check_still_links(life)
    monkeypatch.setattr(laws, "supports_of", without_changes)
    with pytest.raises(AssertionError, match="is said to be still"):
        check_still_links(life)


def test_a_string_that_leaks_into_another_is_found(monkeypatch):
    life = _that_learns()
    check_strings_apart(life)
    true = strokes.Strokes.down

    def down(self, matrix, key_matrix, slots, rows):
        held = slots.keys[self.arrangement.holder]
        held[:] = held.mean(axis=0)
        true(self, matrix, key_matrix, slots, rows)

    monkeypatch.setattr(strokes.Strokes, "down", down)
    with pytest.raises(AssertionError, match="feels the others"):
        check_strings_apart(life)


def test_a_future_that_is_felt_is_found(monkeypatch):
    life = _that_learns()
    check_causality(life)
    true = outside.Outside.read

    def read(self, rows, numbers, keys):
        true(self, rows, numbers, keys)
        numbers[:] *= 1.0 + 0.1 * self.ticks

    monkeypatch.setattr(outside.Outside, "read", read)
    with pytest.raises(AssertionError, match="the future is felt"):
        check_causality(life)


def test_names_that_matter_are_found(monkeypatch):
    life = _that_learns()
    check_names(life)
    monkeypatch.setattr(laws, "_relabelled", lambda type_name, names: type_name)
    with pytest.raises(AssertionError, match="names matter"):
        check_names(life)


def test_copies_that_are_heard_are_found(monkeypatch):
    life = _that_learns()
    check_copies_unheard(life)
    true = laws.copy_links
    monkeypatch.setattr(
        laws, "copy_links", lambda matrix, members, suffix: true(matrix, members, suffix, 1.0)
    )
    with pytest.raises(AssertionError, match="a copy is heard"):
        check_copies_unheard(life)


def _that_learns() -> Life:
    """A machine that learns from strings that differ, by links of its own."""
    learner = zoo.delta_rule(inputs=2, rate=0.3)
    machine = replace(
        learner,
        neurons={**learner.neurons, "mirror": "identity"},
        trainable=learner.trainable
        + links("mirror.dict <- x-1.stream\noutput.dict-2 <- mirror.dict"),
    )
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((15, 3, 1)) for name in ("x-1", "x-2", "y-1")}
    arrays["clock-3"] = np.ones((15, 3, 1))
    streams = Streams((((),),) * 3, arrays, 15)
    return Life(machine, streams)


# -------------------- properties of edits --------------------


@given(st.data(), self_referential_machines(max_cells=4))
@examples(15)
def test_an_edit_and_its_opposite_at_once_are_none(data, machine):
    known, weights = matrices(machine, 8)
    edit = _inside(data.draw(fragments(machine)), known)
    _, again = matrices(machine, 8, (3, edit + edit * -1.0))
    np.testing.assert_array_equal(weights, again)


@given(st.data(), self_referential_machines(max_cells=4), st.integers(0, 7))
@examples(15)
def test_an_edit_is_there_at_its_tick_and_not_before(data, machine, tick):
    known, weights = matrices(machine, 8)
    edit = _inside(data.draw(fragments(machine)), known)
    _, edited = matrices(machine, 8, (tick, edit))
    np.testing.assert_array_equal(weights[:tick], edited[:tick])
    now = from_leaves(dict(zip(known, (edited - weights)[tick].tolist(), strict=True)))
    if np.max(np.abs(weights[tick])) < 1e3:
        assert max_norm(now - edit) < 1e-10


def _inside(fragment: VValue, known: tuple) -> VValue:
    """What of a fragment is at links that can change."""
    return from_leaves({path: weight for path, weight in fragment.items() if path in known})
