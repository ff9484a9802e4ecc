"""A verdict: one sentence about what was found, and what the data do not settle."""

from __future__ import annotations

from dataclasses import dataclass

from dmm.show import count

from .trial import Errors

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What is known about a machine.

    Attributes
    ----------
    is_exact : bool
        Right on every asked number of training and validation, run free; sound on strings ten times
        as long; and no part of it is left open by the data.
    sentence : str
    caveats : tuple of str
        What the data do not settle.
    figures : mapping of "training", "validation", "report" to Errors
        In the user's units. Those of the report are of strings that nothing was decided on; parts
        that were not kept apart are missing.
    states : int, optional
        How many states the machine has on streams of the values that are in the data, if these are
        few and all of its states were visited: no string, however long, leads out of them. It stays
        what it is, then; that it is the program that was meant is another matter.

    Examples
    --------
    >>> from synthesis.verdicts import Errors
    >>> verdict = Verdict(True, "Exact on all strings.", ("No string is longer than 9.",),
    ...                   {"training": Errors(40, 0.0, 0.0, 1.0, 1.0)})
    >>> print(verdict.told())
    Exact on all strings.
      training: mean squared error 0, R^2 1.0000, 100 % right of 40 numbers
      not settled: No string is longer than 9.
    """

    is_exact: bool
    sentence: str
    caveats: tuple[str, ...]
    figures: dict[str, Errors]
    states: int | None = None

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Verdict: {self.sentence}>"

    def told(self) -> str:
        """The sentence, the figures, what is known for all lengths and the caveats, a line each."""
        lines = [self.sentence]
        lines += [f"  {part}: {errors}" for part, errors in self.figures.items()]
        if self.states is not None:
            lines.append(
                f"  {count(self.states, 'state')} on streams of these values: no string, however "
                "long, leads out of them"
            )
        lines += [f"  not settled: {caveat}" for caveat in self.caveats]
        return "\n".join(lines)
