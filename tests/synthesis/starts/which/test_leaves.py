"""Leaves: of those that made the answers, one is found to be right at every sample."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.fit.data.asked import to_strings
from synthesis.starts.which.leaves import PAST, Leaf, covers

SOURCES = [PAST, "stream-a", "stream-b"]
LEAVES = {
    "nothing": lambda a, b, past: 0.0,
    "one": lambda a, b, past: a,
    "a part of one": lambda a, b, past: 0.3 * b,
    "the sum of both": lambda a, b, past: a + b,
    "one and a number": lambda a, b, past: b + 2.0,
    "what it was": lambda a, b, past: past,
    "one more": lambda a, b, past: past + 1.0,
    "what it was and one": lambda a, b, past: past + a,
}


def strings_of(rules, seed):
    """Strings whose answers are made by one of some rules at every sample, drawn at random."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-1.0, 1.0, (2, 30, 20))
    which = rng.integers(0, len(rules), a.shape)
    answers = np.zeros_like(a)
    for string in range(len(a)):
        past = 0.0
        for t in range(a.shape[1]):
            past = rules[which[string, t]](a[string, t], b[string, t], past)
            answers[string, t] = past
    return to_strings({"a": a, "b": b}, answers)[0]


def is_right(leaves, strings):
    """Where one of the leaves is the answer."""
    answers = strings.answers[0].T
    near = [np.abs(leaf.values(strings) - answers) <= 1e-9 for leaf in leaves]
    return np.any(near, axis=0)


@given(
    names=st.lists(st.sampled_from(sorted(LEAVES)), min_size=2, max_size=3, unique=True),
    seed=st.integers(0, 100),
)
def test_the_leaves_that_made_the_answers_are_found(names, seed):
    strings = strings_of([LEAVES[name] for name in names], seed)
    assume(strings.answers.any())  # nothing, and what it was: nothing is ever answered
    found = next(covers(strings, SOURCES, leaves=4, most=1))
    assert len(found) <= len(names)
    assert is_right(found, strings).all()


@given(name=st.sampled_from(sorted(set(LEAVES) - {"nothing"})), seed=st.integers(0, 100))
def test_one_leaf_alone_is_no_choice(name, seed):
    assert not list(covers(strings_of([LEAVES[name]], seed), SOURCES, leaves=4, most=1))


@given(seed=st.integers(0, 100))
def test_answers_that_are_nothing_of_the_kind_have_no_leaves(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-1.0, 1.0, (2, 30, 20))
    strings = to_strings({"a": a, "b": b}, np.tanh(a * b + rng.normal(size=a.shape)))[0]
    assert not list(covers(strings, SOURCES, leaves=4, most=1))


def test_flags_are_not_taken_for_two_numbers():
    x = np.random.default_rng(0).integers(0, 2, (30, 20))
    strings = to_strings(x, np.cumsum(x, axis=1) % 2)[0]
    assert all(any(leaf.terms for leaf in own) for own in covers(strings, ["stream-x"], 4, 3))


def test_rounding_errors_are_no_numbers():
    rng = np.random.default_rng(0)
    x, is_on = rng.uniform(1e3, 6e3, (30, 20)), rng.integers(0, 2, (30, 20))
    strings = to_strings(x / 1e4, np.where(is_on, x / 3.6 / (1e4 / 3.6), x / 2.1))[0]
    found = next(covers(strings, ["stream-x"], leaves=2, most=1))
    assert found[0].terms == (("stream-x", 1.0),)


def test_a_leaf_is_the_same_as_numbers_and_in_words():
    leaf = Leaf((("stream-a", -1.0), (PAST, 0.5)), 2.0)
    assert leaf.size == 4
    assert leaf.told() == "-1 stream-a + 0.5 answer-0 + 2"
    assert Leaf(()).told() == "0"
