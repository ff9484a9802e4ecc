"""Circuits of one stream for trials: sound ones, and such as drift, grow or know no bound."""

from __future__ import annotations

from dmm.machine import Circuit, Wire

__all__ = ["NEURONS", "accumulator", "counter", "echo"]

NEURONS = {"stream-x": "stream", "const_1": "const_1", "output": "output"}


def accumulator(memory: float = 1.0, drift: float = 0.0, weight: float = 1.0) -> Circuit:
    """``a = memory a[t-1] + weight x + drift``."""
    wires = [
        Wire("accum", "dict-1", "accum", "dict", memory, 1),
        Wire("accum", "dict-2", "stream-x", "stream", weight),
        Wire("output", "dict-1", "accum", "dict"),
    ]
    if drift:
        wires.append(Wire("accum", "dict-2", "const_1", "const_1", drift))
    return Circuit({**NEURONS, "accum": "accum"}, wires)


def counter(modulus: float) -> Circuit:
    """Counts events, and begins again at the modulus."""
    wires = [
        Wire("accum", "dict-1", "accum", "dict", 1.0, 1),
        Wire("accum", "dict-2", "stream-x", "stream"),
        Wire("step", "left", "accum", "dict", 1.0, 1),
        Wire("step", "left", "stream-x", "stream"),
        Wire("step", "right", "const_1", "const_1", modulus - 0.5),
        Wire("accum", "dict-2", "step", "false-channel", -modulus),
        Wire("output", "dict-1", "accum", "dict"),
    ]
    return Circuit({**NEURONS, "accum": "accum", "step": "less_or_equal"}, wires)


def echo(lag: int = 0) -> Circuit:
    """The stream, some samples late."""
    return Circuit(NEURONS, [Wire("output", "dict-1", "stream-x", "stream", 1.0, lag)])
