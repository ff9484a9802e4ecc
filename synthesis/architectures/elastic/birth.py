"""How elastic networks and their new neurons begin; the same for trees and side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vvalues import Path, VValue, assemble

from .arrays import PREFIX, Layout
from .settings import ElasticSettings

__all__ = [
    "EPSILON",
    "RMS_SHARE",
    "NewNeuron",
    "draw_neuron",
    "draw_paired_neuron",
    "first_layout",
    "initial_array",
    "leaves_of_new",
    "memory_of_new",
    "starting_memory",
]

RMS_START = 0.01
"""First memory of RMSProp in mode "outgoing-norm" (the source's)."""
RMS_SHARE = 0.01
"""Of the newest squared gradient in that memory."""
EPSILON = 1e-8
"""Inside the root of the adaptive steps."""


class NewNeuron(NamedTuple):
    """Weights of a neuron that joins n others."""

    incoming: np.ndarray  # (kinds, n + 1): links of every kind from the others, then from itself
    outgoing: np.ndarray  # (kinds, n): links to the others
    input: np.ndarray  # (symbols,)
    output: np.ndarray  # (symbols,)
    bias: float = 0.0


def draw_neuron(
    n: int, n_symbols: int, settings: ElasticSettings, rng: np.random.Generator
) -> NewNeuron:
    """Random weights of a neuron that joins n others.

    In mode "outgoing-norm" the output links sum to half the threshold in absolute value, and so do
    the recurrent ones after the scaling they have in the norm: the neuron begins at half the
    threshold.
    """
    drawn = rng.standard_normal(2 * n + 1 + 2 * n_symbols)
    incoming, outgoing, read, output = np.split(
        settings.scale * drawn, np.cumsum([n + 1, n, n_symbols])
    )
    if settings.mode == "outgoing-norm" and settings.adapts_size:
        half = 0.5 * settings.threshold
        output = half * output / (1e-8 + np.abs(output).sum())
        lateral = np.append(outgoing, incoming[-1])
        lateral = half * n * lateral / (1e-8 + n_symbols * np.abs(lateral).sum())
        outgoing = lateral[:-1]
        incoming = np.append(incoming[:-1], lateral[-1])
    return NewNeuron(incoming[None], outgoing[None], read, output)


def draw_paired_neuron(
    n: int, n_symbols: int, settings: ElasticSettings, rng: np.random.Generator, first_ratio: float
) -> NewNeuron:
    """Random weights of a neuron that joins n others by pairs of links, of a given ratio.

    Parameters
    ----------
    first_ratio : float
        Before the logistic function.
    """
    additive, gating = (draw_neuron(n, n_symbols, settings, rng) for _ in range(2))
    ratios = np.full((1, n + 1), first_ratio)
    incoming = np.concatenate([additive.incoming, gating.incoming, ratios])
    outgoing = np.concatenate([additive.outgoing, gating.outgoing, ratios[:, 1:]])
    return NewNeuron(incoming, outgoing, gating.input, gating.output)


def leaves_of_new(new: NewNeuron, name: str, joined: Layout, settings: ElasticSettings) -> VValue:
    """The leaves that a neuron adds to the tree of those it joins; its multiplier is small."""
    leaves: dict[Path, float] = {(name, "bias"): new.bias}
    if joined.has_multipliers:
        leaves[name, "multiplier"] = settings.threshold
    for kind, incoming, outgoing in zip(joined.kinds, new.incoming, new.outgoing, strict=True):
        for other, weight in zip((*joined.names, name), incoming, strict=True):
            leaves[name, kind, other] = weight
        for other, weight in zip(joined.names, outgoing, strict=True):
            leaves[other, kind, name] = weight
    for symbol, read, output in zip(joined.alphabet, new.input, new.output, strict=True):
        leaves[name, "input", symbol], leaves[name, "output", symbol] = read, output
    return assemble(leaves)


def first_layout(
    size: int, alphabet: str, settings: ElasticSettings, kinds: tuple[str, ...]
) -> Layout:
    """The layout of a network that begins with so many neurons.

    Raises
    ------
    ValueError
        If there are none.
    """
    if size < 1:
        raise ValueError(f"size is {size!r}; expected at least 1 neuron")
    names = [f"{PREFIX}{number}" for number in range(1, size + 1)]
    return Layout(names, alphabet, settings.has_multipliers, kinds)


def initial_array(
    layout: Layout,
    capacity: int,
    settings: ElasticSettings,
    rng: np.random.Generator,
    first_ratio: float = 0.0,
) -> np.ndarray:
    """The first parameters: small normal weights, biases 0, multipliers 1; (rows, capacity).

    Where links come in pairs, their ratios are the given one (before the logistic function).
    """
    n, n_symbols = layout.size, len(layout.alphabet)
    rows, array = layout.rows(capacity), layout.empty(capacity)
    squares = rows.squares(array)
    for square in squares[:2]:
        square[:n, :n] = settings.scale * rng.standard_normal((n, n))
    squares[2:, :n, :n] = first_ratio
    for part in (rows.input, rows.output):
        array[part, :n] = settings.scale * rng.standard_normal((n_symbols, n))
    array[rows.multiplier, :n] = 1.0
    return array


def memory_of_new(settings: ElasticSettings) -> float:
    """The optimizer's memory of the leaves of a new neuron."""
    return RMS_START if settings.mode == "outgoing-norm" else 0.0


def starting_memory(layout: Layout, capacity: int, settings: ElasticSettings) -> np.ndarray:
    """The optimizer's first memory, (rows, capacity): zeros, but for the source's RMSProp."""
    rows = layout.rows(capacity)
    memory = np.zeros((rows.n_rows, capacity))
    for part in (rows.input, rows.bias):
        memory[part, : layout.size] = memory_of_new(settings)
    return memory
