"""What neurons emit on given streams: parts the data never reach, memories that grow too large."""

from __future__ import annotations

import numpy as np

from dmm import Machine, NeuronType, compile_machine, get_neuron_type
from dmm.machine.circuits import RELAY, SAMPLES
from vvalues.core import from_leaves

from ..problems import Strings
from .trial import Candidate, fed

__all__ = ["EXACT", "out_of_reach", "outgrown"]

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

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.tasks.streams import to_streams
    >>> larger = Circuit({"stream-x": "stream", "compare": "compare", "output": "output"},
    ...                  [Wire("compare", "dict-1", "stream-x", "stream"),
    ...                   Wire("output", "dict-1", "compare", "true")])
    >>> strings = Strings(to_streams([[1.0, 2.0]]), np.array([[[1.0], [2.0]]]), np.array([2]))
    >>> out_of_reach(Candidate(*larger.lowered()), strings)
    ['in the comparison compare the first is always larger']
    """
    machine = candidate.machine
    ports = [(n, port) for n, kind in machine.neurons.items() for port in PORTS.get(kind, ())]
    if not ports:
        return []
    values = dict(zip(ports, _seen(candidate, ports, strings), strict=True))
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


EXACT = 2.0**53
"""Sums of whole numbers are exact below this."""


def outgrown(candidate: Candidate, strings: Strings) -> int | None:
    """The first sample for which a neuron emits a number too large to be added to exactly.

    None if there is none. Looked at when a neuron is ready: in between it may emit anything.

    Parameters
    ----------
    candidate : Candidate
        Lowered from a circuit.
    strings : Strings

    Examples
    --------
    >>> from dmm.machine import Circuit, Wire
    >>> from synthesis.fit.data.asked import to_strings
    >>> neurons = {"stream-x": "stream", "sum": "accum", "output": "output"}
    >>> read = Wire("sum", "dict-2", "stream-x", "stream"), Wire("output", "dict-1", "sum", "dict")
    >>> strings = to_strings([[1.0, 1.0, 0.0, 1.0]], [[0.0, 0.0, 0.0, 0.0]])[0]
    >>> for growth in (1.0, 2.0**20):
    ...     circuit = Circuit(neurons, [Wire("sum", "dict-1", "sum", "dict", growth, 1), *read])
    ...     print(outgrown(Candidate(*circuit.lowered()), strings))
    None
    3
    """
    ready = candidate.machine.metadata[SAMPLES]["ready"]
    kinds = candidate.machine.neurons
    relays = {path[0] for path in candidate.machine.fixed.support.paths if kinds[path[0]] == RELAY}
    ports = [
        (name, port)
        for name in ready
        if kinds[name] not in ("stream", "output") and name not in relays
        for port in _numbers_of(get_neuron_type(kinds[name]))
    ]
    if not ports:
        return None
    seen = _seen(candidate, ports, strings)
    first = np.array([ready[name] + 1 for name, _ in ports])  # a probe hears it a tick later
    samples = (seen.shape[1] - 1 - int(first.max())) // candidate.pace.ticks + 1
    ticks = first[:, None] + candidate.pace.ticks * np.arange(samples)
    emitted = np.take_along_axis(seen, ticks[..., None], axis=1)
    is_large = (np.abs(emitted) > EXACT).any(axis=(0, 2))
    return int(np.argmax(is_large)) if is_large.any() else None


def _numbers_of(kind: NeuronType) -> list[str]:
    """What a neuron emits but for a memory of its own, which holds what it was given."""
    own = "" if kind.own_memory is None else kind.own_memory.field
    return [port.name for port in kind.writes if port.name != own]


def _seen(candidate: Candidate, ports: list[tuple[str, str]], strings: Strings) -> np.ndarray:
    """What ports emit, (ports, ticks, strings): read by sinks of their own."""
    machine = candidate.machine
    probes = {f"probe {i}": port for i, port in enumerate(ports)}
    links: dict[tuple[str, ...], float | np.ndarray]
    links = {(probe, "dict-1", *port): 1.0 for probe, port in probes.items()}
    watched = Machine(
        {**machine.neurons, **dict.fromkeys(probes, "output")},
        machine.fixed + from_leaves(links),
        machine.trainable,
    )
    program = compile_machine(watched, [(probe, "dict-1") for probe in probes])
    with np.errstate(all="ignore"):
        return np.asarray(program(watched.trainable, fed(strings.inputs, candidate.pace)))
