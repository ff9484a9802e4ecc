"""The circuit of a weighted sum of features: every feature becomes the neurons that make it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dmm.machine import Circuit

from ...fit.data import SOURCE
from ...starts.composition.atoms import constant, exceeds_signal, relu_signal
from ...starts.signals import ANSWER, Builder, Signal
from .features import Below, Feature, Given, Product, Step
from .innovations import Innovation, innovation_of

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
    gate, error = _only_gate(features), innovation_of(features)
    if error is not None and feeds_back is not None:
        known[error] = Signal({})  # what takes its own answer for the series is never surprised
        error = None
    sums = _Sums(features, builder, known)
    totals = []
    for row in weights:
        if gate is not None:
            total = sums.switched(row, gate)
        elif error is not None:
            total = sums.corrected(row, error)
        else:
            total = sums.plain(row)
        total = _cut_off(total, builder, *within)
        totals.append(total if above is None else exceeds_signal(builder, total, constant(above)))
    return builder.circuit(totals)


class _Sums:
    """Weighted sums of the same features, made in one builder."""

    def __init__(
        self, features: Sequence[Feature], builder: Builder, known: dict[Feature, Signal]
    ) -> None:
        self.features, self.builder, self.known = features, builder, known

    def signal(self, feature: Feature) -> Signal:
        if feature not in self.known:
            parts = (self.signal(part) for part in feature.parts)
            self.known[feature] = feature.signal(self.builder, *parts)
        return self.known[feature]

    def plain(self, weights: np.ndarray) -> Signal:
        total = Signal({})
        signals = [constant(), *map(self.signal, self.features)]
        for weight, signal in zip(weights, signals, strict=True):
            total = total + float(weight) * signal
        return total

    def switched(self, weights: np.ndarray, gate: Step) -> Signal:
        """Two sums and one neuron that chooses: fewer links than a neuron for every product."""
        above = below = float(weights[0]) * constant()
        for weight, feature in zip(weights[1:], self.features, strict=True):
            side, counted = _sides(feature)
            signal = constant() if counted is None else self.signal(counted)
            if isinstance(side, Step):
                above = above + float(weight) * signal
            else:
                below = below + float(weight) * signal
        decides = self.signal(gate)
        neuron = self.builder.neuron("multiplexer", gate=decides, dict_1=above, dict_2=below)
        return Signal.of(neuron, "dict")

    def corrected(self, weights: np.ndarray, error: Innovation) -> Signal:
        """A sum of samples and of its own errors: one neuron says it, another what it missed."""

        def fields(before: Signal) -> dict[str, Signal]:
            series = self.signal(error.of)
            self.known[error] = error.signal(self.builder, series, before)
            return {"dict-2": self.plain(weights)}

        return Signal.of(self.builder.looped("accum", (error,), fields), "dict")


def _only_gate(features: Sequence[Feature]) -> Step | None:
    """The step by which every one of several features counts on one side of a bound only."""
    gates = {_above(_sides(feature)[0]) for feature in features}
    return gates.pop() if len(features) > 1 and len(gates) == 1 else None


def _sides(feature: Feature) -> tuple[Feature, Feature | None]:
    """What decides whether a feature counts, and what counts then: None for 1."""
    if isinstance(feature, Product):
        return feature.one, feature.other
    return feature, None


def _above(side: Feature) -> Step | None:
    if isinstance(side, Below):
        return Step(side.of, side.bound)
    return side if isinstance(side, Step) else None


def _cut_off(signal: Signal, builder: Builder, low: float, high: float) -> Signal:
    if np.isfinite(low):
        signal = constant(low) + relu_signal(builder, signal, constant(low))
    if np.isfinite(high):
        signal = constant(high) + -1.0 * relu_signal(builder, constant(high), signal)
    return signal
