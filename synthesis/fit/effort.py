"""How much work a fit may do, counted in trials and not in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..starts import Composition, Start

__all__ = ["EFFORTS", "VOCABULARY", "Effort", "effort_named"]

VOCABULARY = (
    "accum",
    "norm",
    "compare",
    "dot",
    "dot_free",
    "less_or_equal",
    "multiplexer",
    "running_max",
)
"""The four published neuron types, and what everyday programs need: a product without a bound, a
step, a memory cell with a gate, a maximum so far."""


@dataclass(frozen=True)
class Effort:
    """How much work a fit may do.

    Attributes
    ----------
    name : str
    starts : tuple of Start
        Tried in this order.
    trials : int
        Machines that are tried at most.
    after : int
        Machines that are tried after a right one was found, for a smaller one.
    """

    name: str
    starts: tuple[Start, ...]
    trials: int
    after: int


EFFORTS: Mapping[str, Effort] = {
    effort.name: effort
    for effort in (
        Effort("quick", (Composition(bank=2_000, largest=4),), 60, 20),
        Effort("normal", (Composition(),), 200, 80),
        Effort("thorough", (Composition(bank=40_000, largest=6, per_form=20),), 600, 300),
    )
}


def effort_named(name: str) -> Effort:
    """An effort by name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in EFFORTS:
        raise ValueError(f"effort is {name!r}; expected one of {', '.join(EFFORTS)}")
    return EFFORTS[name]
