"""Which of few things: what a hidden switch chooses is found."""

import numpy as np
import pytest

from synthesis import Synthesizer
from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Automaton, Composition, Crossings, Which

STRINGS, SAMPLES = 60, 24


def drawn(seed, strings=STRINGS):
    rng = np.random.default_rng(seed)
    streams = {name: rng.uniform(-1.0, 1.0, (strings, SAMPLES)) for name in "abc"}
    return {**streams, "press": (rng.random((strings, SAMPLES)) < 0.3).astype(float)}


def next_channel(streams):
    """A press chooses the next of three."""
    which = np.cumsum(streams["press"], axis=1).astype(int) % 3
    return np.choose(which, [streams[name] for name in "abc"])


def fuse(streams):
    """The first stream, but 0 from the second time in a row above 0.5 on, until a press."""
    out = np.zeros_like(streams["a"])
    for b in range(len(out)):
        row, blown = 0, False
        for t in range(SAMPLES):
            blown = blown and not streams["press"][b, t]
            row = row + 1 if streams["a"][b, t] > 0.5 else 0
            blown = blown or row >= 2
            out[b, t] = 0.0 if blown else streams["a"][b, t]
    return out


def kept_within(streams):
    """A sum of the first stream; what would make it larger than 1 is refused."""
    out = np.zeros_like(streams["a"])
    for b in range(len(out)):
        total = 0.0
        for t in range(SAMPLES):
            more = total + streams["a"][b, t]
            total = more if more <= 1.0 else total
            out[b, t] = total
    return out


SMALL = Composition(bank=150, largest=2, is_exact_only=True)


@pytest.mark.parametrize(
    "program, start",
    [
        (next_channel, Which(Automaton())),
        pytest.param(fuse, Which(Crossings(Automaton())), marks=pytest.mark.thorough),
        pytest.param(kept_within, Which(SMALL, has_past=True), marks=pytest.mark.thorough),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_chosen_is_found(program, start):
    streams = drawn(0)
    model = Synthesizer(effort="brief", spaces=(start,)).fit(streams, program(streams))
    fresh = drawn(1, 100)
    np.testing.assert_allclose(model.predict(fresh), program(fresh), atol=1e-9)


@pytest.mark.thorough
def test_more_strings_choose_numbers_again():
    streams = drawn(0)
    problem = Problem.of(to_strings(streams, fuse(streams))[0])
    proposal = next(Which(Crossings(Automaton())).propose(problem, VOCABULARY))
    assert "which of 0, 1 stream-a" in proposal.origin
    again = proposal.refitted(problem.split.training.joined(problem.split.validation))
    assert again.circuit.neurons == proposal.circuit.neurons
    (gap,) = again.gaps[-1:]
    assert gap.low <= 0.5 <= gap.high


def test_without_multiplexers_or_with_two_outputs_nothing_is_proposed():
    streams = drawn(0)
    answers = next_channel(streams)
    start = Which(Automaton())
    problem = Problem.of(to_strings(streams, answers)[0])
    assert not list(start.propose(problem, ("accum", "compare", "less_or_equal")))
    both = Problem.of(to_strings(streams, {"one": answers, "two": answers})[0])
    assert not list(start.propose(both, VOCABULARY))


@pytest.mark.parametrize("leaves", [1, 6])
def test_so_many_things_cannot_be_chosen_from(leaves):
    with pytest.raises(ValueError, match=f"leaves is {leaves}; expected 2 to 5"):
        Which(Automaton(), leaves=leaves)
