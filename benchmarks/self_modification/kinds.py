"""Machines that edit themselves by neurons of every kind, with streams for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from dmm import Machine, Streams, machine_neuron, streams_from_trees, zoo
from dmm.machine import fixed_links, links
from vvalues import VValue
from vvalues.core.tree import from_leaves

__all__ = ["KINDS"]


def copying(ticks: int, strings: int) -> tuple[Machine, Streams]:
    """The machine of the zoo that copies a part of itself, made to do so twice or three times."""
    phases = np.random.default_rng(0).uniform(0.0, 6.0, (strings, 1))
    numbers = np.cos(np.arange(ticks) / 8.0 + phases)
    trees = [[VValue({"x": x}) for x in row] for row in numbers]
    return _kept(zoo.self_copying()), streams_from_trees({"x": trees})


def events(ticks: int, strings: int) -> tuple[Machine, Streams]:
    """A list of events that become rarer by an edit."""
    text = """
        log.self <- log.self
        log.signal <- x.stream
        last.list <- log.self
        output.dict-1 <- last.this
    """
    neurons = {"log": "event_list", "last": "first"}
    return _edited(neurons, text, "output.dict-1 <- x.stream 0.5", ticks, strings, every=9)


def delays(ticks: int, strings: int) -> tuple[Machine, Streams]:
    """Four delays of 20 ticks, one behind the other."""
    names = [f"late-{i}" for i in range(1, 5)]
    text = "\n".join(
        f"{name}.dict <- {before}\n{name}.line <- {name}.line\noutput.dict-1 <- {name}.dict 0.5"
        for name, before in zip(names, ["x.stream", *(f"{n}.dict" for n in names)], strict=False)
    )
    neurons = dict.fromkeys(names, "delay(20)")
    return _edited(neurons, text, "output.dict-1 <- late-2.dict 0.5", ticks, strings)


def superfluid(ticks: int, strings: int) -> tuple[Machine, Streams]:
    """Four superfluid neurons that read each other, morphed by an edit."""
    kind = "superfluid(tanh,relu,norm)"
    names = [f"cell-{i}" for i in range(1, 5)]
    lines = []
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        lines += [f"{name}.:function <- {name}.:function"]
        lines += [f"{name}.:function <- functions.{part} 0.4" for part in ("tanh", "relu")]
        lines += [f"{name}.dict <- x.stream", f"{name}.dict <- {other}.dict 0.3"]
        lines += [f"output.dict-1 <- {name}.dict 0.5"]
    neurons = dict.fromkeys(names, kind) | {"functions": "functions(tanh,relu,norm)"}
    edit = "cell-1.:function <- cell-2.:function 0.1"
    return _edited(neurons, "\n".join(lines), edit, ticks, strings)


@cache
def _within() -> str:
    """The type that runs a machine of five neurons."""
    neurons = {"in": "stream", "sum": "accum", "bound": "tanh", "late": "identity"}
    neurons = {**neurons, "output": "output"}
    inner = Machine(
        neurons,
        from_leaves(fixed_links(neurons)),
        links(
            """
            sum.dict-2 <- in.stream 0.1
            sum.dict-2 <- late.dict -0.2
            late.dict <- sum.dict
            bound.dict <- sum.dict
            output.dict-1 <- bound.dict
            """
        ),
    )
    ports = {"reads": {"dict": "in"}, "writes": {"dict": ("output", "dict-1")}}
    return machine_neuron("benchmark within", inner, inner_ticks=3, **ports).name


def hierarchical(ticks: int, strings: int) -> tuple[Machine, Streams]:
    """Two neurons that run a machine of five neurons, three inner ticks in an outer one."""
    text = """
        one.dict <- x.stream
        one.:state <- one.:state
        two.dict <- one.dict
        two.:state <- two.:state
        output.dict-1 <- two.dict
    """
    names = dict.fromkeys(("one", "two"), _within())
    return _edited(names, text, "two.dict <- x.stream 0.5", ticks, strings)


def _edited(
    neurons: dict[str, str], text: str, edit: str, ticks: int, strings: int, every: int = 1
) -> tuple[Machine, Streams]:
    """A machine that keeps its matrix, and is sent an edit at tick 20."""
    machine = zoo.editable({"x": "stream", "output": "output", **neurons}, links(text))
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((strings, ticks)) * (np.arange(ticks) % every == 0)
    fragments = [links(edit) if t == 20 else VValue() for t in range(ticks)]
    trees = {
        "x": [[VValue({":number": x}) for x in row] for row in numbers],
        "direct": [fragments] * strings,
    }
    return _kept(machine), streams_from_trees(trees)


def _kept(machine: Machine) -> Machine:
    """With its matrix, and all other memories, kept by fixed links of weight 1."""
    own = {
        path: 1.0
        for path, weight in machine.trainable.items()
        if path[0] == path[2] and weight == 1.0
    }
    free = {path: weight for path, weight in machine.trainable.items() if path not in own}
    fixed = machine.fixed + from_leaves(own)
    return replace(machine, fixed=fixed, trainable=from_leaves(free))


KINDS = {
    "deep copies": copying,
    "list of events": events,
    "delays of 20 ticks": delays,
    "superfluid": superfluid,
    "hierarchical": hierarchical,
}
