"""Stores: bounded counts of inputs, as arrays and as circuits, and what is told by them."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Composition, Stores
from synthesis.starts.stores import Store
from tests.examples import examples
from tests.marks import thorough
from tests.synthesis.samples import said, strings_of

STRINGS, SAMPLES = 60, 24


def drawn(seed, most=1, share=0.5):
    rng = np.random.default_rng(seed)
    here = rng.random((STRINGS, SAMPLES)) < share
    return np.where(here, rng.integers(1, most + 1, (STRINGS, SAMPLES)), 0).astype(float)


@st.composite
def stores(draw):
    emptied = draw(st.sampled_from(["", "stream-b", "const_1"]))
    begins_again = draw(st.booleans()) and not emptied
    return Store(
        "stream-a",
        emptied,
        draw(st.integers(2, 6)),
        begins_again,
        draw(st.booleans()) and bool(emptied),
        draw(st.sampled_from(["", "stream-r"])),
    )


@given(store=stores(), seed=st.integers(0, 10**6), most=st.integers(1, 7))
@examples(25)
def test_the_circuit_counts_what_the_arrays_say(store, seed, most):
    streams = {"a": drawn(seed, most), "b": drawn(seed + 1, 2), "r": drawn(seed + 2, share=0.1)}
    strings = strings_of(streams, streams["a"], streams["b"]).select(range(4))
    got = said(store.circuit(float(most)), strings)
    np.testing.assert_array_equal(got, store.counted(strings))


@given(seed=st.integers(0, 10**6), bound=st.integers(2, 9))
@examples(20)
def test_what_comes_is_held_or_goes_beyond(seed, bound):
    strings = strings_of({"a": drawn(seed, 3)}, drawn(seed))
    came = np.cumsum(strings.numbers("stream-a"), axis=1)
    held, beyond = Store("stream-a", "", bound).counted(strings)
    np.testing.assert_array_equal(held + np.cumsum(beyond, axis=1), came)
    again, times = Store("stream-a", "", bound, begins_again=True).counted(strings)
    np.testing.assert_array_equal(again + bound * np.cumsum(times, axis=1), came)
    assert held.max() <= bound and again.max() < bound


def boxes(part, shift):
    """Full boxes of three since the shift began."""
    parts = full = 0.0
    for one, begins in zip(part, shift, strict=True):
        parts, full = (0.0, 0.0) if begins else (parts, full)
        parts += one
        if parts == 3.0:
            parts, full = 0.0, full + 1.0
        yield full


def turned_away(come, leave):
    """Who found none of three seats."""
    seated = lost = 0.0
    for new, gone in zip(come, leave, strict=True):
        seated = max(seated - gone, 0.0) + new
        lost += max(seated - 3.0, 0.0)
        seated = min(seated, 3.0)
        yield lost


def served(come, ask):
    """Whether there is one of at most three tokens for who asks."""
    tokens = 0.0
    for new, wanted in zip(come, ask, strict=True):
        tokens = min(tokens + new, 3.0)
        yield float(wanted and tokens > 0.0)
        tokens = max(tokens - wanted, 0.0)


PROGRAMS = {
    "boxes": (boxes, (1, 0.7), (1, 0.06)),
    "turned away": (turned_away, (2, 0.6), (1, 0.6)),
    "tokens": (served, (1, 0.5), (1, 0.4)),
}


def problem_of(name):
    step, *kinds = PROGRAMS[name]
    one, other = (drawn(k, *kind) for k, kind in enumerate(kinds))
    answers = np.array([list(step(*pair)) for pair in zip(one, other, strict=True)])
    return Problem.of(strings_of({"a": one, "b": other}, answers))


@pytest.mark.parametrize("name", ["turned away", *thorough("boxes", "tokens")])
def test_a_store_is_found_and_explains_the_answers(name):
    problem = problem_of(name)
    small = Stores(composition=Composition(bank=200, largest=2, is_exact_only=True))
    proposals = list(islice(small.propose(problem, VOCABULARY), 6))
    for part in (problem.split.validation, problem.split.report):
        wanted = part.answers[0].T
        right = [np.array_equal(np.round(said(p.circuit, part)[0], 6), wanted) for p in proposals]
        assert any(right)


def test_nothing_is_proposed_where_no_store_is_needed_or_none_tells():
    one, other = drawn(0), drawn(1)
    noise = np.random.default_rng(2).integers(0, 3, one.shape).astype(float)
    for answers in (one * other, noise):
        problem = Problem.of(strings_of({"a": one, "b": other}, answers))
        assert not list(Stores().propose(problem, VOCABULARY))
    measured = np.random.default_rng(3).normal(size=one.shape)
    problem = Problem.of(strings_of({"a": measured}, measured))
    assert not list(Stores().propose(problem, VOCABULARY))


def test_a_vocabulary_without_gates_has_no_stores():
    assert not list(Stores().propose(problem_of("boxes"), ("accum", "dot")))
