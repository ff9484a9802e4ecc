"""A start that raises costs its own machines, and not those of others."""

import numpy as np
import pytest

from dmm.machine import Circuit, Wire
from synthesis import Synthesizer
from synthesis.fit import EFFORTS, VOCABULARY, Search, StartFailure
from synthesis.fit.data import to_strings
from synthesis.problems import Problem
from synthesis.starts import Composition, Proposal

SMALL = Composition(bank=50, largest=2)


class Raises:
    """Proposes nothing, as there is no such stream."""

    name = "raises"

    def propose(self, problem, vocabulary):
        yield from ()
        raise KeyError("const_1")


class Dangles:
    """Proposes a circuit of a neuron type that does not exist."""

    name = "dangles"

    def propose(self, problem, vocabulary):
        neurons = {"stream-x": "stream", "odd": "no such type", "output": "output"}
        wires = [
            Wire("odd", "number", "stream-x", "stream"),
            Wire("output", "dict-1", "odd", "number"),
        ]
        yield Proposal(Circuit(neurons, wires), self.name)


def problem():
    x = np.random.default_rng(0).integers(0, 5, (20, 8))
    return Problem.of(to_strings({"x": x}, x + 1)[0])


@pytest.mark.parametrize(("start", "named"), [(Raises(), "raises"), (Dangles(), "dangles")])
def test_other_starts_go_on(start, named):
    search = Search(problem(), EFFORTS["quick"], VOCABULARY, np.random.default_rng(0))
    with pytest.warns(StartFailure, match=f"'{named}' failed on these streams"):
        search.run((start, SMALL), lambda origin, search: None)
    assert search.best().is_right


@pytest.mark.parametrize("start", [Raises(), Dangles()])
def test_a_start_that_is_given_shows_where_it_fails(start):
    x = np.random.default_rng(0).integers(0, 5, (20, 8))
    with pytest.raises((KeyError, ValueError)):
        Synthesizer(spaces=(start, SMALL), verbose=0).fit({"x": x}, x + 1)


def test_ctrl_c_is_no_failure():
    class Interrupted(Raises):
        def propose(self, problem, vocabulary):
            yield from ()
            raise KeyboardInterrupt

    search = Search(problem(), EFFORTS["quick"], VOCABULARY, np.random.default_rng(0))
    with pytest.raises(KeyboardInterrupt):
        search.run((Interrupted(), SMALL), lambda origin, search: None)
