"""A verdict: one sentence about what was found, and what the data do not settle."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    is_exact: bool
    sentence: str
    caveats: tuple[str, ...]
    figures: dict[str, Errors]

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Verdict: {self.sentence}>"

    def told(self) -> str:
        """The sentence, the figures and the caveats, a line each."""
        lines = [self.sentence]
        lines += [f"  {part}: {errors}" for part, errors in self.figures.items()]
        lines += [f"  not settled: {caveat}" for caveat in self.caveats]
        return "\n".join(lines)
