"""Nobody waits in the dark: one line that says where a fit stands."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from .trials import Search
from .tried import Trial

__all__ = ["Line", "Progress", "wants_a_line"]

EVERY = 0.2  # seconds between two lines


@dataclass(frozen=True)
class Progress:
    """Where a fit stands.

    Attributes
    ----------
    stage : str
        What was tried last.
    trials : int
    share : float
        Of the trials that the effort allows; 1 also where more are made for streams put aside at
        first, or for noise.
    best : Trial or None

    Examples
    --------
    >>> Progress("delays", trials=30, share=0.25, best=None).share
    0.25
    """

    stage: str
    trials: int
    share: float
    best: Trial | None

    @staticmethod
    def of(stage: str, search: Search) -> Progress:
        """Where a search stands."""
        share = min(1.0, search.count / search.effort.trials)
        return Progress(stage, search.count, share, search.best())


def wants_a_line() -> bool:
    """Whether somebody is looking: a terminal or a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class Line:
    """A line on standard error that is written over and over."""

    def __init__(self) -> None:
        self._last = 0.0
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Write where the fit stands, not too often."""
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self._write(told(progress))

    def close(self) -> None:
        """Leave an empty line behind."""
        if self._width:
            self._write("")
            sys.stderr.write("\r")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)


def told(progress: Progress) -> str:
    """Where a fit stands, in one line of at most 79 characters."""
    best = progress.best
    found = "nothing yet"
    if best is not None:
        error = best.validation.mean_square
        found = f"{best.links} links, {'right' if best.is_right else f'error {error:.3g}'}"
    share = f"{100.0 * progress.share:3.0f} % of the effort"
    return f"{share}  {progress.trials} tried  {found}  {progress.stage}"[:79]
