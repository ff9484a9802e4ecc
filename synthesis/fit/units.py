"""Back to the user's units: scales are folded into weights, and what is free made simple again."""

from __future__ import annotations

import numpy as np

from dmm import Machine
from dmm.machine import Circuit
from vvalues import from_buffer

from ..edits.normalise import normalise
from ..problems import Problem, Strings
from ..verdicts import Candidate, Errors, answers_of, errors_of
from .trials import Trial

__all__ = ["errors_in_own_units", "in_own_units"]

DIGITS = 12
SAME = 1e-9  # answers of two machines, relative to the largest


def in_own_units(problem: Problem, trial: Trial) -> tuple[Candidate, Circuit]:
    """The machine that does in the user's units what was tried in the problem's; and its circuit.

    Units are folded into the wires from streams and to answers. What is free inside - the scale of
    a comparison, say - is then chosen so that weights are simple again, if answers stay the same.
    """
    circuit = problem.unscaled(trial.circuit)
    machine, pace = circuit.lowered(trial.candidate.pace.ticks)
    candidate = Candidate(machine, pace, trial.candidate.origin)
    if all(unit == 1.0 for unit in (*problem.units.values(), *problem.answer_units)):
        return candidate, circuit
    simpler = _with_weights(machine, np.array(normalise(machine).buffer))
    if simpler is None or not _agree(problem, candidate, simpler):
        return candidate, circuit
    return Candidate(simpler, pace, candidate.origin), Circuit.of(simpler)


def _with_weights(machine: Machine, weights: np.ndarray) -> Machine | None:
    if not np.isfinite(weights).all():
        return None
    rounded = np.array([float(f"{weight:.{DIGITS}g}") for weight in weights])
    return machine.with_trainable(from_buffer(machine.trainable.support, rounded))


def _agree(problem: Problem, candidate: Candidate, machine: Machine) -> bool:
    """Whether two machines answer alike on the strings of training."""
    strings = problem.in_own_units(problem.split.training)
    one = answers_of(candidate, strings, problem.n_outputs)
    other = answers_of(Candidate(machine, candidate.pace), strings, problem.n_outputs)
    scale = float(np.abs(one).max(initial=0.0))
    return bool(np.abs(one - other).max(initial=0.0) <= SAME * max(scale, 1e-300))


def errors_in_own_units(problem: Problem, candidate: Candidate, strings: Strings) -> Errors:
    """Errors of a machine in the user's units on strings in the problem's."""
    own = problem.in_own_units(strings)
    answers = answers_of(candidate, own, problem.n_outputs)
    return errors_of(answers, own, problem.is_whole, problem.answer_units)
