"""One simple thing, and otherwise what a composition says: both and when it is which are found."""

import numpy as np
import pytest

from synthesis.fit.data.asked import to_strings
from synthesis.fit.efforts import VOCABULARY
from synthesis.problems import Problem
from synthesis.starts import Clocks, Composition, Otherwise
from tests.synthesis.samples import said

SMALL = Composition(bank=60, largest=2, is_exact_only=True)
CLOCK = Clocks(periods=(3,), composition=SMALL)


def drawn(seed, strings=40, samples=18):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(strings, samples)).round(2)
    b = a + rng.choice([-1.0, 1.0], a.shape) * rng.integers(1, 200, a.shape) / 100.0
    press = (rng.random((strings, samples)) < 0.4).astype(float)
    return {"a": a, "b": b, "press": press}


def report(streams):
    """At every third sample how much a exceeds b, if it does; else 0."""
    every_third = np.arange(streams["a"].shape[1]) % 3 == 2
    return np.where(every_third, np.maximum(streams["a"] - streams["b"], 0.0), 0.0)


def worked_out_anew(streams):
    """How far a and b are apart at the last press, 0 before."""
    apart = np.abs(streams["a"] - streams["b"])
    out, held = np.zeros_like(apart), np.zeros(len(apart))
    for t in range(apart.shape[1]):
        held = np.where(streams["press"][:, t] > 0, apart[:, t], held)
        out[:, t] = held
    return out


def overdraft(streams):
    """What a lies below b, and 2 where it does not: the number that is usual is no bound."""
    below = streams["a"] - streams["b"]
    return np.where(below < 0.0, below, 2.0)


def fee(streams):
    """How far a lies above b at a press, and 0.5 at all other samples: no constant but this one."""
    return np.where(streams["press"] > 0, streams["a"] - streams["b"], 0.5)


def first_found(program, starts):
    """The first circuit, in the units of the streams; None if there is none."""
    streams = drawn(0)
    problem = Problem.of(to_strings(streams, program(streams))[0])
    for proposal in Otherwise(starts, SMALL).propose(problem, VOCABULARY):
        return problem.unscaled(proposal.circuit)
    return None


@pytest.mark.parametrize(
    ("program", "start"),
    [(report, CLOCK), (worked_out_anew, SMALL), (overdraft, SMALL), (fee, SMALL)],
)
def test_what_is_found_is_right_on_other_strings(program, start):
    circuit = first_found(program, (start,))
    fresh = drawn(1)
    strings = to_strings(fresh, program(fresh))[0]
    assert np.allclose(said(circuit, strings)[0], program(fresh), rtol=0.0, atol=1e-9)


def almost_always_nothing(streams):
    """Another number now and then: too seldom to learn what it is."""
    answers = np.zeros_like(streams["a"])
    answers[::8, 3] = streams["a"][::8, 3]
    return answers


@pytest.mark.parametrize("program", [almost_always_nothing, lambda s: s["a"] - s["b"]])
def test_nothing_is_proposed_where_no_thing_is_usual_or_hardly_another(program):
    assert first_found(program, (SMALL,)) is None


def test_without_multiplexers_there_is_nothing_to_choose_with():
    streams = drawn(0)
    problem = Problem.of(to_strings(streams, report(streams))[0])
    assert not list(Otherwise((CLOCK,), SMALL).propose(problem, ("accum", "compare")))
