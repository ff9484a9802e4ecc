"""What a machine could do and the data never ask of it: bounds, kinks and steps out of reach."""

from __future__ import annotations

import numpy as np

from dmm import compile_machine

from ..problems import Strings
from .trial import Candidate, fed

__all__ = ["out_of_reach"]

CLAMP = 4.0
"""Where the published product is limited."""

PORTS = {
    "compare": ("true", "false"),
    "less_or_equal": ("false-channel",),
    "dot": ("dot",),
}


def out_of_reach(candidate: Candidate, strings: Strings) -> list[str]:
    """Sentences about neurons whose nonlinear part the strings never touch.

    Parameters
    ----------
    candidate : Candidate
    strings : Strings
        On which it is right.
    """
    machine = candidate.machine
    ports = [(n, port) for n, kind in machine.neurons.items() for port in PORTS.get(kind, ())]
    if not ports:
        return []
    program = compile_machine(machine, ports)
    with np.errstate(all="ignore"):
        seen = program(machine.trainable, fed(strings.inputs, candidate.pace))
    values = dict(zip(ports, seen, strict=True))
    sentences = []
    for neuron, kind in machine.neurons.items():
        if kind == "dot" and (reached := np.abs(values[neuron, "dot"]).max()) < 0.999 * CLAMP:
            sentences.append(
                f"the product {neuron} is limited to {CLAMP:g}, and these data reach {reached:.3g}"
            )
        elif kind == "less_or_equal" and np.ptp(values[neuron, "false-channel"]) == 0.0:
            sentences.append(f"the step {neuron} never changes on these data")
        elif kind == "compare":
            true, false = values[neuron, "true"], values[neuron, "false"]
            if not true.any() or not false.any():
                side = "larger" if true.any() else "smaller"
                sentences.append(f"in the comparison {neuron} the first is always {side}")
    return sentences
