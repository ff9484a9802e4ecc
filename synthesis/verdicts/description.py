"""Description length: how many bits it takes to write a circuit down.

A machine with fewer links but odder weights is not the simpler one. Every wire costs the names of
its ends, every distinct weight its digits once, and a reference to it where it is used.
"""

from __future__ import annotations

from collections import Counter
from math import log2

from dmm.machine import Circuit

__all__ = ["circuit_bits", "is_simple", "weight_bits"]

DIGIT = log2(10.0)
TYPES = 8.0
"""Neuron types that one may expect a choice of."""

MOST = 17  # digits of any weight


def weight_bits(weight: float) -> float:
    """Bits of a number: as a decimal, or as a fraction of small numbers, whichever is shorter.

    Examples
    --------
    >>> weight_bits(1.0) < weight_bits(0.5) < weight_bits(1 / 3) < weight_bits(0.4981)
    True
    """
    size = abs(weight)
    if size in (0.0, 1.0):
        return 1.0
    decimal = _digits(size) * DIGIT
    fractions = (
        2.0 * log2(1.0 + denominator) + log2(1.0 + round(size * denominator))
        for denominator in range(1, 61)
        if abs(size * denominator - round(size * denominator)) <= 1e-9 * max(1.0, size)
    )
    return 2.0 + min(decimal, next(fractions, decimal))


def is_simple(weight: float) -> bool:
    """Whether a person would write the number without rounding it.

    Examples
    --------
    >>> is_simple(0.25), is_simple(-1 / 3), is_simple(0.94631)
    (True, True, False)
    """
    return weight_bits(weight) <= 2.0 + 3.5 * DIGIT


def _digits(size: float) -> int:
    for digits in range(1, MOST):
        if abs(float(f"{size:.{digits}g}") - size) <= 1e-12 * size:
            mantissa = f"{size:.{digits - 1}e}".partition("e")[0]
            return len(mantissa.replace(".", "").rstrip("0"))
    return MOST


def circuit_bits(circuit: Circuit) -> float:
    """Bits of a circuit: its neurons' types, the ends and lags of its wires, its weights.

    Examples
    --------
    >>> from dmm.machine import Wire
    >>> wire = Wire("output", "dict-1", "x", "stream")
    >>> neurons = {"x": "stream", "output": "output"}
    >>> circuits = [Circuit(neurons, [wire._replace(weight=w)]) for w in (1.0, 0.5, 0.4981)]
    >>> [round(circuit_bits(circuit), 1) for circuit in circuits]
    [10.0, 14.3, 24.3]
    """
    neurons = len(circuit.neurons)
    made = sum(1 for wire in {w.neuron_in for w in circuit.wires} if wire)
    ports = log2(2.0 + neurons)
    ends = sum(2.0 * ports + (1.0 + wire.lag) for wire in circuit.wires)
    weights = Counter(round(wire.weight, 12) for wire in circuit.wires)
    digits = sum(weight_bits(weight) + (weight < 0) for weight in weights)
    references = len(circuit.wires) * log2(1.0 + len(weights))
    return made * log2(TYPES) + ends + digits + references
