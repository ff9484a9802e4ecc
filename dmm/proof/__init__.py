"""What can be said of a machine for strings of every length.

A machine that is fed symbols of a finite alphabet, and never leaves a finite set of states, is a
finite automaton. `prove` visits all of its states exactly and compares its answers with those of an
automaton, a plain function or another machine; `reachable` only visits them. Of machines that only
add and scale, `prove_linear` compares impulse responses.
"""

from .automata import Automaton, Mealy, Transducer
from .dot import automaton_from_dot
from .equivalence import Counterexample, Proof, prove
from .exploration import Reachable, reachable
from .linear import prove_linear

__all__ = [
    "Automaton",
    "Counterexample",
    "Mealy",
    "Proof",
    "Reachable",
    "Transducer",
    "automaton_from_dot",
    "prove",
    "prove_linear",
    "reachable",
]
