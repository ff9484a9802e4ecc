"""A circuit that was tried: what it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmm.machine import Circuit

from ..problems import Strings
from ..starts import Gap, Proposal
from ..verdicts import Candidate, Errors

__all__ = ["Trial", "standard_error"]


@dataclass(frozen=True, eq=False)
class Trial:
    """A circuit that was tried, in the problem's units; equal to itself only.

    Attributes
    ----------
    proposal : Proposal
    candidate : Candidate
        Its machine.
    training, validation : Errors
        Run free on whole strings; those of training where no strings are kept apart.
    spread : float
        Standard error of the mean squared error of validation.
    bits : float
    flaw : str
        What went wrong under stress; empty for nothing.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> neurons, ends = {"stream-x": "stream", "output": "output"}, ("stream-x", "stream")
    >>> echo = Circuit(neurons, [Wire("output", "dict-1", *ends)])
    >>> right = Errors(9, mean_square=0.0, largest=0.0, right=1.0, determination=1.0)
    >>> candidate = Candidate(*echo.lowered())
    >>> trial = Trial(Proposal(echo, "by hand"), candidate, right, right, spread=0.0, bits=10.0)
    >>> trial.is_right, trial.links
    (True, 1)
    """

    proposal: Proposal
    candidate: Candidate
    training: Errors
    validation: Errors
    spread: float
    bits: float
    flaw: str = ""

    @property
    def circuit(self) -> Circuit:
        """What was proposed."""
        return self.proposal.circuit

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Numbers in it that the data leave free."""
        return self.proposal.gaps

    @property
    def is_right(self) -> bool:
        """Every asked number of training and validation, and sound under stress."""
        return self.training.right == 1.0 and self.validation.right == 1.0 and not self.flaw

    @property
    def links(self) -> int:
        """Links of the machine, relays included."""
        return len(self.candidate.machine.trainable) + len(self.candidate.machine.fixed)


def standard_error(answers: np.ndarray, strings: Strings) -> float:
    """Of the mean squared error, from one string to another.

    Parameters
    ----------
    answers : float array (outputs, samples, strings)
    strings : Strings

    Examples
    --------
    >>> from synthesis.fit.data.asked import to_strings
    >>> strings = to_strings([[0.0, 1.0], [1.0, 0.0]], [[0.0, 2.0], [0.0, 4.0]])[0]
    >>> round(standard_error(np.zeros((1, 2, 2)), strings), 6)  # of the means 2 and 8
    3.0
    """
    with np.errstate(all="ignore"):
        square = np.where(strings.asked, (answers - strings.answers) ** 2, 0.0)
        asked = strings.asked.sum(axis=(0, 1))
        means = square.sum(axis=(0, 1))[asked > 0] / asked[asked > 0]
        if len(means) < 2:
            return 0.0
        return float(np.std(means, ddof=1) / np.sqrt(len(means)))
