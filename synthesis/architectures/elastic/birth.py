"""How elastic networks and their new neurons begin; the same for trees and side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Layout, Rows
from .settings import ElasticSettings

__all__ = [
    "EPSILON",
    "RMS_SHARE",
    "NewNeuron",
    "draw_neuron",
    "initial_array",
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
    """Weights of a neuron that joins n others.

    Attributes
    ----------
    incoming : array (n + 1,)
        Links from the others, then from itself.
    outgoing : array (n,)
        Links to the others.
    input, output : arrays (symbols,)
    bias : float
    """

    incoming: np.ndarray
    outgoing: np.ndarray
    input: np.ndarray
    output: np.ndarray
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
    return NewNeuron(incoming, outgoing, read, output)


def initial_array(
    layout: Layout, capacity: int, settings: ElasticSettings, rng: np.random.Generator
) -> np.ndarray:
    """The first parameters: small normal weights, biases 0, multipliers 1; (rows, capacity)."""
    n, n_symbols = layout.size, len(layout.alphabet)
    rows = Rows.of(capacity, n_symbols)
    array = layout.empty(capacity)
    array[:n, :n] = settings.scale * rng.standard_normal((n, n))
    for part in (rows.input, rows.output):
        array[part, :n] = settings.scale * rng.standard_normal((n_symbols, n))
    array[rows.multiplier, :n] = 1.0
    return array


def memory_of_new(settings: ElasticSettings) -> float:
    """The optimizer's memory of the leaves of a new neuron."""
    return RMS_START if settings.mode == "outgoing-norm" else 0.0


def starting_memory(layout: Layout, capacity: int, settings: ElasticSettings) -> np.ndarray:
    """The optimizer's first memory, (rows, capacity): zeros, but for the source's RMSProp."""
    rows = Rows.of(capacity, len(layout.alphabet))
    memory = np.zeros((rows.n_rows, capacity))
    for part in (rows.input, rows.bias):
        memory[part, : layout.size] = memory_of_new(settings)
    return memory
