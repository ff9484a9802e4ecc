"""Search spaces by name, over any sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from dmm import Machine, layered_space, recurrent_space, superfluid_space

__all__ = ["SPACES", "named_space"]

SPACES = ("layered-LxC", "compare-free", "recurrent-C", "superfluid-N")
"""Patterns of names: L layers, C neurons of each type (per layer), N superfluid neurons."""

Port = tuple[str, str]
_PATTERN = re.compile(r"(layered)-(\d+)x(\d+)|(recurrent|superfluid)-(\d+)|(compare-free)")


def named_space(name: str, sources: Sequence[Port]) -> Callable[[np.random.Generator], Machine]:
    """A search space with random initial weights, by name.

    Parameters
    ----------
    name : str
        ``layered-5x2`` (the published one), ``compare-free`` (six layers without comparisons),
        ``recurrent-1`` (everything linked to everything), ``superfluid-6`` (neurons that are
        mixtures), with other numbers as you like.
    sources : sequence of (neuron, field)

    Raises
    ------
    ValueError
        If there is no such space.
    """
    match = _PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(f"unknown space {name!r}; known spaces: {', '.join(SPACES)}")
    layered, layers, copies, kind, count, _ = match.groups()
    if layered:
        return lambda rng: layered_space(
            rng, layers=int(layers), copies=int(copies), sources=sources
        )
    if kind == "recurrent":
        return lambda rng: recurrent_space(rng, int(count), sources=sources)
    if kind == "superfluid":
        return lambda rng: superfluid_space(rng, int(count), sources=sources)
    types = ("accum", "norm", "dot")
    return lambda rng: layered_space(rng, layers=6, copies=2, types=types, sources=sources)
