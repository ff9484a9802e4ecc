"""Random machines that hold their own network matrix and edit it while they run.

Every machine has an accumulator that holds the matrix, neurons of random types with random links,
and several ways to edit: registers that hold fragments of a matrix, gates that scale them by what
the machine computes, masks over the running matrix, delays, and fragments that come from outside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vvalues import Path, VValue
from vvalues.core.tree import from_leaves

from ..machine import Machine, Streams, fixed_links, streams_from_trees
from ..neurons import FUNCTION, STATE, Kernel, get_neuron_type, neuron_types

__all__ = ["Life", "random_life"]

RESERVED = (FUNCTION, STATE)
OBSERVED = (("output", "dict-1"), ("output", "dict-2"))
SOURCES = ("stream-1", "stream-2", "const_1")
BY_TERMS = (
    *("delay(2)", "mask_multiply", "linear_combination", "matrix_product"),
    *("cons", "first", "rest"),
)
EDITORS = ("gate", "register", "mask_multiply", "delay(2)", "plasticity")


class Life(NamedTuple):
    """A machine, streams for it, and which inputs to observe.

    Attributes
    ----------
    machine : Machine
        With a matrix port.
    streams : Streams
    observed : tuple of (neuron, input field)

    Examples
    --------
    >>> life = random_life(np.random.default_rng(0))
    >>> life.machine.matrix_port, life.observed[0]
    (('self', 'single'), ('output', 'dict-1'))
    """

    machine: Machine
    streams: Streams
    observed: tuple[tuple[str, str], ...] = OBSERVED


def random_life(rng: np.random.Generator, max_ticks: int = 8, cells: tuple[str, ...] = ()) -> Life:
    """A machine that changes itself, with one to three strings for it.

    Parameters
    ----------
    rng : numpy.random.Generator
    max_ticks : int
    cells : tuple of str
        Further neuron types; where there are any, every other cell is of one of them.

    Examples
    --------
    >>> random_life(np.random.default_rng(0), max_ticks=5).streams.ticks <= 5
    True
    """
    neurons = dict.fromkeys(SOURCES[:2], "stream") | {"const_1": "const_1", "output": "output"}
    neurons["self"] = "accumulator"
    types = _types_with_kernel() + BY_TERMS
    for i in range(int(rng.integers(1, 7))):
        neurons[f"cell-{i}"] = str(rng.choice(cells if cells and i % 2 == 0 else types))
    for i in range(int(rng.integers(1, 4))):
        neurons[f"editor-{i}"] = str(rng.choice(EDITORS))
    for i, port in enumerate(_ports(rng, neurons)):
        neurons[f"label-{i}"] = f"label({'/'.join(port)})" if i else _two_labels(rng, neurons)
    for mixture in sorted({kind for kind in neurons.values() if kind.startswith("superfluid(")}):
        neurons[f"pulse {mixture}"] = mixture.replace("superfluid", "functions", 1)
    links = _random_links(rng, neurons)
    keeper = ("self", "accum", "self", "single")
    fixed = dict(fixed_links(neurons))
    (links if rng.random() < 0.4 else fixed)[keeper] = 1.0
    registers = [name for name, kind in neurons.items() if kind == "register"]
    machine = Machine(
        neurons,
        from_leaves(fixed),
        from_leaves(links),
        initial=VValue({name: {"single": _fragment(rng, neurons)} for name in registers}),
        matrix_port=("self", "single"),
    )
    return Life(machine, _streams(rng, neurons, int(rng.integers(1, max_ticks + 1))))


def _types_with_kernel() -> tuple[str, ...]:
    """Types of the library that are compiled one tick after the other; not those of a user."""
    return tuple(
        name
        for name in neuron_types()
        if "(" not in name
        and get_neuron_type(name).activation.__module__.startswith("dmm.neurons.")
        and isinstance(get_neuron_type(name).kernel, Kernel)
        and name != "timer"
    )


def _random_links(rng: np.random.Generator, neurons: dict[str, str]) -> dict[Path, float]:
    links: dict[Path, float] = {}
    density = float(rng.choice([0.1, 0.3]))
    for receiver, kind in neurons.items():
        for field in get_neuron_type(kind).reads:
            for sender, sender_kind in neurons.items():
                for written in get_neuron_type(sender_kind).writes:
                    if _may_link(receiver, field.name, sender, written.name, rng, density):
                        path = (receiver, field.name, sender, written.name)
                        links[path] = 0.4 * rng.standard_normal()
    for name, kind in neurons.items():
        if kind == "register":
            links[name, "single", name, "single"] = 1.0
    return links


def _may_link(
    receiver: str, field: str, sender: str, written: str, rng: np.random.Generator, density: float
) -> bool:
    """What reaches the matrix must consist of links, so only editors feed it and each other."""
    is_editor = receiver.startswith("editor")
    if receiver == "self":
        is_matrix = written != "line" and (sender.startswith("editor") or sender == "stream-2")
        return field == "delta" and is_matrix
    if sender == "self":
        return is_editor and field in ("main", "dict") and rng.random() < 0.5
    if field == STATE:
        return False  # of its own neuron alone
    if field == FUNCTION:
        return written == FUNCTION or sender.startswith("pulse")
    if is_editor and field in ("post", "pre"):
        return sender == f"label-{int(field == 'pre')}"
    if is_editor and field not in ("gate", "mask"):
        if sender == "stream-2":
            return rng.random() < 0.5
        return sender.startswith("editor") and rng.random() < 0.6
    return rng.random() < density


def _streams(rng: np.random.Generator, neurons: dict[str, str], ticks: int) -> Streams:
    """Numbers with keys in one source; in the other, now and then, fragments of the matrix."""
    strings = int(rng.integers(1, 4))
    numbers = [
        [
            VValue({":number": float(rng.standard_normal()), "a": float(rng.standard_normal())})
            for _ in range(ticks)
        ]
        for _ in range(strings)
    ]
    fragments = [
        [_fragment(rng, neurons) if rng.random() < 0.5 else VValue() for _ in range(ticks)]
        for _ in range(strings)
    ]
    return streams_from_trees({"stream-1": numbers, "stream-2": fragments})


def _fragment(rng: np.random.Generator, neurons: dict[str, str]) -> VValue:
    """A few links of the machine, present ones or new ones."""
    leaves: dict[Path, float] = {}
    for _ in range(int(rng.integers(1, 4))):
        receiving, sending = _ports(rng, neurons)
        leaves[receiving + sending] = 0.3 * rng.standard_normal()
    return from_leaves(leaves)


def _two_labels(rng: np.random.Generator, neurons: dict[str, str]) -> str:
    """A type that labels two numbers by ports that read."""
    return f"label({','.join('/'.join(_ports(rng, neurons)[0]) for _ in range(2))})"


def _ports(
    rng: np.random.Generator, neurons: dict[str, str]
) -> tuple[tuple[str, str], tuple[str, str]]:
    """A port that reads and one that writes."""
    receiver = str(rng.choice([n for n in neurons if n.startswith(("cell", "output"))]))
    sender = str(rng.choice([n for n in neurons if get_neuron_type(neurons[n]).writes]))
    reads = [f.name for f in get_neuron_type(neurons[receiver]).reads if f.name not in RESERVED]
    writes = [field.name for field in get_neuron_type(neurons[sender]).writes]
    return (receiver, str(rng.choice(reads))), (sender, str(rng.choice(writes)))
