"""Which machines the compiled engine leaves to the reference engine, and why."""

from __future__ import annotations

from vvalues import format_path

from ..machine.coercions import coerced_links
from ..machine.machine import Machine
from .binding import trainable_clockwork
from .lowering import lower, why_not_lowered
from .plan import missing_kernels

__all__ = ["why_not_compiled"]


def why_not_compiled(machine: Machine) -> str:
    """The reason in words, or an empty string if the compiled engine can run the machine."""
    if machine.matrix_port is not None:
        return f"the network matrix is held by {'/'.join(machine.matrix_port)}"
    reason = why_not_lowered(machine)
    if reason:
        return reason
    missing = missing_kernels(lower(machine, frozenset()).machine)
    if missing:
        return f"neuron types without a vectorised kernel: {', '.join(missing)}"
    for matrix in (machine.fixed, machine.trainable):
        for path, (sent, received) in coerced_links(machine.neurons, matrix.support.paths).items():
            return f"the link {format_path(path)} is coerced from {sent!r} to {received!r}"
    for neuron in machine.neurons:
        link = trainable_clockwork(machine, neuron)
        if link is not None:
            return f"what {neuron!r} reads depends on the trainable link {format_path(link)}"
    return ""
