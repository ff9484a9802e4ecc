"""How a run ends, in plain words: what was found, how far it is right, what it took."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dmm.show import count, equations

from ..loop.search import Common, Result

__all__ = ["closing_words", "errors_of_an_answer", "verdict_in_words"]

EXACT = Common().exact


def errors_of_an_answer(figures: Mapping[str, float]) -> dict[str, float]:
    """Errors on held-out strings in the unit of the answers: of one output at one tick.

    Parameters
    ----------
    figures : mapping
        Those of a `Result`, whose errors are squares; other figures are handed on.

    Examples
    --------
    >>> found = errors_of_an_answer({"held_out_max_element": 0.04, "held_out_per_element": 0.01})
    >>> found["largest error of one answer"]
    0.2
    >>> found["typical error of one answer (root of the mean square)"]
    0.1
    """
    names = {
        "held_out_per_element": "typical error of one answer (root of the mean square)",
        "held_out_max_element": "largest error of one answer",
    }
    found = {words: math.sqrt(figures[name]) for name, words in names.items() if name in figures}
    rest = {name: x for name, x in figures.items() if name not in (*names, "held_out_loss")}
    return {**found, **rest}


def verdict_in_words(outcome: Result) -> str:
    """Whether a machine is right, on strings it was trained on and on strings it has never seen."""
    if not outcome.loss <= EXACT:  # so that NaN is not exact
        return "Not exact: answers to the training strings are still wrong."
    if "held_out_loss" not in outcome.figures:
        return "Exact on the training strings; nothing was held out."
    if not outcome.figures["held_out_loss"] <= EXACT:
        return (
            "Exact on the training strings, not on those held out: another program than the one "
            "that is asked is right on the former as well."
        )
    return "Exact on the training strings, and on strings held out that nothing was decided on."


def closing_words(outcome: Result, seconds: float) -> str:
    """The verdict, the equations, and what a run took, as text.

    Parameters
    ----------
    outcome : Result
    seconds : float
        What it took, this time.
    """
    errors = errors_of_an_answer(outcome.figures)
    records = [r if isinstance(r, Mapping) else r.to_dict() for r in outcome.records]
    links = count(len(outcome.parameters), "link")
    if records:
        links += f" of {records[0]['links']:,} are left after {count(records[-1]['step'], 'step')}"
    lines = [
        verdict_in_words(outcome),
        "",
        equations(outcome.machine),
        "",
        f"{links}; this took {seconds:.0f} seconds",
        f"training strings: loss {outcome.loss:.3g} (squared errors, summed)",
        *(f"held-out strings: {name} {x:.3g}" for name, x in errors.items()),
    ]
    return "\n".join(lines)
