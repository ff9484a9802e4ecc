"""Back to the user's units: scales are folded into weights, and what is free made simple again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from dmm.machine import Circuit

from ..problems import Problem, Strings
from ..verdicts import Candidate, Errors, answers_of, errors_of, weight_bits
from .tried import Trial

__all__ = ["errors_in_own_units", "in_own_units", "simplest_scales"]

DIGITS = 12
BINARY = 2.0**16
SAME = 1e-9  # answers of two machines, relative to the largest

SCALING: Mapping[str, tuple[str, ...]] = {
    "accum": ("dict-1", "dict-2"),
    "compare": ("dict-1", "dict-2"),
    "identity": ("dict",),
    "multiplexer": ("dict-1", "dict-2"),
    "norm": ("dict",),
    "running_max": ("number", "best"),
    "less_or_equal": ("left", "right"),
}
"""Fields that may all be multiplied by a positive number, which multiplies the output alone ..."""

SCALE_FREE = frozenset({"less_or_equal"})
"""... or, for these types, changes nothing."""


def in_own_units(problem: Problem, trial: Trial) -> tuple[Candidate, Circuit]:
    """The machine that does in the user's units what was tried in the problem's; and its circuit.

    Units are folded into the wires from streams and to answers. What is free inside - the scale of
    a comparison, say - is then chosen so that weights are simple again, if answers stay the same.
    """
    circuit, ticks, origin = trial.circuit, trial.candidate.pace.ticks, trial.candidate.origin
    if any(unit != 1.0 for unit in (*problem.units.values(), *problem.answer_units)):
        circuit = problem.unscaled(circuit)
    candidate = Candidate(*circuit.lowered(ticks), origin)
    simpler = simplest_scales(circuit)
    other = Candidate(*simpler.lowered(ticks), origin)
    return (other, simpler) if _agree(problem, candidate, other) else (candidate, circuit)


def simplest_scales(circuit: Circuit) -> Circuit:
    """The circuit that does the same with the fewest digits in its weights.

    One neuron's scale is tried after another, and that of all together. Weights that computers hold
    without an error stay so: a loop that amplifies would amplify its rounding errors, too.
    """
    has_to_be_binary = _is_binary(circuit)
    alone = [{name} for name, kind in circuit.neurons.items() if kind in SCALING]
    together = {
        name for group in alone for name in group if circuit.neurons[name] not in SCALE_FREE
    }
    bits, is_better = _digits(circuit), True
    while is_better:
        is_better = False
        for group in (*alone, together):
            for other in _scaled(circuit, group):
                if has_to_be_binary and not _is_binary(other):
                    continue
                if _digits(other) < bits - 1e-6:
                    circuit, bits, is_better = other, _digits(other), True
    return circuit


def _is_binary(circuit: Circuit) -> bool:
    """Whether all weights are fractions of a small power of two."""
    return all((wire.weight * BINARY).is_integer() for wire in circuit.wires)


def _digits(circuit: Circuit) -> float:
    """Bits of all weights, of equal ones as well: one by one they become simple."""
    return sum(weight_bits(wire.weight) for wire in circuit.wires)


def _scaled(circuit: Circuit, group: Collection[str]) -> Iterator[Circuit]:
    kinds = circuit.neurons
    sizes = {abs(wire.weight) for wire in circuit.wires if wire.weight}
    for factor in sorted({factor for size in sizes for factor in (size, 1.0 / size)} - {1.0}):
        wires = []
        for wire in circuit.wires:
            weight = wire.weight
            if wire.neuron_in in group and wire.field_in in SCALING[kinds[wire.neuron_in]]:
                weight *= factor
            if wire.neuron_out in group and kinds[wire.neuron_out] not in SCALE_FREE:
                weight /= factor
            wires.append(wire._replace(weight=float(f"{weight:.{DIGITS}g}")))
        yield Circuit(kinds, tuple(wires))


def _agree(problem: Problem, one: Candidate, other: Candidate) -> bool:
    """Whether two machines answer alike on the strings of training."""
    strings = problem.in_own_units(problem.split.training)
    pair = [answers_of(candidate, strings, problem.n_outputs) for candidate in (one, other)]
    scale = float(np.abs(pair[0]).max(initial=0.0))
    return bool(np.abs(pair[0] - pair[1]).max(initial=0.0) <= SAME * max(scale, 1e-300))


def errors_in_own_units(problem: Problem, candidate: Candidate, strings: Strings) -> Errors:
    """Errors of a machine in the user's units on strings in the problem's."""
    own = problem.in_own_units(strings)
    answers = answers_of(candidate, own, problem.n_outputs)
    return errors_of(answers, own, problem.is_whole, problem.answer_units)
