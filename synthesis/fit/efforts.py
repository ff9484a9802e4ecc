"""How much work a fit may do: which starts it tries, in which order, and how many machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..starts import (
    Automaton,
    Beside,
    Changes,
    Clocks,
    Composition,
    Counts,
    Crossings,
    Delayed,
    Noisy,
    Numerals,
    Otherwise,
    Parts,
    Recalls,
    Residues,
    Shifted,
    Since,
    Start,
    Stores,
    Which,
)

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
    "cells(10000)",
)
"""The four published neuron types, and what everyday programs need: a product without a bound, a
step, a memory cell with a gate, a maximum so far, a memory of ten thousand cells with addresses."""


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
    noisy : tuple of Start
        Tried where nothing is right.
    small : float
        Bits. A start is the last one if something right and no larger was found by then.

    Examples
    --------
    >>> [effort_named(name).trials for name in ("quick", "normal", "thorough")]
    [100, 300, 1000]
    """

    name: str
    starts: tuple[Start, ...]
    trials: int
    after: int
    noisy: tuple[Start, ...] = (Noisy(),)
    small: float = 100.0


def _starts(composition: Composition, most_late: int) -> tuple[Start, ...]:
    """Compositions; hidden states of several kinds; smaller compositions of other answers."""
    exact = replace(composition, bank=2_000, largest=4, is_exact_only=True)
    late = (Delayed(exact, samples) for samples in range(1, most_late + 1))
    hidden = (Residues(), Counts(), Automaton(), Clocks(), Numerals(), Recalls(), Parts())
    levels = Crossings(Automaton())
    supposed = replace(levels, is_sure=False)
    automata: tuple[Start, ...] = (Automaton(), levels, supposed)
    small = replace(composition, bank=800, largest=3, is_exact_only=True)
    composed: tuple[Start, ...] = (small, Crossings(small), Crossings(small, is_sure=False))
    beside = [Beside(start) for start in (*composed, *automata)]
    return (
        composition,
        Stores(),
        Crossings(exact),
        levels,
        *map(Which, automata),
        supposed,
        Crossings(exact, is_sure=False),
        Which(small, has_past=True, leaves=3),
        *map(Since, automata),
        Otherwise((Automaton(), Clocks(), Crossings(small)), small),
        *beside,
        *hidden,
        Changes(exact),
        Shifted(exact),
        *late,
    )


EFFORTS: Mapping[str, Effort] = {
    effort.name: effort
    for effort in (
        Effort(
            "quick",
            _starts(Composition(bank=2_000, largest=4), 2),
            100,
            30,
            (Noisy(bank=2_000, largest=4),),
        ),
        Effort("normal", _starts(Composition(), 8), 300, 80),
        Effort(
            "thorough", _starts(Composition(bank=40_000, largest=6, per_form=20), 16), 1_000, 300
        ),
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
