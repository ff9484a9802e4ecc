"""The start for answers that are residues: linear machines modulo a prime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...problems import Problem, Strings
from ..proposal import Proposal
from .circuit import circuit_of, links_of
from .coordinates import Linear, linear_of
from .realisation import realised
from .series import Letter, letters_of, prime_of, series_of, values_of

__all__ = ["Residues", "linear_machine"]

NEEDED = {"accum", "less_or_equal", "dot_free"}


@dataclass(frozen=True)
class Residues:
    """Circuits whose state is a few numbers modulo a prime, which every sample maps linearly.

    Sums modulo a prime are like that, check digits, products of matrices, values of formulas whose
    operators come one by one. What maps the state is told by answers to short strings, so these
    have to be asked early.

    Attributes
    ----------
    degree : int
        Streams in a product at most that may map the state.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> from synthesis.fit.efforts import VOCABULARY
    >>> x = np.random.default_rng(0).integers(0, 11, (120, 8))
    >>> check = (x * np.arange(1, 9)).cumsum(axis=1) % 11  # of book numbers
    >>> problem = Problem.of(to_strings(x, check)[0])
    >>> proposal = next(Residues().propose(problem, VOCABULARY))
    >>> proposal.origin
    'residues: 2 numbers modulo 11'
    """

    name = "residues"

    degree: int = 2

    def propose(self, problem: Problem, vocabulary: tuple[str, ...]) -> Iterator[Proposal]:
        """The circuit of the smallest linear machine; none where the answers are no such one's."""
        if not set(vocabulary) >= NEEDED:
            return
        machine = linear_machine(problem, self.degree)
        if machine is None:
            return
        circuit = circuit_of(machine, problem.sources, _samples(problem))
        if circuit is not None:
            numbers = len(machine.told) - 1
            origin = f"{self.name}: {numbers} number{'s' * (numbers > 1)} modulo {machine.prime}"
            yield Proposal(circuit, origin, expected=partial(_answers, machine, problem.sources))


def linear_machine(problem: Problem, degree: int) -> Linear | None:
    """The linear machine of the training strings, with products of so few streams as possible.

    Parameters
    ----------
    problem : Problem
    degree : int
        Streams in a product at most.

    Returns
    -------
    Linear, or None
        It gives every answer of the training strings.

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> x = np.random.default_rng(0).integers(0, 7, (90, 2, 8))
    >>> streams = {"x": x[:, 0], "y": x[:, 1]}
    >>> problem = Problem.of(to_strings(streams, x.prod(axis=1).cumsum(axis=1) % 7)[0])
    >>> linear_machine(problem, 1), linear_machine(problem, 2).matrices[0, 1].tolist()
    (None, [[0, 1], [0, 0]])
    """
    prime = prime_of(problem)
    if prime is None:
        return None
    for streams in range(1, degree + 1):
        letters = letters_of(problem, streams)
        machine = None if letters is None else _machine(problem, letters, prime)
        if machine is not None:
            return machine
    return None


def _machine(problem: Problem, letters: tuple[Letter, ...], prime: int) -> Linear | None:
    training = problem.split.training
    series = series_of(problem, letters, prime)
    phases = None if series is None else realised(series)
    if phases is None:
        return None
    values = values_of(letters, training, problem.sources, prime)
    different = np.unique(values[:, training.inside()], axis=1)
    residues = [dict(zip(letters, map(int, column), strict=True)) for column in different.T]
    machine = linear_of(phases, prime, residues, partial(links_of, samples=_samples(problem)))
    if machine is None:
        return None
    given, asked = _answers(machine, problem.sources, training), training.asked
    return machine if np.array_equal(given[asked], training.answers[asked]) else None


def _answers(machine: Linear, sources: tuple[str, ...], strings: Strings) -> np.ndarray:
    """What a machine answers, (outputs, samples, strings)."""
    letters = tuple(machine.matrices)
    values = values_of(letters, strings, sources, machine.prime)
    return machine.run(dict(zip(letters, values, strict=True))).T[None].astype(float)


def _samples(problem: Problem) -> np.ndarray:
    """All different samples, (samples, streams)."""
    training = problem.split.training
    streams = np.stack([training.numbers(source) for source in problem.sources], axis=-1)
    return np.unique(streams[training.inside()], axis=0)
