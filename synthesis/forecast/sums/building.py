"""The circuit of a weighted sum of features: every feature becomes the neurons that make it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dmm.machine import Circuit

from ...fit.data import SOURCE
from ...starts.composition.atoms import constant, exceeds_signal, relu_signal
from ...starts.signals import ANSWER, Builder, Signal
from .features import Feature, Given

__all__ = ["circuit_of"]


def circuit_of(
    features: Sequence[Feature],
    weights: np.ndarray,
    streams: Sequence[str],
    *,
    feeds_back: str | None = None,
    above: float | None = None,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Circuit:
    """A circuit whose answers are weighted sums of features.

    Parameters
    ----------
    features : sequence of Feature
    weights : array (outputs, 1 + features)
        Those of the constant first.
    streams : sequence of str
        Names of what it may read.
    feeds_back : str, optional
        The series, if the circuit is to run free: where the series is read, it takes its own
        answer of the sample before.
    above : float, optional
        Answers are then 1 where a sum is above this, and 0 elsewhere.
    within : (low, high)
        Where answers are cut off.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from .features import latest
    >>> lags = latest("y", 2)
    >>> print(sample_equations(circuit_of(lags, np.array([[0.0, 1.2, -0.5]]), ["y"])))
    output.dict-1 = 1.2 y - 0.5 y[t-1]
    """
    sources = {SOURCE + name: "stream" for name in streams if name != feeds_back}
    builder = Builder({**sources, "const_1": "const_1"})
    known: dict[Feature, Signal] = {
        Given(name): Signal.of(SOURCE + name, "stream") for name in streams
    }
    if feeds_back is not None:
        known[Given(feeds_back)] = Signal.of(f"{ANSWER}-0", "", 1)
    signals = [constant()]
    signals += [_signal(feature, builder, known) for feature in features]
    totals = []
    for row in weights:
        total = Signal({})
        for weight, signal in zip(row, signals, strict=True):
            total = total + float(weight) * signal
        total = _cut_off(total, builder, *within)
        totals.append(total if above is None else exceeds_signal(builder, total, constant(above)))
    return builder.circuit(totals)


def _signal(feature: Feature, builder: Builder, known: dict[Feature, Signal]) -> Signal:
    if feature not in known:
        parts = (_signal(part, builder, known) for part in feature.parts)
        known[feature] = feature.signal(builder, *parts)
    return known[feature]


def _cut_off(signal: Signal, builder: Builder, low: float, high: float) -> Signal:
    if np.isfinite(low):
        signal = constant(low) + relu_signal(builder, signal, constant(low))
    if np.isfinite(high):
        signal = constant(high) + -1.0 * relu_signal(builder, constant(high), signal)
    return signal
