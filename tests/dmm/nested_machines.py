"""Neuron types that run machines, for tests: registered once, under names of their own."""

from __future__ import annotations

from dmm import Machine, machine_neuron
from dmm.machine import fixed_links, links
from vvalues import VValue
from vvalues.core.tree import from_leaves

PORTS = {"reads": {"dict": "in"}, "writes": {"dict": ("output", "dict-1")}}


def _inner(neurons: dict[str, str], text: str) -> Machine:
    every = {"in": "stream", "output": "output", **neurons}
    return Machine(every, from_leaves(fixed_links(every)), links(text))


ADDING = _inner(
    {"sum": "accum", "bound": "tanh", "one": "const_1", "on": "sigmoid"},
    """
    sum.dict-2 <- in.stream
    sum.dict-2 <- one.const_1 0.2
    bound.dict <- sum.dict 0.5
    on.number <- bound.dict
    output.dict-1 <- sum.dict
    output.dict-1 <- bound.dict -2
    output.dict-1 <- on.number
    output.dict-1 <- in.stream 0.25
    """,
)

ADDING_NEURON = machine_neuron("test adding", ADDING, inner_ticks=3, **PORTS)

KEYED = _inner(
    {"late": "delay(2)", "log": "event_list", "last": "first", "share": "gate"},
    """
    late.dict <- in.stream
    log.signal <- in.stream
    last.list <- log.self
    share.gate <- in.stream
    share.dict <- last.this
    output.dict-1 <- late.dict
    output.dict-1 <- share.dict 0.5
    """,
)

KEYED_NEURON = machine_neuron("test keyed", KEYED, inner_ticks=2, **PORTS)

OUTER = _inner(
    {"inside": "test adding", "mix": "superfluid(tanh,square)"},
    """
    inside.dict <- in.stream
    mix.dict <- inside.dict
    output.dict-1 <- mix.dict
    output.dict-1 <- inside.dict 0.1
    """,
)

OUTER_NEURON = machine_neuron(
    "test nested",
    Machine(
        dict(OUTER.neurons),
        OUTER.fixed,
        OUTER.trainable,
        initial=VValue({"mix": {":function": {"tanh": 0.5, "square": 0.25}}}),
    ),
    inner_ticks=2,
    **PORTS,
)

EDITING_NEURON = machine_neuron(
    "test editing",
    Machine(
        {
            "self": "accumulator",
            "in": "stream",
            "cell": "accum",
            "output": "output",
            "change": "gate",
            "place": "register",
        },
        trainable=links(
            """
            self.accum <- self.single
            self.delta <- change.dict
            cell.dict-1 <- cell.dict 0.5
            cell.dict-2 <- in.stream
            place.single <- place.single
            change.gate <- in.stream 0.1
            change.dict <- place.single
            output.dict-1 <- cell.dict
            """
        ),
        initial=VValue(
            {"place": {"single": links("cell.dict-2 <- in.stream\nidentity-9.dict <- in.stream")}}
        ),
        matrix_port=("self", "single"),
    ),
    inner_ticks=2,
    **PORTS,
)

NESTED = ("test adding", "test keyed", "test nested", "test editing")
