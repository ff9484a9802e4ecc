"""Writing machines down: one link per line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vvalues import VValue
from vvalues.core.tree import from_leaves

from ..machine.machine import Machine

__all__ = ["links", "machine_of"]


def links(text: str) -> VValue:
    """A network matrix from lines ``receiver.field <- sender.field [weight]``, weight 1 if omitted.

    Raises
    ------
    ValueError
        For a line that is not of this form; the message shows it.

    Examples
    --------
    >>> links("norm.dict <- accum.dict 0.5")
    VValue({'norm': {'dict': {'accum': {'dict': 0.5}}}})
    """
    weights: dict[tuple[str, ...], Any] = {}
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        path = [key for word in words[0:3:2] for key in word.split(".", 1)]
        if len(words) not in (3, 4) or words[1] != "<-" or len(path) != 4:
            raise ValueError(
                f"link {line.strip()!r}: expected 'receiver.field <- sender.field [weight]'"
            )
        weights[tuple(path)] = float(words[3]) if len(words) == 4 else 1.0
    return from_leaves(weights)


def machine_of(
    neurons: Mapping[str, str], *, fixed: str = "", trainable: str = "", **options: Any
) -> Machine:
    """A machine from links as text; further options are those of `Machine`."""
    return Machine(neurons, links(fixed), links(trainable), **options)
